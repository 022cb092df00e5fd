import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/domain/planning/outcome.ts';
import { planFor } from '../../../src/domain/planning/plan.ts';
import { type NamespaceReport, reportFor } from '../../../src/domain/reporting/report.ts';
import type { ObservedNetworkPolicy, World } from '../../../src/domain/world.ts';
import { execute } from '../../../src/operator/reconcile/execute.ts';
import type { NetworkPolicyWriter } from '../../../src/operator/write/network-policy-writer.ts';
import { foreign, inPlace, managed, policy, reportListing, world } from '../../fixtures/worlds.ts';

type Failures = Readonly<Record<string, Outcome>>;

/** Carries out the plans of a world with a writer of which chosen writes fail. */
async function carriedOut(
  facts: World,
  failures: Failures = {},
): Promise<{
  readonly log: readonly string[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly report: NamespaceReport | undefined;
}> {
  const log: string[] = [];
  const write = (verb: string, name: string, done: Outcome): Promise<Outcome> => {
    log.push(`${verb} ${name}`);
    return Promise.resolve(failures[name] ?? done);
  };
  const writer: Pick<NetworkPolicyWriter, 'create' | 'repair' | 'remove'> = {
    create: ({ name }) => write('create', name, { kind: 'inPlace', name, uid: 'u' }),
    repair: ({ name }) => write('repair', name, { kind: 'inPlace', name, uid: 'u' }),
    remove: ({ name }) => write('remove', name, { kind: 'removed', name }),
  };
  const plans = planFor(facts);
  const outcomes = await execute(plans, 'team-a', writer as NetworkPolicyWriter);
  const report = reportFor({
    plans,
    outcomes,
    recorded: facts.report,
    contests: facts.contests,
    observed: facts.observed,
    nowTime: '2026-01-02T03:04:05Z',
  });
  return { log, outcomes, report };
}

function refused(name: string, reason: 'Denied' | 'Altered' = 'Denied'): Failures {
  return { [name]: { kind: 'refused', name, reason, message: 'x' } };
}

const removals = (log: readonly string[]): readonly string[] => log.filter((line) => line.startsWith('remove'));

describe('R9 a move from one policy to another', () => {
  const next = policy('next');
  const left = policy('standard', { namespaceSelector: { matchLabels: { other: 'x' } } });
  const moving = (others: readonly ObservedNetworkPolicy[] = []): World =>
    world({ baselinePolicies: [next, left], observed: [...inPlace(left), ...others], report: reportListing(left) });

  test('R9 removes nothing of the old set when the new default-deny is refused for good', async () => {
    const { log, outcomes } = await carriedOut(moving(), refused('next.default-deny'));
    expect(log).toContain('create next.default-deny');
    expect(removals(log)).toEqual([]);
    expect(outcomes.get('standard.default-deny')).toEqual({ kind: 'blocked', name: 'standard.default-deny' });
  });

  test('R9 removes nothing of the old set when a foreign allow-dns holds all of the new one', async () => {
    const { log, outcomes } = await carriedOut(moving([foreign('next.allow-dns')]));
    expect(log).toEqual([]);
    expect(outcomes.get('standard.default-deny')).toEqual({ kind: 'blocked', name: 'standard.default-deny' });
  });

  test('R9 removes the old set although a part of the new one that isolates nothing is refused for good', async () => {
    const { log } = await carriedOut(moving(), refused('next.allow-monitoring'));
    expect(removals(log)).toEqual([
      'remove standard.default-deny',
      'remove standard.allow-monitoring',
      'remove standard.allow-dns',
    ]);
  });
});

describe('R3 allow-dns and the default-deny', () => {
  test('R3 allow-dns stays while the default-deny that isolates Egress cannot be rewritten', async () => {
    const before = policy();
    const after = policy('standard', { isolate: ['Ingress'] }, { generation: 2 });
    const shrinking = world({ baselinePolicies: [after], observed: inPlace(before) });
    expect(removals((await carriedOut(shrinking)).log)).toEqual(['remove standard.allow-dns']);
    const { log } = await carriedOut(shrinking, refused('standard.default-deny'));
    expect(log).toContain('repair standard.default-deny');
    expect(removals(log)).toEqual([]);
  });

  test('R3 the default-deny is not created while an altered allow-dns cannot be repaired', async () => {
    const altered = world({ observed: [managed(policy(), 'allow-dns', { hash: 'altered' })] });
    const { log, outcomes } = await carriedOut(altered, refused('standard.allow-dns', 'Altered'));
    expect(log).toEqual(['repair standard.allow-dns']);
    expect(outcomes.get('standard.default-deny')).toEqual({ kind: 'blocked', name: 'standard.default-deny' });
  });
});

describe('R8 R16 a policy that is being deleted', () => {
  test('R8 R16 the report ends once the deletion has removed all objects of the policy', async () => {
    const going = policy('standard', { removal: { onDelete: 'Remove' } }, { isDeleting: true, isRemoving: true });
    const { log, report } = await carriedOut(world({ baselinePolicies: [going], observed: inPlace(going) }));
    expect(removals(log)).toHaveLength(3);
    expect(report).toBeUndefined();
  });

  test('R8 R16 the report says Failed while the objects of the policy cannot be removed', async () => {
    const going = policy('standard', { removal: { onDelete: 'Remove' } }, { isDeleting: true, isRemoving: true });
    const { report } = await carriedOut(
      world({ baselinePolicies: [going], observed: inPlace(going) }),
      refused('standard.default-deny'),
    );
    expect(report?.status).toMatchObject({ phase: 'Failed', policies: [{ reason: 'Denied' }] });
  });

  test('R8 R16 with Keep and another client’s finalizer, the report ends where another client deleted the objects', async () => {
    const going = policy('standard', {}, { isDeleting: true });
    const { log, report } = await carriedOut(world({ baselinePolicies: [going], observed: [] }));
    expect(log).toEqual([]);
    expect(report).toBeUndefined();
  });
});
