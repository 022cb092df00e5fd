import { describe, expect, test } from 'vitest';
import { BOUNDS } from '../../../../src/api/bounds.ts';
import { namespaceBaselineStatusSchema } from '../../../../src/api/namespace-baseline.ts';
import type { Outcome } from '../../../../src/domain/planning/outcome.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import { type NamespaceReport, reportFor } from '../../../../src/domain/reporting/report.ts';
import { opennessOf } from '../../../../src/domain/weakening/openness.ts';
import type { ObservedNetworkPolicy, RecordedReport, World } from '../../../../src/domain/world.ts';
import {
  allDone,
  foreign,
  inPlace,
  managed,
  namespace,
  policy,
  reportListing,
  world,
} from '../../../fixtures/worlds.ts';

const nowTime = '2026-01-02T03:04:05Z';
const standard = policy();

function report(facts: World, changes: Record<string, Outcome> = {}): NamespaceReport | undefined {
  const plans = planFor(facts);
  return reportFor({
    plans,
    outcomes: new Map([...allDone(plans), ...Object.entries(changes)]),
    recorded: facts.report,
    contests: facts.contests,
    observed: facts.observed,
    nowTime,
  });
}

function record(changes: Partial<RecordedReport> & { inPlace?: boolean } = {}): RecordedReport {
  const entry = {
    policy: 'standard',
    generation: 1,
    phase: 'Protected' as const,
    inPlace: changes.inPlace ?? true,
    managed: [],
  };
  return { uid: 'r', hash: 'h', entries: [entry], readyStatus: 'True', readySince: '2020-01-01T00:00:00Z', ...changes };
}

const refusedAs = (name: string, reason: 'ForeignObject' | 'Denied'): Record<string, Outcome> => ({
  [name]: { kind: 'refused', name, reason, message: 'because' },
});

describe('the NamespaceBaseline says what was observed', () => {
  test('Protected once every part is in place, with the uid of each', () => {
    const status = report(world())?.status;
    expect(status?.phase).toBe('Protected');
    expect(status?.policies[0]).toMatchObject({ policy: 'standard', generation: 1, mode: 'Enforce', inPlace: true });
    expect(status?.policies[0]?.managed.map(({ name }) => name)).toEqual([
      'standard.allow-dns',
      'standard.allow-monitoring',
      'standard.default-deny',
    ]);
    expect(status?.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Protected', lastTransitionTime: nowTime }),
    ]);
  });

  test('R3 a missing allow-dns holds the set: Failed, Unprotected', () => {
    const held: Record<string, Outcome> = Object.fromEntries(
      ['standard.default-deny', 'standard.allow-monitoring'].map((name) => [name, { kind: 'blocked' as const, name }]),
    );
    const status = report(world(), { ...refusedAs('standard.allow-dns', 'Denied'), ...held })?.status;
    expect(status?.phase).toBe('Failed');
    expect(status?.policies[0]).toMatchObject({ reason: 'Unprotected', inPlace: false, managed: [] });
  });

  test('R3 where the default-deny stands, a refused allow-dns is AllowDnsMissing and the latch stays', () => {
    const status = report(
      world({ observed: [managed(standard, 'default-deny')], report: record() }),
      refusedAs('standard.allow-dns', 'Denied'),
    )?.status;
    expect(status?.policies[0]).toMatchObject({ reason: 'AllowDnsMissing', inPlace: true });
  });

  test('R5 a foreign object is a Conflict that is named, and the rest is in place', () => {
    const status = report(world({ observed: [foreign('standard.allow-monitoring')] }))?.status;
    expect(status?.phase).toBe('Conflict');
    expect(status?.conflicts).toEqual([{ name: 'standard.allow-monitoring', reason: 'ForeignObject' }]);
    expect(status?.policies[0]?.inPlace).toBe(true);
  });

  test('R5 a foreign default-deny does not count as in place', () => {
    expect(report(world({ observed: [foreign('standard.default-deny')] }))?.status.policies[0]?.inPlace).toBe(false);
  });

  test('R7 a DryRun says what Enforce would apply and remove', () => {
    const dry = policy('standard', { mode: 'DryRun' });
    const observed = [
      managed(dry, 'allow-dns'),
      managed(policy('standard', { allow: { sameNamespace: { enabled: true } } }), 'allow-same-namespace'),
    ];
    const entry = report(world({ baselinePolicies: [dry], observed }))?.status.policies[0];
    expect(entry?.plan).toEqual({
      apply: ['standard.default-deny', 'standard.allow-monitoring'],
      remove: ['standard.allow-same-namespace'],
    });
    expect(entry?.managed.map(({ name }) => name)).toEqual(['standard.allow-dns', 'standard.allow-same-namespace']);
  });

  test('R11 a new namespace of an invalid policy is Pending', () => {
    expect(report(world({ baselinePolicies: [policy('standard', {}, { isAccepted: false })] }))?.status).toMatchObject({
      phase: 'Pending',
      conditions: [{ status: 'False', reason: 'PolicyInvalid' }],
    });
  });

  test('the phase is the worst of all policies', () => {
    const paused = policy('aside', { mode: 'Paused' });
    expect(report(world({ baselinePolicies: [paused, standard] }))?.status.phase).toBe('Protected');
    expect(
      report(world({ baselinePolicies: [paused, standard] }), {
        'standard.allow-monitoring': { kind: 'retry', name: 'standard.allow-monitoring', message: 'x' },
      })?.status.phase,
    ).toBe('Pending');
  });

  test('all policies are named in one text, as kubectl prints only the first item of a list', () => {
    const paused = policy('aside', { mode: 'Paused' });
    const status = report(world({ baselinePolicies: [paused, standard] }))?.status;
    expect(status?.policyNames).toBe('aside, standard');
    const many = Array.from({ length: BOUNDS.policiesPerNamespace }, (_, index) =>
      policy(`${'x'.repeat(40)}-${index}`, { mode: 'Paused' }),
    );
    const whole = report(world({ baselinePolicies: many }))?.status;
    expect(namespaceBaselineStatusSchema.safeParse(whole).success).toBe(true);
  });

  test('it goes with the last policy of its namespace', () => {
    expect(
      report(world({ namespace: namespace('team-a', { labels: {} }), observed: inPlace(standard), report: record() })),
    ).toBeUndefined();
  });

  test('R4 objects that onOptOut: Keep leaves behind are no longer reported', () => {
    const keeping = policy('standard', { removal: { onOptOut: 'Keep' } });
    expect(
      report(
        world({
          namespace: namespace('team-a', { labels: {} }),
          baselinePolicies: [keeping],
          observed: inPlace(keeping),
          report: record(),
        }),
      ),
    ).toBeUndefined();
  });

  test('while removals do not succeed it stays, Pending', () => {
    const status = report(
      world({
        namespace: namespace('team-a', { labels: {} }),
        observed: inPlace(standard),
        report: reportListing(standard),
      }),
      {
        'standard.default-deny': { kind: 'retry', name: 'standard.default-deny', message: 'x' },
      },
    )?.status;
    expect(status).toMatchObject({ phase: 'Pending', policies: [{ managed: [{ name: 'standard.default-deny' }] }] });
  });
});

test('R4 a removal that is refused for good is said, with its reason', () => {
  const refused: Record<string, Outcome> = Object.fromEntries(
    inPlace(standard).map(({ name }) => [
      name,
      { kind: 'refused' as const, name, reason: 'Forbidden' as const, message: 'may not delete' },
    ]),
  );
  const status = report(
    world({
      namespace: namespace('team-a', { labels: {} }),
      observed: inPlace(standard),
      report: reportListing(standard),
    }),
    refused,
  )?.status;
  expect(status).toMatchObject({
    phase: 'Failed',
    policies: [{ reason: 'Forbidden', message: expect.stringContaining('may not delete') as string }],
  });
});

test('R16 more objects than the CRD has room for do not make the report one that the API server refuses', () => {
  const dry = policy('standard', { mode: 'DryRun' });
  const copies = Array.from({ length: BOUNDS.managedPerPolicy + 2 }, (_, index) =>
    managed(dry, 'allow-dns', { name: `standard.copy-${index}`, uid: `u${index}` }),
  );
  const status = report(world({ baselinePolicies: [dry], observed: copies }))?.status;
  expect(status?.policies[0]?.managed).toHaveLength(BOUNDS.managedPerPolicy);
  expect(namespaceBaselineStatusSchema.safeParse(status).success).toBe(true);
});

test("R16 the text of somebody's webhook is cut between characters, so that what is stored is what was written", () => {
  const name = 'standard.allow-monitoring';
  for (const room of [0, 1]) {
    const message = `${'x'.repeat(BOUNDS.messageLength - `${name}: `.length - room - 1)}${'😀'.repeat(9)}`;
    const told =
      report(world(), { [name]: { kind: 'refused', name, reason: 'Denied', message } })?.status.policies[0]?.message ??
      '';
    expect(told.isWellFormed()).toBe(true);
    expect(told.length).toBeGreaterThan(BOUNDS.messageLength - 3);
    expect(told.length).toBeLessThanOrEqual(BOUNDS.messageLength);
  }
});

describe('inPlace is a latch', () => {
  const failing = { kind: 'retry', name: 'standard.allow-monitoring', message: 'x' } as const;
  test('it is not set while a part is still being tried', () => {
    expect(report(world(), { 'standard.allow-monitoring': failing })?.status.policies[0]?.inPlace).toBe(false);
  });
  test('it is set although a part that is not vital is refused for good', () => {
    expect(report(world(), refusedAs('standard.allow-monitoring', 'Denied'))?.status.policies[0]?.inPlace).toBe(true);
  });
  test('once set, an edit that is still being written does not unset it', () => {
    expect(
      report(world({ observed: [managed(standard, 'default-deny')], report: record() }), {
        'standard.allow-monitoring': failing,
      })?.status.policies[0]?.inPlace,
    ).toBe(true);
  });
  test('it is unset when the default-deny is gone', () => {
    const gone = { kind: 'retry', name: 'standard.default-deny', message: 'x' } as const;
    expect(report(world({ report: record() }), { 'standard.default-deny': gone })?.status.policies[0]?.inPlace).toBe(
      false,
    );
  });
});

describe('R16 what is written only on change', () => {
  test('the digest does not depend on when it was made', () => {
    const facts = world();
    const plans = planFor(facts);
    const later = reportFor({
      plans,
      outcomes: allDone(plans),
      recorded: undefined,
      contests: new Map(),
      observed: [],
      nowTime: '2030-01-01T00:00:00Z',
    });
    expect(later?.hash).toBe(report(facts)?.hash);
  });
  test('lastTransitionTime moves only when the status does', () => {
    expect(report(world({ report: record() }))?.status.conditions[0]?.lastTransitionTime).toBe('2020-01-01T00:00:00Z');
    expect(report(world({ report: record({ readyStatus: 'False' }) }))?.status.conditions[0]?.lastTransitionTime).toBe(
      nowTime,
    );
  });
});

describe('R17 a foreign policy that undoes the isolation', () => {
  const open = (name: string, spec: object): ObservedNetworkPolicy => foreign(name, { openness: opennessOf(spec) });
  const everyone = { ingress: [{}] };
  const everywhere = { policyTypes: ['Egress'], egress: [{}] };
  const why = (peer: string): string => `allows every ${peer} on every port, for all pods`;

  test('is named with how, the worst first, in isolated directions only', () => {
    const observed = [
      ...inPlace(standard),
      open('c', everyone),
      open('b', everywhere),
      open('a', { ingress: [{ ports: [{ port: 80 }] }] }),
    ];
    expect(report(world({ observed }))?.status).toMatchObject({
      weakened: 'open',
      weakenedBy: [
        { name: 'b', why: why('destination'), grade: 'open' },
        { name: 'c', why: why('source'), grade: 'open' },
        { name: 'a', why: 'allows every source on TCP port 80, for all pods', grade: 'wide' },
      ],
    });
    const ingressOnly = policy('standard', { isolate: ['Ingress'] });
    expect(report(world({ baselinePolicies: [ingressOnly], observed }))?.status.weakenedBy).toMatchObject([
      { name: 'c' },
      { name: 'a' },
    ]);
  });

  test('14 makes a set that is in place Weakened, and not ready', () => {
    const status = report(world({ observed: [...inPlace(standard), open('c', everyone)] }))?.status;
    expect(status).toMatchObject({ phase: 'Weakened', conditions: [{ status: 'False', reason: 'Weakened' }] });
    expect(status?.policies[0]?.message).toBe(`c ${why('source')}`);
  });

  test('leaves a set Protected where it is only wide, with that as the reason', () => {
    const observed = [...inPlace(standard), open('a', { ingress: [{ ports: [{ port: 80 }] }] })];
    expect(report(world({ observed }))?.status).toMatchObject({
      phase: 'Protected',
      weakened: 'wide',
      conditions: [{ status: 'True', reason: 'Wide' }],
    });
  });

  test('A1 is seen although it carries our labels and is to be removed, for as long as it exists', () => {
    const disguised = managed(standard, 'default-deny', { name: 'standard.open', openness: opennessOf(everyone) });
    expect(report(world({ observed: [disguised, ...inPlace(standard)] }))?.status.weakenedBy).toMatchObject([
      { name: 'standard.open' },
    ]);
  });

  test('is not a declared part that is in place', () => {
    const own = policy('standard', { rules: [{ name: 'open', ingress: [{}] }] });
    const observed = inPlace(own).map((part) =>
      part.name === 'standard.open' ? { ...part, openness: opennessOf(everyone) } : part,
    );
    expect(report(world({ baselinePolicies: [own], observed }))?.status.weakenedBy).toBeUndefined();
  });

  test('counts for nothing where nothing is enforced', () => {
    const dryRun = policy('standard', { mode: 'DryRun' });
    expect(
      report(world({ baselinePolicies: [dryRun], observed: [open('a', everyone)] }))?.status.weakenedBy,
    ).toBeUndefined();
  });
});
