import type { Phase, PolicyEntry } from '../../api/namespace-baseline.ts';
import type { Reason } from '../../api/reasons.ts';
import type { NamespaceState } from '../../domain/reporting/policy-status.ts';
import { reasonOf } from '../../domain/reporting/report.ts';

/** An entry of a NamespaceBaseline with what is counted beside it. */
export interface ReportedEntry extends PolicyEntry {
  /** Whether another client's NetworkPolicy undoes the isolation of the namespace (R17, weakening). */
  readonly isWeakened: boolean;
}

/** One generation of one BaselinePolicy. */
export interface PolicyVersion {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

/** The last known state of one namespace with one policy. */
interface State {
  readonly phase: Phase;
  readonly reason: Reason;
  readonly message: string;
  /** Whether the policy was to isolate it and has not. */
  readonly isUnprotected: boolean;
  readonly isWeakened: boolean;
  /** When a Pending phase began, on the monotonic clock; without meaning in all other phases. */
  readonly sinceMs: number;
}

/** All namespaces of one policy. */
interface Progress {
  readonly uid: string;
  generation: number;
  readonly states: Map<string, State>;
  readonly unattempted: Set<string>;
}

/** How many objects of each policy are in each namespace that has any. */
type NamespaceCounts = Map<string, ReadonlyMap<string, number>>;

/**
 * The state of every namespace with every policy, as its last reconcile found it: statuses and metrics are counted from it.
 * It holds nothing that a restart could not find out again.
 */
export class PolicyProgressTracker {
  readonly #progress = new Map<string, Progress>();
  readonly #orphans: NamespaceCounts = new Map();
  readonly #copies: NamespaceCounts = new Map();
  #lastState: State | undefined;

  /** A policy has changed, and these are the namespaces that it selects now: each is to be attempted. */
  expectAttempts(policy: PolicyVersion, namespaces: Iterable<string>): void {
    const progress = this.#progressOf(policy);
    progress.generation = policy.generation;
    progress.unattempted.clear();
    for (const namespace of namespaces) {
      progress.unattempted.add(namespace);
    }
  }

  /**
   * Notes the report of a reconcile that used these versions of the policies, and returns the policies whose counts have
   * changed. Policies missing from the report are cleared for this namespace, unless the reconcile used an older
   * generation of them.
   */
  noteReport(
    namespace: string,
    { entries, policies }: { readonly entries: readonly ReportedEntry[]; readonly policies: readonly PolicyVersion[] },
    nowMs: number,
  ): readonly string[] {
    const changed: string[] = [];
    const used = new Map(policies.map((policy) => [policy.name, policy]));
    const reported = new Set(entries.map(({ policy }) => policy));
    for (const [policy, progress] of this.#progress) {
      const version = used.get(policy);
      const isUpToDate = version?.uid === progress.uid && version.generation === progress.generation;
      if (!reported.has(policy) && isUpToDate && remove(progress, namespace)) {
        changed.push(policy);
      }
    }
    for (const entry of entries) {
      if (this.#noteEntry(namespace, { entry, uid: used.get(entry.policy)?.uid }, nowMs)) {
        changed.push(entry.policy);
      }
    }
    return changed;
  }

  /**
   * Notes the orphans in a namespace by the policies that they are counted for, one name for each orphan (R8, deletion).
   * Returns the policies that have more or fewer than before.
   */
  noteOrphans(namespace: string, owners: readonly string[]): readonly string[] {
    return noteCounts(this.#orphans, namespace, owners);
  }

  /**
   * Notes the copies in a namespace by the policies whose marks they carry, one name for each copy (R5, ownership). Returns
   * the policies that have more or fewer than before.
   */
  noteCopies(namespace: string, owners: readonly string[]): readonly string[] {
    return noteCounts(this.#copies, namespace, owners);
  }

  /** How many copies there are of one policy's NetworkPolicies, or of all policies'. */
  copyCount(policy?: string): number {
    let count = 0;
    for (const counts of this.#copies.values()) {
      for (const [owner, copies] of counts) {
        count += policy === undefined || owner === policy ? copies : 0;
      }
    }
    return count;
  }

  /** Forgets a namespace that is gone, and returns the policies whose counts have changed. */
  forget(namespace: string): readonly string[] {
    return [...this.#progress].flatMap(([policy, progress]) => (remove(progress, namespace) ? [policy] : []));
  }

  /** Forgets a policy that is gone. */
  delete(policy: string): void {
    this.#progress.delete(policy);
  }

  /** The state of every namespace with one policy, and how many of the namespaces that it selects were not attempted yet. */
  namespaceStates(
    policy: string,
    nowMs: number,
  ): { readonly namespaceStates: NamespaceState[]; readonly unattemptedCount: number; readonly unseenCount: number } {
    const progress = this.#progress.get(policy);
    if (progress === undefined) {
      return { namespaceStates: [], unattemptedCount: 0, unseenCount: 0 };
    }
    const namespaceStates = [...progress.states].map(
      ([namespace, { phase, reason, message, isWeakened, sinceMs }]): NamespaceState => ({
        namespace,
        phase,
        reason,
        message,
        isWeakened,
        pendingForMs: phase === 'Pending' ? nowMs - sinceMs : 0,
      }),
    );
    const unseenCount = [...progress.unattempted].filter((namespace) => !progress.states.has(namespace)).length;
    return { namespaceStates, unattemptedCount: progress.unattempted.size, unseenCount };
  }

  /** How many namespaces of each policy are in each phase, by policy and phase. */
  phaseCounts(): ReadonlyMap<string, ReadonlyMap<Phase, number>> {
    return new Map(
      [...this.#progress].map(([policy, { states }]) => {
        const counts = new Map<Phase, number>();
        for (const { phase } of states.values()) {
          counts.set(phase, (counts.get(phase) ?? 0) + 1);
        }
        return [policy, counts];
      }),
    );
  }

  /**
   * In how many namespaces some policy was to isolate and has not, in how many a foreign object blocks one, and in how
   * many another client's NetworkPolicy undoes the isolation.
   */
  troubleCounts(): { readonly unprotected: number; readonly conflicted: number; readonly weakened: number } {
    const unprotected = new Set<string>();
    const conflicted = new Set<string>();
    const weakened = new Set<string>();
    for (const { states } of this.#progress.values()) {
      for (const [namespace, state] of states) {
        if (state.isUnprotected) {
          unprotected.add(namespace);
        }
        if (state.reason === 'ForeignObject') {
          conflicted.add(namespace);
        }
        if (state.isWeakened) {
          weakened.add(namespace);
        }
      }
    }
    return { unprotected: unprotected.size, conflicted: conflicted.size, weakened: weakened.size };
  }

  /** The namespaces that a policy was reported for. */
  namespacesOf(policy: string): Iterable<string> {
    return this.#progress.get(policy)?.states.keys() ?? [];
  }

  #noteEntry(
    namespace: string,
    { entry, uid }: { readonly entry: ReportedEntry; readonly uid: string | undefined },
    nowMs: number,
  ): boolean {
    // A reconcile that began before the policy was deleted, recreated or changed says nothing about the present one.
    const progress = this.#progress.get(entry.policy);
    if (progress === undefined || progress.uid !== uid) {
      return false;
    }
    const isAttempt = entry.generation === progress.generation && progress.unattempted.delete(namespace);
    const before = progress.states.get(namespace);
    const now = {
      phase: entry.phase,
      reason: reasonOf(entry),
      message: entry.message ?? '',
      isUnprotected: entry.mode === 'Enforce' && !entry.inPlace,
      isWeakened: entry.isWeakened,
    };
    if (before !== undefined && isSame(before, now)) {
      return isAttempt;
    }
    progress.states.set(namespace, this.#sharedState(now, before?.phase === entry.phase ? before.sinceMs : nowMs));
    return true;
  }

  /** Ten thousand namespaces in the same state share one object. */
  #sharedState(now: Omit<State, 'sinceMs'>, sinceMs: number): State {
    if (now.phase === 'Pending') {
      return { ...now, sinceMs };
    }
    if (this.#lastState === undefined || !isSame(this.#lastState, now)) {
      this.#lastState = { ...now, sinceMs: 0 };
    }
    return this.#lastState;
  }

  #progressOf({ name, uid }: { readonly name: string; readonly uid: string }): Progress {
    const known = this.#progress.get(name);
    if (known?.uid === uid) {
      return known;
    }
    const empty: Progress = { uid, generation: -1, states: new Map(), unattempted: new Set() };
    this.#progress.set(name, empty);
    return empty;
  }
}

/** Replaces the counts of a namespace, from one name for each object, and returns the policies whose counts have changed. */
function noteCounts(counts: NamespaceCounts, namespace: string, owners: readonly string[]): readonly string[] {
  const before = counts.get(namespace) ?? NO_COUNTS;
  if (before.size === 0 && owners.length === 0) {
    return [];
  }
  const now = new Map<string, number>();
  for (const owner of owners) {
    now.set(owner, (now.get(owner) ?? 0) + 1);
  }
  if (now.size === 0) {
    counts.delete(namespace);
  } else {
    counts.set(namespace, now);
  }
  return [...new Set([...before.keys(), ...now.keys()])].filter((owner) => before.get(owner) !== now.get(owner));
}

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

function remove(progress: Progress, namespace: string): boolean {
  const wasExpected = progress.unattempted.delete(namespace);
  return progress.states.delete(namespace) || wasExpected;
}

function isSame(before: State, now: Omit<State, 'sinceMs'>): boolean {
  return (
    before.phase === now.phase &&
    before.reason === now.reason &&
    before.message === now.message &&
    before.isUnprotected === now.isUnprotected &&
    before.isWeakened === now.isWeakened
  );
}
