import { printable } from '../../views/printable.ts';
import { type Tone, toned } from '../../views/text-table.ts';
import type { MatrixRow } from './matrix-schema.ts';

const SIGNS: Readonly<Record<MatrixRow['verdict'], { readonly sign: string; readonly tone: Tone }>> = {
  allowed: { sign: '.', tone: 'good' },
  denied: { sign: 'X', tone: 'bad' },
  undefined: { sign: '?', tone: 'warning' },
  mixed: { sign: '~', tone: 'warning' },
};
const LEGEND = '. allowed   X denied   ? undefined   ~ not the same for all pods\n';

/**
 * A row for each source and a numbered column for each destination and port, whose names are below. Sources with equal
 * rows share one, and so do destinations with equal columns, which makes the table of a large cluster small.
 */
export function truthTable(rows: Iterable<MatrixRow>, look: { readonly isColoured: boolean }): string {
  const signs = new Map<string, Map<string, MatrixRow['verdict']>>();
  const columns = new Set<string>();
  for (const { from, to, protocol, port, verdict } of rows) {
    const column = `${printable(to)} ${port}/${protocol.toLowerCase()}`;
    columns.add(column);
    const row = signs.get(from) ?? new Map<string, MatrixRow['verdict']>();
    signs.set(from, row);
    row.set(column, verdict);
  }
  if (columns.size === 0) {
    return 'There is no pair of pods with a declared port; --ports asks about others.\n';
  }
  const sources = [...signs.keys()];
  const columnGroups = groupsBy([...columns], (column) => sources.map((from) => signs.get(from)?.get(column) ?? ''));
  const heads = columnGroups.map(([first = '']) => first);
  const rowGroups = groupsBy(sources, (from) => heads.map((column) => signs.get(from)?.get(column) ?? ''));
  const width = String(heads.length).length;
  const names = rowGroups.map((group) => printable(group.join(', ')));
  const nameWidth = Math.min(Math.max(...names.map((name) => name.length), 4), 60);
  const heading = `${'FROM'.padEnd(nameWidth)}  ${heads.map((_, at) => String(at + 1).padStart(width)).join(' ')}`;
  const lines = rowGroups.map(([first = ''], at) => {
    const cells = heads.map((column) => cellText(signs.get(first)?.get(column), width, look));
    const name = names[at] ?? '';
    // A name that is too long has a line of its own.
    return name.length > nameWidth
      ? `${name}\n${' '.repeat(nameWidth)}  ${cells.join(' ')}`
      : `${name.padEnd(nameWidth)}  ${cells.join(' ')}`;
  });
  const targets = columnGroups.map((group, at) => `${String(at + 1).padStart(width)}  ${group.join(', ')}`);
  return `${[heading, ...lines, '', 'TO', ...targets, ''].join('\n')}\n${LEGEND}`;
}

function cellText(
  verdict: MatrixRow['verdict'] | undefined,
  width: number,
  look: { readonly isColoured: boolean },
): string {
  if (verdict === undefined) {
    return ' '.repeat(width);
  }
  const { sign, tone } = SIGNS[verdict];
  return `${' '.repeat(width - 1)}${toned(sign, tone, look)}`;
}

/** Names with equal contents together, in the order of the first of each. */
function groupsBy(names: readonly string[], contentOf: (name: string) => readonly string[]): readonly string[][] {
  return [...Map.groupBy(names, (name) => contentOf(name).join(' ')).values()];
}
