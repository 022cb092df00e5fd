import { CONDITIONS } from '../api/names.ts';
import { PHASES } from '../api/namespace-baseline.ts';
import { WRITE_VERBS, type WriteVerb } from '../kube/client/client-around.ts';

/** The results of a reconcile; docs/reconcile.md (Outcomes) says which outcome has which. */
export const RECONCILE_RESULTS = ['success', 'waiting', 'retry', 'refused', 'terminal', 'panic'] as const;
/** The result of a reconcile. */
export type ReconcileResult = (typeof RECONCILE_RESULTS)[number];

/** The results of a write to the API server. */
export const WRITE_RESULTS = ['success', 'conflict', 'refused', 'throttled', 'failed'] as const;
/** The result of a write. */
export type WriteResult = (typeof WRITE_RESULTS)[number];

/** The kinds that the operator writes, with the verbs it uses; Events have a metric of their own. */
export const WRITTEN_KINDS = {
  NetworkPolicy: ['create', 'apply', 'remove'],
  NamespaceBaseline: ['apply', 'replace', 'remove'],
  BaselinePolicy: ['apply', 'replace'],
} as const satisfies Readonly<Record<string, readonly WriteVerb[]>>;

/** The kinds of drift of a managed NetworkPolicy. */
export const DRIFTS = ['deleted', 'spec', 'labels'] as const;
/** A kind of drift. */
export type DriftLabel = (typeof DRIFTS)[number];

/** The reasons why a watch restarts. */
export const WATCH_RESTART_REASONS = [
  'ended',
  'expired',
  'silent',
  'network',
  'refused',
  'throttled',
  'failed',
] as const;
/** Why a watch restarted. */
export type WatchRestartReason = (typeof WATCH_RESTART_REASONS)[number];

/** The results of recording an Event. */
export const EVENT_RESULTS = ['written', 'aggregated', 'rateLimited', 'overflowed', 'failed'] as const;
/** The result of recording an Event. */
export type EventResult = (typeof EVENT_RESULTS)[number];

/** The priorities of a key in the work queue. */
export const QUEUE_PRIORITIES = ['fresh', 'resync'] as const;

/** The values of the label `resource`. The list itself is that of the operator's watches (src/operator/watch/watches.ts). */
export const RESOURCE_LABEL = 'the plural of a watched kind';

/** The largest number of values of the label `policy`; further policies share {@link OTHER}. */
export const MAX_POLICY_LABELS = 100;
/** The label value for anything beyond a limit or unknown. */
export const OTHER = 'other';

/** One metric, as docs/metrics.md describes it. */
export interface MetricDescription {
  readonly name: `nsbaseline_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label with its possible values, or a sentence about them. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  /** The upper bounds of the buckets in seconds; histograms only. */
  readonly buckets?: readonly number[];
}

/** Every metric of our own, in the order of docs/metrics.md, which is made from this table. */
export const METRICS = {
  namespaces: {
    name: 'nsbaseline_namespaces',
    type: 'gauge',
    help: 'Namespaces that a BaselinePolicy selects, by the phase of that policy in the namespace.',
    labels: {
      policy: `the name of the BaselinePolicy; the policies beyond ${MAX_POLICY_LABELS} are summed as \`${OTHER}\``,
      phase: PHASES,
    },
  },
  policyCondition: {
    name: 'nsbaseline_policy_condition',
    type: 'gauge',
    help: '1 if the condition of the BaselinePolicy is True, 0 if it is False or missing. Only the leader shows BaselinePolicies.',
    labels: {
      policy: `the name of the BaselinePolicy; \`${OTHER}\` counts the policies beyond ${MAX_POLICY_LABELS} with that condition`,
      condition: Object.values(CONDITIONS),
    },
  },
  unprotected: {
    name: 'nsbaseline_unprotected_namespaces',
    type: 'gauge',
    help: 'Selected namespaces without the default-deny that they should have. Alert if it is above 0 for a minute.',
    labels: {},
  },
  unselected: {
    name: 'nsbaseline_unselected_namespaces',
    type: 'gauge',
    help: 'Namespaces that exist, are not excluded, and that no BaselinePolicy selects. `nsbaseline status -A --unselected` names them.',
    labels: {},
  },
  conflicts: {
    name: 'nsbaseline_conflicts',
    type: 'gauge',
    help: 'Namespaces in which a foreign NetworkPolicy has the name of a managed one.',
    labels: {},
  },
  contested: {
    name: 'nsbaseline_contested_objects',
    type: 'gauge',
    help: 'Managed NetworkPolicies and NamespaceBaselines that another client keeps changing, so that they are repaired at a slower pace. Alert if it is above 0.',
    labels: {},
  },
  copies: {
    name: 'nsbaseline_copies',
    type: 'gauge',
    help: 'NetworkPolicies with the marks of a BaselinePolicy in namespaces that it does not select and whose NamespaceBaseline does not list them. They are left alone; nsbaseline prune --copies removes them.',
    labels: {},
  },
  weakened: {
    name: 'nsbaseline_weakened_namespaces',
    type: 'gauge',
    help: 'Protected namespaces in which a foreign NetworkPolicy undoes the isolation.',
    labels: {},
  },
  timeToProtect: {
    name: 'nsbaseline_time_to_protect_seconds',
    type: 'histogram',
    help: 'Time from the event that selects a namespace to the storing of its last managed NetworkPolicy.',
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  reconciles: {
    name: 'nsbaseline_reconciles_total',
    type: 'counter',
    help: 'Reconciles of one namespace, or of the finalizer of one BaselinePolicy, by result. docs/reconcile.md explains the results.',
    labels: { result: RECONCILE_RESULTS },
  },
  reconcileDuration: {
    name: 'nsbaseline_reconcile_duration_seconds',
    type: 'histogram',
    help: 'Duration of a reconcile, including its requests.',
    labels: {},
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  writes: {
    name: 'nsbaseline_writes_total',
    type: 'counter',
    help: 'Writes to the API server. conflict: the object was not as expected; refused: a retry would not help; throttled: 429; failed: any other error.',
    labels: { kind: [...Object.keys(WRITTEN_KINDS), OTHER], verb: WRITE_VERBS, result: WRITE_RESULTS },
  },
  driftRepairs: {
    name: 'nsbaseline_drift_repairs_total',
    type: 'counter',
    help: 'Managed NetworkPolicies that were repaired after another client deleted them, changed their spec, or changed our labels.',
    labels: { drift: DRIFTS },
  },
  strayReports: {
    name: 'nsbaseline_stray_reports_total',
    type: 'counter',
    help: 'NamespaceBaselines that were removed because their namespace does not exist, as an etcd restore can leave them.',
    labels: {},
  },
  queueDepth: {
    name: 'nsbaseline_queue_depth',
    type: 'gauge',
    help: 'Keys waiting for a worker. fresh: newly selected namespaces and drift; resync: everything else.',
    labels: { priority: QUEUE_PRIORITIES },
  },
  queueOldest: {
    name: 'nsbaseline_queue_oldest_seconds',
    type: 'gauge',
    help: 'How long the oldest key in the queue has waited; 0 if the queue is empty.',
    labels: {},
  },
  queueRetries: {
    name: 'nsbaseline_queue_retries_total',
    type: 'counter',
    help: 'Keys that were requeued with a backoff.',
    labels: {},
  },
  requestsWaiting: {
    name: 'nsbaseline_requests_waiting',
    type: 'gauge',
    help: 'Requests to the API server that wait for their turn, since as many as allowed are in flight. fresh: for keys of that priority; resync: for everything else.',
    labels: { priority: QUEUE_PRIORITIES },
  },
  requestOldest: {
    name: 'nsbaseline_request_oldest_seconds',
    type: 'gauge',
    help: 'How long the oldest of the waiting requests has waited; 0 if none waits.',
    labels: {},
  },
  watchRestarts: {
    name: 'nsbaseline_watch_restarts_total',
    type: 'counter',
    help: 'Watch restarts. ended: closed by the server, as every few minutes; expired: our resourceVersion was too old; silent: nothing arrived for too long; refused: credentials or permissions.',
    labels: { resource: RESOURCE_LABEL, reason: WATCH_RESTART_REASONS },
  },
  watchSilence: {
    name: 'nsbaseline_watch_silence_seconds',
    type: 'gauge',
    help: 'How long a watch has delivered nothing, not even a bookmark (about one a minute); for a resource with several watches, the longest silence.',
    labels: { resource: RESOURCE_LABEL },
  },
  cacheObjects: {
    name: 'nsbaseline_cache_objects',
    type: 'gauge',
    help: 'Objects in the caches.',
    labels: { resource: RESOURCE_LABEL },
  },
  events: {
    name: 'nsbaseline_events_total',
    type: 'counter',
    help: 'Events for `kubectl describe`. aggregated: counted in an existing Event; rateLimited, overflowed and failed: dropped.',
    labels: { result: EVENT_RESULTS },
  },
  leader: {
    name: 'nsbaseline_leader',
    type: 'gauge',
    help: '1 while this replica leads and writes, else 0. The sum over all replicas is 1, or 0 during a hand-over.',
    labels: {},
  },
  terms: {
    name: 'nsbaseline_leader_terms_total',
    type: 'counter',
    help: 'How many times this replica became the leader.',
    labels: {},
  },
  stoodIn: {
    name: 'nsbaseline_stood_in_total',
    type: 'counter',
    help: 'Managed NetworkPolicies that this replica created as a standby because the leader was silent.',
    labels: {},
  },
  ready: {
    name: 'nsbaseline_ready',
    type: 'gauge',
    help: '1 when `/readyz` passes: every cache is synced, every permission granted, and every field of the CRDs served; else 0.',
    labels: {},
  },
  memoryLimit: {
    name: 'nsbaseline_memory_limit_bytes',
    type: 'gauge',
    help: 'The memory limit of the container; 0 if it has none.',
    labels: {},
  },
  buildInfo: {
    name: 'nsbaseline_build_info',
    type: 'gauge',
    help: 'Always 1; the labels name the running versions.',
    labels: {
      version: 'the version of nsbaseline',
      commit: 'the git commit it was built from',
      node: 'the version of Node',
    },
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;
