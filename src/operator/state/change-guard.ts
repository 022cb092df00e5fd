import type { BaselinePolicySpec } from '../../api/baseline-policy.ts';
import type { Direction } from '../../api/network-policy.ts';
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
import { type PolicyPlan, planFor } from '../../domain/planning/plan.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import type { HoldCause } from '../../domain/reporting/held-message.ts';
import { isBroadSelector } from '../../domain/selection.ts';
import type { BaselinePolicyFacts, Hold, NamespaceFacts, World } from '../../domain/world.ts';
import type { Caches } from '../watch/caches.ts';
import { OpenLosses } from './open-losses.ts';
import { RecentLosses } from './recent-losses.ts';

/** For how long a count of the isolated namespaces is used, in milliseconds; only the limit depends on it. */
const COUNT_AGE_MS = 1000;

/** A change of one policy that waits for a confirmation. */
export interface HeldChange {
  readonly hold: Hold;
  /** Sorted. */
  readonly namespaces: readonly string[];
  readonly confirmation: string;
  readonly cause: HoldCause;
}

/** The limits of both guards. */
export interface GuardLimits {
  readonly removal: GuardLimit;
  readonly isolation: GuardLimit;
}

interface Dependencies {
  readonly caches: Pick<Caches, 'namespaces' | 'networkPolicies' | 'reports'>;
  readonly clock: Clock;
  readonly limits: GuardLimits;
}

/** A direction that is unprotected now; `isSure: false` when the response to the write was lost. */
export interface Loss extends Unprotection {
  readonly isSure: boolean;
}

type PolicyKey = Pick<BaselinePolicyFacts, 'name' | 'uid' | 'generation'>;

/** A set of namespaces that belongs to one generation of one policy. */
interface NamespaceSet {
  readonly uid: string;
  readonly generation: number;
  readonly namespaces: ReadonlySet<string>;
}

/** The namespaces that the present generation of a policy may not isolate yet, and why. */
interface HeldIsolation extends NamespaceSet {
  readonly cause: HoldCause;
}

/**
 * Holds a change, as a whole, that would unprotect or isolate many namespaces at once, until it is confirmed (R9, the
 * guards). It knows for every namespace what its plans would unprotect, so that the first of a thousand removals is held
 * like the last.
 *
 * A loss is counted once: while a plan would cause it (open), while the plan is carried out, and for
 * ten minutes after it has happened. Confirmed losses are not counted.
 */
export class ChangeGuard {
  readonly #dependencies: Dependencies;
  readonly #open = new OpenLosses((namespace, { policy }) => !this.#isConfirmed(policy, namespace));
  /** The unconfirmed losses of the plans that are being carried out, by namespace. */
  readonly #inProgress = new Map<string, readonly Unprotection[]>();
  readonly #recent: RecentLosses;
  /** The confirmed removals, by policy. */
  readonly #confirmed = new Map<string, NamespaceSet>();
  /** By policy. */
  readonly #isolation = new Map<string, HeldIsolation>();
  /** Digests of the specs that were seen in DryRun, by uid. */
  readonly #rehearsed = new Map<string, string>();
  #isolatedCount = { atMs: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#recent = new RecentLosses(dependencies.clock);
  }

  /** Notes what the plans of a namespace would unprotect, and returns it. The plans must have been made without removal holds. */
  consider(world: World, plans: readonly PolicyPlan[]): readonly Unprotection[] {
    const { name } = world.namespace;
    const losses = unprotectionsIn(world, plans);
    this.#open.set(name, losses);
    if (this.#recent.size > 0 && losses.length > 0) {
      // A removal whose response was lost, and which the plan still contains, did not take effect: stop counting it.
      this.#recent.keep(
        name,
        ({ direction, isSure }) => isSure || !losses.some((loss) => loss.direction === direction),
      );
    }
    return losses;
  }

  /** Counts what the plans of a namespace would unprotect; nothing where the namespace does not exist (`world` is undefined). */
  assess(namespace: string, world: World | undefined): void {
    if (world === undefined) {
      this.forget(namespace);
    } else {
      this.consider(world, planFor(world));
    }
  }

  /** Forgets what the plans of a namespace would unprotect: it is gone. */
  forget(namespace: string): void {
    this.#open.delete(namespace);
  }

  /** The policies whose changes are held in a namespace. */
  holdsIn(namespace: string, policies: readonly BaselinePolicyFacts[]): ReadonlyMap<string, Hold> {
    const losses = this.#open.get(namespace);
    if (losses === undefined || !this.#isOverLimit()) {
      return this.isolationHoldsIn(namespace, policies);
    }
    const holds = new Map<string, Hold>();
    for (const policy of policies) {
      if (
        losses.some((loss) => loss.policy === policy.name) &&
        !contains(this.#confirmed.get(policy.name), policy, namespace)
      ) {
        holds.set(policy.name, 'RemovalHeld');
      }
    }
    return new Map([...holds, ...this.isolationHoldsIn(namespace, policies)]);
  }

  /** The policies that may not isolate a namespace yet. */
  isolationHoldsIn(namespace: string, policies: readonly BaselinePolicyFacts[]): ReadonlyMap<string, Hold> {
    if (this.#isolation.size === 0) {
      return NO_HOLDS;
    }
    const holds = new Map<string, Hold>();
    for (const policy of policies) {
      if (contains(this.#isolation.get(policy.name), policy, namespace)) {
        holds.set(policy.name, 'IsolationHeld');
      }
    }
    return holds;
  }

  /** The plans of a namespace, with these losses, are about to be carried out: they count from now on, whatever is considered meanwhile. */
  begin(namespace: string, losses: readonly Unprotection[]): void {
    if (losses.length > 0) {
      this.#inProgress.set(
        namespace,
        losses.filter(({ policy }) => !this.#isConfirmed(policy, namespace)),
      );
    }
  }

  /** The plans were carried out with these losses: those that were not confirmed at the beginning count as recent. */
  commit(namespace: string, losses: readonly Loss[]): void {
    const begun = this.#inProgress.get(namespace) ?? [];
    this.#inProgress.delete(namespace);
    if (losses.length === 0) {
      return;
    }
    this.forget(namespace);
    const counted = losses.filter(({ direction }) => begun.some((loss) => loss.direction === direction));
    if (counted.length > 0) {
      this.#recent.add(namespace, counted);
    }
  }

  /** The changes of a policy that wait for a confirmation now. */
  heldChangesOf(policy: BaselinePolicyFacts): readonly HeldChange[] {
    const isolation = this.#isolation.get(policy.name);
    const isolating =
      isolation?.uid === policy.uid && isolation.generation === policy.generation
        ? heldChange('IsolationHeld', policy, isolation)
        : [];
    return [...this.#heldRemovalOf(policy), ...isolating];
  }

  #heldRemovalOf(policy: BaselinePolicyFacts): readonly HeldChange[] {
    if (!this.#isOverLimit()) {
      return [];
    }
    const namespaces: string[] = [];
    let own = 0;
    const confirmed = this.#confirmed.get(policy.name);
    for (const [namespace, losses] of this.#open.entries()) {
      const lost = losses.filter((loss) => loss.policy === policy.name).length;
      if (lost > 0 && !contains(confirmed, policy, namespace)) {
        namespaces.push(namespace);
        own += lost;
      }
    }
    const limit = this.#removalLimit();
    const cause = {
      kind: 'removalLimit',
      limit,
      own,
      others: Math.max(0, this.#open.total - own),
      recent: this.#recent.use(),
    } as const;
    return heldChange('RemovalHeld', policy, { namespaces, cause });
  }

  /** Reads the confirmations on a policy, and returns the changes that may go on, where one fits. */
  confirm(
    policy: BaselinePolicyFacts,
    confirmations: { readonly removal: string; readonly isolation: string },
  ): readonly HeldChange[] {
    return this.heldChangesOf(policy).filter((held) => {
      if (held.hold === 'RemovalHeld' && held.confirmation === confirmations.removal) {
        const { uid, generation } = policy;
        this.#confirmed.set(policy.name, { uid, generation, namespaces: new Set(held.namespaces) });
        this.#open.recount();
        return true;
      }
      if (held.hold === 'IsolationHeld' && held.confirmation === confirmations.isolation) {
        this.#isolation.delete(policy.name);
        return true;
      }
      return false;
    });
  }

  /**
   * A policy was created or changed: decides whether it would isolate too much. This is decided once for each generation,
   * since a label that is set later is a decision of its own. `isKnown` when the status of the policy shows that this
   * generation was accepted before a restart.
   */
  reviewIsolation(
    policy: BaselinePolicyFacts,
    facts: { readonly spec: BaselinePolicySpec | undefined; readonly isKnown: boolean },
  ): void {
    this.#expireConfirmation(policy);
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
    const cause = this.#causeToHold(policy, isolating.length);
    if (cause !== undefined) {
      const { uid, generation } = policy;
      this.#isolation.set(policy.name, { uid, generation, namespaces: new Set(isolating), cause });
    }
  }

  /** Why a policy may not newly isolate this number of namespaces; undefined where it may. */
  #causeToHold({ selector }: BaselinePolicyFacts, count: number): HoldCause | undefined {
    const limit = allowance(this.#dependencies.limits.isolation, this.#dependencies.caches.namespaces.size);
    if (count > limit) {
      return { kind: 'isolationLimit', limit };
    }
    return count > 0 && selector !== undefined && isBroadSelector(selector) ? BROAD_SELECTOR : undefined;
  }

  /** Forgets a policy that is gone, with its confirmations. */
  close({ name, uid }: { readonly name: string; readonly uid: string }): void {
    this.#isolation.delete(name);
    this.#rehearsed.delete(uid);
    if (this.#confirmed.delete(name)) {
      this.#open.recount();
    }
  }

  /** When the generation changes the confirmation expires, and its namespaces count again. */
  #expireConfirmation(policy: PolicyKey): void {
    const confirmed = this.#confirmed.get(policy.name);
    if (confirmed !== undefined && (confirmed.uid !== policy.uid || confirmed.generation !== policy.generation)) {
      this.#confirmed.delete(policy.name);
      this.#open.recount();
    }
  }

  /** Whether the removal of a policy's objects from a namespace was confirmed. */
  isRemovalConfirmed(policy: PolicyKey, namespace: string): boolean {
    return contains(this.#confirmed.get(policy.name), policy, namespace);
  }

  #isConfirmed(policy: string, namespace: string): boolean {
    return this.#confirmed.get(policy)?.namespaces.has(namespace) === true;
  }

  #isNewlyIsolated(namespace: NamespaceFacts, policy: BaselinePolicyFacts): boolean {
    return isNewlyIsolatedBy(policy, namespace, this.#dependencies.caches.networkPolicies.inNamespace(namespace.name));
  }

  #isOverLimit(): boolean {
    const count = this.#open.total + this.#pastCount();
    return count > this.#dependencies.limits.removal.count && count > this.#removalLimit();
  }

  #removalLimit(): number {
    return allowance(this.#dependencies.limits.removal, this.#countIsolated(this.#dependencies.clock.nowMs()));
  }

  /** How many losses are in progress or recent, and not open too: a loss whose response was lost may be both. */
  #pastCount(): number {
    let count = 0;
    this.#recent.expire();
    for (const namespace of this.#recent.namespaces()) {
      count += this.#pastCountIn(namespace);
    }
    for (const namespace of this.#inProgress.keys()) {
      count += this.#recent.has(namespace) ? 0 : this.#pastCountIn(namespace);
    }
    return count;
  }

  #pastCountIn(namespace: string): number {
    const directions = new Set<Direction>();
    for (const { direction } of this.#recent.of(namespace)) {
      directions.add(direction);
    }
    for (const { direction } of this.#inProgress.get(namespace) ?? []) {
      directions.add(direction);
    }
    for (const { direction, policy } of this.#open.get(namespace) ?? []) {
      if (!this.#isConfirmed(policy, namespace)) {
        directions.delete(direction);
      }
    }
    return directions.size;
  }

  #countIsolated(nowMs: number): number {
    if (nowMs - this.#isolatedCount.atMs < COUNT_AGE_MS) {
      return this.#isolatedCount.count;
    }
    const isolated = new Set<string>();
    const { networkPolicies, reports } = this.#dependencies.caches;
    for (const observed of networkPolicies.values()) {
      // Without a report it is a copy, which counts for nothing.
      const isReported = reports.inNamespace(observed.namespace).length > 0;
      if (observed.isolates.length > 0 && isReported && isolatedDirections([observed]).length > 0) {
        isolated.add(observed.namespace);
      }
    }
    this.#isolatedCount = { atMs: nowMs, count: isolated.size };
    return isolated.size;
  }
}

const BROAD_SELECTOR: HoldCause = { kind: 'broadSelector' };
const NO_HOLDS: ReadonlyMap<string, Hold> = new Map();

function contains(set: NamespaceSet | undefined, policy: PolicyKey, namespace: string): boolean {
  return set?.uid === policy.uid && set.generation === policy.generation && set.namespaces.has(namespace);
}

function heldChange(
  hold: Hold,
  { uid, generation }: PolicyKey,
  held: { readonly namespaces: Iterable<string>; readonly cause: HoldCause },
): readonly HeldChange[] {
  const namespaces = [...held.namespaces].sort();
  return namespaces.length === 0
    ? []
    : [{ hold, namespaces, confirmation: confirmationFor({ uid, generation, namespaces }), cause: held.cause }];
}
