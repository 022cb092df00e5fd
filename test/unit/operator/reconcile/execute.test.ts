import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../src/domain/planning/outcome.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import type { RenderedPart } from '../../../../src/domain/rendering/rendering.ts';
import type { BaselinePolicyFacts, ObservedNetworkPolicy, World } from '../../../../src/domain/world.ts';
import { execute, REMOVALS_AT_ONCE } from '../../../../src/operator/reconcile/execute.ts';
import type { NetworkPolicyWriter } from '../../../../src/operator/write/network-policy-writer.ts';
import { settled } from '../../../fixtures/manual-clock.ts';
import { foreign, inPlace, managed, namespace, policy, reportListing, world } from '../../../fixtures/worlds.ts';

/** A writer that keeps a log of when each write begins and ends, and lets chosen ones fail. */
function loggingWriter(failures: Record<string, Outcome> = {}): {
  readonly writer: NetworkPolicyWriter;
  readonly log: string[];
} {
  const log: string[] = [];
  const write = async (verb: string, name: string, done: Outcome): Promise<Outcome> => {
    log.push(`${verb} ${name}`);
    await settled();
    log.push(`done ${name}`);
    return failures[name] ?? done;
  };
  const writer: Pick<NetworkPolicyWriter, 'create' | 'repair' | 'remove'> = {
    create: ({ name }) => write('create', name, { kind: 'inPlace', name, uid: 'u' }),
    repair: ({ name }) => write('repair', name, { kind: 'inPlace', name, uid: 'u' }),
    remove: ({ name }) => write('remove', name, { kind: 'removed', name }),
  };
  return { writer: writer as NetworkPolicyWriter, log };
}

const standard = policy();
/** `team-a` as it opts out: all that a policy has there is in place and reported. */
const leavingOf = (owner: BaselinePolicyFacts): World =>
  world({
    namespace: namespace('team-a', { labels: {} }),
    baselinePolicies: [owner],
    observed: inPlace(owner),
    report: reportListing(owner),
  });
const leaving = leavingOf(standard);
const retry = (name: string): Record<string, Outcome> => ({ [name]: { kind: 'retry', name, message: 'x' } });
const refused = (name: string): Record<string, Outcome> => ({
  [name]: { kind: 'refused', name, reason: 'Denied', message: 'x' },
});

describe('F58 removals that are left to the next reconcile', () => {
  const former = (name: string, changes: Partial<ObservedNetworkPolicy> = {}): ObservedNetworkPolicy => ({
    ...managed(standard, 'allow-monitoring'),
    name,
    policyUid: 'gone',
    ...changes,
  });
  /** Grants this number of removals. */
  const granted = (count: number) => {
    let left = count;
    return () => {
      left -= 1;
      return left >= 0;
    };
  };
  const surplus = Array.from({ length: 10 }, (_, index) => former(`standard.g${index}`));
  const crowded = world({ observed: [...inPlace(standard), ...surplus] });

  test('F58 no more than are granted are removed, a few at a time, and the rest is postponed', async () => {
    const { writer, log } = loggingWriter();
    const outcomes = await execute(planFor(crowded), 'team-a', writer, { takeRemoval: granted(6) });
    const begun = log.map((line) => (line.startsWith('remove ') ? 1 : -1));
    expect(begun.filter((change) => change === 1).length).toBe(6);
    const inFlight = begun.map((_, index) => begun.slice(0, index + 1).reduce((sum, change) => sum + change, 0));
    expect(Math.max(...inFlight)).toBe(REMOVALS_AT_ONCE);
    expect([...outcomes.values()].filter(({ kind }) => kind === 'postponed').length).toBe(4);
  });

  test('F58 an object that needs no request takes the place of none', async () => {
    const { writer, log } = loggingWriter();
    const going = surplus.map(({ name }) => former(name, { isTerminating: true }));
    const observed = [...inPlace(standard), ...going, former('standard.last')];
    await execute(planFor(world({ observed })), 'team-a', writer, { takeRemoval: granted(1) });
    expect(log).toContain('remove standard.last');
  });

  test('F58 where every one that was tried is refused, the rest waits as long as these', async () => {
    const failures = Object.assign({}, ...surplus.map(({ name }) => refused(name))) as Record<string, Outcome>;
    const { writer } = loggingWriter(failures);
    const outcomes = await execute(planFor(crowded), 'team-a', writer, { takeRemoval: granted(6) });
    const kinds = surplus.map(({ name }) => outcomes.get(name)?.kind);
    expect(kinds.filter((kind) => kind === 'refused').length).toBe(6);
    expect(kinds.filter((kind) => kind === 'blocked').length).toBe(4);
  });

  test('F58 R3 allow-dns stays until the last of the others is removed', async () => {
    const first = loggingWriter();
    const plans = planFor(leaving);
    await execute(plans, 'team-a', first.writer, { takeRemoval: granted(1) });
    expect(first.log.filter((line) => line.startsWith('remove')).length).toBe(1);
    expect(first.log).not.toContain('remove standard.allow-dns');
    const second = loggingWriter();
    await execute(plans, 'team-a', second.writer);
    expect(second.log.at(-1)).toBe('done standard.allow-dns');
  });
});

describe('R3 the order of writes', () => {
  test('allow-dns stands before anything else is begun, and the rest goes in one flight', async () => {
    const { writer, log } = loggingWriter();
    await execute(planFor(world()), 'team-a', writer);
    expect(log).toEqual([
      'create standard.allow-dns',
      'done standard.allow-dns',
      'create standard.default-deny',
      'create standard.allow-monitoring',
      'done standard.default-deny',
      'done standard.allow-monitoring',
    ]);
  });

  test.each([
    ['refused for good', refused('standard.allow-dns')],
    ['to be tried again', retry('standard.allow-dns')],
  ])('an allow-dns that is %s holds the default-deny', async (_why, failures) => {
    const { writer, log } = loggingWriter(failures);
    const outcomes = await execute(planFor(world()), 'team-a', writer);
    expect(log).toEqual(['create standard.allow-dns', 'done standard.allow-dns']);
    expect(outcomes.get('standard.default-deny')).toEqual({ kind: 'blocked', name: 'standard.default-deny' });
  });

  test('R5 a foreign allow-dns holds the default-deny too', async () => {
    const { writer, log } = loggingWriter();
    await execute(planFor(world({ observed: [foreign('standard.allow-dns')] })), 'team-a', writer);
    expect(log).toEqual([]);
  });

  test('a default-deny that stands is still repaired while allow-dns fails', async () => {
    const { writer, log } = loggingWriter(retry('standard.allow-dns'));
    await execute(
      planFor(world({ observed: [managed(standard, 'default-deny', { hash: 'widened' })] })),
      'team-a',
      writer,
    );
    expect(log).toContain('repair standard.default-deny');
  });

  test('a default-deny that is to isolate egress from now on waits for allow-dns, although it stands', async () => {
    const ingressOnly = managed(standard, 'default-deny', { hash: 'of-the-former-generation', isolates: ['Ingress'] });
    const failing = loggingWriter(refused('standard.allow-dns'));
    await execute(planFor(world({ observed: [ingressOnly] })), 'team-a', failing.writer);
    expect(failing.log).not.toContain('repair standard.default-deny');
    const smooth = loggingWriter();
    await execute(planFor(world({ observed: [ingressOnly] })), 'team-a', smooth.writer);
    expect(smooth.log.indexOf('done standard.allow-dns')).toBeLessThan(
      smooth.log.indexOf('repair standard.default-deny'),
    );
  });

  test('R9 a default-deny gives a direction up only when what takes it over stands', async () => {
    const narrower = policy('narrower', { isolate: ['Ingress'] });
    const moving = world({
      baselinePolicies: [narrower, standard],
      observed: [
        managed(standard, 'allow-dns'),
        managed(narrower, 'default-deny', { hash: 'wider', isolates: ['Ingress', 'Egress'] }),
      ],
    });
    const smooth = loggingWriter();
    await execute(planFor(moving), 'team-a', smooth.writer);
    expect(smooth.log.indexOf('done standard.default-deny')).toBeLessThan(
      smooth.log.indexOf('repair narrower.default-deny'),
    );
    const failing = loggingWriter(refused('standard.default-deny'));
    const outcomes = await execute(planFor(moving), 'team-a', failing.writer);
    expect(failing.log).not.toContain('repair narrower.default-deny');
    expect(outcomes.get('narrower.default-deny')).toMatchObject({ kind: 'blocked' });
  });

  test('R9 policies that exchange directions hold both until all do', async () => {
    const first = policy('first', { isolate: ['Ingress'] });
    const second = policy('second', { isolate: ['Egress'], allow: { dns: { enabled: false } } });
    const observed = [
      managed(first, 'default-deny', { hash: 'before', isolates: ['Egress'] }),
      managed(second, 'default-deny', { hash: 'before', isolates: ['Ingress'] }),
    ];
    const isolated = new Map<string, readonly string[]>([
      ['first.default-deny', ['Egress']],
      ['second.default-deny', ['Ingress']],
    ]);
    const least: number[] = [];
    const watching = {
      create: ({ name }: RenderedPart): Promise<Outcome> => Promise.resolve({ kind: 'inPlace', name, uid: 'u' }),
      repair: async (part: RenderedPart): Promise<Outcome> => {
        await settled();
        isolated.set(part.name, part.spec.policyTypes);
        least.push(new Set([...isolated.values()].flat()).size);
        return { kind: 'inPlace', name: part.name, uid: 'u' };
      },
    };
    const outcomes = await execute(
      planFor(world({ baselinePolicies: [first, second], observed })),
      'team-a',
      watching as unknown as NetworkPolicyWriter,
    );
    expect(Math.min(...least)).toBe(2);
    expect(Object.fromEntries(isolated)).toEqual({
      'first.default-deny': ['Ingress'],
      'second.default-deny': ['Egress'],
    });
    expect(outcomes.get('first.default-deny')).toMatchObject({ kind: 'inPlace' });
  });

  test('R9 one that cannot take the other side keeps the others where they are', async () => {
    const first = policy('first', { isolate: ['Ingress'] });
    const second = policy('second', { isolate: ['Egress'], allow: { dns: { enabled: false } } });
    const observed = [
      managed(first, 'default-deny', { hash: 'before', isolates: ['Egress'] }),
      managed(second, 'default-deny', { hash: 'before', isolates: ['Ingress'] }),
    ];
    const { writer, log } = loggingWriter(refused('first.default-deny'));
    const outcomes = await execute(planFor(world({ baselinePolicies: [first, second], observed })), 'team-a', writer);
    expect(log.filter((line) => line.startsWith('repair'))).toEqual([
      'repair first.default-deny',
      'repair second.default-deny',
    ]);
    expect(outcomes.get('second.default-deny')).toMatchObject({ kind: 'blocked' });
  });

  test('another part that is refused holds nothing', async () => {
    const { writer } = loggingWriter(refused('standard.allow-monitoring'));
    expect((await execute(planFor(world()), 'team-a', writer)).get('standard.default-deny')).toMatchObject({
      kind: 'inPlace',
    });
  });

  test('removal is one flight, with allow-dns last', async () => {
    const { writer, log } = loggingWriter();
    await execute(planFor(leaving), 'team-a', writer);
    expect(log.slice(0, 2)).toEqual(['remove standard.default-deny', 'remove standard.allow-monitoring']);
    expect(log.slice(-2)).toEqual(['remove standard.allow-dns', 'done standard.allow-dns']);
  });

  test('R13 F12 nothing is removed or narrowed for as long as a watch is in doubt, and it is tried again', async () => {
    const { writer, log } = loggingWriter();
    const removing = await execute(planFor(leaving), 'team-a', writer, { mayTakeAway: false });
    const narrower = policy('standard', { isolate: ['Ingress'] });
    const narrowing = await execute(
      planFor(world({ baselinePolicies: [narrower], observed: inPlace(standard) })),
      'team-a',
      writer,
      { mayTakeAway: false },
    );
    expect(removing.get('standard.default-deny')).toMatchObject({ kind: 'retry' });
    expect(narrowing.get('standard.default-deny')).toMatchObject({ kind: 'retry' });
    expect(log.filter((line) => line.includes('remove') || line.includes('default-deny'))).toEqual([]);
  });

  test('allow-dns stays while the default-deny could not be removed', async () => {
    const { writer, log } = loggingWriter(retry('standard.default-deny'));
    await execute(planFor(leaving), 'team-a', writer);
    expect(log).not.toContain('remove standard.allow-dns');
  });

  test('a move from one policy to another adds first, and removes nothing while the new set is not there', async () => {
    const next = policy('next');
    const left = policy('standard', { namespaceSelector: { matchLabels: { other: 'x' } } });
    const moving = world({ baselinePolicies: [next, left], observed: inPlace(left), report: reportListing(left) });
    const smooth = loggingWriter();
    await execute(planFor(moving), 'team-a', smooth.writer);
    expect(smooth.log.indexOf('done next.default-deny')).toBeLessThan(
      smooth.log.indexOf('remove standard.default-deny'),
    );
    const rough = loggingWriter(retry('next.default-deny'));
    await execute(planFor(moving), 'team-a', rough.writer);
    expect(rough.log.filter((line) => line.startsWith('remove'))).toEqual([]);
  });
});

test.each(['DryRun', 'Paused'] as const)('R7 %s writes and deletes nothing', async (mode) => {
  const { writer, log } = loggingWriter();
  const frozen = policy('standard', { mode });
  await execute(
    planFor(world({ baselinePolicies: [frozen], observed: [managed(frozen, 'allow-dns', { hash: 'x' })] })),
    'team-a',
    writer,
  );
  await execute(planFor(leavingOf(frozen)), 'team-a', writer);
  expect(log).toEqual([]);
});
