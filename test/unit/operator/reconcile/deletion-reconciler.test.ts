import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../../src/api/baseline-policy.ts';
import { API_VERSION, FINALIZER } from '../../../../src/api/names.ts';
import { DeletionReconciler } from '../../../../src/operator/reconcile/deletion-reconciler.ts';
import { CompiledPolicies } from '../../../../src/operator/state/compiled-policies.ts';
import {
  BASELINE_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  NETWORK_POLICIES,
} from '../../../../src/operator/watch/resources.ts';
import { networkPolicyObject } from '../../../../src/operator/write/manifests.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ALL_SERVED } from '../../../fixtures/served-kinds.ts';
import { SILENT_LOG } from '../../../fixtures/silence.ts';
import { partOf, policy } from '../../../fixtures/worlds.ts';
import { OPTED_IN, valueOf } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();
const REMOVE: BaselinePolicySpec = { removal: { onDelete: 'Remove' } };

/** Reconciles the policy `standard` as the caches have it after a sync; twice when its removal is decided, as the controller does. */
async function reconciled(): Promise<{ readonly next: string; readonly decided: readonly string[] }> {
  await scene.sync();
  return reconciledFromCache();
}

async function reconciledFromCache(): Promise<{ readonly next: string; readonly decided: readonly string[] }> {
  const compiledPolicies = new CompiledPolicies({ discovered: KNOWN_DNS, dns: 'current' });
  for (const cached of scene.caches.baselinePolicies.values()) {
    compiledPolicies.upsert(cached);
  }
  const decided: string[] = [];
  const reconciler = new DeletionReconciler({
    kube: scene.kube,
    caches: scene.caches,
    compiledPolicies,
    servedKinds: ALL_SERVED,
  });
  const first = await reconciler.reconcile('standard', SILENT_LOG);
  if (first.removalDecided === undefined) {
    return { next: first.queue.kind, decided };
  }
  decided.push(first.removalDecided.name);
  compiledPolicies.decideRemoval(first.removalDecided);
  const second = await reconciler.reconcile('standard', SILENT_LOG);
  return { next: second.queue.kind, decided };
}

async function finalizers(): Promise<readonly string[] | undefined> {
  const found = await scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' });
  return found.ok ? (found.value.metadata.finalizers ?? []) : undefined;
}

/** A policy with `onDelete: Remove` and its finalizer, one object in `team-a`, and a deletion under way. */
async function beingDeleted(): Promise<void> {
  const { metadata } = await scene.people.baselinePolicy('standard', REMOVE);
  await reconciled();
  await scene.people.namespace('team-a', OPTED_IN);
  const part = partOf(policy(), 'default-deny');
  const owner = { namespace: 'team-a', policy: { name: 'standard', uid: metadata.uid ?? '' } };
  valueOf(await scene.kube.create(NETWORK_POLICIES, networkPolicyObject(part, owner)));
  await scene.people.removeBaselinePolicy('standard');
}

describe('R8 the finalizer', () => {
  test('R8 the finalizer is on a policy with onDelete Remove, and comes off when that is taken back', async () => {
    await scene.people.baselinePolicy('standard', REMOVE);
    await reconciled();
    expect(await finalizers()).toEqual([FINALIZER]);
    await scene.people.baselinePolicy('standard', {});
    await reconciled();
    expect(await finalizers()).toEqual([]);
  });

  test('R8 the finalizer is not on a Paused policy', async () => {
    await scene.people.baselinePolicy('standard', { ...REMOVE, mode: 'Paused' });
    expect((await reconciled()).next).toBe('forget');
    expect(await finalizers()).toEqual([]);
  });

  test('R8 the finalizer keeps a deleted policy until its objects are gone', async () => {
    await beingDeleted();
    expect(await reconciled()).toEqual({ next: 'after', decided: ['standard'] });
    expect(await finalizers()).toEqual([FINALIZER]);
    await scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await reconciled();
    expect(await finalizers()).toBeUndefined();
  });

  test('R8 the finalizer comes off at once, and the objects stay, when the CRD is being deleted', async () => {
    await beingDeleted();
    await scene.sync();
    valueOf(
      await scene.admin.remove({
        type: CUSTOM_RESOURCE_DEFINITIONS,
        name: `${BASELINE_POLICIES.plural}.${BASELINE_POLICIES.group}`,
      }),
    );
    expect(await reconciledFromCache()).toEqual({ next: 'forget', decided: [] });
    expect(await scene.people.networkPolicyNames('team-a')).toEqual(['standard.default-deny']);
  });

  test('R8 the finalizer comes off also when another field manager has set it too', async () => {
    await scene.people.baselinePolicy('standard', REMOVE);
    await reconciled();
    valueOf(
      await scene.admin.apply(BASELINE_POLICIES, {
        apiVersion: API_VERSION,
        kind: BASELINE_POLICIES.kind,
        metadata: { name: 'standard', finalizers: [FINALIZER] },
        spec: {},
      }),
    );
    await scene.people.baselinePolicy('standard', {});
    await reconciled();
    expect(await finalizers()).toEqual([]);
  });
});
