import { DEFAULT_EXCLUDED_NAMESPACES } from '../api/names.ts';
import { planFor } from '../baseline/plan.ts';
import { exclusionFor } from '../baseline/selection.ts';
import { systemClock } from '../clock.ts';
import type { KubeClient, Scope } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { type CachedObject, ObjectCache } from '../kube/object-cache.ts';
import type { Caches } from '../operator/caches.ts';
import { Equivalences } from '../operator/equivalences.ts';
import { GuardKeeper } from '../operator/guard-keeper.ts';
import { PolicyBook } from '../operator/policy-book.ts';
import {
  namespaceProjection,
  networkPolicyProjection,
  policyProjection,
  recordProjection,
} from '../operator/projections.ts';
import { observe } from '../operator/reconcile.ts';
import { RepairLog } from '../operator/repair-log.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../operator/resources.ts';
import { MANAGED_SELECTOR } from './cluster-facts.ts';
import type { HeldChange } from './held-change.ts';
import { wholeList } from './whole-list.ts';

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
  const book = new PolicyBook({ discovered: {}, isDnsCurrent: false });
  for (const cached of caches.policies.values()) {
    book.write(cached);
  }
  for (const facts of book.facts) {
    if (facts.isDeleting && facts.removesOnDelete) {
      book.decideRemoval(facts);
    }
  }
  const page = book.page(policy);
  if (page === undefined) {
    return undefined;
  }
  const guard = new GuardKeeper({ caches, clock: systemClock, limits: NO_ALLOWANCE });
  const context = {
    caches,
    book,
    guard,
    equivalences: new Equivalences(),
    repairLog: new RepairLog(systemClock),
    isNewerAtWork: () => false,
  };
  for (const { name } of caches.namespaces.values()) {
    const world = observe(name, context);
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
    filled(kube, { type: NAMESPACE_BASELINES }, recordProjection),
    filled(kube, { type: BASELINE_POLICIES }, policyProjection),
  ]);
  if (namespaces === undefined || networkPolicies === undefined || records === undefined || policies === undefined) {
    return undefined;
  }
  return { namespaces, networkPolicies, records, policies };
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
