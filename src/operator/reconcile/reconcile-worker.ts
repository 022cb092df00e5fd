import type { Clock } from '../../base/clock.ts';
import { copiesIn } from '../../domain/planning/copies.ts';
import { isOfFormer } from '../../domain/planning/orphans.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { TimeToProtect } from '../progress/time-to-protect.ts';
import type { TransitionReporter } from '../progress/transition-reporter.ts';
import { ReconcileLog } from '../queue/reconcile-log.ts';
import type { Attempt, QueueAction } from '../queue/work-queue.ts';
import type { StatusWriter } from '../write/status-writer.ts';
import { type ReconcileContext, type Reconciled, reconcile } from './reconcile.ts';
import { resultFor } from './result-table.ts';
import type { StrayReports } from './stray-reports.ts';

interface Dependencies {
  readonly context: ReconcileContext;
  readonly clock: Clock;
  readonly progress: PolicyProgressTracker;
  readonly statusWriter: Pick<StatusWriter, 'touch'>;
  readonly transitionReporter: TransitionReporter;
  readonly timeToProtect: TimeToProtect;
  readonly metrics: Pick<Metrics, 'reconciled' | 'namespaceProtected'>;
  /** Looks after what a namespace that is gone has left. */
  readonly strayReports: Pick<StrayReports, 'check'>;
  readonly log: Log;
  /** Called after every reconcile, however it ended. */
  readonly onDone: () => void;
}

/** The work of the queue for each namespace: a reconcile, then everything that counts, reports and times it. A throw is counted and passed on. */
export function createReconcileWorker(
  dependencies: Dependencies,
): (namespace: string, attempt: Attempt) => Promise<QueueAction> {
  const { context, clock, metrics } = dependencies;
  return async (namespace, attempt) => {
    const startMs = clock.nowMs();
    const log = new ReconcileLog(dependencies.log, attempt.reconcileId);
    try {
      const waitMs = context.removalPace.waitMs(namespace);
      if (waitMs > 0) {
        return { kind: 'after', delayMs: waitMs };
      }
      const reconciled = await reconcile(namespace, attempt.priority, context);
      countOrphans(namespace, dependencies);
      countCopies(namespace, dependencies, log);
      if (reconciled === undefined) {
        forget(namespace, dependencies);
        return await dependencies.strayReports.check(namespace, log);
      }
      const { world, outcomes, reportWrite } = reconciled;
      const after403Ms = context.transientFailures.pauseAfter403Ms(namespace, outcomes);
      const { result, queue } = resultFor(outcomes.values(), reportWrite, {
        isHeld: world.holds.size > 0,
        isAwaitingDns: isAwaitingDns(reconciled.plans),
        isContested: world.contests.size > 0,
        optOutMs: optOutMsIn(reconciled.plans),
        after403Ms,
      });
      metrics.reconciled({ result, durationMs: clock.nowMs() - startMs });
      publish(reconciled, dependencies, { isFresh: attempt.priority === 'fresh', log });
      return queue;
    } catch (cause) {
      metrics.reconciled({ result: 'panic', durationMs: clock.nowMs() - startMs });
      throw cause;
    } finally {
      dependencies.onDone();
    }
  };
}

/** R8 (deletion): an orphan that comes or goes changes a status, also in a namespace that no policy selects. */
function countOrphans(namespace: string, { context, progress, statusWriter }: Dependencies): void {
  const { caches, compiledPolicies } = context;
  const owners = caches.networkPolicies
    .inNamespace(namespace)
    .flatMap((observed) =>
      compiledPolicies.facts.filter((policy) => isOfFormer(observed, policy)).map(({ name }) => name),
    );
  for (const policy of progress.noteOrphans(namespace, owners)) {
    statusWriter.touch(policy);
  }
}

/** R5 (ownership): copies are counted and reported, and otherwise left alone. */
function countCopies(
  namespace: string,
  { context, progress, statusWriter, transitionReporter }: Dependencies,
  log: Log,
): void {
  const { caches, compiledPolicies } = context;
  const facts = caches.namespaces.get({ namespace: '', name: namespace });
  const copies =
    facts === undefined
      ? []
      : copiesIn({
          namespace: facts,
          report: caches.reports.inNamespace(namespace)[0],
          observed: caches.networkPolicies.inNamespace(namespace),
          baselinePolicies: compiledPolicies.facts,
        });
  const owners = copies.map(({ policy }) => policy);
  for (const policy of progress.noteCopies(namespace, owners)) {
    statusWriter.touch(policy);
  }
  transitionReporter.copies(
    namespace,
    copies.map(({ observed }) => observed),
    log,
  );
}

/** A DNS that is missing for hours says nothing about our speed either; the time begins when it is believed. */
function isTimed({ report, plans }: Reconciled): boolean {
  return report !== undefined && !isAwaitingDns(plans);
}

/** Whether a policy that is enforced waits for the cluster's DNS (R14, discovery). */
function isAwaitingDns(plans: Reconciled['plans']): boolean {
  return plans.some(({ awaitedDns, frozen }) => awaitedDns !== undefined && frozen === undefined);
}

/** How long the opt-out that ends first still waits, in milliseconds. */
function optOutMsIn(plans: Reconciled['plans']): number | undefined {
  const waits = plans.flatMap(({ frozen, optOutWait }) =>
    frozen === 'OptingOut' && optOutWait !== undefined ? [optOutWait.waitMs] : [],
  );
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function forget(
  namespace: string,
  { context, progress, statusWriter, timeToProtect, transitionReporter }: Dependencies,
): void {
  context.guard.forget(namespace);
  context.optOuts.forget(namespace);
  context.transientFailures.forget(namespace);
  context.removalPace.forget(namespace);
  // The writers of both priorities share what they remember.
  context.writers.fresh.reports.forget(namespace);
  timeToProtect.cancel(namespace);
  transitionReporter.forget(namespace);
  for (const policy of progress.forget(namespace)) {
    statusWriter.touch(policy);
  }
}

function publish(
  reconciled: Reconciled,
  { progress, statusWriter, transitionReporter, timeToProtect, metrics, clock }: Dependencies,
  { isFresh, log }: { readonly isFresh: boolean; readonly log: Log },
): void {
  const { world, report } = reconciled;
  const namespace = world.namespace.name;
  if (reconciled.isReported) {
    const isWeakened = report?.status.weakened === 'open';
    const entries = (report?.entries ?? []).map((entry) => ({ ...entry, isWeakened }));
    for (const policy of progress.noteReport(namespace, { entries, policies: world.baselinePolicies }, clock.nowMs())) {
      statusWriter.touch(policy);
    }
  }
  // A conflict that people resolve hours later says nothing about our speed, so only the isolation ends the time.
  const isInPlace = report?.entries.every(({ mode, inPlace }) => mode !== 'Enforce' || inPlace) === true;
  const protectedAfterMs = isInPlace ? timeToProtect.stop(namespace) : undefined;
  if (!isTimed(reconciled)) {
    timeToProtect.cancel(namespace);
  }
  if (protectedAfterMs !== undefined) {
    metrics.namespaceProtected(protectedAfterMs);
  }
  transitionReporter.reconciled(reconciled, { isFresh, protectedAfterMs, log });
}
