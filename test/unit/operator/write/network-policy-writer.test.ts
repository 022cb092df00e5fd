import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/api/names.ts';
import { fieldOf } from '../../../../src/base/json.ts';
import type { Drift } from '../../../../src/domain/planning/plan.ts';
import type { ObservedNetworkPolicy } from '../../../../src/domain/world.ts';
import { ContestTracker } from '../../../../src/operator/state/contest-tracker.ts';
import { ServerDefaults } from '../../../../src/operator/state/server-defaults.ts';
import { NetworkPolicyWriter, type WriteTarget } from '../../../../src/operator/write/network-policy-writer.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { partOf, policy } from '../../../fixtures/worlds.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();
const standard = policy();
const deny = partOf(standard, 'default-deny');
const target: WriteTarget = { namespace: 'team-a', policy: standard };

function writer(): { readonly writer: NetworkPolicyWriter; readonly drifts: Drift[] } {
  const drifts: Drift[] = [];
  return {
    drifts,
    writer: new NetworkPolicyWriter({
      kube: scene.kube,
      networkPolicies: scene.caches.networkPolicies,
      serverDefaults: new ServerDefaults(),
      contestTracker: new ContestTracker(new ManualClock()),
      onDriftRepaired: (drift) => void drifts.push(drift),
    }),
  };
}

const cached = (): ObservedNetworkPolicy | undefined =>
  scene.caches.networkPolicies.get({ namespace: 'team-a', name: deny.name });

/** A default-deny that the operator has written, as the caches have it. */
async function written(): Promise<ObservedNetworkPolicy> {
  await scene.people.namespace('team-a');
  await scene.sync();
  await writer().writer.create(deny, target, { isRestoring: false });
  const observed = cached();
  if (observed === undefined) {
    throw new Error('nothing was written');
  }
  return observed;
}

describe('the writer of NetworkPolicies', () => {
  test('R2 creates the object with our marks and knows it before any watch has shown it', async () => {
    const observed = await written();
    const stored = await scene.people.networkPolicy('team-a', deny.name);
    expect(stored?.metadata.labels).toMatchObject({ [LABELS.managedBy]: 'nsbaseline', [LABELS.policy]: 'standard' });
    expect(stored?.metadata.annotations).toMatchObject({ [ANNOTATIONS.policyUid]: standard.uid });
    expect(observed).toMatchObject({ uid: stored?.metadata.uid, hash: deny.hash });
  });

  test('R5 a create leaves a foreign object of the name as it is', async () => {
    await scene.people.namespace('team-a');
    const foreign = await scene.people.createNetworkPolicy('team-a', { name: deny.name });
    const outcome = await writer().writer.create(deny, target, { isRestoring: false });
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'ForeignObject' });
    expect(await scene.people.networkPolicy('team-a', deny.name)).toEqual(foreign);
  });

  test('R6 a repair writes the declared spec over a changed object and counts the drift', async () => {
    const { uid } = await written();
    await scene.people.editNetworkPolicy('team-a', deny.name, (object) => ({
      ...object,
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
    }));
    const { writer: repairing, drifts } = writer();
    const outcome = await repairing.repair(deny, target, { uid, cause: 'spec', manager: 'somebody' });
    expect(outcome).toMatchObject({ kind: 'inPlace', uid, hash: deny.hash });
    expect(drifts).toEqual(['spec']);
  });

  test('R8 neither a repair nor a removal reaches an object that was recreated under the name', async () => {
    const before = await written();
    await scene.people.removeNetworkPolicy('team-a', deny.name);
    const recreated = await scene.people.createNetworkPolicy('team-a', { name: deny.name });
    const repaired = await writer().writer.repair(deny, target, { uid: before.uid, cause: 'spec', manager: '' });
    const removed = await writer().writer.remove(before, target);
    expect([repaired.kind, removed.kind]).toEqual(['retry', 'retry']);
    expect(await scene.people.networkPolicy('team-a', deny.name)).toEqual(recreated);
  });

  test('R8 an object that is gone counts as removed, also in the cache', async () => {
    const before = await written();
    await scene.people.removeNetworkPolicy('team-a', deny.name);
    expect(await writer().writer.remove(before, target)).toEqual({ kind: 'removed', name: deny.name });
    expect(cached()).toBeUndefined();
  });

  test('R8 an object of a former policy is not removed unless the API server knows this policy as the live one', async () => {
    const before = await written();
    const outcome = await writer().writer.remove(before, { ...target, policy: { name: 'standard', uid: 'another' } });
    expect(outcome.kind).toBe('retry');
    expect(await scene.people.networkPolicyNames('team-a')).toEqual([deny.name]);
  });

  test('R4 an object that is kept gets the mark and nothing else', async () => {
    const before = await written();
    const spec = (await scene.people.networkPolicy('team-a', deny.name))?.spec;
    expect(await writer().writer.leave(before, target)).toEqual({ kind: 'left', name: deny.name });
    const stored = await scene.people.networkPolicy('team-a', deny.name);
    expect(fieldOf(stored?.metadata.annotations, ANNOTATIONS.kept)).toBe('true');
    expect(stored?.spec).toEqual(spec);
    expect(cached()?.isKept).toBe(true);
  });

  test.each([
    ['Forbidden', () => true],
    ['Denied', (verb: string) => verb === 'create'],
  ])('R12 a 403 is reported as %s, by a review of our permissions', async (reason, isRefused) => {
    await scene.people.namespace('team-a');
    const { access } = scene.server.cluster;
    let isReview = false;
    scene.server.intercept = (request) => {
      isReview = request.path.endsWith('selfsubjectaccessreviews');
      return undefined;
    };
    // An admission plugin refuses the write only; missing permissions show in the review as well.
    access.isAllowed = ({ resource, verb }) =>
      resource !== 'networkpolicies' || (reason === 'Denied' && isReview) || !isRefused(verb);
    expect(await writer().writer.create(deny, target, { isRestoring: false })).toMatchObject({
      kind: 'refused',
      reason,
    });
  });

  test('R12 F20 a denial by a ValidatingAdmissionPolicy is Denied, although it comes as a 422', async () => {
    await scene.people.namespace('team-a');
    const denial = "ValidatingAdmissionPolicy 'no-db' with binding 'no-db' denied request: not here";
    const message = `networkpolicies.networking.k8s.io "${deny.name}" is forbidden: ${denial}`;
    const body = { kind: 'Status', code: 422, reason: 'Invalid', message, details: { causes: [{ message: denial }] } };
    scene.server.intercept = ({ resource }) =>
      resource === 'networkpolicies' ? { kind: 'respond', status: 422, body: JSON.stringify(body) } : undefined;
    expect(await writer().writer.create(deny, target, { isRestoring: false })).toEqual({
      kind: 'refused',
      name: deny.name,
      reason: 'Denied',
      message,
    });
  });

  test('R12 a namespace that is gone is no failure', async () => {
    expect(await writer().writer.create(deny, target, { isRestoring: false })).toMatchObject({ kind: 'namespaceGone' });
  });
});
