import { styleText } from 'node:util';
import { printable } from './printable.ts';

/** How a cell stands out where colours are wanted. */
export type Tone = 'good' | 'bad' | 'warning' | 'dim';

/** The content of a cell; text from a cluster is welcome, it is made printable here. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

const COLOURS = { good: 'green', bad: 'red', warning: 'yellow', dim: 'dim' } as const;
const GAP = '   ';

/**
 * A table as kubectl prints it: a line of headings, columns as wide as their widest cell, three blanks apart, and no
 * blanks at the ends of lines. An empty cell shows as `<none>`.
 */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  { isColoured }: { readonly isColoured: boolean },
): string {
  const cells = rows.map((row) => row.map(plainCell));
  const widths = headings.map((heading, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.text.length ?? 0), heading.length),
  );
  const lines = [headings.map((text) => ({ text, tone: undefined })), ...cells].map((row) =>
    lineText(row, widths, isColoured),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Text in the colour of a tone, where colours are wanted. */
export function toned(text: string, tone: Tone | undefined, { isColoured }: { readonly isColoured: boolean }): string {
  return isColoured && tone !== undefined ? styleText(COLOURS[tone], text, { validateStream: false }) : text;
}

interface PlainCell {
  readonly text: string;
  readonly tone: Tone | undefined;
}

function plainCell(cell: Cell): PlainCell {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
  return { text: text === '' ? '<none>' : printable(text), tone };
}

function lineText(row: readonly PlainCell[], widths: readonly number[], isColoured: boolean): string {
  return row
    .map(({ text, tone }, column) => {
      const isLast = column === row.length - 1;
      // The colour ends with the text: a coloured blank shows where a terminal underlines or inverts.
      return toned(text, tone, { isColoured }) + (isLast ? '' : ' '.repeat((widths[column] ?? 0) - text.length) + GAP);
    })
    .join('');
}
