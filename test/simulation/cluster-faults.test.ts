import { describe, expect, test } from 'vitest';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { RESOLVER_STATES } from './resolver.ts';
import { courseOf } from './simulation.ts';
import type { Step } from './steps.ts';

const TEAM = { matchLabels: { team: 'x' } };

/** One policy in place in namespace a; b exists, and nothing selects it. */
const IN_PLACE: readonly Step[] = [
  { do: 'declare', policy: 'p', spec: { namespaceSelector: TEAM } },
  { do: 'team on', namespace: 'a' },
  { do: 'create namespace', namespace: 'b' },
  { do: 'wait', ms: 2_000 },
];

/** What the oracle says of these steps after {@link IN_PLACE}, and the operators' writes to NetworkPolicies because of them. */
async function courseAfter(steps: readonly Step[]) {
  const before = await courseOf({ seed: 1, steps: IN_PLACE });
  const { problems, simulation } = await courseOf({ seed: 1, steps: [...IN_PLACE, ...steps] });
  const writes = simulation.observer.writes.filter((write) => write.includes(NETWORK_POLICIES.plural));
  const count = before.simulation.observer.writes.filter((write) => write.includes(NETWORK_POLICIES.plural)).length;
  return { problems, simulation, writes: writes.slice(count) };
}

describe('R5 F51 what a restored backup brings into a namespace without its label', () => {
  test('stays for ever, is counted, and survives restarts of the operator', async () => {
    const { problems, writes, simulation } = await courseAfter([
      { do: 'put copy', namespace: 'b', name: 'p.default-deny' },
      { do: 'put copy', namespace: 'b', name: 'p.allow-dns' },
      { do: 'wait', ms: 20_000 },
      { do: 'crash', downMs: 300 },
      { do: 'wait', ms: 20_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes).toEqual([]);
    expect(simulation.hands.all(NETWORK_POLICIES, 'b')).toHaveLength(2);
  });

  test('belongs to the operator once the label is there, and is removed with it', async () => {
    const { problems, simulation } = await courseAfter([
      { do: 'put copy', namespace: 'b', name: 'p.default-deny' },
      { do: 'wait', ms: 2_000 },
      { do: 'team on', namespace: 'b' },
      { do: 'wait', ms: 2_000 },
      { do: 'team off', namespace: 'b' },
      { do: 'wait', ms: 20_000 },
    ]);
    expect(problems).toEqual([]);
    expect(simulation.hands.all(NETWORK_POLICIES, 'b')).toEqual([]);
  });
});

describe('R6 F52 a client that copies or rewrites our objects', () => {
  const propagate = { do: 'propagate', afterMs: 2, forMs: 60_000 } as const;

  test('gets no answer where the policy does not select the namespace', async () => {
    const { problems, writes } = await courseAfter([
      { ...propagate, namespace: 'b', name: 'p.default-deny', how: 'puts back' },
      { do: 'wait', ms: 60_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes).toEqual([]);
  });

  test('puts a part back that nobody declares: it is removed at the pace of a contest', async () => {
    const { problems, writes } = await courseAfter([
      { ...propagate, namespace: 'a', name: 'p.custom', how: 'puts back' },
      { do: 'wait', ms: 60_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes.length).toBeGreaterThan(5);
    expect(new Set(writes)).toEqual(new Set(['DELETED networkpolicies a/p.custom']));
  });

  test.each(['p.default-deny', 'p.allow-dns'])('rewrites %s: it is repaired at the pace of a contest', async (name) => {
    const { problems, writes } = await courseAfter([
      { ...propagate, namespace: 'a', name, how: 'rewrites' },
      { do: 'tamper', namespace: 'a', name },
      { do: 'wait', ms: 60_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes.length).toBeGreaterThan(5);
    expect(new Set(writes)).toEqual(new Set([`MODIFIED networkpolicies a/${name}`]));
  });
});

describe('R4 F53 a label that is away for a moment', () => {
  test.each([0, 1, 30, 80, 200, 500])('of %i ms: nothing is written with the grace of 10 s', async (awayMs) => {
    const flap: Step = { do: 'flap label', namespace: 'a', label: 'team', awayMs };
    const { problems, writes } = await courseAfter([
      flap,
      { do: 'wait', ms: 2_000 },
      flap,
      { do: 'wait', ms: 300 },
      flap,
      { do: 'wait', ms: 20_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes).toEqual([]);
  });

  test('with a grace of 0s the set is removed, and back when the label is', async () => {
    const { problems, writes, simulation } = await courseAfter([
      { do: 'declare', policy: 'p', spec: { namespaceSelector: TEAM, removal: { grace: '0s' } } },
      { do: 'wait', ms: 300 },
      { do: 'flap label', namespace: 'a', label: 'team', awayMs: 500 },
      { do: 'wait', ms: 20_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes.some((write) => write.startsWith('DELETED'))).toBe(true);
    expect(simulation.hands.all(NETWORK_POLICIES, 'a')).toHaveLength(3);
  });
});

describe('R14 F54 resolvers that die, move and come back', () => {
  const states = RESOLVER_STATES.filter((state) => state !== 'usual');

  test.each(states)('%s: allow-dns loses nothing, and leads to what is there', async (state) => {
    const { problems, writes } = await courseAfter([
      { do: 'resolver becomes', state },
      { do: 'wait', ms: 20_000 },
      { do: 'resolver becomes', state: 'usual' },
      { do: 'wait', ms: 2_000 },
      { do: 'crash', downMs: 300 },
      { do: 'resolver becomes', state },
      { do: 'wait', ms: 20_000 },
    ]);
    expect(problems).toEqual([]);
    expect(writes.filter((write) => !/MODIFIED networkpolicies a\/p.allow-dns/.test(write))).toEqual([]);
  });
});
