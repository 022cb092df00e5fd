import { baselinePolicyStatusSchema, type BaselinePolicyStatus } from '../api/baseline-policy.ts';
import { API_VERSION } from '../api/names.ts';
import { digestOf } from '../baseline/comparison.ts';
import { policyStatusFor, untilPendingCountsMs } from '../baseline/policy-status.ts';
import type { Clock, Timer } from '../clock.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { ObjectCache } from '../kube/object-cache.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Ledger } from './ledger.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Admit } from './policy-writer.ts';
import type { CachedPolicy } from './projections.ts';
import { BASELINE_POLICIES } from './resources.ts';
import { writeResultFor } from './write-result.ts';

/** A BaselinePolicy's status is written at most this often (R16), in milliseconds. */
export const STATUS_INTERVAL_MS = 1000;

interface Dependencies {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly policies: ObjectCache<CachedPolicy>;
  readonly book: PolicyBook;
  readonly ledger: Ledger;
  readonly metrics: Metrics;
  readonly nowTime: () => string;
}

/**
 * Writes the status of BaselinePolicies: on change only, each at most once a second, and never while a restart has not
 * yet looked at every namespace of a generation that was reported before (R16).
 */
export class StatusWriter {
  readonly #dependencies: Dependencies;
  readonly #admit: Admit;
  readonly #timers = new Map<string, Timer>();
  readonly #writtenMs = new Map<string, number>();
  readonly #inFlight = new Set<Promise<void>>();
  #isStarted = false;

  constructor(dependencies: Dependencies, admit: Admit) {
    this.#dependencies = dependencies;
    this.#admit = admit;
  }

  /** Begins to write, with every policy there is. */
  start(): void {
    this.#isStarted = true;
    for (const { name } of this.#dependencies.book.facts) this.touch(name);
  }

  /** Something that the policy's status counts may have changed. */
  touch(policy: string): void {
    if (!this.#isStarted || this.#timers.has(policy)) return;
    const sinceMs = this.#dependencies.clock.nowMs() - (this.#writtenMs.get(policy) ?? -STATUS_INTERVAL_MS);
    this.#schedule(policy, Math.max(0, STATUS_INTERVAL_MS - sinceMs));
  }

  /** Writes no more, and resolves when the writes under way are done. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#inFlight);
  }

  #schedule(policy: string, delayMs: number): void {
    this.#timers.get(policy)?.cancel();
    const timer = this.#dependencies.clock.after(delayMs, () => {
      this.#timers.delete(policy);
      const writing = this.#write(policy).finally(() => this.#inFlight.delete(writing));
      this.#inFlight.add(writing);
    });
    this.#timers.set(policy, timer);
  }

  async #write(policy: string): Promise<void> {
    const { book, ledger, policies, clock, nowTime } = this.#dependencies;
    const page = book.page(policy);
    if (page === undefined) return;
    const { generation, mode, uid } = page.facts;
    const standing = ledger.standings(policy, clock.nowMs());
    const previous = statusOf(policies.get({ namespace: '', name: policy })?.status);
    const status = policyStatusFor({ ...standing, generation, mode, problems: page.problems, discovered: book.discovered, discoveryProblem: page.discoveryProblem }, previous, nowTime());
    const isResuming = standing.unattemptedCount > 0 && previous?.observedGeneration === generation;
    const isNews = previous === undefined || digestOf(previous) !== digestOf(status);
    if (isNews && !isResuming) await this.#apply({ name: policy, uid }, status);
    const untilDueMs = untilPendingCountsMs(standing.standings);
    if (untilDueMs !== undefined) this.#later(policy, untilDueMs);
  }

  async #apply(policy: { readonly name: string; readonly uid: string }, status: BaselinePolicyStatus): Promise<void> {
    const { kube, clock, metrics, policies } = this.#dependencies;
    this.#writtenMs.set(policy.name, clock.nowMs());
    const written = await this.#admit(() => kube.apply(BASELINE_POLICIES, { apiVersion: API_VERSION, kind: BASELINE_POLICIES.kind, metadata: policy, status }, { subresource: 'status' }));
    metrics.wrote({ kind: BASELINE_POLICIES.kind, verb: 'apply', result: writeResultFor(written) });
    if (written.ok) policies.recordWrite(written.value);
    else if (written.error.kind !== 'notFound' && written.error.kind !== 'aborted') this.#later(policy.name, STATUS_INTERVAL_MS * 2);
  }

  #later(policy: string, delayMs: number): void {
    if (this.#isStarted && !this.#timers.has(policy)) this.#schedule(policy, Math.max(delayMs, STATUS_INTERVAL_MS));
  }
}

/** The status as it was last written, or undefined when there is none that we would have written. */
export function statusOf(status: unknown): BaselinePolicyStatus | undefined {
  const parsed = baselinePolicyStatusSchema.safeParse(status);
  return parsed.success && parsed.data.observedGeneration >= 0 ? parsed.data : undefined;
}
