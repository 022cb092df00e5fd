import { API_VERSION, FINALIZER } from '../../api/names.ts';
import { type Result, success } from '../../base/result.ts';
import { isNameOfPart } from '../../domain/ownership.ts';
import { isCopy } from '../../domain/planning/copies.ts';
import type { BaselinePolicyFacts, ObservedNetworkPolicy } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { Log } from '../../telemetry/log.ts';
import { HELD_RECHECK_MS, REMOVAL_POLL_MS } from '../queue/retry-policy.ts';
import type { QueueAction } from '../queue/work-queue.ts';
import type { CompiledPolicies } from '../state/compiled-policies.ts';
import type { ServedKinds } from '../state/served-kinds.ts';
import type { CachedNetworkPolicy } from '../watch/cached-objects.ts';
import type { Caches } from '../watch/caches.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from '../watch/resources.ts';
import { crdNameOf } from '../watch/served-crds.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly caches: Pick<Caches, 'baselinePolicies' | 'networkPolicies' | 'namespaces' | 'reports'>;
  readonly compiledPolicies: CompiledPolicies;
  readonly servedKinds: Pick<ServedKinds, 'isPaused'>;
}

/** The result of one step at a policy's finalizer. */
export interface DeletionStep {
  readonly queue: QueueAction;
  /**
   * The deleted policy whose NetworkPolicies go too. The caller marks it as removing and assesses its namespaces in one
   * turn, so that no reconcile runs between the two (R9, the guards).
   */
  readonly removalDecided?: { readonly name: string; readonly uid: string };
}

/**
 * Keeps the finalizer on BaselinePolicies with `onDelete: Remove`, and on no others (R8, deletion). After a deletion it
 * decides once whether the objects of the policy go too. They stay when the policy is Paused, in DryRun or invalid, or
 * when its CRD is being deleted.
 */
export class DeletionReconciler {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes the next step for the finalizer of one policy. `log` is that of this reconcile. */
  async reconcile(name: string, log: Log): Promise<DeletionStep> {
    const { caches, compiledPolicies } = this.#dependencies;
    const cached = caches.baselinePolicies.get({ namespace: '', name });
    const compiled = compiledPolicies.entry(name);
    if (cached === undefined || compiled?.cached.uid !== cached.uid) {
      return { queue: { kind: 'forget' } };
    }
    const { isAccepted, mode, removesOnDelete } = compiled.facts;
    const isWanted = isAccepted && mode === 'Enforce' && removesOnDelete;
    if (cached.isDeleting && cached.hasFinalizer) {
      return this.#finish(cached, { isWanted, log });
    }
    const isRight = cached.isDeleting || isWanted === cached.hasFinalizer;
    return { queue: isRight ? { kind: 'forget' } : await this.#writeUnlessPaused(cached, isWanted) };
  }

  /** Only of a policy that goes away anyway does it not matter what an older CRD would prune from the spec. */
  async #writeUnlessPaused(cached: CachedBaselinePolicy, isWanted: boolean): Promise<QueueAction> {
    return this.#dependencies.servedKinds.isPaused(BASELINE_POLICIES)
      ? { kind: 'after', delayMs: HELD_RECHECK_MS }
      : this.#write(cached, isWanted);
  }

  async #finish(
    cached: CachedBaselinePolicy,
    { isWanted, log }: { readonly isWanted: boolean; readonly log: Log },
  ): Promise<DeletionStep> {
    const keepsObjects = isWanted ? await this.#isCrdGoing() : success(true);
    if (!keepsObjects.ok) {
      return { queue: { kind: 'backoff' } };
    }
    if (keepsObjects.value) {
      return { queue: await this.#write(cached, false) };
    }
    const { compiledPolicies, caches } = this.#dependencies;
    const facts = compiledPolicies.entry(cached.name)?.facts;
    if (facts?.isRemoving !== true) {
      log.info({ policy: cached.name }, 'baseline policy is deleted with its network policies');
      return {
        queue: { kind: 'after', delayMs: REMOVAL_POLL_MS },
        removalDecided: { name: cached.name, uid: cached.uid },
      };
    }
    for (const observed of caches.networkPolicies.values()) {
      if (goesWith(observed, cached) && !this.#isCopy(observed, facts)) {
        return { queue: { kind: 'after', delayMs: REMOVAL_POLL_MS } };
      }
    }
    return { queue: await this.#write(cached, false) };
  }

  /** A copy is left where it is (R5, ownership), so nothing waits for it to go. */
  #isCopy(observed: CachedNetworkPolicy, facts: BaselinePolicyFacts): boolean {
    const { namespaces, reports } = this.#dependencies.caches;
    const namespace = namespaces.get({ namespace: '', name: observed.namespace });
    const report = reports.inNamespace(observed.namespace)[0];
    return namespace !== undefined && isCopy(observed, facts, { namespace, report });
  }

  /** Deleting the CRD deletes every policy, which does not mean that all protection is to be removed. */
  async #isCrdGoing(): Promise<Result<boolean, KubeError>> {
    const crd = await this.#dependencies.kube.get({
      type: CUSTOM_RESOURCE_DEFINITIONS,
      name: crdNameOf(BASELINE_POLICIES),
    });
    if (!crd.ok) {
      return crd.error.kind === 'notFound' ? success(true) : crd;
    }
    return success(crd.value.metadata.deletionTimestamp !== undefined);
  }

  async #write({ name, uid, resourceVersion }: CachedBaselinePolicy, hasFinalizer: boolean): Promise<QueueAction> {
    const { kube, caches } = this.#dependencies;
    // With the version, the answer cannot contain an edit that we have not seen yet.
    const metadata = { name, uid, resourceVersion, ...(hasFinalizer ? { finalizers: [FINALIZER] } : {}) };
    const applied = await kube.apply(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: BASELINE_POLICIES.kind,
      metadata,
    });
    if (applied.ok && !hasFinalizer && applied.value.metadata.finalizers?.includes(FINALIZER) === true) {
      return this.#replaceFinalizers(applied.value);
    }
    if (applied.ok && applied.value.metadata.deletionTimestamp === undefined) {
      caches.baselinePolicies.assume(applied.value);
    }
    return applied.ok || applied.error.kind === 'notFound' ? { kind: 'forget' } : { kind: 'backoff' };
  }

  /** An apply cannot remove the finalizer when another field manager, such as a restored backup, has set it too. */
  async #replaceFinalizers(stored: KubeObject): Promise<QueueAction> {
    const finalizers = (stored.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const replaced = await this.#dependencies.kube.replace(BASELINE_POLICIES, {
      ...stored,
      metadata: { ...stored.metadata, finalizers },
    });
    return replaced.ok || replaced.error.kind === 'notFound' ? { kind: 'forget' } : { kind: 'backoff' };
  }
}

/**
 * The removal of a policy removes its parts, but neither copies under other names nor objects that were kept on purpose. One
 * that was deleted and that only another client's finalizer keeps is not waited for.
 */
function goesWith(observed: ObservedNetworkPolicy, { name, uid }: CachedBaselinePolicy): boolean {
  return (
    observed.policyUid === uid &&
    observed.isLabelled &&
    !observed.isKept &&
    !observed.isTerminating &&
    isNameOfPart(observed.name, name)
  );
}
