import { describe, expect, test } from 'vitest';
import { failure, type Result, success } from '../../../src/base/result.ts';
import type { Outcome } from '../../../src/domain/planning/outcome.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { QueueAction } from '../../../src/operator/queue/work-queue.ts';
import { resultFor } from '../../../src/operator/reconcile/result-table.ts';
import { type ReportWrite, UNCHANGED } from '../../../src/operator/write/report-writer.ts';
import { RECONCILE_RESULTS } from '../../../src/telemetry/metric-table.ts';
import { namesOf, PROOFS_PAGE, proofsByNumber, proofsPage } from '../../fault-table/proofs-page.ts';
import { numbersInCell, pageAt, tableAfter } from './proofs.ts';

const page = pageAt('docs/reconcile.md');

const rules = [...page.matchAll(/^## (R\d+)\b/gm)].map((match) => match[1] ?? '');
const proofs = proofsByNumber();

describe('docs/reconcile.md', () => {
  test('has every rule once, in order', () => {
    expect(rules).toEqual(Array.from({ length: 17 }, (_, index) => `R${index + 1}`));
  });

  test.each(rules)('%s has a test with that number in its title', (rule) => {
    expect(proofs.get(rule) ?? []).not.toEqual([]);
  });
});

describe('docs/proofs.md', () => {
  const names = namesOf({ rules: page, faults: pageAt('docs/faults.md') });

  test('lists exactly the tests that there are (else run: node test/fault-table/main.ts)', () => {
    expect(pageAt(PROOFS_PAGE)).toBe(proofsPage(names, proofs));
  });

  test('knows every rule and every fault by name', () => {
    expect([...names.keys()]).toEqual([...rules, ...Array.from({ length: 66 }, (_, index) => `F${index + 1}`)]);
  });

  test('shows a title as it is written, whatever is in it', () => {
    const listed = proofsPage(new Map([['R1', 'Selection']]), new Map([['R1', [{ path: 'a', title: 'R1 `x` *$y*' }]]]));
    expect(listed).toContain('## R1 Selection\n\n- `a`\n  - R1 \\`x\\` \\*\\$y\\*\n');
  });

  test('no test carries the number of a rule that does not exist', () => {
    expect([...proofs.keys()].filter((number) => !names.has(number))).toEqual([]);
  });
});

describe('the table of actions and settings', () => {
  const rows = tableAfter(page, '## Action and setting').map(([action = '', setting = '', what = '', proof = '']) => ({
    action,
    setting,
    what,
    numbers: numbersInCell(proof),
  }));

  test('is there, and no case stands in it twice', () => {
    const cases = rows.map(({ action, setting }) => `${action} | ${setting}`);
    expect(cases.length).toBeGreaterThan(40);
    expect(new Set(cases).size).toBe(cases.length);
  });

  test.each(rows)('$action ($setting): $what', ({ what, numbers }) => {
    expect(what).not.toBe('');
    expect(numbers).not.toEqual([]);
    expect(numbers.filter((number) => !proofs.has(number))).toEqual([]);
  });
});

test('README.md lists every rule', () => {
  const listed = [...pageAt('README.md').matchAll(/^\| (R\d+) \|/gm)].map((match) => match[1]);
  expect(listed).toEqual(rules);
});

describe('the outcome table', () => {
  const name = 'standard.allow-dns';
  const retry: Outcome = { kind: 'retry', name, message: 'x' };
  const forbidden: Outcome = { kind: 'refused', name, reason: 'Forbidden', message: 'x' };
  const refused: Outcome = { kind: 'refused', name, reason: 'Denied', message: 'x' };
  const postponed: Outcome = { kind: 'postponed', name };
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
  const nothing = { isHeld: false, isContested: false, isAwaitingDns: false };
  const both = { isHeld: true, isContested: true, isAwaitingDns: true };
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
      what: 'more is to be removed than R12 allows in one go',
      outcomes: [postponed, early, refused, gone, ...done],
      waits: both,
    },
    {
      what: 'a contested object may not be written yet',
      outcomes: [early, refused, gone, ...done],
      waits: both,
      next: { kind: 'after', delayMs: 1000 },
    },
    {
      what: 'a NamespaceBaseline that is contested or changes too often may not be written yet',
      outcomes: [refused, gone, ...done],
      record: paced,
      waits: both,
      next: { kind: 'after', delayMs: 2000 },
    },
    { what: 'a part is refused for good', outcomes: [refused, gone, ...done], waits: both },
    { what: 'a change waits for a confirmation', outcomes: [gone, ...done], waits: both },
    { what: 'a contested object is in place for now', outcomes: [gone, ...done], waits: { ...both, isHeld: false } },
    {
      what: 'egress waits for a DNS that is believed',
      outcomes: [gone, ...done],
      waits: { ...nothing, isAwaitingDns: true },
    },
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
