import type { Phase, PolicyEntry } from '../../api/namespace-baseline.ts';
import type { Reason } from '../../api/reasons.ts';
import type { NamespaceState } from '../../domain/reporting/policy-status.ts';

/** An entry of a NamespaceBaseline with what is counted beside it. */
export interface ReportedEntry extends PolicyEntry {
  readonly readyReason: Reason;
  /** Whether somebody else's NetworkPolicy undoes the isolation of the namespace (R17). */
  readonly isWeakened: boolean;
}

/** One generation of one BaselinePolicy. */
export interface PolicyVersion {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

interface Line {
  readonly phase: Phase;
  readonly reason: Reason;
  readonly message: string;
  /** Whether it was to be isolated and is not. */
  readonly isOpen: boolean;
  readonly isWeakened: boolean;
  /** When a Pending phase began, on the monotonic clock; of no other is it asked. */
  readonly sinceMs: number;
}

/** Everything known of one policy's namespaces. */
interface Account {
  uid: string;
  generation: number;
  readonly lines: Map<string, Line>;
  readonly unattempted: Set<string>;
}

/**
 * How every namespace stands with every policy, as its last reconcile found it: what statuses and metrics are counted
 * from. It holds nothing that a restart could not find out again.
 */
export class PolicyProgressTracker {
  readonly #accounts = new Map<string, Account>();
  /** By namespace, whose orphans are there, as one text. */
  readonly #orphaned = new Map<string, string>();
  #lastLine: Line | undefined;

  /** A policy changed, and these are the namespaces that it selects now: each is to be attempted. */
  expect(policy: PolicyVersion, namespaces: Iterable<string>): void {
    const account = this.#account(policy);
    account.generation = policy.generation;
    account.unattempted.clear();
    for (const namespace of namespaces) {
      account.unattempted.add(namespace);
    }
  }

  /**
   * A namespace was attempted with these policies, and this is what its report says of them; gives back the policies
   * concerned. What it does not say of a policy counts only where it knew that policy as it is now.
   */
  enter(
    namespace: string,
    { entries, policies }: { readonly entries: readonly ReportedEntry[]; readonly policies: readonly PolicyVersion[] },
    nowMs: number,
  ): readonly string[] {
    const concerned: string[] = [];
    const known = new Map(policies.map((policy) => [policy.name, policy]));
    const reported = new Set(entries.map(({ policy }) => policy));
    for (const [policy, account] of this.#accounts) {
      const seen = known.get(policy);
      const isUpToDate = seen?.uid === account.uid && seen.generation === account.generation;
      if (!reported.has(policy) && isUpToDate && remove(account, namespace)) {
        concerned.push(policy);
      }
    }
    for (const entry of entries) {
      if (this.#enterOne(namespace, { entry, uid: known.get(entry.policy)?.uid }, nowMs)) {
        concerned.push(entry.policy);
      }
    }
    return concerned;
  }

  /** R8: in a namespace there are orphans of these policies, one name for each; gives back the policies of which there were more or fewer. */
  enterOrphans(namespace: string, owners: readonly string[]): readonly string[] {
    const [before = '', now] = [this.#orphaned.get(namespace), [...owners].sort().join(' ')];
    if (before === now) {
      return [];
    }
    if (now === '') {
      this.#orphaned.delete(namespace);
    } else {
      this.#orphaned.set(namespace, now);
    }
    return [...new Set([...before.split(' '), ...owners])].filter((owner) => owner !== '');
  }

  /** A namespace is gone; gives back the policies concerned. */
  forget(namespace: string): readonly string[] {
    return [...this.#accounts].flatMap(([policy, account]) => (remove(account, namespace) ? [policy] : []));
  }

  /** A policy is gone. */
  close(policy: string): void {
    this.#accounts.delete(policy);
  }

  /** How the namespaces of one policy stand. */
  standings(
    policy: string,
    nowMs: number,
  ): { readonly standings: NamespaceState[]; readonly unattemptedCount: number; readonly unseenCount: number } {
    const account = this.#accounts.get(policy);
    if (account === undefined) {
      return { standings: [], unattemptedCount: 0, unseenCount: 0 };
    }
    const standings = [...account.lines].map(([namespace, { phase, reason, message, isWeakened, sinceMs }]) => ({
      namespace,
      phase,
      reason,
      message,
      isWeakened,
      pendingForMs: phase === 'Pending' ? nowMs - sinceMs : 0,
    }));
    const unseenCount = [...account.unattempted].filter((namespace) => !account.lines.has(namespace)).length;
    return { standings, unattemptedCount: account.unattempted.size, unseenCount };
  }

  /** How many namespaces of each policy are in each phase, by policy and phase. */
  counts(): ReadonlyMap<string, ReadonlyMap<Phase, number>> {
    return new Map(
      [...this.#accounts].map(([policy, account]) => {
        const counts = new Map<Phase, number>();
        for (const { phase } of account.lines.values()) {
          counts.set(phase, (counts.get(phase) ?? 0) + 1);
        }
        return [policy, counts];
      }),
    );
  }

  /** How many namespaces a policy was to isolate and has not, in how many a foreign object stands in the way, and in how many one undoes the isolation. */
  troubles(): { readonly unprotected: number; readonly conflicted: number; readonly weakened: number } {
    const unprotected = new Set<string>();
    const conflicted = new Set<string>();
    const weakened = new Set<string>();
    for (const { lines } of this.#accounts.values()) {
      for (const [namespace, line] of lines) {
        if (line.isOpen) {
          unprotected.add(namespace);
        }
        if (line.reason === 'ForeignObject') {
          conflicted.add(namespace);
        }
        if (line.isWeakened) {
          weakened.add(namespace);
        }
      }
    }
    return { unprotected: unprotected.size, conflicted: conflicted.size, weakened: weakened.size };
  }

  /** Namespaces that a policy is concerned with as far as was reported. */
  namespacesOf(policy: string): Iterable<string> {
    return this.#accounts.get(policy)?.lines.keys() ?? [];
  }

  #enterOne(
    namespace: string,
    { entry, uid }: { readonly entry: ReportedEntry; readonly uid: string | undefined },
    nowMs: number,
  ): boolean {
    // A reconcile that began before the policy went, came anew or changed says nothing about the present one.
    const account = this.#accounts.get(entry.policy);
    if (account === undefined || account.uid !== uid) {
      return false;
    }
    const isAttempt = entry.generation === account.generation && account.unattempted.delete(namespace);
    const before = account.lines.get(namespace);
    const said = {
      phase: entry.phase,
      reason: entry.readyReason,
      message: entry.message ?? '',
      isOpen: entry.mode === 'Enforce' && !entry.inPlace,
      isWeakened: entry.isWeakened,
    };
    if (before !== undefined && isSame(before, said)) {
      return isAttempt;
    }
    account.lines.set(namespace, this.#line(said, before?.phase === entry.phase ? before.sinceMs : nowMs));
    return true;
  }

  /** Ten thousand namespaces that stand alike share one line. */
  #line(said: Omit<Line, 'sinceMs'>, sinceMs: number): Line {
    if (said.phase === 'Pending') {
      return { ...said, sinceMs };
    }
    if (this.#lastLine === undefined || !isSame(this.#lastLine, said)) {
      this.#lastLine = { ...said, sinceMs: 0 };
    }
    return this.#lastLine;
  }

  #account({ name, uid }: { readonly name: string; readonly uid: string }): Account {
    const known = this.#accounts.get(name);
    if (known?.uid === uid) {
      return known;
    }
    const opened: Account = { uid, generation: -1, lines: new Map(), unattempted: new Set() };
    this.#accounts.set(name, opened);
    return opened;
  }
}

function remove(account: Account, namespace: string): boolean {
  const wasExpected = account.unattempted.delete(namespace);
  return account.lines.delete(namespace) || wasExpected;
}

function isSame(before: Line, said: Omit<Line, 'sinceMs'>): boolean {
  return (
    before.phase === said.phase &&
    before.reason === said.reason &&
    before.message === said.message &&
    before.isOpen === said.isOpen &&
    before.isWeakened === said.isWeakened
  );
}
