import { LINT_CODES, LINT_RULES } from '../../../lint/lint-rules.ts';
import { countText } from '../../views/count-text.ts';
import { printable } from '../../views/printable.ts';
import { type Tone, tableText, toned } from '../../views/text-table.ts';
import type { LintRow } from './lint-schema.ts';

const TONES: Readonly<Record<LintRow['severity'], Tone>> = { error: 'bad', warning: 'warning', note: 'dim' };

/** The findings for people: where and what, and below it what to write instead. */
export function lintText(
  rows: readonly LintRow[],
  suppressedCount: number,
  look: { readonly isColoured: boolean },
): string {
  const blocks = rows.map(
    (row) =>
      `${whereText(row)}: ${toned(row.severity, TONES[row.severity], look)}: ${printable(row.message)} [${row.code}]\n` +
      `    ${printable(row.fix)}\n`,
  );
  return `${blocks.join('')}${rows.length > 0 ? '\n' : ''}${sumText(rows, suppressedCount)}\n`;
}

/** `2 errors, 1 note; 3 turned off by comments`. */
function sumText(rows: readonly LintRow[], suppressedCount: number): string {
  const counts = [
    countOf(rows, 'error', 'errors'),
    countOf(rows, 'warning', 'warnings'),
    countOf(rows, 'note', 'notes'),
  ].filter((text) => text !== undefined);
  const off = suppressedCount === 0 ? '' : `; ${suppressedCount} turned off by comments`;
  return `${counts.length === 0 ? 'Nothing found' : counts.join(', ')}${off}.`;
}

function countOf(rows: readonly LintRow[], severity: LintRow['severity'], many: string): string | undefined {
  const count = rows.filter((row) => row.severity === severity).length;
  return count === 0 ? undefined : countText(count, severity, many);
}

/** `file:line: NetworkPolicy shop/web spec.egress`, as much of it as there is. */
function whereText({ file, line, object, path }: LintRow): string {
  const place = file === undefined ? [] : [`${file}:${line ?? 1}`];
  const name = object === undefined ? [] : [`${objectText(object)}${path === '' ? '' : ` ${path}`}`];
  return printable([...place, ...name].join(': '));
}

/** `NetworkPolicy shop/web`. */
export function objectText({ kind, namespace, name }: NonNullable<LintRow['object']>): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Every rule with its severity, for `--list`. */
export function ruleListText(look: { readonly isColoured: boolean }): string {
  return tableText(
    ['CODE', 'SEVERITY', 'FINDS'],
    LINT_CODES.map((code) => [
      code,
      { text: LINT_RULES[code].severity, tone: TONES[LINT_RULES[code].severity] },
      LINT_RULES[code].title,
    ]),
    look,
  );
}
