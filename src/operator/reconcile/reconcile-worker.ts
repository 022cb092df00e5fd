import type { PolicyEntry } from '../../api/namespace-baseline.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Clock } from '../../base/clock.ts';
import { isOfFormer } from '../../domain/planning/orphans.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { TimeToProtect } from '../progress/time-to-protect.ts';
import type { TransitionReporter } from '../progress/transition-reporter.ts';
import { ReconcileLog } from '../queue/reconcile-log.ts';
import type { Attempt, Priority, QueueAction } from '../queue/work-queue.ts';
import type { StatusWriter } from '../write/status-writer.ts';
import { type ReconcileContext, type Reconciled, reconcile } from './reconcile.ts';
import { resultFor } from './result-table.ts';

interface Dependencies {
  /** How requests are made for each priority. */
  readonly contexts: Readonly<Record<Priority, ReconcileContext>>;
  readonly clock: Clock;
  readonly ledger: PolicyProgressTracker;
  readonly statusWriter: StatusWriter;
  readonly announcer: TransitionReporter;
  readonly stopwatch: TimeToProtect;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Called after every reconcile, however it ended. */
  readonly onDone: () => void;
}

/** What the queue calls for each namespace: a reconcile, then everything that counts, reports and times it. A throw is counted and passed on. */
export function createReconcileWorker(
  dependencies: Dependencies,
): (namespace: string, attempt: Attempt) => Promise<QueueAction> {
  const { contexts, clock, metrics } = dependencies;
  return async (namespace, attempt) => {
    const { priority } = attempt;
    const startMs = clock.nowMs();
    try {
      const reconciled = await reconcile(namespace, contexts[priority]);
      countOrphans(namespace, dependencies);
      if (reconciled === undefined) {
        return leave(namespace, dependencies);
      }
      const { world, outcomes, recorded } = reconciled;
      const after403Ms = contexts[priority].patience.pauseAfter403Ms(namespace, outcomes);
      const verdict = resultFor(outcomes.values(), recorded, {
        isHeld: world.holds.size > 0,
        isContested: world.contests.size > 0,
        after403Ms,
      });
      metrics.reconciled({ result: verdict.result, durationMs: clock.nowMs() - startMs });
      settle(reconciled, attempt, dependencies);
      return verdict.queue;
    } catch (cause) {
      metrics.reconciled({ result: 'panic', durationMs: clock.nowMs() - startMs });
      throw cause;
    } finally {
      dependencies.onDone();
    }
  };
}

/** R8: also where no policy is concerned with the namespace, an orphan that comes or goes changes a status. */
function countOrphans(namespace: string, { contexts, ledger, statusWriter }: Dependencies): void {
  const { caches, book } = contexts.resync;
  const owners = caches.networkPolicies
    .inNamespace(namespace)
    .flatMap((observed) => book.facts.filter((policy) => isOfFormer(observed, policy)).map(({ name }) => name));
  for (const policy of ledger.enterOrphans(namespace, owners)) {
    statusWriter.touch(policy);
  }
}

function leave(namespace: string, { contexts, ledger, statusWriter, stopwatch, announcer }: Dependencies): QueueAction {
  contexts.fresh.guard.forget(namespace);
  contexts.fresh.patience.forget(namespace);
  contexts.fresh.recordWriter.forget(namespace);
  stopwatch.cancel(namespace);
  announcer.forget(namespace);
  for (const policy of ledger.forget(namespace)) {
    statusWriter.touch(policy);
  }
  return { kind: 'forget' };
}

function settle(reconciled: Reconciled, { priority, reconcileId }: Attempt, dependencies: Dependencies): void {
  const { world, report } = reconciled;
  const { ledger, statusWriter, announcer, stopwatch, metrics, clock } = dependencies;
  const namespace = world.namespace.name;
  const entries = (report?.entries ?? []).map((entry) => ({
    ...entry,
    readyReason: readyReasonOf(entry),
    isWeakened: report?.status.weakenedBy !== undefined,
  }));
  if (reconciled.isToBeTold) {
    for (const policy of ledger.enter(namespace, { entries, policies: world.baselinePolicies }, clock.nowMs())) {
      statusWriter.touch(policy);
    }
  }
  // A conflict that is mended by hand hours later says nothing about how fast we are: what counts is the isolation.
  const isInPlace = report?.entries.every(({ mode, inPlace }) => mode !== 'Enforce' || inPlace) === true;
  const protectedAfterMs = isInPlace ? stopwatch.stop(namespace) : undefined;
  if (report === undefined) {
    stopwatch.cancel(namespace);
  }
  if (protectedAfterMs !== undefined) {
    metrics.namespaceProtected(protectedAfterMs);
  }
  const log = new ReconcileLog(dependencies.log, reconcileId);
  announcer.reconciled(reconciled, { isFresh: priority === 'fresh', protectedAfterMs, log });
}

/** The reason in a condition; an entry leaves it out where it is the phase's own name. */
export function readyReasonOf(entry: PolicyEntry): Reason {
  return (entry.reason ?? entry.phase) as Reason;
}
