/** No line that the demo writes itself is longer. */
export const SCREEN_WIDTH = 100;

const GAP = '  ';

/** Rows with their columns under one another, as kubectl prints them; those from `rightFrom` on, for numbers, end under one another. */
export function columns(
  rows: readonly (readonly string[])[],
  options: { readonly rightFrom?: number } = {},
): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number): string => {
    return column >= (options.rightFrom ?? count)
      ? text.padStart(widths[column] ?? 0)
      : text.padEnd(widths[column] ?? 0);
  };
  return rows.map((row) => row.map(cell).join(GAP).trimEnd());
}

const RESULT_WIDTH = 86;

/** The dots that lead from a result to its number, so that all numbers end in one column; `usedWidth` is what both take. */
export function leader(usedWidth: number): string {
  return '.'.repeat(Math.max(2, RESULT_WIDTH - usedWidth));
}

/** One line, cut with an ellipsis where it is longer than `width`. */
export function cut(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** Words in lines of at most `width`; a longer word gets a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
