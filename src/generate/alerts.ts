/** One Prometheus alerting rule (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/). */
export interface Alert {
  readonly name: `Nsbaseline${string}`;
  /** PromQL over our own metrics and those of the process. It names no job and no namespace, since these differ between installations. */
  readonly expr: string;
  /** How long the expression must hold before the alert fires, in Prometheus' form of a duration. */
  readonly for: `${number}m`;
  /** critical: protection is missing or is not maintained; warning: look at it today; info: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** One sentence for the person on call. */
  readonly summary: string;
  /** The runbook, from the root of the repository. */
  readonly runbook: `docs/runbooks/${string}.md`;
}

/** Half of the memory limit in deploy/base/deployment.yaml. */
const MEMORY_LIMIT_MIB = 512;

/** Every alert, most urgent first; docs/alerts.md is made from this table. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'NsbaselineNamespacesUnprotected',
    expr: 'max(nsbaseline_unprotected_namespaces) > 0',
    for: '1m',
    severity: 'critical',
    summary: '{{ $value }} selected namespaces have no default-deny and are therefore open.',
    runbook: 'docs/runbooks/unprotected.md',
  },
  {
    name: 'NsbaselineNotReady',
    expr: 'absent(nsbaseline_ready == 1)',
    for: '5m',
    severity: 'critical',
    summary: 'No replica of nsbaseline is ready: new namespaces stay open, and changed policies are not restored.',
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineNoLeader',
    expr: 'sum(nsbaseline_leader) < 1',
    for: '1m',
    severity: 'critical',
    summary: 'No replica of nsbaseline leads: new namespaces stay open, and changed policies are not restored.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineSeveralLeaders',
    expr: 'sum(nsbaseline_leader) > 1',
    for: '2m',
    severity: 'critical',
    summary: '{{ $value }} replicas of nsbaseline lead at the same time.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineWatchSilent',
    expr: 'max by (resource) (nsbaseline_watch_silence_seconds) > 180',
    for: '2m',
    severity: 'critical',
    summary:
      'A watch on {{ $labels.resource }} has been silent for {{ $value }} seconds: the operator does not see changes.',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineNamespacesFailed',
    expr: 'max by (policy) (nsbaseline_namespaces{phase="Failed"}) > 0',
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $value }} namespaces of BaselinePolicy {{ $labels.policy }} are Failed: a part cannot be put in place.',
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
    summary: 'In {{ $value }} namespaces a foreign NetworkPolicy has the name of a managed one.',
    runbook: 'docs/runbooks/conflict.md',
  },
  {
    name: 'NsbaselineContested',
    expr: 'max(nsbaseline_contested_objects) > 0',
    for: '5m',
    severity: 'warning',
    summary:
      'Another client keeps changing {{ $value }} managed objects, which nsbaseline now repairs at a slower pace.',
    runbook: 'docs/runbooks/contested.md',
  },
  {
    name: 'NsbaselineWeakened',
    expr: 'max(nsbaseline_weakened_namespaces) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'In {{ $value }} namespaces a foreign NetworkPolicy undoes the isolation.',
    runbook: 'docs/runbooks/weakened.md',
  },
  {
    name: 'NsbaselineStalled',
    expr: 'sum(increase(nsbaseline_reconciles_total{result="terminal"}[10m])) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'A change is held until you approve it, or the operator lacks a permission.',
    runbook: 'docs/runbooks/stalled.md',
  },
  {
    name: 'NsbaselineWritesRefused',
    expr: 'sum by (kind) (increase(nsbaseline_writes_total{result="refused"}[15m])) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'The API server refuses a {{ $labels.kind }} that nsbaseline writes.',
    runbook: 'docs/runbooks/writes-failing.md',
  },
  {
    name: 'NsbaselineWritesFailing',
    expr: 'sum(rate(nsbaseline_writes_total{result=~"failed|throttled"}[5m])) > 0.1 * sum(rate(nsbaseline_writes_total[5m]))',
    for: '10m',
    severity: 'warning',
    summary: 'More than a tenth of the writes to the API server fail or are throttled.',
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
    summary: 'One in a hundred new namespaces stays open for {{ $value }} seconds or longer.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineWatchRestarting',
    expr: 'sum by (resource, reason) (increase(nsbaseline_watch_restarts_total{reason!="ended"}[10m])) > 10',
    for: '10m',
    severity: 'warning',
    summary: 'The watch on {{ $labels.resource }} restarts repeatedly ({{ $labels.reason }}).',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineReplicaNotReady',
    expr: 'nsbaseline_ready == 0',
    for: '15m',
    severity: 'warning',
    summary: 'A replica of nsbaseline has not been ready for 15 minutes.',
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineLeaderChanging',
    expr: 'sum(increase(nsbaseline_leader_terms_total[30m])) > 4',
    for: '0m',
    severity: 'warning',
    summary: 'The leader of nsbaseline has changed {{ $value }} times within half an hour.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineStoodIn',
    expr: 'sum(increase(nsbaseline_stood_in_total[15m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'A standby created {{ $value }} NetworkPolicies because the leader was silent.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineUnexpectedError',
    expr: 'sum(increase(nsbaseline_reconciles_total{result="panic"}[15m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'A reconcile of nsbaseline ended with an unexpected error. This is a bug in nsbaseline.',
    runbook: 'docs/runbooks/unexpected-error.md',
  },
  {
    name: 'NsbaselineMemoryHigh',
    expr: `(process_resident_memory_bytes and on (job, instance) nsbaseline_build_info) > ${MEMORY_LIMIT_MIB} * 1024 * 1024`,
    for: '10m',
    severity: 'warning',
    summary: 'A replica of nsbaseline uses {{ $value | humanize1024 }}B of memory.',
    runbook: 'docs/runbooks/memory-high.md',
  },
  {
    name: 'NsbaselineEventLoopLagging',
    expr: '(nodejs_eventloop_lag_p99_seconds and on (job, instance) nsbaseline_build_info) > 1',
    for: '5m',
    severity: 'warning',
    summary: 'The event loop of a replica of nsbaseline is blocked for {{ $value }} seconds at a time.',
    runbook: 'docs/runbooks/event-loop-lagging.md',
  },
  {
    name: 'NsbaselineDriftRepaired',
    expr: 'sum by (drift) (increase(nsbaseline_drift_repairs_total[1h])) > 10',
    for: '0m',
    severity: 'info',
    summary: '{{ $value }} managed NetworkPolicies were repaired within an hour ({{ $labels.drift }}).',
    runbook: 'docs/runbooks/repaired.md',
  },
];
