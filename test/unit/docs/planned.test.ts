import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROOFS_PAGE } from '../../fault-table/proofs-page.ts';
import { pageAt, tableAfter } from './proofs.ts';

const root = join(import.meta.dirname, '../../..');
const LIMITS = 'docs/limits.md';

/** The open pieces of work: the first column of the table, as it is written there. */
const open = tableAfter(pageAt(LIMITS), '## What is not there yet').map(([missing = '']) => missing);
const pages = ['*.md', 'docs/**/*.md', 'deploy/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root })).sort();

/** The lines of a text that call something planned and name no open piece of work. */
function unnamedPlans(text: string): readonly string[] {
  return text.split('\n').filter((line) => /\bplanned\b/i.test(line) && !open.some((name) => line.includes(name)));
}

describe('the word "planned"', () => {
  test('has a list of open work to name', () => {
    expect(open).toContain('admission guards');
  });

  test.each(pages.filter((page) => page !== LIMITS && page !== PROOFS_PAGE))(
    'names an open piece of work wherever %s uses it',
    (page) => {
      expect(unnamedPlans(pageAt(page))).toEqual([]);
    },
  );

  test('is refused where it names work that is not on the list', () => {
    expect(unnamedPlans('It is planned with "Somewhere else".\nIt is not.')).toEqual([
      'It is planned with "Somewhere else".',
    ]);
  });
});
