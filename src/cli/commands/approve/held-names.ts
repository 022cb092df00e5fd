import { DEFAULT_EXCLUDED_NAMESPACES } from '../../../api/names.ts';
import { systemClock } from '../../../base/clock.ts';
import { planFor } from '../../../domain/planning/plan.ts';
import { exclusionFor } from '../../../domain/selection.ts';
import type { KubeClient, Scope } from '../../../kube/client/kube-client.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { type CachedObject, ObjectCache } from '../../../kube/informer/object-cache.ts';
import { ChangeGuard } from '../../../operator/reconcile/change-guard.ts';
import { CompiledPolicies } from '../../../operator/reconcile/compiled-policies.ts';
import { ContestTracker } from '../../../operator/reconcile/contest-tracker.ts';
import { snapshotOf } from '../../../operator/reconcile/reconcile.ts';
import { ServerDefaults } from '../../../operator/reconcile/server-defaults.ts';
import type { Caches } from '../../../operator/watch/caches.ts';
import {
  baselinePolicyProjection,
  namespaceProjection,
  networkPolicyProjection,
  reportProjection,
} from '../../../operator/watch/projections.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../operator/watch/resources.ts';
import { MANAGED_SELECTOR } from '../../cluster/cluster-facts.ts';
import { wholeList } from '../../cluster/whole-list.ts';
import type { HeldChange } from './held-change.ts';

/** Everything counts as too much here: it is asked what is held, not whether. */
const NO_ALLOWANCE = { removal: { count: 0, percent: 0 }, isolation: { count: 0, percent: 0 } };
/** The operator's configuration is not in the cluster; this is what it is unless somebody changed it. */
const USUAL_EXCLUSION = exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: DEFAULT_EXCLUDED_NAMESPACES });

/**
 * The namespaces that a held change is about, found with the operator's own guard in the cluster as it is now. The
 * confirmation is a digest of the names, so what is given is exactly what will be confirmed; undefined where the names
 * do not fit it (the cluster has changed since, or the operator is configured otherwise) or cannot all be read.
 */
export async function heldNames(
  kube: KubeClient,
  policy: string,
  change: Pick<HeldChange, 'kind' | 'confirmation'>,
): Promise<readonly string[] | undefined> {
  const caches = await readCaches(kube);
  return caches === undefined ? undefined : namesIn(caches, policy, change);
}

function namesIn(
  caches: Caches,
  policy: string,
  change: Pick<HeldChange, 'kind' | 'confirmation'>,
): readonly string[] | undefined {
  const book = new CompiledPolicies({ discovered: {}, dns: 'notFound' });
  for (const cached of caches.baselinePolicies.values()) {
    book.upsert(cached);
  }
  for (const facts of book.facts) {
    if (facts.isDeleting && facts.removesOnDelete) {
      book.decideRemoval(facts);
    }
  }
  const page = book.entry(policy);
  if (page === undefined) {
    return undefined;
  }
  const guard = new ChangeGuard({ caches, clock: systemClock, limits: NO_ALLOWANCE });
  const context = {
    caches,
    book,
    guard,
    equivalences: new ServerDefaults(),
    repairLog: new ContestTracker(systemClock),
    isNewerAtWork: () => false,
  };
  for (const { name } of caches.namespaces.values()) {
    const world = snapshotOf(name, context);
    if (world !== undefined) {
      guard.consider(world, planFor(world));
    }
  }
  if (change.kind === 'isolation') {
    guard.reviewIsolation(page.facts, { spec: page.accepted, isKnown: false });
  }
  return guard.heldChangesOf(page.facts).find(({ confirmation }) => confirmation === change.confirmation)?.namespaces;
}

async function readCaches(kube: KubeClient): Promise<Caches | undefined> {
  const [namespaces, networkPolicies, records, policies] = await Promise.all([
    filled(kube, { type: NAMESPACES }, namespaceProjection(USUAL_EXCLUSION)),
    filled(kube, { type: NETWORK_POLICIES, labelSelector: MANAGED_SELECTOR }, networkPolicyProjection),
    filled(kube, { type: NAMESPACE_BASELINES }, reportProjection),
    filled(kube, { type: BASELINE_POLICIES }, baselinePolicyProjection),
  ]);
  if (namespaces === undefined || networkPolicies === undefined || records === undefined || policies === undefined) {
    return undefined;
  }
  return { namespaces, networkPolicies, reports: records, baselinePolicies: policies };
}

/** A cache of a list, or undefined where that cannot be read to the end. */
async function filled<T extends CachedObject>(
  kube: KubeClient,
  scope: Scope,
  project: (object: KubeObject) => T,
): Promise<ObjectCache<T> | undefined> {
  const list = await wholeList(kube, scope, { project: (object) => object });
  if (!list.ok) {
    return undefined;
  }
  const cache = new ObjectCache({ project, onChange: () => undefined });
  cache.listStarted();
  for (const object of list.value) {
    cache.upsert(object);
  }
  cache.listEnded('');
  return cache;
}
