/** One alert, as Prometheus takes it (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/). */
export interface Alert {
  readonly name: `Nsbaseline${string}`;
  /** PromQL over our own metrics and those of the process; it names no job and no namespace, as installations differ in them. */
  readonly expr: string;
  /** For so long it must hold before anybody is told, as Prometheus writes durations. */
  readonly for: `${number}m`;
  /** critical: protection is missing or nobody keeps it; warning: somebody should look today; info: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** One sentence for whoever is called. */
  readonly summary: string;
  /** The page that says what to do, from the root of the repository. */
  readonly runbook: `docs/runbooks/${string}.md`;
}

/** Half of what deploy/base/deployment.yaml allows. */
const MEMORY_LIMIT_MIB = 512;

/** Every alert, most urgent first; docs/alerts.md is made from this table. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'NsbaselineNamespacesUnprotected',
    expr: 'max(nsbaseline_unprotected_namespaces) > 0',
    for: '1m',
    severity: 'critical',
    summary: '{{ $value }} selected namespaces have no default-deny, and so are open.',
    runbook: 'docs/runbooks/unprotected.md',
  },
  {
    name: 'NsbaselineNotReady',
    expr: 'absent(nsbaseline_ready == 1)',
    for: '5m',
    severity: 'critical',
    summary: 'No replica of nsbaseline is ready: new namespaces stay open, and what is changed is not put back.',
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineNoLeader',
    expr: 'sum(nsbaseline_leader) < 1',
    for: '1m',
    severity: 'critical',
    summary: 'No replica of nsbaseline leads: what is changed is not put back.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineSeveralLeaders',
    expr: 'sum(nsbaseline_leader) > 1',
    for: '2m',
    severity: 'critical',
    summary: '{{ $value }} replicas of nsbaseline lead at once.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineWatchSilent',
    expr: 'max by (resource) (nsbaseline_watch_silence_seconds) > 180',
    for: '2m',
    severity: 'critical',
    summary: 'A watch on {{ $labels.resource }} has brought nothing for {{ $value }} seconds: changes are not seen.',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineNamespacesFailed',
    expr: 'max by (policy) (nsbaseline_namespaces{phase="Failed"}) > 0',
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $value }} namespaces of BaselinePolicy {{ $labels.policy }} are Failed: something cannot be put in place.',
    runbook: 'docs/runbooks/failed.md',
  },
  {
    name: 'NsbaselineNamespacesPending',
    expr: 'max by (policy) (nsbaseline_namespaces{phase="Pending"}) > 0',
    for: '10m',
    severity: 'warning',
    summary: '{{ $value }} namespaces of BaselinePolicy {{ $labels.policy }} have been Pending for ten minutes.',
    runbook: 'docs/runbooks/pending.md',
  },
  {
    name: 'NsbaselineConflicts',
    expr: 'max(nsbaseline_conflicts) > 0',
    for: '15m',
    severity: 'warning',
    summary: "In {{ $value }} namespaces somebody else's NetworkPolicy has the name of a managed one.",
    runbook: 'docs/runbooks/conflict.md',
  },
  {
    name: 'NsbaselineContested',
    expr: 'max(nsbaseline_contested_objects) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'Somebody keeps changing {{ $value }} managed objects, which are put back at a slower pace.',
    runbook: 'docs/runbooks/contested.md',
  },
  {
    name: 'NsbaselineWeakened',
    expr: 'max(nsbaseline_weakened_namespaces) > 0',
    for: '5m',
    severity: 'warning',
    summary: "In {{ $value }} namespaces somebody else's NetworkPolicy undoes the isolation.",
    runbook: 'docs/runbooks/weakened.md',
  },
  {
    name: 'NsbaselineStalled',
    expr: 'sum(increase(nsbaseline_reconciles_total{result="terminal"}[10m])) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'A change waits for a confirmation, or the operator lacks a permission.',
    runbook: 'docs/runbooks/stalled.md',
  },
  {
    name: 'NsbaselineWritesRefused',
    expr: 'sum by (kind) (increase(nsbaseline_writes_total{result="refused"}[15m])) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'The API server refuses to store a {{ $labels.kind }} of the operator.',
    runbook: 'docs/runbooks/writes-failing.md',
  },
  {
    name: 'NsbaselineWritesFailing',
    expr: 'sum(rate(nsbaseline_writes_total{result=~"failed|throttled"}[5m])) > 0.1 * sum(rate(nsbaseline_writes_total[5m]))',
    for: '10m',
    severity: 'warning',
    summary: 'More than a tenth of the writes to the API server fail or are asked to slow down.',
    runbook: 'docs/runbooks/writes-failing.md',
  },
  {
    name: 'NsbaselineQueueOld',
    expr: 'max(nsbaseline_queue_oldest_seconds) > 30',
    for: '5m',
    severity: 'warning',
    summary: 'A namespace has waited {{ $value }} seconds for a worker.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineSlowToProtect',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(nsbaseline_time_to_protect_seconds_bucket[10m]))) > 10',
    for: '10m',
    severity: 'warning',
    summary: 'One in a hundred new namespaces stays open for {{ $value }} seconds.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineWatchRestarting',
    expr: 'sum by (resource, reason) (increase(nsbaseline_watch_restarts_total{reason!="ended"}[10m])) > 10',
    for: '10m',
    severity: 'warning',
    summary: 'The watch on {{ $labels.resource }} is begun anew again and again ({{ $labels.reason }}).',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineReplicaNotReady',
    expr: 'nsbaseline_ready == 0',
    for: '15m',
    severity: 'warning',
    summary: 'A replica of nsbaseline has not become ready for a quarter of an hour.',
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineLeaderChanging',
    expr: 'sum(increase(nsbaseline_leader_terms_total[30m])) > 4',
    for: '0m',
    severity: 'warning',
    summary: 'The lead has changed {{ $value }} times within half an hour.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineStoodIn',
    expr: 'sum(increase(nsbaseline_stood_in_total[15m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'A standby created {{ $value }} policies because the leader was silent.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineUnexpectedError',
    expr: 'sum(increase(nsbaseline_reconciles_total{result="panic"}[15m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'The operator met an error that it does not know. This is a fault of nsbaseline.',
    runbook: 'docs/runbooks/unexpected-error.md',
  },
  {
    name: 'NsbaselineMemoryHigh',
    expr: `(process_resident_memory_bytes and on (job, instance) nsbaseline_build_info) > ${MEMORY_LIMIT_MIB} * 1024 * 1024`,
    for: '10m',
    severity: 'warning',
    summary: 'A replica of nsbaseline takes {{ $value | humanize1024 }}B of memory.',
    runbook: 'docs/runbooks/memory-high.md',
  },
  {
    name: 'NsbaselineEventLoopLagging',
    expr: '(nodejs_eventloop_lag_p99_seconds and on (job, instance) nsbaseline_build_info) > 1',
    for: '5m',
    severity: 'warning',
    summary: 'The event loop of a replica of nsbaseline stands still for {{ $value }} seconds at a time.',
    runbook: 'docs/runbooks/event-loop-lagging.md',
  },
  {
    name: 'NsbaselineDriftRepaired',
    expr: 'sum by (drift) (increase(nsbaseline_drift_repairs_total[1h])) > 10',
    for: '0m',
    severity: 'info',
    summary: '{{ $value }} managed NetworkPolicies were put back within an hour ({{ $labels.drift }}).',
    runbook: 'docs/runbooks/repaired.md',
  },
];
