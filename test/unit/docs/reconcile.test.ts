import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/baseline/outcome.ts';
import type { KubeError } from '../../../src/kube/kube-error.ts';
import { failure, success, type Result } from '../../../src/kube/result.ts';
import { RECONCILE_RESULTS } from '../../../src/observe/metric-table.ts';
import { verdictOn } from '../../../src/operator/outcome-table.ts';
import type { QueueAction } from '../../../src/operator/queue.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/reconcile.md'), 'utf8');

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
const proofs = sections.flatMap(({ rule, text }) => [...text.matchAll(/^- `(?<path>[^`]+)`: "(?<title>.+)"$/gm)].map(({ groups = {} }) => ({ rule, path: groups.path ?? '', title: groups.title ?? '' })));
const titles = new Map(globSync('test/**/*.test.ts', { cwd: root }).map((path) => [path, titlesIn(path)]));

/** Everything that stands in quotes at the beginning of a call of test or describe, or of the second call of test.each. */
function titlesIn(path: string): readonly string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/\(\s*(['"`])((?:(?!\1).|\\.)+)\1\s*,/g)].map((match) => match[2] ?? '');
}

describe('docs/reconcile.md', () => {
  test('has every rule once, in order', () => {
    expect(sections.map(({ rule }) => rule)).toEqual(Array.from({ length: 17 }, (_, index) => `R${index + 1}`));
  });

  test.each(implemented)('names tests of $rule, and there is one with that number in its title', ({ rule }) => {
    expect(proofs.some((proof) => proof.rule === rule)).toBe(true);
    const word = new RegExp(`\\b${rule}\\b`);
    expect([...titles.values()].flat().some((title) => word.test(title))).toBe(true);
  });

  test.each(proofs)('$rule: $path has the test "$title"', ({ path, title }) => {
    expect(titles.get(path)?.filter((candidate) => candidate.includes(title))).not.toEqual([]);
  });
});

test('README.md lists the rules that hold, and names those that are planned', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| (R\d+) \|/gm)].map((match) => match[1]);
  expect(listed).toEqual(implemented.map(({ rule }) => rule));
  const planned = /^R\d+.* are planned\.$/m.exec(readme)?.[0] ?? '';
  expect([...planned.matchAll(/R\d+/g)].map(([rule]) => rule)).toEqual(sections.filter((section) => !implemented.includes(section)).map(({ rule }) => rule));
});

describe('the outcome table', () => {
  const name = 'standard.allow-dns';
  const retry: Outcome = { kind: 'retry', name, message: 'x' };
  const forbidden: Outcome = { kind: 'refused', name, reason: 'Forbidden', message: 'x' };
  const refused: Outcome = { kind: 'refused', name, reason: 'Denied', message: 'x' };
  const gone: Outcome = { kind: 'namespaceGone', name };
  const done: readonly Outcome[] = [{ kind: 'inPlace', name, uid: 'u' }, { kind: 'removed', name }, { kind: 'frozen', name }];
  const recorded = success(undefined);
  const unrecorded: Result<void, KubeError> = failure({ kind: 'network', message: 'x' });
  const rows: readonly (readonly [string, readonly Outcome[], Result<void, KubeError>])[] = [
    ['a write failed in passing (5xx, 429, network, 409)', [retry, forbidden, refused, gone, ...done], recorded],
    ['the NamespaceBaseline could not be written', [forbidden, refused, gone, ...done], unrecorded],
    ['a permission is missing', [forbidden, refused, gone, ...done], recorded],
    ['a part is refused for good', [refused, gone, ...done], recorded],
    ['the namespace went away meanwhile', [gone, ...done], recorded],
    ['everything is in place, removed or frozen', done, recorded],
  ];

  test.each(rows)('says what the code does when %s, and worse things come first', (what, outcomes, record) => {
    const { queue, result } = verdictOn(outcomes, record, { isHeld: false, isContested: false });
    const row = tableRow(what);
    expect(row.slice(2)).toEqual([nextText(queue), `\`${result}\``]);
  });

  test('has every result of a reconcile', () => {
    const results = [...page.slice(page.indexOf('## Outcomes')).matchAll(/\| `(\w+)` \|$/gm)].map((match) => match[1]);
    expect([...new Set(results)].sort()).toEqual([...RECONCILE_RESULTS].sort());
  });
});

function tableRow(first: string): readonly string[] {
  const line = page.split('\n').find((candidate) => candidate.startsWith(`| ${first} |`)) ?? '';
  return line.split('|').slice(1, -1).map((cell) => cell.trim());
}

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
