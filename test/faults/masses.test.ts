import { describe, expect, test } from 'vitest';
import { fieldOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
/** `FAULTS_SCALE=10000` tries the size of a large cluster; the default takes seconds. */
const SCALE = Number(process.env.FAULTS_SCALE ?? 2_000);
/** Longer than any of it takes, in milliseconds, on a machine that is busy with other things. */
const limits = { timeout: 40_000 + SCALE * 30, interval: 100 };
const teams = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `team-${index}`);
const everyObject = (): number => stage.actor.all(NETWORK_POLICIES).length;

function stored(field: string): unknown {
  const [policy] = stage.actor.all(BASELINE_POLICIES);
  return fieldOf(fieldOf(policy?.status, 'namespaces'), field);
}

describe('F40 labels in masses', () => {
  test('F40 R9 many that opt in at once are all protected; of many that opt out at once no more than the limit are let go before it is confirmed, and then all are', {
    timeout: 120_000,
  }, async () => {
    const names = teams(120);
    await stage.scene.people.baselinePolicy('standard', { removal: { grace: '0s' } });
    await stage.start();
    for (const name of names) {
      stage.actor.createNamespace(name, {});
    }
    for (const name of names) {
      stage.actor.label(name, 'nsbaseline.io/enabled', 'true');
    }
    await expect.poll(() => stage.problems(), limits).toEqual([]);
    await expect.poll(() => stored('protected'), limits).toBe(names.length);
    const leaving = names.slice(0, 90);
    for (const name of leaving) {
      stage.actor.label(name, 'nsbaseline.io/enabled', undefined);
    }
    await expect.poll(() => stage.scene.people.condition('standard', 'RemovalHeld'), limits).toBe('True RemovalHeld');
    // A later namespace is protected meanwhile, after which all that came before it was looked at.
    await stage.scene.people.namespace('later', OPTED_IN);
    await expect.poll(() => stage.scene.phaseOf('later'), limits).toBe('Protected');
    stage.expectRemovals(leaving.flatMap((name) => standardSet().map((part) => `${name}/${part}`)));
    // A tenth of the isolated namespaces, in directions, of which each of them has two.
    expect(stage.removals.filter((name) => name.endsWith('.default-deny')).length).toBeLessThanOrEqual(
      names.length / 10 / 2,
    );
    expect(stage.actor.confirm('standard')).toHaveLength(1);
    await expect.poll(everyObject, limits).toBe((names.length - leaving.length + 1) * 3);
    await expect.poll(() => stage.problems(), limits).toEqual([]);
    expect(stage.asked.of('delete', 'networkpolicies')).toBe(leaving.length * 3);
  });

  test('F40 R9 many that one edit of a selector would isolate wait for a confirmation, and are all protected then', {
    timeout: 120_000,
  }, async () => {
    const names = teams(120);
    await stage.scene.people.baselinePolicy('standard', {});
    await stage.start();
    for (const name of names) {
      stage.actor.createNamespace(name, { class: 'x' });
    }
    stage.actor.declare('standard', { namespaceSelector: { matchLabels: { class: 'x' } } });
    await expect
      .poll(() => stage.scene.people.condition('standard', 'IsolationHeld'), limits)
      .toBe('True IsolationHeld');
    expect(everyObject()).toBe(0);
    expect(stage.actor.confirm('standard')).toHaveLength(1);
    await expect.poll(() => stage.problems(), limits).toEqual([]);
    expect(everyObject()).toBe(names.length * 3);
  });
});

describe('F41 namespaces deleted in masses', () => {
  test(`F41 ${SCALE} at once: nothing is written into them, nothing is asked for each of them, and nothing of them is kept`, {
    timeout: 120_000 + SCALE * 60,
  }, async () => {
    const names = teams(SCALE);
    await stage.scene.people.baselinePolicy('standard', {});
    for (const name of names) {
      stage.actor.createNamespace(name, OPTED_IN);
    }
    await stage.scene.people.namespace('stays', OPTED_IN);
    const operator = await stage.start();
    await expect.poll(() => stored('protected'), limits).toBe(SCALE + 1);
    const before = stage.requests();
    for (const name of names) {
      stage.actor.remove(NAMESPACES, { name });
    }
    await expect.poll(() => stage.actor.all(NAMESPACES).length, limits).toBe(5);
    await expect.poll(() => stored('protected'), limits).toBe(1);
    // A status each second, and a refused write here and there where the objects were seen to go before their namespace.
    expect(stage.requests() - before).toBeLessThan(100 + SCALE / 20);
    expect(stage.removals).toEqual([]);
    const objects = (): Readonly<Record<string, number>> =>
      Object.fromEntries([...operator.runtime.watches()].map((watch) => [watch.resource, watch.objects]));
    await expect.poll(objects, limits).toMatchObject({ namespaces: 5, networkpolicies: 3, namespacebaselines: 1 });
    // Those that come anew under the names are new.
    for (const name of names.slice(0, 20)) {
      stage.actor.createNamespace(name, OPTED_IN);
    }
    await expect.poll(() => stored('protected'), limits).toBe(21);
    await expect.poll(() => stage.problems(), limits).toEqual([]);
  });
});
