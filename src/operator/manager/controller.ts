import type { Clock } from '../../base/clock.ts';
import { planFor } from '../../domain/planning/plan.ts';
import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { type Heartbeat, heartbeat } from '../../telemetry/checks.ts';
import type { EventRecorder } from '../../telemetry/events.ts';
import type { Log } from '../../telemetry/log.ts';
import type { GaugeState, Metrics } from '../../telemetry/metrics.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import { EventHandlers } from '../enqueue/event-handlers.ts';
import { type Priority, WorkQueue } from '../enqueue/work-queue.ts';
import { PolicyProgressTracker } from '../progress/policy-progress.ts';
import { TimeToProtect } from '../progress/time-to-protect.ts';
import { TransitionReporter } from '../progress/transition-reporter.ts';
import { ChangeGuard, type GuardLimits } from '../reconcile/change-guard.ts';
import { CompiledPolicies } from '../reconcile/compiled-policies.ts';
import { ContestTracker } from '../reconcile/contest-tracker.ts';
import { DeletionReconciler } from '../reconcile/deletion-reconciler.ts';
import { type ReconcileContext, snapshotOf, type Writers } from '../reconcile/reconcile.ts';
import { createReconcileWorker } from '../reconcile/reconcile-worker.ts';
import { ServerDefaults } from '../reconcile/server-defaults.ts';
import { TransientFailures } from '../reconcile/transient-failures.ts';
import type { Caches } from '../watch/caches.ts';
import { NetworkPolicyWriter } from '../write/network-policy-writer.ts';
import { priorityClients } from '../write/priority-clients.ts';
import { ReportRateLimit } from '../write/report-rate-limit.ts';
import { ReportWriter } from '../write/report-writer.ts';
import { StatusWriter } from '../write/status-writer.ts';

/** No reconcile finished for so long although work was waiting: the loop is stuck. */
const LOOP_LIMIT_MS = 120_000;
/** How many policies' finalizers are seen to at once. */
const FINALIZER_WORKERS = 4;

/** What an engine runs on. All of it can be replaced in a simulation. */
export interface ControllerOptions {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly flow: ConcurrencyLimiter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly workers: number;
  readonly discovery: DiscoveryState;
  readonly guardLimits: GuardLimits;
  /** Whether a newer version led before, so that what it rendered is left as it is (R15). */
  readonly isNewerAtWork: () => boolean;
}

/** The loop and all that hangs on it, put together once. */
export interface Controller {
  readonly reactions: EventHandlers;
  readonly statusWriter: StatusWriter;
  /** Tries at once what waits after a failure: the API server was away and is back. */
  hasten(): void;
  /** Finishes the work in hand and begins no other. */
  drain(): Promise<void>;
  readonly heartbeat: Heartbeat;
  /** What the gauges show of it. */
  state(): Pick<
    GaugeState,
    'policies' | 'unprotectedNamespaces' | 'weakenedNamespaces' | 'conflicts' | 'contested' | 'queue'
  >;
}

/** Puts the loop together. Nothing runs until `reactions.begin()` and `statusWriter.start()`. */
export function createController(parts: ControllerOptions): Controller {
  const { kube, caches, flow, clock, random, log, metrics, events, workers } = parts;
  const book = new CompiledPolicies(parts.discovery);
  const ledger = new PolicyProgressTracker();
  const equivalences = new ServerDefaults();
  const stopwatch = new TimeToProtect(clock);
  const pulse = heartbeat({ name: 'reconcile-loop', clock, limitMs: LOOP_LIMIT_MS });
  const nowTime = (): string => `${clock.wallTime().toISOString().slice(0, 19)}Z`;
  const clients = priorityClients(kube, { limiter: flow, metrics });
  const announcer = new TransitionReporter(log, events);
  const guard = new ChangeGuard({ caches, clock, limits: parts.guardLimits });
  const repairLog = new ContestTracker(clock);
  const pace = new ReportRateLimit(repairLog);
  const patience = new TransientFailures();
  const { baselinePolicies, networkPolicies, reports, namespaces } = caches;
  const statusWriter = new StatusWriter({
    kube: clients.resync,
    clock,
    random,
    baselinePolicies,
    networkPolicies,
    compiledPolicies: book,
    progress: ledger,
    guard,
    nowTime,
    onHeld: (policy, condition) => {
      announcer.held(policy, condition);
    },
    onBug: (policy, cause) => {
      log.error({ policy, err: cause }, 'status could not be made');
    },
  });
  const writersFor = (priority: Priority): Writers => ({
    networkPolicies: new NetworkPolicyWriter({
      kube: clients[priority],
      networkPolicies,
      serverDefaults: equivalences,
      contestTracker: repairLog,
      onDriftRepaired: (drift) => {
        metrics.driftRepaired(drift);
      },
    }),
    reports: new ReportWriter({ kube: clients[priority], reports, namespaces, rateLimit: pace }),
  });
  const context: ReconcileContext = {
    caches,
    compiledPolicies: book,
    serverDefaults: equivalences,
    guard,
    contestTracker: repairLog,
    transientFailures: patience,
    writers: { fresh: writersFor('fresh'), resync: writersFor('resync') },
    hasNewerLed: parts.isNewerAtWork,
    nowTime,
  };
  const onBug = (namespace: string, cause: unknown): void => {
    log.error({ namespace, err: cause }, 'reconcile failed unexpectedly');
  };
  const work = createReconcileWorker({
    context,
    clock,
    progress: ledger,
    statusWriter,
    transitionReporter: announcer,
    timeToProtect: stopwatch,
    metrics,
    onBug,
    onDone: () => {
      pulse.beat();
    },
  });
  const queue = new WorkQueue({ clock, random, workers, work });
  const assess = (namespace: string): void => {
    try {
      const world = snapshotOf(namespace, context);
      if (world === undefined) {
        guard.forget(namespace);
      } else {
        guard.consider(world, planFor(world));
      }
    } catch (cause) {
      // Its reconcile will meet the same, and wait by itself: neither a watch nor the start stands still for one namespace.
      onBug(namespace, cause);
    }
  };
  const onRemoving = (policy: string): void => {
    reactions.removalDecided(policy);
  };
  const deletions = new DeletionReconciler({
    kube: clients.fresh,
    caches,
    compiledPolicies: book,
    log,
    onRemovalDecided: onRemoving,
  });
  const finalizers = new WorkQueue({
    clock,
    random,
    workers: FINALIZER_WORKERS,
    work: (policy) => deletions.reconcile(policy),
  });
  const reactions: EventHandlers = new EventHandlers({
    caches,
    book,
    ledger,
    queue,
    finalizers,
    guard,
    assess,
    statusWriter,
    stopwatch,
    log,
  });
  const state = (): ReturnType<Controller['state']> => {
    if (queue.isIdle) {
      pulse.beat();
    }
    const { unprotected, conflicted, weakened } = ledger.troubleCounts();
    return {
      policies: book.facts.map(({ name }) => ({
        policy: name,
        phases: Object.fromEntries(ledger.phaseCounts().get(name) ?? []),
      })),
      unprotectedNamespaces: unprotected,
      weakenedNamespaces: weakened,
      conflicts: conflicted,
      contested: repairLog.contestedCount(),
      queue: {
        depth: { fresh: queue.depth('fresh'), resync: queue.depth('resync') },
        oldestMs: queue.oldestMs(),
        retries: queue.retries,
      },
    };
  };
  const loopCheck: Heartbeat = {
    ...pulse,
    check: () => {
      if (queue.isIdle) {
        pulse.beat();
      }
      return pulse.check();
    },
  };
  const drain = async (): Promise<void> => {
    await Promise.all([queue.drain(), finalizers.drain()]);
    await statusWriter.stop();
  };
  const hasten = (): void => {
    queue.retryNow();
    finalizers.retryNow();
  };
  return { reactions, statusWriter, hasten, drain, heartbeat: loopCheck, state };
}
