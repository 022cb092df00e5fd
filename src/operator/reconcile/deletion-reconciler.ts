import { API_VERSION, FINALIZER } from '../../api/names.ts';
import { type Result, success } from '../../base/result.ts';
import { managedName } from '../../domain/ownership.ts';
import type { ObservedNetworkPolicy } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { writeResultFor } from '../../telemetry/write-result.ts';
import { REMOVAL_POLL_MS } from '../queue/retry-policy.ts';
import type { QueueAction } from '../queue/work-queue.ts';
import type { Caches } from '../watch/caches.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from '../watch/resources.ts';
import type { Throttle } from '../write/network-policy-writer.ts';
import type { CompiledPolicies } from './compiled-policies.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly book: CompiledPolicies;
  readonly metrics: Metrics;
}

/** What one step at a policy's finalizer came to. */
export interface DeletionStep {
  readonly queue: QueueAction;
  /**
   * The deleted policy whose NetworkPolicies go too. The caller marks it as removing and assesses its namespaces in one
   * turn, so that no reconcile runs between the two (R9, removal limit).
   */
  readonly removalDecided?: { readonly name: string; readonly uid: string };
}

/**
 * Keeps the finalizer where `onDelete: Remove` needs it, and nowhere else (R8). On deletion it decides once, after
 * looking at all that speaks against it, whether the policy's objects go too; a policy that is Paused, in DryRun or
 * invalid, or whose CRD is being deleted, leaves everything standing.
 */
export class DeletionReconciler {
  readonly #dependencies: Dependencies;
  readonly #admit: Throttle;

  constructor(dependencies: Dependencies, admit: Throttle) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Takes the next step for the finalizer of one policy. `log` is that of this reconcile. */
  async reconcile(name: string, log: Log): Promise<DeletionStep> {
    const { caches, book } = this.#dependencies;
    const cached = caches.baselinePolicies.get({ namespace: '', name });
    const page = book.entry(name);
    if (cached === undefined || page?.cached.uid !== cached.uid) {
      return { queue: { kind: 'forget' } };
    }
    const isWanted = page.facts.isAccepted && page.facts.mode === 'Enforce' && page.facts.removesOnDelete;
    if (cached.isDeleting && cached.isHeldByUs) {
      return this.#end(cached, { isWanted, log });
    }
    const isRight = cached.isDeleting || isWanted === cached.isHeldByUs;
    return { queue: isRight ? { kind: 'forget' } : await this.#write(cached, isWanted) };
  }

  async #end(
    cached: CachedBaselinePolicy,
    { isWanted, log }: { readonly isWanted: boolean; readonly log: Log },
  ): Promise<DeletionStep> {
    const isKept = isWanted ? await this.#isCrdGoing() : success(true);
    if (!isKept.ok) {
      return { queue: { kind: 'backoff' } };
    }
    if (isKept.value) {
      return { queue: await this.#write(cached, false) };
    }
    const { book, caches } = this.#dependencies;
    if (book.entry(cached.name)?.facts.isRemoving !== true) {
      log.info({ policy: cached.name }, 'baseline policy is deleted with its network policies');
      return {
        queue: { kind: 'after', delayMs: REMOVAL_POLL_MS },
        removalDecided: { name: cached.name, uid: cached.uid },
      };
    }
    for (const observed of caches.networkPolicies.values()) {
      if (isAwaited(observed, cached)) {
        return { queue: { kind: 'after', delayMs: REMOVAL_POLL_MS } };
      }
    }
    return { queue: await this.#write(cached, false) };
  }

  /** Deleting the CRD deletes every policy, which nobody means as a removal of all protection. */
  async #isCrdGoing(): Promise<Result<boolean, KubeError>> {
    const crd = await this.#dependencies.kube.get({
      type: CUSTOM_RESOURCE_DEFINITIONS,
      name: `${BASELINE_POLICIES.plural}.${BASELINE_POLICIES.group}`,
    });
    if (!crd.ok) {
      return crd.error.kind === 'notFound' ? success(true) : crd;
    }
    return success(crd.value.metadata.deletionTimestamp !== undefined);
  }

  async #write({ name, uid, resourceVersion }: CachedBaselinePolicy, isHeld: boolean): Promise<QueueAction> {
    const { kube, caches, metrics } = this.#dependencies;
    // With the version, the answer cannot hold an edit that we have not seen yet.
    const metadata = { name, uid, resourceVersion, ...(isHeld ? { finalizers: [FINALIZER] } : {}) };
    const applied = await this.#admit(() =>
      kube.apply(BASELINE_POLICIES, { apiVersion: API_VERSION, kind: BASELINE_POLICIES.kind, metadata }),
    );
    metrics.wrote({ kind: BASELINE_POLICIES.kind, verb: 'apply', result: writeResultFor(applied) });
    if (applied.ok && !isHeld && applied.value.metadata.finalizers?.includes(FINALIZER) === true) {
      return this.#takeOff(applied.value);
    }
    if (applied.ok && applied.value.metadata.deletionTimestamp === undefined) {
      caches.baselinePolicies.assume(applied.value);
    }
    return applied.ok || applied.error.kind === 'notFound' ? { kind: 'forget' } : { kind: 'backoff' };
  }

  /** Another field manager, such as a restored backup, has put our finalizer there too, so that an apply cannot take it off. */
  async #takeOff(stored: KubeObject): Promise<QueueAction> {
    const finalizers = (stored.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const replaced = await this.#admit(() =>
      this.#dependencies.kube.replace(BASELINE_POLICIES, { ...stored, metadata: { ...stored.metadata, finalizers } }),
    );
    this.#dependencies.metrics.wrote({
      kind: BASELINE_POLICIES.kind,
      verb: 'replace',
      result: writeResultFor(replaced),
    });
    return replaced.ok || replaced.error.kind === 'notFound' ? { kind: 'forget' } : { kind: 'backoff' };
  }
}

/** What the removal of a policy takes along: its parts, but neither copies under other names nor what was left behind. */
function isAwaited(observed: ObservedNetworkPolicy, { name, uid }: CachedBaselinePolicy): boolean {
  return (
    observed.policyUid === uid && observed.isLabelled && !observed.isKept && managedName(observed.name)?.policy === name
  );
}
