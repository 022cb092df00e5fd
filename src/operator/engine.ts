import { planFor } from '../baseline/plan.ts';
import type { Clock } from '../clock.ts';
import type { FlowLimit } from '../kube/flow-limit.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { type Heartbeat, heartbeat } from '../observe/checks.ts';
import type { EventRecorder } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics, ObservedState } from '../observe/metrics.ts';
import { Announcer } from './announcer.ts';
import type { Caches } from './caches.ts';
import type { DiscoveryState } from './discovery.ts';
import { Equivalences } from './equivalences.ts';
import { FinalizerKeeper } from './finalizer-keeper.ts';
import { GuardKeeper, type GuardLimits } from './guard-keeper.ts';
import { Ledger } from './ledger.ts';
import { Patience } from './patience.ts';
import { PolicyBook } from './policy-book.ts';
import { type Admit, PolicyWriter } from './policy-writer.ts';
import { KeyedQueue, type Priority } from './queue.ts';
import { Reactions } from './reactions.ts';
import { observe, type ReconcileContext } from './reconcile.ts';
import { RecordPace } from './record-pace.ts';
import { RecordWriter } from './record-writer.ts';
import { RepairLog } from './repair-log.ts';
import { StatusWriter } from './status-writer.ts';
import { Stopwatch } from './stopwatch.ts';
import { namespaceWorker } from './worker.ts';

/** No reconcile finished for so long although work was waiting: the loop is stuck. */
const LOOP_LIMIT_MS = 120_000;
/** How many policies' finalizers are seen to at once. */
const FINALIZER_WORKERS = 4;

/** What an engine runs on. All of it can be replaced in a simulation. */
export interface EngineParts {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly flow: FlowLimit;
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
export interface Engine {
  readonly reactions: Reactions;
  readonly statusWriter: StatusWriter;
  /** Tries at once what waits after a failure: the API server was away and is back. */
  hasten(): void;
  /** Finishes the work in hand and begins no other. */
  drain(): Promise<void>;
  readonly heartbeat: Heartbeat;
  /** What the gauges show of it. */
  state(): Pick<
    ObservedState,
    'policies' | 'unprotectedNamespaces' | 'weakenedNamespaces' | 'conflicts' | 'contested' | 'queue'
  >;
}

/** Puts the loop together. Nothing runs until `reactions.begin()` and `statusWriter.start()`. */
export function createEngine(parts: EngineParts): Engine {
  const { kube, caches, flow, clock, random, log, metrics, events, workers } = parts;
  const book = new PolicyBook(parts.discovery);
  const ledger = new Ledger();
  const equivalences = new Equivalences();
  const stopwatch = new Stopwatch(clock);
  const pulse = heartbeat({ name: 'reconcile-loop', clock, limitMs: LOOP_LIMIT_MS });
  const nowTime = (): string => `${clock.wallTime().toISOString().slice(0, 19)}Z`;
  const admitAs =
    (priority: Priority): Admit =>
    (request) =>
      flow.run(priority === 'fresh' ? 'urgent' : 'background', request);
  const announcer = new Announcer(log, events);
  const guard = new GuardKeeper({ caches, clock, limits: parts.guardLimits });
  const repairLog = new RepairLog(clock);
  const pace = new RecordPace(repairLog);
  const patience = new Patience();
  const { policies, networkPolicies, records } = caches;
  const statusWriter = new StatusWriter(
    {
      kube,
      clock,
      policies,
      networkPolicies,
      book,
      ledger,
      guard,
      metrics,
      nowTime,
      onHeld: (policy, condition) => {
        announcer.held(policy, condition);
      },
      onBug: (policy, cause) => {
        log.error({ policy, err: cause }, 'status could not be made');
      },
    },
    admitAs('resync'),
  );
  const contextFor = (priority: Priority): ReconcileContext => ({
    caches,
    book,
    equivalences,
    guard,
    repairLog,
    patience,
    policyWriter: new PolicyWriter({ kube, networkPolicies, equivalences, metrics, repairLog }, admitAs(priority)),
    recordWriter: new RecordWriter({ kube, records, namespaces: caches.namespaces, metrics, pace }, admitAs(priority)),
    isNewerAtWork: parts.isNewerAtWork,
    nowTime,
  });
  const contexts = { fresh: contextFor('fresh'), resync: contextFor('resync') };
  const onBug = (namespace: string, cause: unknown): void => {
    log.error({ namespace, err: cause }, 'reconcile failed unexpectedly');
  };
  const work = namespaceWorker({
    contexts,
    clock,
    ledger,
    statusWriter,
    announcer,
    stopwatch,
    metrics,
    onBug,
    onDone: () => {
      pulse.beat();
    },
  });
  const queue = new KeyedQueue({ clock, random, workers, work });
  const assess = (namespace: string): void => {
    try {
      const world = observe(namespace, contexts.resync);
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
  const finalizerKeeper = new FinalizerKeeper({ kube, caches, book, metrics, log, onRemoving }, admitAs('fresh'));
  const finalizers = new KeyedQueue({
    clock,
    random,
    workers: FINALIZER_WORKERS,
    work: (policy) => finalizerKeeper.settle(policy),
  });
  const reactions: Reactions = new Reactions({
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
  const state = (): ReturnType<Engine['state']> => {
    if (queue.isIdle) {
      pulse.beat();
    }
    const { unprotected, conflicted, weakened } = ledger.troubles();
    return {
      policies: book.facts.map(({ name }) => ({
        policy: name,
        phases: Object.fromEntries(ledger.counts().get(name) ?? []),
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
    queue.hasten();
    finalizers.hasten();
  };
  return { reactions, statusWriter, hasten, drain, heartbeat: loopCheck, state };
}
