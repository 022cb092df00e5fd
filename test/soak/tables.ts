import { alignedLines } from '../support/measuring/aligned-table.ts';
import { mebibytesText, quantityText } from '../support/measuring/number-text.ts';
import { percentile } from '../support/measuring/statistics.ts';
import type { Rests } from './flatness.ts';
import type { Progress, SoakReport } from './soak.ts';

/** One line on how it goes. */
export function progressLine({ elapsedMs, actions, faults, open, missed, violations, rssBytes }: Progress): string {
  return `${clock(elapsedMs)}  ${actions} actions  ${faults} faults  ${open} open  ${missed} missed  ${violations} violations  RSS ${mebibytesText(rssBytes)}`;
}

/** Everything that a soak found, for people. */
export function reportText(report: SoakReport): string {
  const kinds = Object.entries(report.byKind).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = kinds.map(([kind, { answeredMs, overtaken, missed }]) => [
    kind,
    String(answeredMs.length),
    String(overtaken),
    String(missed),
    quantityText(percentile(answeredMs, 50), 'ms'),
    quantityText(percentile(answeredMs, 99), 'ms'),
    quantityText(percentile(answeredMs, 100), 'ms'),
  ]);
  return [
    '',
    ...table([['what happened', 'answered', 'overtaken', 'missed', 'p50', 'p99', 'longest'], ...rows]),
    '',
    ...table([['fault', 'times'], ...Object.entries(report.faults).map(([name, times]) => [name, String(times)])]),
    '',
    ...table([
      ['operator at rest', 'first', 'last', 'RSS first', 'RSS last', 'handles first', 'handles last', 'flat'],
      ...report.rests.map(restRow),
    ]),
    '',
    ...report.complaints.map((complaint) => `! ${complaint}`),
    ...(report.evidence === undefined ? [] : [`what was found beside that is in ${report.evidence}`]),
    `seed ${report.seed}, ${clock(report.durationMs)}, ${report.operators} operators: ${report.answers} writes of the operator seen, ${report.missed} missed, ${report.violations} violations: ${report.isGood ? 'good' : 'NOT GOOD'}`,
  ].join('\n');
}

function restRow(rests: Rests | undefined, number: number): readonly string[] {
  if (rests === undefined) {
    return [String(number), '', '', '', '', '', '', 'too short'];
  }
  const { first, last, isFlat } = rests;
  return [
    String(number),
    clock(first.atMs),
    clock(last.atMs),
    mebibytesText(first.rssBytes),
    mebibytesText(last.rssBytes),
    String(first.handles),
    String(last.handles),
    isFlat ? 'yes' : 'NO',
  ];
}

/** The first column holds names, all others numbers. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  return alignedLines(rows, (column) => column > 0);
}

function clock(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
