import { PHASES } from '../api/namespace-baseline.ts';

/** The results of a reconcile: one per row of the outcome table in docs/reconcile.md. */
export const RECONCILE_RESULTS = ['success', 'waiting', 'retry', 'refused', 'terminal', 'panic'] as const;
/** How a reconcile ended. */
export type ReconcileResult = (typeof RECONCILE_RESULTS)[number];

/** How a write to the API server can end. */
export const WRITE_RESULTS = ['success', 'conflict', 'refused', 'throttled', 'failed'] as const;
/** How a write ended. */
export type WriteResult = (typeof WRITE_RESULTS)[number];

/** The writing methods of the KubeClient. */
export const WRITE_VERBS = ['create', 'apply', 'replace', 'remove'] as const;
/** How an object was written. */
export type WriteVerb = (typeof WRITE_VERBS)[number];

/** The kinds that the operator writes, with the verbs it uses; Events have a metric of their own. */
export const WRITTEN_KINDS = {
  NetworkPolicy: ['create', 'apply', 'remove'],
  NamespaceBaseline: ['apply', 'replace', 'remove'],
  BaselinePolicy: ['apply', 'replace'],
} as const satisfies Readonly<Record<string, readonly WriteVerb[]>>;

/** What can have happened to a managed policy behind our back. */
export const DRIFTS = ['deleted', 'spec', 'labels'] as const;
/** What happened to a managed policy. */
export type DriftLabel = (typeof DRIFTS)[number];

/** Why a watch can have to be begun anew. */
export const WATCH_RESTART_REASONS = [
  'ended',
  'expired',
  'silent',
  'network',
  'refused',
  'throttled',
  'failed',
] as const;
/** Why a watch was begun anew. */
export type WatchRestartReason = (typeof WATCH_RESTART_REASONS)[number];

/** What can become of an Event. */
export const EVENT_RESULTS = ['written', 'aggregated', 'rateLimited', 'overflowed', 'failed'] as const;
/** What became of an Event. */
export type EventResult = (typeof EVENT_RESULTS)[number];

/** How urgent a waiting key is. */
export const QUEUE_PRIORITIES = ['fresh', 'resync'] as const;

/** The values of the label `resource`. The list itself is that of the operator's watches (src/operator/watch/watches.ts). */
export const WATCHED_RESOURCE = 'the plural of a watched kind';

/** At most so many values of the label `policy`; further ones share {@link OTHER}. */
export const MAX_POLICY_LABELS = 100;
/** The label value of what is beyond a limit or not known. */
export const OTHER = 'other';

/** One metric as people see it. */
export interface MetricDescription {
  readonly name: `nsbaseline_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label with the values it can have, or a sentence on them. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  /** Seconds; histograms only. */
  readonly buckets?: readonly number[];
}

/** Every metric of our own, in the order of docs/metrics.md, which is made from this table. */
export const METRICS = {
  namespaces: {
    name: 'nsbaseline_namespaces',
    type: 'gauge',
    help: 'Namespaces that a BaselinePolicy selects, by the phase of that policy in them.',
    labels: {
      policy: `the name of the BaselinePolicy; beyond ${MAX_POLICY_LABELS} policies the rest are added up as \`${OTHER}\``,
      phase: PHASES,
    },
  },
  unprotected: {
    name: 'nsbaseline_unprotected_namespaces',
    type: 'gauge',
    help: 'Selected namespaces that lack a default-deny they should have. Alert on more than 0 for a minute.',
    labels: {},
  },
  conflicts: {
    name: 'nsbaseline_conflicts',
    type: 'gauge',
    help: 'Namespaces in which a NetworkPolicy of somebody else has the name of a managed one.',
    labels: {},
  },
  contested: {
    name: 'nsbaseline_contested_objects',
    type: 'gauge',
    help: 'Managed NetworkPolicies and NamespaceBaselines that somebody keeps changing, so that they are put back at a slower pace. Alert on more than 0.',
    labels: {},
  },
  weakened: {
    name: 'nsbaseline_weakened_namespaces',
    type: 'gauge',
    help: 'Protected namespaces in which a NetworkPolicy of somebody else undoes the isolation.',
    labels: {},
  },
  timeToProtect: {
    name: 'nsbaseline_time_to_protect_seconds',
    type: 'histogram',
    help: 'From seeing that a namespace is newly selected to its last managed policy being stored.',
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  reconciles: {
    name: 'nsbaseline_reconciles_total',
    type: 'counter',
    help: 'Reconciles of a namespace, or of the finalizer of a BaselinePolicy, by how they ended. panic: a bug, which the log names.',
    labels: { result: RECONCILE_RESULTS },
  },
  reconcileDuration: {
    name: 'nsbaseline_reconcile_duration_seconds',
    type: 'histogram',
    help: 'How long a reconcile took, requests included.',
    labels: {},
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  writes: {
    name: 'nsbaseline_writes_total',
    type: 'counter',
    help: 'Writes to the API server. conflict: the object was not as expected; refused: asking again would not help; throttled: asked to slow down; failed: anything else.',
    labels: { kind: [...Object.keys(WRITTEN_KINDS), OTHER], verb: WRITE_VERBS, result: WRITE_RESULTS },
  },
  driftRepairs: {
    name: 'nsbaseline_drift_repairs_total',
    type: 'counter',
    help: 'Managed policies that were put back after somebody else had deleted them, changed their spec, or changed our labels on them.',
    labels: { drift: DRIFTS },
  },
  queueDepth: {
    name: 'nsbaseline_queue_depth',
    type: 'gauge',
    help: 'Namespaces that wait for a worker. fresh: newly selected or tampered with; resync: everything else.',
    labels: { priority: QUEUE_PRIORITIES },
  },
  queueOldest: {
    name: 'nsbaseline_queue_oldest_seconds',
    type: 'gauge',
    help: 'How long the namespace that has waited longest has waited; 0 when none waits.',
    labels: {},
  },
  queueRetries: {
    name: 'nsbaseline_queue_retries_total',
    type: 'counter',
    help: 'Namespaces and BaselinePolicies that were put back with a backoff.',
    labels: {},
  },
  watchRestarts: {
    name: 'nsbaseline_watch_restarts_total',
    type: 'counter',
    help: 'Watches that were begun anew. ended: the server closed it in order, as it does every few minutes; expired: our version was too old; silent: nothing came for too long; refused: credentials or permissions.',
    labels: { resource: WATCHED_RESOURCE, reason: WATCH_RESTART_REASONS },
  },
  watchSilence: {
    name: 'nsbaseline_watch_silence_seconds',
    type: 'gauge',
    help: 'How long a watch has brought nothing, not even a bookmark (they come about once a minute); where a resource has several watches, the most silent one.',
    labels: { resource: WATCHED_RESOURCE },
  },
  cacheObjects: {
    name: 'nsbaseline_cache_objects',
    type: 'gauge',
    help: 'Objects held in memory.',
    labels: { resource: WATCHED_RESOURCE },
  },
  events: {
    name: 'nsbaseline_events_total',
    type: 'counter',
    help: 'Events for `kubectl describe`. aggregated: counted in an Event that exists; the last three were dropped.',
    labels: { result: EVENT_RESULTS },
  },
  leader: {
    name: 'nsbaseline_leader',
    type: 'gauge',
    help: '1 while this replica leads and writes; else 0. Over all replicas the sum is 1, and for the length of a hand-over 0.',
    labels: {},
  },
  terms: {
    name: 'nsbaseline_leader_terms_total',
    type: 'counter',
    help: 'How often this replica began to lead.',
    labels: {},
  },
  stoodIn: {
    name: 'nsbaseline_stood_in_total',
    type: 'counter',
    help: 'Managed policies that this replica, standing by, created because the leader was silent.',
    labels: {},
  },
  ready: {
    name: 'nsbaseline_ready',
    type: 'gauge',
    help: '1 when every cache is synced, as `/readyz` says; else 0.',
    labels: {},
  },
  buildInfo: {
    name: 'nsbaseline_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: {
      version: 'the version of nsbaseline',
      commit: 'the git commit it was built from',
      node: 'the version of Node',
    },
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;
