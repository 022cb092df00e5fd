import { describe, expect, test } from 'vitest';
import { unprotectionsIn } from '../../../../src/domain/planning/guard.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import { reportFor } from '../../../../src/domain/reporting/report.ts';
import type { BaselinePolicyFacts, ObservedNetworkPolicy, World } from '../../../../src/domain/world.ts';
import {
  allDone,
  applied,
  foreign,
  inPlace,
  managed,
  namespace,
  plannedWords,
  policy,
  reportListing,
  world,
} from '../../../fixtures/worlds.ts';

const DOUBT = { dnsDoubt: 'DnsUnanswered' } as const;
const doubtful = policy('standard', {}, DOUBT);
const ingressOnly = policy('standard', { isolate: ['Ingress'] });
/** The generation after {@link ingressOnly}, which isolates egress too. */
const widened = policy('standard', {}, { ...DOUBT, generation: 2, formerParts: ingressOnly.parts });

function planned(facts: Partial<World>): readonly string[] {
  return plannedWords(planFor(world({ baselinePolicies: [doubtful], ...facts })));
}

function reported(facts: Partial<World>): unknown {
  const at = world({ baselinePolicies: [doubtful], ...facts });
  const plans = planFor(at);
  const report = reportFor({
    plans,
    outcomes: allDone(plans),
    recorded: at.report,
    contests: at.contests,
    observed: at.observed,
    nowTime: '2026-01-01T00:00:00Z',
  });
  return report?.entries[0];
}

describe('R14 where DNS was never believed, egress is not newly isolated', () => {
  test('a namespace without any of the set waits as a whole, and its report says why and how to go on', () => {
    expect(planned({})).toEqual([
      'defer standard.default-deny',
      'defer standard.allow-dns',
      'defer standard.allow-monitoring',
    ]);
    expect(reported({})).toMatchObject({ phase: 'Pending', reason: 'DnsUnanswered', inPlace: false, managed: [] });
    expect(JSON.stringify(reported({}))).toContain('spec.allow.dns.also');
  });

  test('in DryRun the plan is what Enforce would do, and the message says what it waits for', () => {
    const entry = reported({ baselinePolicies: [policy('standard', { mode: 'DryRun' }, DOUBT)] });
    expect(entry).toMatchObject({ phase: 'DryRun', plan: { apply: inPlace(doubtful).map(({ name }) => name) } });
    expect(JSON.stringify(entry)).toContain('once DNS is believed');
  });

  test("an object of another client with the name of a part is reported as everywhere, and a tenant's default-deny ends no wait", () => {
    expect(planned({ observed: [foreign('standard.default-deny', { isolates: ['Ingress', 'Egress'] })] })).toEqual([
      'refuse standard.default-deny',
      'defer standard.allow-dns',
      'defer standard.allow-monitoring',
    ]);
  });

  test('a policy that isolates egress no more than another does is written at once', () => {
    const other = policy('other', { allow: { dns: { enabled: false } } });
    const observed = inPlace(other);
    expect(planned({ baselinePolicies: [other, doubtful], observed, report: reportListing(other) })).toEqual([
      'create standard.default-deny',
      'create standard.allow-dns',
      'create standard.allow-monitoring',
    ]);
  });
});

describe('R14 where DNS was never believed, the operator neither removes nor weakens an isolation that exists', () => {
  const standing = inPlace(doubtful);
  const tampered = managed(doubtful, 'default-deny', { hash: 'other', isolates: ['Ingress'], otherManager: 'x' });
  const without = (part: string): readonly ObservedNetworkPolicy[] =>
    standing.filter(({ name }) => name !== `standard.${part}`);

  test.each<[string, readonly ObservedNetworkPolicy[], readonly string[]]>([
    ['all of it is in place', standing, []],
    ['its default-deny was deleted', without('default-deny'), ['create standard.default-deny']],
    ['its allow-dns was deleted', without('allow-dns'), ['create standard.allow-dns']],
    ['its default-deny was changed', [tampered, ...without('default-deny')], ['repair standard.default-deny']],
    [
      'everything was deleted',
      [],
      ['default-deny', 'allow-dns', 'allow-monitoring'].map((part) => `create standard.${part}`),
    ],
  ])('a set is kept up where %s', (_, observed, words) => {
    expect(planned({ observed, report: reportListing(doubtful, standing) })).toEqual(words);
  });

  test('ingress that is isolated stays so and is repaired, and egress waits', () => {
    const observed = inPlace(ingressOnly);
    const facts = { baselinePolicies: [widened], observed, report: reportListing(ingressOnly) };
    expect(planned(facts)).toEqual([]);
    expect(reported(facts)).toMatchObject({ phase: 'Pending', reason: 'DnsUnanswered', inPlace: true });
    expect(planned({ ...facts, observed: observed.slice(1) })).toEqual(['create standard.default-deny']);
    const repaired = applied(world(facts), planFor(world({ ...facts, observed: observed.slice(1) })));
    expect(repaired.find(({ name }) => name === 'standard.default-deny')?.isolates).toEqual(['Ingress']);
  });

  test('a direction that is given up for egress stays isolated until egress may be', () => {
    const swapped = policy(
      'standard',
      { isolate: ['Egress'] },
      { ...DOUBT, generation: 2, formerParts: ingressOnly.parts },
    );
    const facts = { baselinePolicies: [swapped], observed: inPlace(ingressOnly), report: reportListing(ingressOnly) };
    expect(planned(facts)).toEqual([]);
    expect(unprotectionsIn(world(facts), planFor(world(facts)))).toEqual([]);
  });

  test('a removal that is held keeps up the ingress, and does not isolate egress in addition', () => {
    const facts: Partial<World> = {
      baselinePolicies: [widened],
      namespace: namespace('team-a', { labels: {} }),
      observed: inPlace(ingressOnly),
      report: reportListing(ingressOnly),
      holds: new Map([['standard', 'RemovalHeld']]),
    };
    expect(planned(facts)).toEqual([]);
    expect(reported(facts)).toMatchObject({ reason: 'RemovalHeld' });
  });

  test('R9 a namespace that moves to it from a policy for ingress counts as no loss', () => {
    const before = policy('before', { namespaceSelector: { matchLabels: { set: 'before' } }, isolate: ['Ingress'] });
    const policies: readonly BaselinePolicyFacts[] = [before, doubtful];
    const at = world({ baselinePolicies: policies, observed: inPlace(before), report: reportListing(before) });
    expect(unprotectionsIn(at, planFor(at))).toEqual([]);
  });
});
