import { API_VERSION, FINALIZER } from '../api/names.ts';
import { managedName } from '../baseline/ownership.ts';
import type { ObservedPolicy } from '../baseline/world.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { type Result, success } from '../kube/result.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Caches } from './caches.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Admit } from './policy-writer.ts';
import type { CachedPolicy } from './projections.ts';
import type { QueueAction } from './queue.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from './resources.ts';
import { writeResultFor } from './write-result.ts';

interface Dependencies {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly book: PolicyBook;
  readonly metrics: Metrics;
  readonly log: Log;
  /** A deletion was decided to take the policy's objects along. */
  readonly onRemoving: (policy: string) => void;
}

/** How often it is looked whether the last object of a deleted policy is gone, in milliseconds. */
const REMOVAL_POLL_MS = 250;

/**
 * Keeps the finalizer where `onDelete: Remove` needs it, and nowhere else (R8). On deletion it decides once, after
 * looking at all that speaks against it, whether the policy's objects go too; a policy that is Paused, in DryRun or
 * invalid, or whose CRD is being deleted, leaves everything standing.
 */
export class FinalizerKeeper {
  readonly #dependencies: Dependencies;
  readonly #admit: Admit;

  constructor(dependencies: Dependencies, admit: Admit) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Brings the finalizer of one policy to what it should be, one step at a time. */
  async settle(name: string): Promise<QueueAction> {
    const { caches, book } = this.#dependencies;
    const cached = caches.policies.get({ namespace: '', name });
    const page = book.page(name);
    if (cached === undefined || page?.cached.uid !== cached.uid) {
      return { kind: 'forget' };
    }
    const isWanted = page.facts.isAccepted && page.facts.mode === 'Enforce' && page.facts.removesOnDelete;
    if (cached.isDeleting && cached.isHeldByUs) {
      return this.#end(cached, isWanted);
    }
    return cached.isDeleting || isWanted === cached.isHeldByUs ? { kind: 'forget' } : this.#write(cached, isWanted);
  }

  async #end(cached: CachedPolicy, isWanted: boolean): Promise<QueueAction> {
    const isKept = isWanted ? await this.#isCrdGoing() : success(true);
    if (!isKept.ok) {
      return { kind: 'backoff' };
    }
    if (isKept.value) {
      return this.#write(cached, false);
    }
    const { book, caches, onRemoving, log } = this.#dependencies;
    if (book.page(cached.name)?.facts.isRemoving !== true) {
      log.info({ policy: cached.name }, 'baseline policy is deleted with its network policies');
      book.decideRemoval(cached);
      onRemoving(cached.name);
    }
    for (const observed of caches.networkPolicies.values()) {
      if (isAwaited(observed, cached)) {
        return { kind: 'after', delayMs: REMOVAL_POLL_MS };
      }
    }
    return this.#write(cached, false);
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

  async #write({ name, uid, resourceVersion }: CachedPolicy, isHeld: boolean): Promise<QueueAction> {
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
      caches.policies.recordWrite(applied.value);
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
function isAwaited(observed: ObservedPolicy, { name, uid }: CachedPolicy): boolean {
  return (
    observed.policyUid === uid && observed.isLabelled && !observed.isKept && managedName(observed.name)?.policy === name
  );
}
