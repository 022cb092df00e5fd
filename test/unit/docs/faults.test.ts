import { describe, expect, test } from 'vitest';
import { FAULTS_PAGE, testFilesByFault, withTestFiles } from '../../fault-table/rows.ts';
import { pageAt, tableAfter } from './proofs.ts';

const page = pageAt(FAULTS_PAGE);
const rows = tableAfter(page, '# Faults').map(([fault = '', what = '', answer = '', , tests = '']) => ({
  fault,
  what,
  answer,
  tests,
}));
const files = testFilesByFault();

/** The faults whose answer is not built yet. */
const PLANNED = ['F42', 'F43', 'F44', 'F47', 'F49'];

describe('docs/faults.md', () => {
  test('has every number once, in order', () => {
    expect(rows.map(({ fault }) => fault)).toEqual([
      ...Array.from({ length: 50 }, (_, index) => `F${String(index + 1)}`),
      'F58',
    ]);
  });

  test.each(rows)('$fault says what it is and what the operator does', ({ what, answer }) => {
    expect(what).not.toBe('');
    expect(answer).not.toBe('');
  });

  test.each(rows.filter(({ fault }) => !PLANNED.includes(fault)))(
    '$fault has a test with that number in its title: $what',
    ({ fault }) => {
      expect(files.get(fault) ?? []).not.toEqual([]);
    },
  );

  test.each(rows.filter(({ fault }) => PLANNED.includes(fault)))(
    '$fault is tested, or says that it is planned',
    ({ fault, answer }) => {
      expect(files.has(fault) || /\bplanned\b/i.test(answer)).toBe(true);
    },
  );

  test.each(rows)(
    '$fault names exactly the files that have its tests (else run: node test/fault-table/main.ts)',
    ({ fault, tests }) => {
      expect([...tests.matchAll(/`([^`]+)`/g)].map((match) => match[1])).toEqual(files.get(fault) ?? []);
    },
  );

  test('no test has a number that is no fault', () => {
    expect([...files.keys()].filter((fault) => !rows.some((row) => row.fault === fault))).toEqual([]);
  });
});

describe('the column of tests', () => {
  const table = '| F1 | it dies | we go on | much | `old` |\n| F2 | it lies | we do not | little | – |\ntext | F1 |';

  test('is rewritten, and nothing else is touched', () => {
    expect(withTestFiles(table, new Map([['F1', ['a.test.ts', 'b.test.ts']]]))).toBe(
      '| F1 | it dies | we go on | much | `a.test.ts`, `b.test.ts` |\n| F2 | it lies | we do not | little | – |\ntext | F1 |',
    );
  });

  test('is the same when it is written twice, also where the lesson is still empty', () => {
    const line = '| F3 | a | b |  | – |';
    const once = withTestFiles(line, new Map([['F3', ['a.test.ts']]]));
    expect(once).toBe('| F3 | a | b |  | `a.test.ts` |');
    expect(withTestFiles(once, new Map([['F3', ['a.test.ts']]]))).toBe(once);
  });
});
