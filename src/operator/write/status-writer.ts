import { type BaselinePolicyStatus, baselinePolicyStatusSchema } from '../../api/baseline-policy.ts';
import { ANNOTATIONS, API_VERSION, CONDITIONS, type ConditionType } from '../../api/names.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Clock } from '../../base/clock.ts';
import { confirmationLine } from '../../domain/planning/guard.ts';
import { isOfFormer } from '../../domain/planning/orphans.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import { fittedStatus } from '../../domain/reporting/fitted-status.ts';
import { missingPeers } from '../../domain/reporting/missing-peers.ts';
import {
  type KindProblem,
  type NamespaceState,
  policyStatusFor,
  untilPendingCountsMs,
} from '../../domain/reporting/policy-status.ts';
import type { Hold } from '../../domain/world.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import { STATUS_INTERVAL_MS, STATUS_RETRY } from '../queue/retry-policy.ts';
import { type QueueAction, WorkQueue } from '../queue/work-queue.ts';
import type { ChangeGuard } from '../state/change-guard.ts';
import type { CompiledPolicies, CompiledPolicy } from '../state/compiled-policies.ts';
import type { PeerNamespaces } from '../state/peer-namespaces.ts';
import type { CachedNetworkPolicy } from '../watch/cached-objects.ts';
import type { CachedBaselinePolicy } from '../watch/projections.ts';
import { BASELINE_POLICIES } from '../watch/resources.ts';

/** How many statuses are written at once. */
const STATUS_WORKERS = 16;
/** Answers that a retry does not change. */
const REFUSALS: readonly KubeError['kind'][] = ['forbidden', 'invalid', 'serverError', 'tooLarge', 'malformed'];

/** Why a status is not stored as it was computed: the API server refused it, or the CRD has no room for some of it. */
export type UnwrittenStatus =
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'leftOut'; readonly fields: readonly string[] };

interface Dependencies {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly baselinePolicies: ObjectCache<CachedBaselinePolicy>;
  readonly networkPolicies: ObjectCache<CachedNetworkPolicy>;
  readonly compiledPolicies: CompiledPolicies;
  readonly progress: PolicyProgressTracker;
  readonly guard: ChangeGuard;
  readonly peerNamespaces: Pick<PeerNamespaces, 'has'>;
  readonly nowTime: () => string;
  /** Whether no BaselinePolicy may be written, since its CRD would prune the spec. */
  readonly isPaused: () => boolean;
  /** Why objects of one of the operator's own kinds are not written; undefined when they are. */
  readonly kindProblem: () => KindProblem | undefined;
  /** Called with an unexpected throw, so that it is logged. */
  readonly onBug: (policy: string, cause: unknown) => void;
  /** Called when a status cannot be written, once for each cause in a row, or only in part. */
  readonly onUnwritten: (policy: string, cause: UnwrittenStatus) => void;
  /** Called when a change of a policy is held, and again when the held change is another. */
  readonly onHeld: (
    policy: { readonly name: string; readonly uid: string },
    condition: { readonly reason: Reason; readonly message: string },
  ) => void;
}

/**
 * Writes the status of BaselinePolicies: on change only, each at most once a second, and never while a restarted operator
 * has not yet checked every namespace of a generation that was finished before the restart (R16, status).
 */
export class StatusWriter {
  readonly #dependencies: Dependencies;
  readonly #queue: WorkQueue;
  readonly #writtenMs = new Map<string, number>();
  /** Generations that a former run had finished: their status stays as it is until every namespace was checked. */
  readonly #resumed = new Map<string, number>();
  /** The messages of the held changes that were last reported, by uid. */
  readonly #reportedHolds = new Map<string, string>();
  /** By policy, the last reported reason why its status could not be written as a whole. */
  readonly #reportedUnwritten = new Map<string, string>();
  /** The conditions of each policy that are True, by the status that was last computed. */
  readonly #trueConditions = new Map<string, readonly ConditionType[]>();
  #isStarted = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    const { clock, random } = dependencies;
    this.#queue = new WorkQueue({
      clock,
      random,
      workers: STATUS_WORKERS,
      work: (policy) => this.#write(policy),
      retry: STATUS_RETRY,
      onError: ({ key, cause }) => {
        dependencies.onBug(key, cause);
      },
    });
  }

  /** Begins to write, with every policy there is. */
  start(): void {
    this.#isStarted = true;
    const { compiledPolicies, baselinePolicies } = this.#dependencies;
    for (const { name, generation } of compiledPolicies.facts) {
      const status = statusOf(baselinePolicies.get({ namespace: '', name })?.status);
      if (status?.observedGeneration === generation && isFinished(status)) {
        this.#resumed.set(name, generation);
      }
      this.touch(name);
    }
    this.#queue.start();
  }

  /** Something that the policy's status counts may have changed. */
  touch(policy: string): void {
    if (!this.#isStarted) {
      return;
    }
    const sinceMs = this.#dependencies.clock.nowMs() - (this.#writtenMs.get(policy) ?? -STATUS_INTERVAL_MS);
    this.#queue.addAfter(policy, Math.max(0, STATUS_INTERVAL_MS - sinceMs));
  }

  /**
   * The conditions of a policy that are True: by the status that was last computed, even if it could not be written, or by
   * the stored one as long as none was computed.
   */
  trueConditionsOf(policy: string): readonly ConditionType[] {
    const stored = this.#dependencies.baselinePolicies.get({ namespace: '', name: policy })?.status;
    return this.#trueConditions.get(policy) ?? trueConditionsIn(statusOf(stored));
  }

  /** Starts no more writes, and resolves when the writes under way are done. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    await this.#queue.drain();
  }

  async #write(policy: string): Promise<QueueAction> {
    const { compiledPolicies, progress, baselinePolicies, clock } = this.#dependencies;
    const compiled = compiledPolicies.entry(policy);
    const cached = baselinePolicies.get({ namespace: '', name: policy });
    if (compiled === undefined || cached?.uid !== compiled.facts.uid) {
      this.#trueConditions.delete(policy);
      this.#reportedUnwritten.delete(policy);
      return { kind: 'forget' };
    }
    const { uid } = compiled.facts;
    const counted = progress.namespaceStates(policy, clock.nowMs());
    const previous = statusOf(cached.status);
    const { status, leftOut } = fittedStatus(this.#statusFor(compiled, counted, previous), previous);
    const isResuming = this.#isResuming(compiled.facts, counted.unattemptedCount);
    this.#trueConditions.set(policy, trueConditionsIn(isResuming ? previous : status));
    if (!isResuming && hasChanged(previous, status) && !this.#dependencies.isPaused()) {
      // An apply to /status ignores the uid. The version keeps it from a policy that was recreated under the same name.
      const isDone = await this.#apply({ name: policy, uid, resourceVersion: cached.resourceVersion }, status);
      if (!isDone) {
        return { kind: 'backoff', atLeastMs: STATUS_INTERVAL_MS };
      }
      this.#reportUnwritten(policy, leftOut.length === 0 ? undefined : { kind: 'leftOut', fields: leftOut });
    }
    return nextWriteFor(counted.namespaceStates);
  }

  /** Whether a former run had finished this generation, and this run has not yet checked every namespace (R16, status). */
  #isResuming(
    { name, generation }: { readonly name: string; readonly generation: number },
    unattempted: number,
  ): boolean {
    const isResuming = unattempted > 0 && this.#resumed.get(name) === generation;
    if (!isResuming) {
      this.#resumed.delete(name);
    }
    return isResuming;
  }

  #statusFor(
    { facts, problems, discoveryProblem, openRules }: CompiledPolicy,
    counted: ReturnType<PolicyProgressTracker['namespaceStates']>,
    previous: BaselinePolicyStatus | undefined,
  ): BaselinePolicyStatus {
    const { compiledPolicies, guard, nowTime, peerNamespaces } = this.#dependencies;
    const held = guard.heldChangesOf(facts).map(({ hold, namespaces, confirmation, cause }) => ({
      reason: hold,
      namespaces,
      cause,
      line: confirmationLine(facts.name, CONFIRMATION_ANNOTATIONS[hold], confirmation),
    }));
    const { generation, mode } = facts;
    const { discovered } = compiledPolicies;
    const orphanCount = this.#orphanCount(facts);
    const copyCount = this.#dependencies.progress.copyCount(facts.name);
    const missing = missingPeers(facts.parts ?? [], (selector) => peerNamespaces.has(selector));
    return policyStatusFor(
      {
        ...counted,
        generation,
        mode,
        problems,
        held,
        orphanCount,
        copyCount,
        missingPeers: missing,
        openRules,
        discovered,
        discoveryProblem,
        kindProblem: this.#dependencies.kindProblem(),
      },
      previous,
      nowTime(),
    );
  }

  /** R8 (deletion): managed objects of a former policy of this name, where this one selects nothing. */
  #orphanCount(policy: { readonly name: string; readonly uid: string }): number {
    let count = 0;
    for (const observed of this.#dependencies.networkPolicies.values()) {
      if (isOfFormer(observed, policy)) {
        count += 1;
      }
    }
    return count;
  }

  /** Returns false when the write has failed and is worth another attempt. */
  async #apply(
    policy: { readonly name: string; readonly uid: string; readonly resourceVersion: string },
    status: BaselinePolicyStatus,
  ): Promise<boolean> {
    const { kube, clock, baselinePolicies } = this.#dependencies;
    this.#writtenMs.set(policy.name, clock.nowMs());
    const written = await kube.apply(
      BASELINE_POLICIES,
      { apiVersion: API_VERSION, kind: BASELINE_POLICIES.kind, metadata: policy, status },
      { subresource: 'status' },
    );
    if (written.ok) {
      baselinePolicies.assume(written.value);
      this.#reportHolds(policy, status);
      return true;
    }
    const { kind, message } = written.error;
    if (kind === 'notFound' || kind === 'aborted') {
      return true;
    }
    if (REFUSALS.includes(kind)) {
      this.#reportUnwritten(policy.name, { kind: 'refused', message });
    }
    return false;
  }

  /** Reports a cause once, until there is another or none. */
  #reportUnwritten(policy: string, cause: UnwrittenStatus | undefined): void {
    const text = cause === undefined ? '' : JSON.stringify(cause);
    if (text === (this.#reportedUnwritten.get(policy) ?? '')) {
      return;
    }
    this.#reportedUnwritten.set(policy, text);
    if (cause !== undefined) {
      this.#dependencies.onUnwritten(policy, cause);
    }
  }

  #reportHolds(policy: { readonly name: string; readonly uid: string }, status: BaselinePolicyStatus): void {
    const held = status.conditions.filter(
      ({ type }) => type === CONDITIONS.removalHeld || type === CONDITIONS.isolationHeld,
    );
    // The confirmation says which change it is; what used the limit up may change while the change stays the same.
    const messages = held.map(({ message }) => message.slice(message.lastIndexOf('='))).join();
    if (messages !== '' && messages !== this.#reportedHolds.get(policy.uid)) {
      for (const { reason, message } of held) {
        this.#dependencies.onHeld(policy, { reason: reason as Reason, message });
      }
    }
    if (messages === '') {
      this.#reportedHolds.delete(policy.uid);
    } else {
      this.#reportedHolds.set(policy.uid, messages);
    }
  }
}

/** A namespace that stays Pending changes a condition without any further event (R16, status). */
function nextWriteFor(states: readonly NamespaceState[]): QueueAction {
  const untilCountedMs = untilPendingCountsMs(states);
  return untilCountedMs === undefined
    ? { kind: 'forget' }
    : { kind: 'after', delayMs: Math.max(STATUS_INTERVAL_MS, untilCountedMs) };
}

function trueConditionsIn(status: BaselinePolicyStatus | undefined): readonly ConditionType[] {
  const isTrue = (type: ConditionType): boolean =>
    status?.conditions.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  return Object.values(CONDITIONS).filter(isTrue);
}

function isFinished(status: BaselinePolicyStatus): boolean {
  return !status.conditions.some(({ type }) => type === CONDITIONS.reconciling);
}

const CONFIRMATION_ANNOTATIONS: Readonly<Record<Hold, string>> = {
  RemovalHeld: ANNOTATIONS.confirmRemoval,
  IsolationHeld: ANNOTATIONS.confirmIsolation,
};

/** The status as it was last written, or undefined when there is none that the operator would have written. */
export function statusOf(status: unknown): BaselinePolicyStatus | undefined {
  const parsed = baselinePolicyStatusSchema.safeParse(status);
  return parsed.success && parsed.data.observedGeneration >= 0 ? parsed.data : undefined;
}

function hasChanged(previous: BaselinePolicyStatus | undefined, status: BaselinePolicyStatus): boolean {
  return previous === undefined || digestOf(previous) !== digestOf(status);
}
