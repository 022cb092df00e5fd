import { describe, expect, test } from 'vitest';
import { failure, type Result, success } from '../../../src/base/result.ts';
import type { Outcome } from '../../../src/domain/planning/outcome.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { QueueAction } from '../../../src/operator/queue/work-queue.ts';
import { resultFor } from '../../../src/operator/reconcile/result-table.ts';
import { type ReportWrite, UNCHANGED } from '../../../src/operator/write/report-writer.ts';
import { RECONCILE_RESULTS } from '../../../src/telemetry/metric-table.ts';
import { isInSomeTitle, listedProofs, pageAt, proofsInCell, tableAfter, titlesOf } from './proofs.ts';

const page = pageAt('docs/reconcile.md');

/** A rule of the page with its text. */
interface Section {
  readonly rule: string;
  readonly text: string;
}

const sections: readonly Section[] = page
  .split(/^## /m)
  .slice(1)
  .flatMap((text) => {
    const rule = /^R\d+\b/.exec(text)?.[0];
    return rule === undefined ? [] : [{ rule, text }];
  });
/** A rule that is only planned says so first of all. */
const implemented = sections.filter(({ text }) => !text.split('\n\n')[1]?.startsWith('**Planned**'));
const proofs = sections.flatMap(({ rule, text }) => listedProofs(text).map((proof) => ({ rule, ...proof })));

describe('docs/reconcile.md', () => {
  test('has every rule once, in order', () => {
    expect(sections.map(({ rule }) => rule)).toEqual(Array.from({ length: 17 }, (_, index) => `R${index + 1}`));
  });

  test.each(implemented)('names tests of $rule, and there is one with that number in its title', ({ rule }) => {
    expect(proofs.some((proof) => proof.rule === rule)).toBe(true);
    expect(isInSomeTitle(rule)).toBe(true);
  });

  test.each(proofs)('$rule: $path has the test "$title"', (proof) => {
    expect(titlesOf(proof)).not.toEqual([]);
  });
});

describe('the table of actions and settings', () => {
  const rows = tableAfter(page, '## Action and setting').map(([action = '', setting = '', what = '', proof = '']) => ({
    action,
    setting,
    what,
    proofs: proofsInCell(proof),
  }));

  test('is there, and no case stands in it twice', () => {
    const cases = rows.map(({ action, setting }) => `${action} | ${setting}`);
    expect(cases.length).toBeGreaterThan(40);
    expect(new Set(cases).size).toBe(cases.length);
  });

  test.each(rows)('$action ($setting): $what', ({ what, proofs: named }) => {
    expect(what).not.toBe('');
    expect(named).not.toEqual([]);
    for (const proof of named) {
      expect(titlesOf(proof), JSON.stringify(proof)).not.toEqual([]);
    }
  });
});

test('README.md lists the rules that hold, and names those that are planned', () => {
  const readme = pageAt('README.md');
  const listed = [...readme.matchAll(/^\| (R\d+) \|/gm)].map((match) => match[1]);
  expect(listed).toEqual(implemented.map(({ rule }) => rule));
  const planned = /^R\d+.* (?:is|are) planned\.$/m.exec(readme)?.[0] ?? '';
  expect([...planned.matchAll(/R\d+/g)].map(([rule]) => rule)).toEqual(
    sections.filter((section) => !implemented.includes(section)).map(({ rule }) => rule),
  );
});

describe('the outcome table', () => {
  const name = 'standard.allow-dns';
  const retry: Outcome = { kind: 'retry', name, message: 'x' };
  const forbidden: Outcome = { kind: 'refused', name, reason: 'Forbidden', message: 'x' };
  const refused: Outcome = { kind: 'refused', name, reason: 'Denied', message: 'x' };
  const gone: Outcome = { kind: 'namespaceGone', name };
  const done: readonly Outcome[] = [
    { kind: 'inPlace', name, uid: 'u' },
    { kind: 'removed', name },
    { kind: 'frozen', name },
  ];
  const recorded: Result<ReportWrite, KubeError> = success(UNCHANGED);
  const unrecorded: Result<ReportWrite, KubeError> = failure({ kind: 'network', message: 'x' });
  const early: Outcome = { kind: 'refused', name, reason: 'Contested', message: 'x', recheckMs: 1000 };
  const paced: Result<ReportWrite, KubeError> = success({ kind: 'early', waitMs: 2000 });
  const nothing = { isHeld: false, isContested: false };
  const both = { isHeld: true, isContested: true };
  const rows: readonly {
    readonly what: string;
    readonly outcomes: readonly Outcome[];
    readonly record?: Result<ReportWrite, KubeError>;
    readonly waits?: typeof both;
    readonly next?: QueueAction;
  }[] = [
    {
      what: 'a write failed in passing (5xx, 429, network, 409)',
      outcomes: [retry, forbidden, refused, early, gone, ...done],
      waits: both,
    },
    {
      what: 'the NamespaceBaseline could not be written',
      outcomes: [forbidden, refused, gone, ...done],
      record: unrecorded,
      waits: both,
    },
    { what: 'a permission is missing', outcomes: [forbidden, refused, early, gone, ...done], waits: both },
    {
      what: 'a contested object may not be written yet',
      outcomes: [early, refused, gone, ...done],
      waits: both,
      next: { kind: 'after', delayMs: 1000 },
    },
    {
      what: 'a contested NamespaceBaseline may not be written yet',
      outcomes: [refused, gone, ...done],
      record: paced,
      waits: both,
      next: { kind: 'after', delayMs: 2000 },
    },
    { what: 'a part is refused for good', outcomes: [refused, gone, ...done], waits: both },
    { what: 'a change waits for a confirmation', outcomes: [gone, ...done], waits: both },
    { what: 'a contested object is in place for now', outcomes: [gone, ...done], waits: { ...both, isHeld: false } },
    { what: 'the namespace went away meanwhile', outcomes: [gone, ...done] },
    { what: 'everything is in place, removed or frozen', outcomes: done },
  ];

  test('has these rows, worst first, and the one of a bug', () => {
    expect(tableAfter(page, '## Outcomes').map(([what]) => what)).toEqual([
      'an unexpected error in the operator',
      ...rows.map(({ what }) => what),
    ]);
  });

  test.each(rows)(
    'says what the code does when $what, and worse things come first',
    ({ what, outcomes, record = recorded, waits = nothing, next }) => {
      const { queue, result } = resultFor(outcomes, record, waits);
      if (next !== undefined) {
        expect(queue).toEqual(next);
      }
      const row = tableAfter(page, '## Outcomes').find(([first]) => first === what);
      expect(row?.slice(2)).toEqual([
        next === undefined ? nextText(queue) : 'again when its pause is over',
        `\`${result}\``,
      ]);
    },
  );

  test('has every result of a reconcile', () => {
    const results = [...page.slice(page.indexOf('## Outcomes')).matchAll(/\| `(\w+)` \|$/gm)].map((match) => match[1]);
    expect([...new Set(results)].sort()).toEqual([...RECONCILE_RESULTS].sort());
  });
});

function nextText(action: QueueAction): string {
  switch (action.kind) {
    case 'forget':
      return 'nothing';
    case 'after':
      return `again after ${action.delayMs / 1000} s`;
    case 'backoff':
      return 'again after a growing pause';
  }
}
