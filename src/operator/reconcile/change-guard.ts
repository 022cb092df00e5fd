import type { BaselinePolicySpec } from '../../api/baseline-policy.ts';
import type { Clock } from '../../base/clock.ts';
import {
  allowance,
  confirmationFor,
  type GuardLimit,
  isolatedDirections,
  type Unprotection,
  unprotectionsIn,
} from '../../domain/planning/guard.ts';
import { isNewlyIsolatedBy } from '../../domain/planning/held-namespaces.ts';
import type { PolicyPlan } from '../../domain/planning/plan.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import type { BaselinePolicyFacts, Hold, NamespaceFacts, World } from '../../domain/world.ts';
import type { Caches } from '../watch/caches.ts';

/** What was unprotected counts for so long, in milliseconds (R9). */
export const GUARD_WINDOW_MS = 600_000;
/** How long the count of isolated namespaces is good for, in milliseconds; it only sets a limit. */
const COUNT_AGE_MS = 1000;

/** A change of one policy that waits for a confirmation. */
export interface HeldChange {
  readonly hold: Hold;
  readonly namespaces: readonly string[];
  readonly confirmation: string;
}

/** The limits of both guards. */
export interface GuardLimits {
  readonly removal: GuardLimit;
  readonly isolation: GuardLimit;
}

interface Dependencies {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly limits: GuardLimits;
}

/** A direction that is unprotected now; not sure where a write had no answer. */
export interface Loss extends Unprotection {
  readonly isSure: boolean;
}

type PolicyKey = Pick<BaselinePolicyFacts, 'name' | 'uid' | 'generation'>;

/** Names that were confirmed for one generation of one policy. */
interface Confirmed {
  readonly uid: string;
  readonly generation: number;
  readonly namespaces: ReadonlySet<string>;
}

/**
 * Holds back, as a whole, what would unprotect or isolate much at once, until it is confirmed (R9). It knows of every
 * namespace what its plan would unprotect, so that the first of a thousand removals waits as the last one does.
 */
export class ChangeGuard {
  readonly #dependencies: Dependencies;
  /** What carrying out the plans of a namespace would unprotect now. */
  readonly #open = new Map<string, readonly Unprotection[]>();
  /** The sum over {@link ChangeGuard.#open} of what is not confirmed. */
  #openDirections = 0;
  /** What is being unprotected just now without a confirmation, by namespace. */
  readonly #inFlight = new Map<string, readonly Unprotection[]>();
  /** When directions were unprotected without a confirmation, by `direction namespace`, oldest first. */
  readonly #spent = new Map<string, { readonly atMs: number; readonly isSure: boolean }>();
  readonly #confirmed = new Map<string, Confirmed>();
  /** Namespaces that a policy's present generation may not isolate yet. */
  readonly #isolation = new Map<string, Confirmed>();
  /** Digests of the specs that were seen in DryRun, by uid. */
  readonly #rehearsed = new Map<string, string>();
  #counted = { atMs: Number.NEGATIVE_INFINITY, isolated: 0 };

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes note of what the plans of a namespace would unprotect, and gives it back. The plans must have been made without its holds. */
  consider(world: World, plans: readonly PolicyPlan[]): readonly Unprotection[] {
    const { name } = world.namespace;
    const lost = unprotectionsIn(world, plans);
    this.forget(name);
    if (lost.length === 0) {
      return lost;
    }
    // What was not answered and is still to be done did not happen.
    for (const { direction } of lost) {
      if (this.#spent.get(`${direction} ${name}`)?.isSure === false) {
        this.#spent.delete(`${direction} ${name}`);
      }
    }
    this.#open.set(name, lost);
    this.#openDirections += this.#unconfirmed(name, lost).length;
    return lost;
  }

  /** A namespace is gone: what was open of it protects nobody any more. */
  forget(namespace: string): void {
    const lost = this.#open.get(namespace);
    if (lost === undefined) {
      return;
    }
    this.#openDirections -= this.#unconfirmed(namespace, lost).length;
    this.#open.delete(namespace);
  }

  /** What waits in a namespace, by policy. */
  holdsIn(namespace: string, policies: readonly BaselinePolicyFacts[]): ReadonlyMap<string, Hold> {
    const holds = new Map<string, Hold>();
    const lost = this.#open.get(namespace);
    if (lost !== undefined && this.#isOverLimit()) {
      for (const policy of policies) {
        if (
          lost.some((loss) => loss.policy === policy.name) &&
          !isAmong(this.#confirmed.get(policy.name), policy, namespace)
        ) {
          holds.set(policy.name, 'RemovalHeld');
        }
      }
    }
    return new Map([...holds, ...this.isolationHoldsIn(namespace, policies)]);
  }

  /** What may not isolate a namespace yet, by policy. */
  isolationHoldsIn(namespace: string, policies: readonly BaselinePolicyFacts[]): ReadonlyMap<string, Hold> {
    const holds = new Map<string, Hold>();
    if (this.#isolation.size === 0) {
      return holds;
    }
    for (const policy of policies) {
      if (isAmong(this.#isolation.get(policy.name), policy, namespace)) {
        holds.set(policy.name, 'IsolationHeld');
      }
    }
    return holds;
  }

  /** A plan that unprotects so much is about to be carried out: it counts from here on, whatever is considered meanwhile. */
  begin(namespace: string, lost: readonly Unprotection[]): void {
    if (lost.length > 0) {
      this.#inFlight.set(namespace, this.#unconfirmed(namespace, lost));
    }
  }

  /** What was begun is over, and this much was unprotected, or may have been: it counts as spent, unless it had been confirmed. */
  settle(namespace: string, losses: readonly Loss[]): void {
    const begun = this.#inFlight.get(namespace);
    this.#inFlight.delete(namespace);
    if (losses.length === 0) {
      return;
    }
    this.forget(namespace);
    for (const { direction, isSure } of losses) {
      if (begun?.some((loss) => loss.direction === direction) !== true) {
        continue;
      }
      const key = `${direction} ${namespace}`;
      this.#spent.delete(key);
      this.#spent.set(key, { atMs: this.#dependencies.clock.nowMs(), isSure });
    }
  }

  /** What of a policy waits for a confirmation now. */
  heldChangesOf(policy: BaselinePolicyFacts): readonly HeldChange[] {
    const leaving = this.#isOverLimit()
      ? [...this.#open]
          .filter(
            ([namespace, lost]) =>
              lost.some((loss) => loss.policy === policy.name) &&
              !isAmong(this.#confirmed.get(policy.name), policy, namespace),
          )
          .map(([namespace]) => namespace)
      : [];
    const isolation = this.#isolation.get(policy.name);
    const isolating =
      isolation?.uid === policy.uid && isolation.generation === policy.generation ? [...isolation.namespaces] : [];
    return [...heldChange('RemovalHeld', policy, leaving), ...heldChange('IsolationHeld', policy, isolating)];
  }

  /** A confirmation as it stands on the policy; gives back the namespaces that may go on now, if it fits. */
  confirm(
    policy: BaselinePolicyFacts,
    confirmations: { readonly removal: string; readonly isolation: string },
  ): readonly string[] {
    return this.heldChangesOf(policy).flatMap((held) => {
      if (held.hold === 'RemovalHeld' && held.confirmation === confirmations.removal) {
        this.#confirmed.set(policy.name, {
          uid: policy.uid,
          generation: policy.generation,
          namespaces: new Set(held.namespaces),
        });
        this.#count();
        return held.namespaces;
      }
      if (held.hold === 'IsolationHeld' && held.confirmation === confirmations.isolation) {
        this.#isolation.delete(policy.name);
        return held.namespaces;
      }
      return [];
    });
  }

  /**
   * A policy came or changed: whether it would isolate too much is decided here, once for each generation, since labels
   * that are set later are a decision of their own. `isKnown` when its status shows that this generation was accepted
   * before a restart.
   */
  reviewIsolation(
    policy: BaselinePolicyFacts,
    facts: { readonly spec: BaselinePolicySpec | undefined; readonly isKnown: boolean },
  ): void {
    this.#expire(policy);
    const digest = digestOf({ ...facts.spec, mode: undefined });
    if (policy.mode === 'DryRun') {
      this.#rehearsed.set(policy.uid, digest);
    }
    this.#isolation.delete(policy.name);
    if (
      policy.mode !== 'Enforce' ||
      !policy.isAccepted ||
      policy.isDeleting ||
      facts.isKnown ||
      this.#rehearsed.get(policy.uid) === digest
    ) {
      return;
    }
    const { namespaces } = this.#dependencies.caches;
    const isolating = [...namespaces.values()]
      .filter((namespace) => this.#isNewlyIsolated(namespace, policy))
      .map(({ name }) => name);
    if (isolating.length <= allowance(this.#dependencies.limits.isolation, namespaces.size)) {
      return;
    }
    this.#isolation.set(policy.name, {
      uid: policy.uid,
      generation: policy.generation,
      namespaces: new Set(isolating),
    });
  }

  /** A policy is gone, and nothing of it waits any more. */
  close({ name, uid }: { readonly name: string; readonly uid: string }): void {
    this.#isolation.delete(name);
    this.#confirmed.delete(name);
    this.#rehearsed.delete(uid);
    this.#count();
  }

  /** A confirmation is good for one generation, also in what it takes out of the count. */
  #expire(policy: PolicyKey): void {
    const confirmed = this.#confirmed.get(policy.name);
    if (confirmed === undefined || (confirmed.uid === policy.uid && confirmed.generation === policy.generation)) {
      return;
    }
    this.#confirmed.delete(policy.name);
    this.#count();
  }

  #count(): void {
    this.#openDirections = [...this.#open].reduce(
      (sum, [namespace, lost]) => sum + this.#unconfirmed(namespace, lost).length,
      0,
    );
  }

  #unconfirmed(namespace: string, lost: readonly Unprotection[]): readonly Unprotection[] {
    return lost.filter(({ policy }) => this.#confirmed.get(policy)?.namespaces.has(namespace) !== true);
  }

  #isNewlyIsolated(namespace: NamespaceFacts, policy: BaselinePolicyFacts): boolean {
    return isNewlyIsolatedBy(policy, namespace, this.#dependencies.caches.networkPolicies.inNamespace(namespace.name));
  }

  #isOverLimit(): boolean {
    const nowMs = this.#dependencies.clock.nowMs();
    for (const [key, { atMs }] of this.#spent) {
      if (nowMs - atMs < GUARD_WINDOW_MS) {
        break;
      }
      this.#spent.delete(key);
    }
    const inFlight = [...this.#inFlight].flatMap(([namespace, lost]) =>
      lost.map(({ direction }) => `${direction} ${namespace}`),
    );
    const total =
      this.#openDirections +
      [...new Set([...this.#spent.keys(), ...inFlight])].filter((key) => !this.#isOpen(key)).length;
    return (
      total > this.#dependencies.limits.removal.count &&
      total > allowance(this.#dependencies.limits.removal, this.#isolatedCount(nowMs))
    );
  }

  /** What is done in two steps, as when the first had no answer, counts once. */
  #isOpen(key: string): boolean {
    const [direction = '', namespace = ''] = key.split(' ');
    return this.#unconfirmed(namespace, this.#open.get(namespace) ?? []).some((loss) => loss.direction === direction);
  }

  #isolatedCount(nowMs: number): number {
    if (nowMs - this.#counted.atMs < COUNT_AGE_MS) {
      return this.#counted.isolated;
    }
    const isolated = new Set<string>();
    for (const observed of this.#dependencies.caches.networkPolicies.values()) {
      if (observed.isolates.length > 0 && isolatedDirections([observed]).length > 0) {
        isolated.add(observed.namespace);
      }
    }
    this.#counted = { atMs: nowMs, isolated: isolated.size };
    return isolated.size;
  }
}

function isAmong(names: Confirmed | undefined, policy: PolicyKey, namespace: string): boolean {
  return names?.uid === policy.uid && names.generation === policy.generation && names.namespaces.has(namespace);
}

function heldChange(hold: Hold, { uid, generation }: PolicyKey, namespaces: readonly string[]): readonly HeldChange[] {
  return namespaces.length === 0
    ? []
    : [{ hold, namespaces: [...namespaces].sort(), confirmation: confirmationFor({ uid, generation, namespaces }) }];
}
