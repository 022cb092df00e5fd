import { beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../../src/api/names.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { REMOVAL_BURST } from '../../src/operator/state/removal-pace.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { put } from '../support/fake-api/populate.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const SURPLUS_COUNT = 200;
const EACH_SECOND = 60;
/** Fewer than the repairs of one object that make it contested (R6). */
const SECONDS = 4;

beforeEach(async () => {
  await stage.scene.people.baselinePolicy('standard', {});
});

/** What a tenant writes so that the operator has to remove it: our label, and the uid of a BaselinePolicy that is gone. */
function surplus(name: string): KubeObject {
  return {
    metadata: {
      namespace: 'hostile',
      name,
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      labels: { [LABELS.managedBy]: FIELD_MANAGER },
      annotations: { [ANNOTATIONS.policyUid]: 'gone' },
    },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  };
}

/** Puts so many into his namespace, and lets the operator remove them. */
function crowd(prefix: string, count: number): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => `standard.${prefix}${index}`);
  for (const name of names) {
    put(stage.scene.server.cluster, NETWORK_POLICIES, surplus(name));
  }
  stage.expectRemovals(names.map((name) => `hostile/${name}`));
  return names;
}

const standingIn = (namespace: string): readonly string[] =>
  stage.actor
    .all(NETWORK_POLICIES, namespace)
    .map(({ metadata }) => metadata.name ?? '')
    .sort();

describe('F58 a tenant who makes objects that the operator has to remove', () => {
  test('F58 R12 hundreds that stand when his namespace is labelled: it is protected first, others do not wait for the rest, and all are removed in the end', async () => {
    const clock = new ManualClock();
    await stage.start({ clock });
    await stage.scene.people.namespace('hostile');
    crowd('g', SURPLUS_COUNT);
    await stage.scene.people.label('hostile', OPTED_IN);
    await eventually(() => stage.removals.length).toBeGreaterThan(REMOVAL_BURST / 2);
    expect(standingIn('hostile')).toEqual(expect.arrayContaining([...standardSet()]));
    await stage.scene.people.namespace('fresh', OPTED_IN);
    await eventually(() => standingIn('fresh')).toEqual(standardSet());
    await eventually(() => stage.scene.phaseOf('fresh')).toBe('Protected');
    // Time stands still for the operator, so that none of the others may be removed yet.
    expect(stage.removals.length).toBeLessThanOrEqual(REMOVAL_BURST);
    await stage.settle(clock, 60_000);
    expect(standingIn('hostile')).toEqual(standardSet());
    expect(stage.removals.length).toBe(SURPLUS_COUNT);
    // One for each reconcile, and none for each object.
    expect(stage.asked.of('get', 'baselinepolicies')).toBeLessThan(SURPLUS_COUNT / 10);
  });

  test('F58 R6 many a second in a protected namespace: what the operator asks for does not grow with them, others are protected and repaired, and all are removed when he stops', async () => {
    const clock = new ManualClock();
    await stage.start({ clock });
    await stage.scene.protectedNamespace('hostile');
    await stage.scene.protectedNamespace('other');
    crowd('g', REMOVAL_BURST);
    await eventually(() => stage.removals.length).toBeGreaterThan(REMOVAL_BURST / 2);
    const before = stage.requests();
    for (let second = 0; second < SECONDS; second += 1) {
      crowd(`s${second}-`, EACH_SECOND);
      await stage.scene.people.removeNetworkPolicy('other', 'standard.default-deny');
      await eventually(() => standingIn('other')).toEqual(standardSet());
      await stage.scene.people.namespace(`fresh-${second}`, OPTED_IN);
      await eventually(() => standingIn(`fresh-${second}`)).toEqual(standardSet());
      await stage.pass(clock, 1_000);
    }
    expect(stage.removals.length).toBeLessThan(REMOVAL_BURST + SECONDS * 40);
    expect(stage.requests() - before).toBeLessThan(SECONDS * 200);
    await stage.settle(clock, 120_000);
    expect(standingIn('hostile')).toEqual(standardSet());
  });
});
