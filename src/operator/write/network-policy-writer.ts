import type { Result } from '../../base/result.ts';
import { ownershipFor } from '../../domain/ownership.ts';
import type { Outcome } from '../../domain/planning/outcome.ts';
import type { Drift, RepairCause } from '../../domain/planning/plan.ts';
import { hasOnlyUnknownAdditions } from '../../domain/rendering/comparison.ts';
import type { RenderedPart } from '../../domain/rendering/rendering.ts';
import type { ObservedNetworkPolicy } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import { isAllowed, type Permission, permissionText } from '../startup/access.ts';
import type { ContestTracker } from '../state/contest-tracker.ts';
import type { ServerDefaults } from '../state/server-defaults.ts';
import type { CachedNetworkPolicy } from '../watch/cached-objects.ts';
import { networkPolicyProjection } from '../watch/projections.ts';
import { BASELINE_POLICIES, NETWORK_POLICIES } from '../watch/resources.ts';
import { networkPolicyObject, relabelledObject } from './manifests.ts';

/**
 * The namespace of the NetworkPolicy to write, and the BaselinePolicy that owns it. Every reconcile makes its own, once for
 * each BaselinePolicy: what the API server says of that one is asked once for each target.
 */
export interface WriteTarget {
  readonly namespace: string;
  readonly policy: { readonly name: string; readonly uid: string };
}

interface Dependencies {
  readonly kube: KubeClient;
  readonly networkPolicies: ObjectCache<CachedNetworkPolicy>;
  readonly serverDefaults: ServerDefaults;
  readonly contestTracker: ContestTracker;
  /** Called for each drift that a write has undone. */
  readonly onDriftRepaired: (drift: Drift) => void;
}

/**
 * The only code that creates, changes or deletes NetworkPolicies. A create never overwrites; a repair and a removal reach
 * only the object whose uid the plan saw; and every answer goes into the cache at once, so that no plan is based on
 * something older than our own last write (R5 ownership, R8 orphans, R13 caches).
 */
export class NetworkPolicyWriter {
  readonly #dependencies: Dependencies;
  readonly #livePolicies = new WeakMap<WriteTarget, Promise<Result<KubeObject, KubeError>>>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** POST, since a server-side apply would take over a foreign object of the same name. */
  async create(
    part: RenderedPart,
    target: WriteTarget,
    { isRestoring }: { readonly isRestoring: boolean },
  ): Promise<Outcome> {
    const created = await this.#dependencies.kube.create(NETWORK_POLICIES, networkPolicyObject(part, target));
    if (!created.ok && created.error.kind === 'alreadyExists') {
      return this.#useExisting(part, target);
    }
    const outcome = await this.#outcomeOf(part, target, { verb: 'create', answer: created });
    if (outcome.kind === 'inPlace') {
      this.#dependencies.contestTracker.created({ namespace: target.namespace, name: part.name });
    }
    if (isRestoring && outcome.kind === 'inPlace') {
      this.#noteRepair(part.name, target, { drift: 'deleted', manager: '' });
    }
    return outcome;
  }

  /** A forced apply of the whole spec, bound to the uid that the plan saw. */
  async repair(
    part: RenderedPart,
    target: WriteTarget,
    found: { readonly uid: string; readonly cause: RepairCause; readonly manager: string; readonly isKept?: boolean },
  ): Promise<Outcome> {
    const applied = await this.#dependencies.kube.apply(
      NETWORK_POLICIES,
      networkPolicyObject(part, {
        ...target,
        uid: found.uid,
        takesBackKept: found.isKept === true && found.manager !== '',
      }),
    );
    const outcome = await this.#outcomeOf(part, target, { verb: 'patch', answer: applied });
    const { cause, manager } = found;
    if (outcome.kind === 'inPlace' && (cause === 'spec' || cause === 'labels')) {
      this.#noteRepair(part.name, target, { drift: cause, manager });
    }
    // No drift, but two versions of the operator that rewrite each other's work would do so without end.
    if (outcome.kind === 'inPlace' && cause === 'rewrite') {
      this.#dependencies.contestTracker.rewritten({ namespace: target.namespace, name: part.name }, part.hash);
    }
    return outcome;
  }

  /**
   * DELETE, bound to the uid that the plan saw. An object that is already gone counts as removed; one that a finalizer
   * keeps stays in the cache, since network plugins go on enforcing it. An object of a former BaselinePolicy of the same
   * name is taken over first (R8, orphans).
   */
  async remove(observed: ObservedNetworkPolicy, target: WriteTarget): Promise<Outcome> {
    const { name, uid } = observed;
    const blocked = observed.policyUid === target.policy.uid ? undefined : await this.#takeOver(observed, target);
    if (blocked !== undefined) {
      return blocked;
    }
    const removed = await this.#dependencies.kube.remove(
      { type: NETWORK_POLICIES, namespace: target.namespace, name },
      { uid },
    );
    if (!removed.ok && removed.error.kind !== 'notFound') {
      return this.#failed(name, target, { verb: 'delete', error: removed.error });
    }
    if (removed.ok) {
      this.#dependencies.contestTracker.removed({ namespace: target.namespace, name }, observed.otherManager);
    }
    if (removed.ok && removed.value !== undefined) {
      this.#dependencies.networkPolicies.assume(removed.value);
      return { kind: 'terminating', name };
    }
    return this.#gone(observed, target);
  }

  /** Marks an object as kept (R4, opting out); bound to the uid that the plan saw, and changes nothing else of it. */
  async leave(observed: ObservedNetworkPolicy, target: WriteTarget): Promise<Outcome> {
    const { name, uid } = observed;
    const stored = await this.#read(name, target);
    if (!stored.ok) {
      return this.#failed(name, target, { verb: 'get', error: stored.error });
    }
    if (stored.value.metadata.uid !== uid) {
      return replacedMeanwhile(name);
    }
    return (await this.#relabel(stored.value, target, { name, isKept: true })) ?? { kind: 'left', name };
  }

  /**
   * Writes the uid of this BaselinePolicy on an object of a former one. The cache is not proof enough: the API server is
   * asked whether this BaselinePolicy is the live one and whether the object still carries our marks. Returns the outcome
   * that ends the removal, or undefined when the removal may go on.
   */
  async #takeOver(observed: ObservedNetworkPolicy, target: WriteTarget): Promise<Outcome | undefined> {
    const { name, uid, policyUid } = observed;
    const [live, stored] = await Promise.all([this.#livePolicy(target), this.#read(name, target)]);
    if (!stored.ok) {
      return stored.error.kind === 'notFound'
        ? this.#gone(observed, target)
        : this.#failed(name, target, { verb: 'get', error: stored.error });
    }
    if (!live.ok) {
      return { kind: 'retry', name, message: live.error.message };
    }
    const now = networkPolicyProjection(stored.value);
    const isSame = now.uid === uid && now.isLabelled && now.policyUid === policyUid;
    if (!isSame || live.value.metadata.uid !== target.policy.uid) {
      return replacedMeanwhile(name);
    }
    return this.#relabel(stored.value, target, { name, isKept: false });
  }

  /** The owner as the API server had it when a takeover for this target first asked. */
  #livePolicy(target: WriteTarget): Promise<Result<KubeObject, KubeError>> {
    const asked = this.#livePolicies.get(target);
    if (asked !== undefined) {
      return asked;
    }
    const answer = this.#dependencies.kube.get({ type: BASELINE_POLICIES, name: target.policy.name });
    this.#livePolicies.set(target, answer);
    return answer;
  }

  #gone({ name, uid }: ObservedNetworkPolicy, { namespace }: WriteTarget): Outcome {
    this.#dependencies.networkPolicies.assumeDeleted({ namespace, name, uid });
    return { kind: 'removed', name };
  }

  #read(name: string, target: WriteTarget): Promise<Result<KubeObject, KubeError>> {
    return this.#dependencies.kube.get({ type: NETWORK_POLICIES, namespace: target.namespace, name });
  }

  /** Returns the outcome of a failure; undefined after a success. */
  async #relabel(
    stored: KubeObject,
    target: WriteTarget,
    { name, isKept }: { readonly name: string; readonly isKept: boolean },
  ): Promise<Outcome | undefined> {
    const { kube, networkPolicies } = this.#dependencies;
    const applied = await kube.apply(NETWORK_POLICIES, relabelledObject(stored, { policy: target.policy, isKept }));
    if (!applied.ok) {
      return this.#failed(name, target, { verb: 'patch', error: applied.error });
    }
    networkPolicies.assume(applied.value);
    return undefined;
  }

  #noteRepair(name: string, target: WriteTarget, found: { readonly drift: Drift; readonly manager: string }): void {
    this.#dependencies.onDriftRepaired(found.drift);
    this.#dependencies.contestTracker.repaired({ namespace: target.namespace, name }, found.manager);
  }

  /** The name is taken although the cache did not know: read the object and decide by what the server has. */
  async #useExisting(part: RenderedPart, target: WriteTarget): Promise<Outcome> {
    const { networkPolicies } = this.#dependencies;
    const { name } = part;
    const existing = await this.#read(name, target);
    if (!existing.ok) {
      return this.#failed(name, target, { verb: 'get', error: existing.error });
    }
    const observed = networkPolicies.assume(existing.value) ?? networkPolicyProjection(existing.value);
    if (ownershipFor(target.policy, undefined)(observed) === 'foreign' && !observed.isAdoptable) {
      return foreignObject(name);
    }
    if (observed.hash === part.hash && observed.policyUid === target.policy.uid) {
      return { kind: 'inPlace', name, uid: observed.uid, hash: observed.hash };
    }
    return this.repair(part, target, { uid: observed.uid, cause: 'takeover', manager: observed.otherManager });
  }

  async #outcomeOf(
    part: RenderedPart,
    target: WriteTarget,
    write: { readonly verb: string; readonly answer: Result<KubeObject, KubeError> },
  ): Promise<Outcome> {
    const { networkPolicies, serverDefaults } = this.#dependencies;
    if (!write.answer.ok) {
      return this.#failed(part.name, target, { verb: write.verb, error: write.answer.error });
    }
    const stored = networkPolicies.assume(write.answer.value) ?? networkPolicyProjection(write.answer.value);
    if (stored.hash !== part.hash) {
      if (!hasOnlyUnknownAdditions(part.spec, write.answer.value.spec)) {
        return this.#altered(part.name, target);
      }
      serverDefaults.remember({ rendered: part.hash, observed: stored.hash });
    }
    return { kind: 'inPlace', name: part.name, uid: stored.uid, hash: stored.hash };
  }

  /** Each of our writes makes an event that starts another reconcile, so it counts as a contest (R6, repair). */
  #altered(name: string, target: WriteTarget): Outcome {
    this.#dependencies.contestTracker.repaired({ namespace: target.namespace, name }, '');
    return {
      kind: 'refused',
      name,
      reason: 'Altered',
      message: 'the API server stored another spec than the one written',
    };
  }

  async #failed(
    name: string,
    target: WriteTarget,
    failed: { readonly verb: string; readonly error: KubeError },
  ): Promise<Outcome> {
    const { error } = failed;
    switch (error.kind) {
      case 'namespaceTerminating':
        return { kind: 'namespaceGone', name };
      case 'notFound':
        return failed.verb === 'create'
          ? { kind: 'namespaceGone', name }
          : { kind: 'retry', name, message: error.message };
      case 'invalid':
        return { kind: 'refused', name, reason: 'Rejected', message: error.message };
      case 'forbidden':
        return this.#forbidden(name, target, { verb: failed.verb, message: error.message });
      case 'throttled':
      case 'serverError':
        return {
          kind: 'retry',
          name,
          message: error.message,
          ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        };
      default:
        return { kind: 'retry', name, message: error.message };
    }
  }

  async #forbidden(
    name: string,
    target: WriteTarget,
    refused: { readonly verb: string; readonly message: string },
  ): Promise<Outcome> {
    const permission: Permission = {
      verb: refused.verb,
      group: NETWORK_POLICIES.group,
      resource: NETWORK_POLICIES.plural,
      namespace: target.namespace,
    };
    const allowed = await isAllowed(this.#dependencies.kube, permission);
    if (!allowed.ok) {
      return { kind: 'retry', name, message: allowed.error.message };
    }
    if (allowed.value) {
      return { kind: 'refused', name, reason: 'Denied', message: refused.message };
    }
    return {
      kind: 'refused',
      name,
      reason: 'Forbidden',
      message: `the operator may not ${permissionText(permission)}`,
    };
  }
}

function replacedMeanwhile(name: string): Outcome {
  return { kind: 'retry', name, message: 'it was replaced meanwhile' };
}

/** The outcome where a foreign object has the name (R5, ownership). */
export function foreignObject(name: string): Outcome {
  return { kind: 'refused', name, reason: 'ForeignObject', message: "another client's NetworkPolicy has this name" };
}
