import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CONDITIONS, type ConditionType } from '../api/names.ts';
import { PHASES, type Phase } from '../api/namespace-baseline.ts';
import type { WriteVerb } from '../kube/client/client-around.ts';
import {
  DRIFTS,
  type DriftLabel,
  EVENT_RESULTS,
  type EventResult,
  MAX_POLICY_LABELS,
  METRICS,
  type MetricDescription,
  OTHER,
  QUEUE_PRIORITIES,
  RECONCILE_RESULTS,
  type ReconcileResult,
  WATCH_RESTART_REASONS,
  type WatchRestartReason,
  WRITE_RESULTS,
  WRITTEN_KINDS,
  type WriteResult,
} from './metric-table.ts';
import type { BuildInfo } from './version.ts';

/**
 * A shorter lag counts as none. The measurement wakes the loop at this interval; 10 ms would take more than half of an
 * idle operator's CPU.
 */
const LAG_PRECISION_MS = 100;

/** The values of the gauges that have a series per BaselinePolicy. */
export interface PolicyGauges {
  readonly policy: string;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  readonly trueConditions: readonly ConditionType[];
}

/**
 * The values of the gauges, read at every scrape, so that nothing is stored twice. All durations are in milliseconds.
 */
export interface GaugeState {
  /**
   * The number of namespaces per BaselinePolicy and phase, and the policy's conditions that are True. A missing phase
   * counts 0; a missing policy loses its series.
   */
  readonly policies: Iterable<PolicyGauges>;
  readonly unprotectedNamespaces: number;
  readonly unselectedNamespaces: number;
  readonly weakenedNamespaces: number;
  readonly conflicts: number;
  readonly contested: number;
  readonly copies: number;
  readonly queue: {
    readonly depth: { readonly fresh: number; readonly resync: number };
    readonly oldestMs: number;
    readonly retries: number;
  };
  /** Requests that wait for their turn. */
  readonly requests: {
    readonly waiting: { readonly fresh: number; readonly resync: number };
    readonly oldestMs: number;
  };
  /**
   * `resource` is the plural of a watched type; of several watches on one type the longest silence counts, and all
   * objects.
   */
  readonly watches: Iterable<{ readonly resource: string; readonly silenceMs: number; readonly objects: number }>;
  readonly isReady: boolean;
  readonly isLeading: boolean;
}

/**
 * The metrics that components report to. No method throws. None takes the name of a namespace or of an object, so that
 * the number of series does not grow with the cluster.
 */
export interface Metrics {
  /** A newly selected namespace has its last managed NetworkPolicy. */
  namespaceProtected(durationMs: number): void;
  reconciled(reconcile: { readonly result: ReconcileResult; readonly durationMs: number }): void;
  /** `kind` is the kind of the written object. */
  wrote(write: { readonly kind: string; readonly verb: WriteVerb; readonly result: WriteResult }): void;
  driftRepaired(drift: DriftLabel): void;
  /** A NamespaceBaseline was removed because its namespace does not exist. */
  strayReportRemoved(): void;
  /** `resource` is the plural of the watched type. */
  watchRestarted(restart: { readonly resource: string; readonly reason: WatchRestartReason }): void;
  eventHandled(result: EventResult): void;
  /** This replica became the leader. */
  termBegun(): void;
  /** This replica, on standby, created this number of managed NetworkPolicies. */
  stoodIn(policies: number): void;
}

/** The metrics and their page. */
export interface MetricsControl extends Metrics {
  /** The current values in the text format of Prometheus. It rejects if `state` throws. */
  page(): Promise<string>;
  /** The `Content-Type` of {@link page}. */
  readonly contentType: string;
}

/**
 * Makes a separate set of metrics; several in one process share nothing. Every known combination of labels starts at 0.
 */
export function createMetrics(options: {
  readonly buildInfo: BuildInfo;
  /** The plurals of all watched kinds: the values of the label `resource`. */
  readonly watchedResources: readonly string[];
  /** Called once per scrape. */
  readonly state: () => GaugeState;
  /** Whether to add memory, CPU and event loop of the process, by prom-client's names. */
  readonly withProcess?: boolean;
}): MetricsControl {
  const registry = new Registry();
  const { watchedResources } = options;
  const resourceLabel = (resource: string): string => (watchedResources.includes(resource) ? resource : OTHER);
  const counters = makeCounters(registry, watchedResources);
  const gauges = makeGauges(registry, resourceLabel);
  const { version, commit, node } = options.buildInfo;
  gauge(registry, METRICS.buildInfo).set({ version, commit, node }, 1);
  gauge(registry, METRICS.memoryLimit).set(containerMemoryLimitBytes());
  if (options.withProcess === true) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  }
  return {
    namespaceProtected: (durationMs) => {
      counters.timeToProtect.observe(durationMs / 1000);
    },
    reconciled: ({ result, durationMs }) => {
      counters.reconciles.inc({ result });
      counters.reconcileDuration.observe(durationMs / 1000);
    },
    wrote: ({ kind, verb, result }) => {
      counters.writes.inc({ kind: Object.hasOwn(WRITTEN_KINDS, kind) ? kind : OTHER, verb, result });
    },
    driftRepaired: (drift) => {
      counters.driftRepairs.inc({ drift });
    },
    strayReportRemoved: () => {
      counters.strayReports.inc();
    },
    watchRestarted: ({ resource, reason }) => {
      counters.watchRestarts.inc({ resource: resourceLabel(resource), reason });
    },
    eventHandled: (result) => {
      counters.events.inc({ result });
    },
    termBegun: () => {
      counters.terms.inc();
    },
    stoodIn: (policies) => {
      counters.stoodIn.inc(policies);
    },
    page: () => {
      gauges.show(options.state());
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function makeCounters(registry: Registry, watchedResources: readonly string[]) {
  const counters = {
    timeToProtect: histogram(registry, METRICS.timeToProtect),
    reconciles: counter(registry, METRICS.reconciles),
    reconcileDuration: histogram(registry, METRICS.reconcileDuration),
    writes: counter(registry, METRICS.writes),
    driftRepairs: counter(registry, METRICS.driftRepairs),
    strayReports: counter(registry, METRICS.strayReports),
    watchRestarts: counter(registry, METRICS.watchRestarts),
    events: counter(registry, METRICS.events),
    terms: counter(registry, METRICS.terms),
    stoodIn: counter(registry, METRICS.stoodIn),
  };
  // A counter that appears with its first increment hides that increment from rate() and from alerts.
  for (const result of RECONCILE_RESULTS) {
    counters.reconciles.inc({ result }, 0);
  }
  for (const drift of DRIFTS) {
    counters.driftRepairs.inc({ drift }, 0);
  }
  for (const result of EVENT_RESULTS) {
    counters.events.inc({ result }, 0);
  }
  for (const resource of watchedResources) {
    for (const reason of WATCH_RESTART_REASONS) {
      counters.watchRestarts.inc({ resource, reason }, 0);
    }
  }
  for (const [kind, verbs] of Object.entries(WRITTEN_KINDS)) {
    for (const verb of verbs) {
      for (const result of WRITE_RESULTS) {
        counters.writes.inc({ kind, verb, result }, 0);
      }
    }
  }
  return counters;
}

function makeGauges(
  registry: Registry,
  resourceLabel: (resource: string) => string,
): { show(state: GaugeState): void } {
  const namespaces = gauge(registry, METRICS.namespaces);
  const policyCondition = gauge(registry, METRICS.policyCondition);
  const unprotected = gauge(registry, METRICS.unprotected);
  const unselected = gauge(registry, METRICS.unselected);
  const conflicts = gauge(registry, METRICS.conflicts);
  const contested = gauge(registry, METRICS.contested);
  const copies = gauge(registry, METRICS.copies);
  const weakened = gauge(registry, METRICS.weakened);
  const queueDepth = gauge(registry, METRICS.queueDepth);
  const queueOldest = gauge(registry, METRICS.queueOldest);
  const queueRetries = counter(registry, METRICS.queueRetries);
  const requestsWaiting = gauge(registry, METRICS.requestsWaiting);
  const requestOldest = gauge(registry, METRICS.requestOldest);
  const watchSilence = gauge(registry, METRICS.watchSilence);
  const cacheObjects = gauge(registry, METRICS.cacheObjects);
  const ready = gauge(registry, METRICS.ready);
  const leader = gauge(registry, METRICS.leader);
  const labelled = policyLabels();
  const showPolicies = (policies: GaugeState['policies']): void => {
    namespaces.reset();
    policyCondition.reset();
    for (const { policy, phases, trueConditions } of labelled(policies)) {
      for (const phase of PHASES) {
        namespaces.inc({ policy, phase }, phases[phase] ?? 0);
      }
      for (const condition of Object.values(CONDITIONS)) {
        policyCondition.inc({ policy, condition }, trueConditions.includes(condition) ? 1 : 0);
      }
    }
  };
  const showWatches = (watches: GaugeState['watches']): void => {
    watchSilence.reset();
    cacheObjects.reset();
    const longestMs = new Map<string, number>();
    for (const watch of watches) {
      const resource = resourceLabel(watch.resource);
      longestMs.set(resource, Math.max(longestMs.get(resource) ?? 0, watch.silenceMs));
      cacheObjects.inc({ resource }, watch.objects);
    }
    for (const [resource, silenceMs] of longestMs) {
      watchSilence.set({ resource }, silenceMs / 1000);
    }
  };
  return {
    show(state) {
      showPolicies(state.policies);
      showWatches(state.watches);
      unprotected.set(state.unprotectedNamespaces);
      unselected.set(state.unselectedNamespaces);
      conflicts.set(state.conflicts);
      contested.set(state.contested);
      copies.set(state.copies);
      weakened.set(state.weakenedNamespaces);
      for (const priority of QUEUE_PRIORITIES) {
        queueDepth.set({ priority }, state.queue.depth[priority]);
        requestsWaiting.set({ priority }, state.requests.waiting[priority]);
      }
      requestOldest.set(state.requests.oldestMs / 1000);
      queueOldest.set(state.queue.oldestMs / 1000);
      queueRetries.reset();
      queueRetries.inc(state.queue.retries);
      ready.set(state.isReady ? 1 : 0);
      leader.set(state.isLeading ? 1 : 0);
    },
  };
}

/** A BaselinePolicy with its own label keeps it while it exists, regardless of other policies. */
function policyLabels(): (policies: GaugeState['policies']) => readonly PolicyGauges[] {
  let named = new Set<string>();
  return (policies) => {
    const present = [...policies].sort((a, b) => (a.policy < b.policy ? -1 : 1));
    const kept = present.filter(({ policy }) => named.has(policy));
    const added = present.filter(({ policy }) => !named.has(policy)).slice(0, MAX_POLICY_LABELS - kept.length);
    named = new Set([...kept, ...added].map(({ policy }) => policy));
    return present.map((gauges) => (named.has(gauges.policy) ? gauges : { ...gauges, policy: OTHER }));
  };
}

/**
 * The limit of the process' control group, or 0 without one
 * (https://nodejs.org/docs/latest-v24.x/api/process.html#processconstrainedmemory).
 */
function containerMemoryLimitBytes(): number {
  const limitBytes = process.constrainedMemory();
  // The kernel writes "no limit" as a number near 2^63 or 2^64.
  return limitBytes > Number.MAX_SAFE_INTEGER ? 0 : limitBytes;
}

function counter(registry: Registry, { name, help, labels }: MetricDescription): Counter {
  return new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
}

function gauge(registry: Registry, { name, help, labels }: MetricDescription): Gauge {
  return new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] });
}

function histogram(
  registry: Registry,
  { name, help, labels, buckets }: MetricDescription & { readonly buckets: readonly number[] },
): Histogram {
  return new Histogram({ name, help, labelNames: Object.keys(labels), buckets: [...buckets], registers: [registry] });
}
