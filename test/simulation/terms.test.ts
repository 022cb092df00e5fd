import { afterEach, describe, expect, test } from 'vitest';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import { NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { Version } from '../support/oracle/dialect.ts';
import { endFlawless, networkPolicyNames } from './flawless.ts';
import { Simulation } from './simulation.ts';
import type { Step } from './steps.ts';

const SET = ['p.allow-dns', 'p.allow-monitoring', 'p.default-deny'];
const ON = { 'nsbaseline.io/enabled': 'true' };

let simulation: Simulation;

/** Policy `p` in place in namespaces `a` and `b`, with operators of these versions that share a Lease; the first leads. */
async function led(...versions: readonly Version[]): Promise<Simulation> {
  simulation = new Simulation(5, { isShared: true });
  simulation.hands.declare('p', {});
  for (const name of ['a', 'b']) {
    simulation.hands.createNamespace(name, ON);
  }
  for (const version of versions) {
    simulation.start([], version);
    await simulation.clock.advance(1_000);
  }
  await simulation.clock.advance(3_000);
  expect(simulation.terms.holder).toBe('operator 1');
  return simulation;
}

afterEach(() => endFlawless(simulation));

const names = (namespace: string): readonly string[] => networkPolicyNames(simulation, namespace);

/** Whom the standing allow-monitoring lets in: each version has its own word. */
function dialectIn(namespace: string): string {
  const spec = JSON.stringify(simulation.hands.read(NETWORK_POLICIES, { namespace, name: 'p.allow-monitoring' })?.spec);
  if (spec.includes('"observability"')) {
    return '0.2.0';
  }
  return spec.includes('"monitoring"') ? '0.1.0' : 'neither';
}

async function all(...steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await simulation.take(step);
  }
}

describe('R15 a hand-over', () => {
  test('F30 is over at once when the leader is told to end, and nothing is written for it', async () => {
    await led('0.1.0', '0.1.0');
    const before = simulation.observer.writes.length;
    await all({ do: 'restart', downMs: 300 });
    await simulation.clock.advance(100);
    simulation.hands.createNamespace('c', ON);
    await simulation.clock.advance(300);
    expect(simulation.terms.holder).toBe('operator 2');
    expect(names('c')).toEqual(SET);
    await simulation.clock.advance(30_000);
    expect(
      simulation.observer.writes
        .slice(before)
        .filter((write) => !write.includes(' c/') && !write.includes('baselinepolicies')),
    ).toEqual([]);
  });

  test('F29 what happens between the death of a leader and the next term is not missed', async () => {
    await led('0.1.0', '0.1.0');
    simulation.hands.declare('q', { namespaceSelector: { matchLabels: { team: 'x' } } });
    await simulation.clock.advance(2_000);
    await all({ do: 'crash at request', nth: 2, moment: 'after', downMs: 20_000 });
    simulation.hands.createNamespace('c', ON);
    await simulation.clock.advance(500);
    await all(
      { do: 'opt out', namespace: 'a' },
      { do: 'tamper', namespace: 'b', name: 'p.default-deny' },
      { do: 'team on', namespace: 'b' },
    );
    await simulation.clock.advance(40_000);
    expect(simulation.terms.holder).toBe('operator 2');
    expect([names('a'), names('b').length, names('c')]).toEqual([[], 6, SET]);
    expect(await simulation.rest()).toEqual([]);
  });

  test('a standby creates what a namespace lacks while the leader is dead, before its lease is over, and reports nothing', async () => {
    await led('0.1.0', '0.1.0');
    await all({ do: 'crash', downMs: 60_000 });
    simulation.hands.createNamespace('c', ON);
    await simulation.clock.advance(4_000);
    expect(simulation.terms.holder).toBe('operator 1');
    expect(names('c')).toEqual(SET);
    expect(simulation.hands.read(NAMESPACE_BASELINES, { namespace: 'c', name: 'baseline' })).toBeUndefined();
    await simulation.clock.advance(20_000);
    expect(simulation.hands.read(NAMESPACE_BASELINES, { namespace: 'c', name: 'baseline' })).toBeDefined();
  });

  test.each(['timers first', 'arrivals first'] as const)(
    'F32 a leader that stood still past its lease writes nothing when it wakes, %s',
    async (waking) => {
      await led('0.1.0', '0.1.0', '0.1.0');
      // Its writes are under way when it stops, and served as late as the server may.
      await all(
        { do: 'trouble', mishap: 'queued', method: 'PATCH', count: 20 },
        { do: 'tamper', namespace: 'a', name: 'p.default-deny' },
        { do: 'tamper', namespace: 'b', name: 'p.default-deny' },
        { do: 'wait', ms: 5 },
      );
      await all({ do: 'stall', ms: 40_000, waking }, { do: 'wait', ms: 30_000 });
      expect(simulation.terms.holder).not.toBe('operator 1');
      await all({ do: 'tamper', namespace: 'a', name: 'p.allow-dns' }, { do: 'wait', ms: 20_000 });
      expect(await simulation.rest()).toEqual([]);
    },
  );

  test('F32 a leader that stood still in the midst of its writes does not go on with them when it wakes', async () => {
    // Stopped at any moment of a repair in two steps, while the next leader renders an edit that it has not seen.
    for (const delayMs of [1, 2, 3, 4, 6, 8, 10, 12]) {
      await led('0.1.0', '0.1.0');
      await all(
        { do: 'tamper', namespace: 'a', name: 'p.allow-dns' },
        { do: 'tamper', namespace: 'a', name: 'p.default-deny' },
        { do: 'wait', ms: delayMs },
      );
      await all(
        { do: 'stall', ms: 40_000, waking: 'arrivals first' },
        { do: 'declare', policy: 'p', spec: { isolate: ['Ingress'] } },
        { do: 'wait', ms: 60_000 },
      );
      expect(simulation.observer.violations).toEqual([]);
      expect(await simulation.rest()).toEqual([]);
      await simulation.stop('crash');
    }
  });

  test('F33 a leader whose wall clock jumps keeps the lease, and a standby whose wall clock jumps does not take it', async () => {
    await led('0.1.0', '0.1.0');
    await all(
      { do: 'jump wall clock', byMs: -7_200_000 },
      { do: 'wait', ms: 60_000 },
      { do: 'jump wall clock', who: 'other', byMs: 7_200_000 },
      { do: 'wait', ms: 60_000 },
    );
    expect(simulation.terms.holder).toBe('operator 1');
  });

  test('the Lease is deleted, and taken by a stranger: one operator leads in the end, and never two', async () => {
    await led('0.1.0', '0.1.0', '0.1.0');
    for (let turn = 0; turn < 5; turn += 1) {
      await all(
        { do: 'delete lease' },
        { do: 'tamper', namespace: 'a', name: 'p.default-deny' },
        { do: 'wait', ms: 700 },
      );
    }
    await all({ do: 'stranger takes lease' }, { do: 'opt out', namespace: 'a' }, { do: 'wait', ms: 60_000 });
    expect(simulation.terms.holder).toBeDefined();
    expect(names('a')).toEqual([]);
  });

  test('a replica that starts while the Lease is deleted may lead at once: what was under way still arrives, and one leads in the end', async () => {
    await led('0.1.0', '0.1.0');
    await all(
      { do: 'delete lease' },
      { do: 'roll', who: 'other', version: '0.1.0' },
      { do: 'tamper', namespace: 'a', name: 'p.default-deny' },
      { do: 'wait', ms: 60_000 },
    );
    expect(simulation.terms.holder).toBe('operator 3');
    expect(simulation.observer.violations).toEqual([]);
    expect(await simulation.rest()).toEqual([]);
  });
});

describe('R15 F36 two versions', () => {
  test('an upgrade has everything rendered anew, and a rollback leaves it so', async () => {
    await led('0.1.0', '0.1.0');
    await all(
      { do: 'roll', version: '0.2.0' },
      { do: 'wait', ms: 5_000 },
      { do: 'roll', version: '0.2.0' },
      { do: 'wait', ms: 30_000 },
    );
    expect([dialectIn('a'), dialectIn('b')]).toEqual(['0.2.0', '0.2.0']);
    const before = simulation.observer.writes.length;
    await all(
      { do: 'roll', version: '0.1.0' },
      { do: 'wait', ms: 5_000 },
      { do: 'roll', version: '0.1.0' },
      { do: 'wait', ms: 700_000 },
    );
    expect([dialectIn('a'), dialectIn('b')]).toEqual(['0.2.0', '0.2.0']);
    expect(simulation.observer.writes.slice(before).filter((write) => write.includes('networkpolicies'))).toEqual([]);
  });

  test('an older version that leads protects a new namespace, and puts back what somebody changed', async () => {
    await led('0.2.0', '0.1.0');
    await all({ do: 'crash', downMs: 0, version: '0.1.0' }, { do: 'wait', ms: 30_000 });
    simulation.hands.createNamespace('c', ON);
    await all({ do: 'tamper', namespace: 'a', name: 'p.allow-monitoring' }, { do: 'wait', ms: 30_000 });
    expect(names('c')).toEqual(SET);
    expect([dialectIn('a'), dialectIn('b')]).not.toContain('neither');
  });

  test('that take turns for as long as they like rewrite nothing after the newer one has led once', async () => {
    await led('0.1.0', '0.2.0');
    for (let turn = 0; turn < 6; turn += 1) {
      await all({ do: 'restart', downMs: 0 }, { do: 'wait', ms: 20_000 });
    }
    const written = (): number =>
      simulation.observer.writes.filter((write) => write === 'MODIFIED networkpolicies a/p.allow-monitoring').length;
    const before = written();
    for (let turn = 0; turn < 6; turn += 1) {
      await all({ do: 'restart', downMs: 0 }, { do: 'wait', ms: 20_000 });
    }
    expect(written()).toBe(before);
    const record = simulation.hands.read(NAMESPACE_BASELINES, { namespace: 'a', name: 'baseline' });
    expect(itemsOf(fieldOf(record?.status, 'policies'))).toHaveLength(1);
    expect(simulation.hands.read(NAMESPACES, { name: 'a' })).toBeDefined();
  });
});
