import { type BaselinePolicyStatus, baselinePolicyStatusSchema } from '../../api/baseline-policy.ts';
import { ANNOTATIONS, API_VERSION, CONDITIONS } from '../../api/names.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { confirmationLine } from '../../domain/planning/guard.ts';
import { isOfFormer } from '../../domain/planning/orphans.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import { policyStatusFor, untilPendingCountsMs } from '../../domain/reporting/policy-status.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { writeResultFor } from '../../telemetry/write-result.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { ChangeGuard } from '../state/change-guard.ts';
import type { CompiledPolicies } from '../state/compiled-policies.ts';
import type { CachedNetworkPolicy } from '../watch/cached-objects.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';
import { BASELINE_POLICIES } from '../watch/resources.ts';
import type { Throttle } from './network-policy-writer.ts';

/** A BaselinePolicy's status is written at most this often (R16), in milliseconds. */
export const STATUS_INTERVAL_MS = 1000;
/** The longest pause between attempts at a status that cannot be written, in milliseconds. */
const LONGEST_PAUSE_MS = 30_000;

interface Dependencies {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly policies: ObjectCache<CachedBaselinePolicy>;
  readonly book: CompiledPolicies;
  readonly ledger: PolicyProgressTracker;
  readonly guard: ChangeGuard;
  readonly networkPolicies: ObjectCache<CachedNetworkPolicy>;
  readonly metrics: Metrics;
  readonly nowTime: () => string;
  /** Told of what should never happen, so that it is logged. */
  readonly onBug: (policy: string, cause: unknown) => void;
  /** Told when a change begins to wait for a confirmation, and again when what it would do changes. */
  readonly onHeld: (
    policy: { readonly name: string; readonly uid: string },
    condition: { readonly reason: Reason; readonly message: string },
  ) => void;
}

/**
 * Writes the status of BaselinePolicies: on change only, each at most once a second, and never while a restart has not
 * yet looked at every namespace of a generation that was reported before (R16).
 */
export class StatusWriter {
  readonly #dependencies: Dependencies;
  readonly #admit: Throttle;
  readonly #timers = new Map<string, { readonly timer: Timer; readonly dueMs: number }>();
  readonly #writtenMs = new Map<string, number>();
  /** Generations that a former run had finished with: while they are only looked through again, their status stands. */
  readonly #resumed = new Map<string, number>();
  /** How often in a row a status could not be written, by policy. */
  readonly #failures = new Map<string, number>();
  /** What was last told of held changes, by uid. */
  readonly #told = new Map<string, string>();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** Policies whose turn came while a write of theirs was under way, which knew nothing of why. */
  readonly #overtaken = new Set<string>();
  #isStarted = false;

  constructor(dependencies: Dependencies, admit: Throttle) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Begins to write, with every policy there is. */
  start(): void {
    this.#isStarted = true;
    const { book, policies } = this.#dependencies;
    for (const { name, generation } of book.facts) {
      const status = statusOf(policies.get({ namespace: '', name })?.status);
      if (status?.observedGeneration === generation && isSettled(status)) {
        this.#resumed.set(name, generation);
      }
      this.touch(name);
    }
  }

  /** Something that the policy's status counts may have changed. */
  touch(policy: string): void {
    if (!this.#isStarted) {
      return;
    }
    const sinceMs = this.#dependencies.clock.nowMs() - (this.#writtenMs.get(policy) ?? -STATUS_INTERVAL_MS);
    this.#schedule(policy, Math.max(0, STATUS_INTERVAL_MS - sinceMs));
  }

  /** Writes no more, and resolves when the writes under way are done. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    for (const { timer } of this.#timers.values()) {
      timer.cancel();
    }
    this.#timers.clear();
    await Promise.all(this.#inFlight.values());
  }

  /** The earlier of two times counts: what happens now does not wait for what was put off. */
  #schedule(policy: string, delayMs: number): void {
    const dueMs = this.#dependencies.clock.nowMs() + delayMs;
    const waiting = this.#timers.get(policy);
    if (waiting !== undefined && waiting.dueMs <= dueMs) {
      return;
    }
    waiting?.timer.cancel();
    const timer = this.#dependencies.clock.after(delayMs, () => {
      this.#timers.delete(policy);
      if (this.#inFlight.has(policy)) {
        this.#overtaken.add(policy);
        return;
      }
      const writing = this.#write(policy)
        .catch((cause: unknown) => {
          this.#dependencies.onBug(policy, cause);
          this.#later(policy, STATUS_INTERVAL_MS * 10);
        })
        .finally(() => {
          this.#inFlight.delete(policy);
          if (this.#overtaken.delete(policy)) {
            this.touch(policy);
          }
        });
      this.#inFlight.set(policy, writing);
    });
    this.#timers.set(policy, { timer, dueMs });
  }

  async #write(policy: string): Promise<void> {
    const { book, ledger, guard, policies, clock, nowTime } = this.#dependencies;
    const page = book.entry(policy);
    const cached = policies.get({ namespace: '', name: policy });
    if (page === undefined || cached?.uid !== page.facts.uid) {
      return;
    }
    const { generation, mode, uid } = page.facts;
    const standing = ledger.standings(policy, clock.nowMs());
    const previous = statusOf(cached.status);
    const held = guard.heldChangesOf(page.facts).map(({ hold, namespaces, confirmation }) => ({
      reason: hold,
      namespaces,
      line: confirmationLine(policy, ANNOTATION_FOR[hold], confirmation),
    }));
    const { problems, discoveryProblem } = page;
    const status = policyStatusFor(
      {
        ...standing,
        generation,
        mode,
        problems,
        held,
        orphanCount: this.#orphanCount(page.facts),
        discovered: book.discovered,
        discoveryProblem,
      },
      previous,
      nowTime(),
    );
    const isResuming = standing.unattemptedCount > 0 && this.#resumed.get(policy) === generation;
    if (!isResuming) {
      this.#resumed.delete(policy);
    }
    const isNews = previous === undefined || digestOf(previous) !== digestOf(status);
    // An apply to /status does not look at the uid, so the version keeps it from a policy that came anew under the name.
    if (isNews && !isResuming) {
      await this.#apply({ name: policy, uid, resourceVersion: cached.resourceVersion }, status);
    }
    const untilDueMs = untilPendingCountsMs(standing.standings);
    if (untilDueMs !== undefined) {
      this.#later(policy, untilDueMs);
    }
  }

  /** R8: managed objects of a former policy of this name, where this one selects nothing. */
  #orphanCount(policy: { readonly name: string; readonly uid: string }): number {
    let count = 0;
    for (const observed of this.#dependencies.networkPolicies.values()) {
      if (isOfFormer(observed, policy)) {
        count += 1;
      }
    }
    return count;
  }

  async #apply(
    policy: { readonly name: string; readonly uid: string; readonly resourceVersion: string },
    status: BaselinePolicyStatus,
  ): Promise<void> {
    const { kube, clock, metrics, policies } = this.#dependencies;
    this.#writtenMs.set(policy.name, clock.nowMs());
    const written = await this.#admit(() =>
      kube.apply(
        BASELINE_POLICIES,
        { apiVersion: API_VERSION, kind: BASELINE_POLICIES.kind, metadata: policy, status },
        { subresource: 'status' },
      ),
    );
    metrics.wrote({ kind: BASELINE_POLICIES.kind, verb: 'apply', result: writeResultFor(written) });
    if (written.ok) {
      this.#failures.delete(policy.name);
      policies.assume(written.value);
      this.#tellOfHolds(policy, status);
    } else if (written.error.kind !== 'notFound' && written.error.kind !== 'aborted') {
      this.#later(policy.name, this.#pauseMs(policy.name));
    }
  }

  /** Ever longer, so that a server that is in trouble is not asked for each policy every other second; what happens meanwhile brings it forward. */
  #pauseMs(policy: string): number {
    const failures = this.#failures.get(policy) ?? 0;
    this.#failures.set(policy, failures + 1);
    return Math.min(LONGEST_PAUSE_MS, STATUS_INTERVAL_MS * 2 ** Math.min(failures + 1, 10));
  }

  #tellOfHolds(policy: { readonly name: string; readonly uid: string }, status: BaselinePolicyStatus): void {
    const held = status.conditions.filter(
      ({ type }) => type === CONDITIONS.removalHeld || type === CONDITIONS.isolationHeld,
    );
    const told = held.map(({ message }) => message).join();
    if (told !== '' && told !== this.#told.get(policy.uid)) {
      for (const { reason, message } of held) {
        this.#dependencies.onHeld(policy, { reason: reason as Reason, message });
      }
    }
    if (told === '') {
      this.#told.delete(policy.uid);
    } else {
      this.#told.set(policy.uid, told);
    }
  }

  #later(policy: string, delayMs: number): void {
    if (this.#isStarted) {
      this.#schedule(policy, Math.max(delayMs, STATUS_INTERVAL_MS));
    }
  }
}

function isSettled(status: BaselinePolicyStatus): boolean {
  return !status.conditions.some(({ type }) => type === CONDITIONS.reconciling);
}

const ANNOTATION_FOR = {
  RemovalHeld: ANNOTATIONS.confirmRemoval,
  IsolationHeld: ANNOTATIONS.confirmIsolation,
} as const;

/** The status as it was last written, or undefined when there is none that we would have written. */
export function statusOf(status: unknown): BaselinePolicyStatus | undefined {
  const parsed = baselinePolicyStatusSchema.safeParse(status);
  return parsed.success && parsed.data.observedGeneration >= 0 ? parsed.data : undefined;
}
