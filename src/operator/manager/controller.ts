import type { Clock } from '../../base/clock.ts';
import { wholeSecondTime } from '../../base/whole-second-time.ts';
import { unselectedCount } from '../../domain/selection.ts';
import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { type Check, type Heartbeat, heartbeat } from '../../telemetry/checks.ts';
import type { EventRecorder } from '../../telemetry/events.ts';
import type { Log } from '../../telemetry/log.ts';
import type { GaugeState, Metrics } from '../../telemetry/metrics.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import { EventHandlers } from '../enqueue/event-handlers.ts';
import { PolicyProgressTracker } from '../progress/policy-progress.ts';
import { TimeToProtect } from '../progress/time-to-protect.ts';
import { TransitionReporter } from '../progress/transition-reporter.ts';
import { ReconcileLog } from '../queue/reconcile-log.ts';
import { type Attempt, type FailedAttempt, type Priority, type QueueAction, WorkQueue } from '../queue/work-queue.ts';
import { DeletionReconciler } from '../reconcile/deletion-reconciler.ts';
import { type ReconcileContext, snapshotOf, type Writers } from '../reconcile/reconcile.ts';
import { createReconcileWorker } from '../reconcile/reconcile-worker.ts';
import { StrayReports } from '../reconcile/stray-reports.ts';
import { TransientFailures } from '../reconcile/transient-failures.ts';
import { CachedNamespacesAtHand } from '../state/cached-namespaces-at-hand.ts';
import { ChangeGuard, type GuardLimits } from '../state/change-guard.ts';
import { CompiledPolicies } from '../state/compiled-policies.ts';
import { ContestTracker } from '../state/contest-tracker.ts';
import { OptOutTracker } from '../state/opt-out-tracker.ts';
import { PeerNamespaces } from '../state/peer-namespaces.ts';
import { RemovalPace } from '../state/removal-pace.ts';
import { ReportRights } from '../state/report-rights.ts';
import type { ServedKinds } from '../state/served-kinds.ts';
import { ServerDefaults } from '../state/server-defaults.ts';
import type { Caches } from '../watch/caches.ts';
import { BASELINE_POLICIES } from '../watch/resources.ts';
import { NetworkPolicyWriter } from '../write/network-policy-writer.ts';
import { priorityClients, waitingRequests } from '../write/priority-clients.ts';
import { ReportRateLimit } from '../write/report-rate-limit.ts';
import { ReportWriter } from '../write/report-writer.ts';
import { StatusWriter } from '../write/status-writer.ts';

/** The controller is stuck when no reconcile has finished for this long although keys wait. */
const LOOP_LIMIT_MS = 120_000;
/** How many policies' finalizers are reconciled at the same time. */
const DELETION_WORKERS = 4;

/** What a controller is made of. A simulation can replace all of it. */
export interface ControllerOptions {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly flow: ConcurrencyLimiter;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** How many namespaces are reconciled at the same time. */
  readonly workers: number;
  readonly discovery: DiscoveryState;
  readonly guardLimits: GuardLimits;
  /** Which of the operator's own kinds may be written. */
  readonly servedKinds: Pick<ServedKinds, 'isPaused' | 'problem'>;
  /** Whether a newer version led before, so that its rendering is left as it is (R15, leadership). */
  readonly hasNewerLed: () => boolean;
}

/** The queues, reconcilers and writers of one term as leader. */
export class Controller {
  /** Receives the events of the watches. */
  readonly handlers: EventHandlers;
  /** Fails when no reconcile has finished for too long although keys wait. */
  readonly heartbeat: Check;
  readonly #options: ControllerOptions;
  readonly #compiled: CompiledPolicies;
  readonly #guard: ChangeGuard;
  readonly #contests: ContestTracker;
  readonly #peerNamespaces: PeerNamespaces;
  readonly #progress = new PolicyProgressTracker();
  readonly #clients: Readonly<Record<Priority, KubeClient>>;
  readonly #timeToProtect: TimeToProtect;
  readonly #serverDefaults = new ServerDefaults();
  readonly #reportRights = new ReportRights(() => {
    this.#touchAll();
  });
  readonly #transientFailures: TransientFailures;
  readonly #transitions: TransitionReporter;
  readonly #statusWriter: StatusWriter;
  readonly #namespaces: WorkQueue;
  /** Policies by name, for their finalizers. */
  readonly #deletions: WorkQueue;
  readonly #deletionReconciler: DeletionReconciler;
  readonly #pulse: Heartbeat;

  /** Nothing runs before {@link Controller.start}. */
  constructor(options: ControllerOptions) {
    this.#options = options;
    const { caches, clock, random, log, metrics } = options;
    this.#clients = priorityClients(options.kube, { limiter: options.flow, metrics });
    this.#compiled = new CompiledPolicies(options.discovery);
    this.#guard = new ChangeGuard({ caches, clock, limits: options.guardLimits });
    this.#contests = new ContestTracker(clock);
    this.#peerNamespaces = new PeerNamespaces(caches.namespaces);
    this.#timeToProtect = new TimeToProtect(clock);
    this.#transientFailures = new TransientFailures(random);
    this.#transitions = new TransitionReporter(log, options.events);
    this.#pulse = heartbeat({ name: 'reconcile-loop', clock, limitMs: LOOP_LIMIT_MS });
    this.heartbeat = { name: this.#pulse.name, check: () => this.#loopCheck() };
    this.#statusWriter = this.#createStatusWriter();
    const context = this.#createContext();
    const work = createReconcileWorker({
      context,
      clock,
      log,
      progress: this.#progress,
      statusWriter: this.#statusWriter,
      transitionReporter: this.#transitions,
      timeToProtect: this.#timeToProtect,
      strayReports: this.#createStrayReports(),
      metrics,
      onDone: () => {
        this.#pulse.beat();
      },
    });
    this.#namespaces = new WorkQueue({
      clock,
      random,
      workers: options.workers,
      work,
      onError: (failed) => {
        this.#reconcileFailed('namespace', failed);
      },
    });
    this.#deletionReconciler = new DeletionReconciler({
      kube: this.#clients.fresh,
      caches,
      compiledPolicies: this.#compiled,
      servedKinds: options.servedKinds,
    });
    this.#deletions = new WorkQueue({
      clock,
      random,
      workers: DELETION_WORKERS,
      work: (policy, attempt) => this.#reconcileDeletion(policy, attempt),
      onError: (failed) => {
        this.#reconcileFailed('policy', failed);
      },
    });
    this.handlers = new EventHandlers({
      caches,
      compiled: this.#compiled,
      progress: this.#progress,
      namespaces: this.#namespaces,
      deletions: this.#deletions,
      guard: this.#guard,
      peerNamespaces: this.#peerNamespaces,
      snapshotOf: (namespace) => snapshotOf(namespace, context),
      statusWriter: this.#statusWriter,
      timeToProtect: this.#timeToProtect,
      onApproved: (policy, approved) => {
        this.#transitions.approved(policy, approved);
      },
      log,
    });
  }

  /** Starts with every namespace and every policy in the caches. */
  start(): void {
    this.handlers.start();
    this.#statusWriter.start();
  }

  /** Retries what waits after a failure: the API server was away and has returned. */
  retryNow(): void {
    this.#namespaces.retryNow();
    this.#deletions.retryNow();
  }

  /** Finishes the work under way and starts no other. */
  async drain(): Promise<void> {
    await Promise.all([this.#namespaces.drain(), this.#deletions.drain()]);
    await this.#statusWriter.stop();
  }

  /** What the gauges show of it. */
  state(): Pick<
    GaugeState,
    | 'policies'
    | 'unprotectedNamespaces'
    | 'unselectedNamespaces'
    | 'weakenedNamespaces'
    | 'conflicts'
    | 'contested'
    | 'copies'
    | 'queue'
    | 'requests'
  > {
    const { unprotected, conflicted, weakened } = this.#progress.troubleCounts();
    const counts = this.#progress.phaseCounts();
    const { flow } = this.#options;
    return {
      policies: this.#compiled.facts.map(({ name }) => ({
        policy: name,
        phases: Object.fromEntries(counts.get(name) ?? []),
        trueConditions: this.#statusWriter.trueConditionsOf(name),
      })),
      unprotectedNamespaces: unprotected,
      unselectedNamespaces: unselectedCount(this.#options.caches.namespaces.values(), this.#compiled.facts),
      weakenedNamespaces: weakened,
      conflicts: conflicted,
      contested: this.#contests.contestedCount(),
      copies: this.#progress.copyCount(),
      queue: {
        depth: { fresh: this.#namespaces.depth('fresh'), resync: this.#namespaces.depth('resync') },
        oldestMs: this.#namespaces.oldestMs(),
        retries: this.#namespaces.retries + this.#deletions.retries,
      },
      requests: { waiting: waitingRequests(flow), oldestMs: flow.oldestMs() },
    };
  }

  #loopCheck(): ReturnType<Check['check']> {
    if (this.#namespaces.isIdle) {
      this.#pulse.beat();
    }
    return this.#pulse.check();
  }

  #touchAll(): void {
    for (const { name } of this.#compiled.facts) {
      this.#statusWriter.touch(name);
    }
  }

  #createStatusWriter(): StatusWriter {
    const { caches, clock, random, log, servedKinds } = this.#options;
    return new StatusWriter({
      kube: this.#clients.resync,
      clock,
      random,
      baselinePolicies: caches.baselinePolicies,
      networkPolicies: caches.networkPolicies,
      compiledPolicies: this.#compiled,
      progress: this.#progress,
      guard: this.#guard,
      peerNamespaces: this.#peerNamespaces,
      nowTime: () => this.#nowTime(),
      isPaused: () => servedKinds.isPaused(BASELINE_POLICIES),
      kindProblem: () => servedKinds.problem() ?? this.#reportRights.problem(),
      onHeld: (policy, condition) => {
        this.#transitions.held(policy, condition);
      },
      onUnwritten: (policy, cause) => {
        if (cause.kind === 'refused') {
          log.warn({ policy, message: cause.message }, 'status was refused');
        } else {
          log.warn({ policy, fields: cause.fields }, 'status was written without what its CRD has no room for');
        }
      },
      onBug: (policy, cause) => {
        log.error({ policy, err: cause }, 'status could not be made');
      },
    });
  }

  #createStrayReports(): StrayReports {
    const { caches, metrics } = this.#options;
    return new StrayReports({
      kube: this.#clients.resync,
      caches,
      onRemoved: () => {
        metrics.strayReportRemoved();
      },
    });
  }

  #createContext(): ReconcileContext {
    const { caches, clock, hasNewerLed } = this.#options;
    const rateLimit = new ReportRateLimit(this.#contests, clock);
    return {
      caches,
      compiledPolicies: this.#compiled,
      serverDefaults: this.#serverDefaults,
      guard: this.#guard,
      contestTracker: this.#contests,
      optOuts: new OptOutTracker(this.#options.clock),
      transientFailures: this.#transientFailures,
      removalPace: new RemovalPace(clock),
      writers: { fresh: this.#writersFor('fresh', rateLimit), resync: this.#writersFor('resync', rateLimit) },
      hasNewerLed,
      namespaces: new CachedNamespacesAtHand(caches, clock),
      nowTime: () => this.#nowTime(),
    };
  }

  #writersFor(priority: Priority, rateLimit: ReportRateLimit): Writers {
    const { caches, metrics, servedKinds } = this.#options;
    const kube = this.#clients[priority];
    const { networkPolicies, reports, namespaces } = caches;
    return {
      networkPolicies: new NetworkPolicyWriter({
        kube,
        networkPolicies,
        serverDefaults: this.#serverDefaults,
        contestTracker: this.#contests,
        onDriftRepaired: (drift) => {
          metrics.driftRepaired(drift);
        },
      }),
      reports: new ReportWriter({ kube, reports, namespaces, rateLimit, servedKinds, rights: this.#reportRights }),
    };
  }

  /** The wall clock, RFC 3339 in whole seconds. */
  #nowTime(): string {
    return wholeSecondTime(this.#options.clock.wallTime());
  }

  async #reconcileDeletion(policy: string, { reconcileId }: Attempt): Promise<QueueAction> {
    const { clock, metrics, log } = this.#options;
    const startMs = clock.nowMs();
    try {
      const step = await this.#deletionReconciler.reconcile(policy, new ReconcileLog(log, reconcileId));
      if (step.removalDecided !== undefined) {
        this.handlers.removalDecided(step.removalDecided);
      }
      metrics.reconciled({ result: RESULT_OF_DELETION[step.queue.kind], durationMs: clock.nowMs() - startMs });
      return step.queue;
    } catch (cause) {
      metrics.reconciled({ result: 'panic', durationMs: clock.nowMs() - startMs });
      throw cause;
    }
  }

  /** A throw is a bug. It was counted as `panic`; the queue retries the key with a backoff. */
  #reconcileFailed(kind: 'namespace' | 'policy', { key, reconcileId, cause }: FailedAttempt): void {
    this.#options.log.error({ [kind]: key, reconcileId, err: cause }, 'reconcile failed unexpectedly');
  }
}

/** How a reconcile of a finalizer counts: `after` waits for the last NetworkPolicy of a deleted policy to go. */
const RESULT_OF_DELETION = { forget: 'success', after: 'waiting', backoff: 'retry' } as const;
