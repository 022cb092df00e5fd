import { alignedLines } from '../test/support/measuring/aligned-table.ts';
import type { Unit } from '../test/support/measuring/number-text.ts';
import { numberText, quantityText } from '../test/support/measuring/number-text.ts';
import { type Bar, isWithinBar, type Summary } from './figure.ts';

/** The head of the table. */
const COLUMNS = ['scenario', 'figure', 'measured', 'floor', 'ratio', 'bar', ''] as const;

const isNumeric = (column: number): boolean => column >= 2 && column <= 4;

/** The cells of one line of the table. */
function cellsOf(summary: Summary): readonly string[] {
  const { scenario, what, unit, value, floor, ratio, bar } = summary;
  const isWithin = isWithinBar(summary);
  return [
    scenario,
    what,
    quantityText(value, unit),
    floor === undefined ? '' : quantityText(floor, unit),
    ratio === undefined ? '' : numberText(ratio),
    bar === undefined ? '' : barText(bar, unit),
    BAR_RESULTS.get(isWithin) ?? '',
  ];
}

const BAR_RESULTS = new Map<boolean | undefined, string>([
  [true, 'met'],
  [false, 'missed'],
]);

/** What a bar asks for, in words. */
function barText({ atMost, ratioAtMost, aboveFloorAtMost }: Bar, unit: Unit): string {
  return [
    ...(atMost === undefined ? [] : [`≤ ${quantityText(atMost, unit)}`]),
    ...(ratioAtMost === undefined ? [] : [`≤ ${numberText(ratioAtMost)} × floor`]),
    ...(aboveFloorAtMost === undefined ? [] : [`≤ floor + ${quantityText(aboveFloorAtMost, unit)}`]),
  ].join(', ');
}

/** The table for a screen: columns in line, numbers to the right. */
export function screenTable(summaries: readonly Summary[]): string {
  return alignedLines([COLUMNS, ...summaries.map(cellsOf)], isNumeric).join('\n');
}

/** The same in Markdown. */
export function markdownTable(summaries: readonly Summary[]): string {
  const rule = COLUMNS.map((_, column) => (isNumeric(column) ? '---:' : '---'));
  return [COLUMNS, rule, ...summaries.map(cellsOf)].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
