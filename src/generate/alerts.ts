import type { ConditionType } from '../api/names.ts';

/** One Prometheus alerting rule (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/). */
export interface Alert {
  readonly name: `Nsbaseline${string}`;
  /**
   * PromQL over our own metrics and those of the process. Every expression aggregates by {@link INSTALLATION}, so that one
   * ruler can serve several clusters. It names no job and no namespace, since these differ between installations.
   */
  readonly expr: string;
  /** How long the expression must hold before the alert fires, in Prometheus' form of a duration. */
  readonly for: `${number}m`;
  /** critical: protection is missing or is not maintained; warning: look at it today; info: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** One sentence for the person on call. */
  readonly summary: string;
  /** What follows from it if nothing is done, in one or two sentences. */
  readonly description: string;
  /** The runbook, from the root of the repository. */
  readonly runbook: `docs/runbooks/${string}.md`;
}

/**
 * The labels of one installation. `namespace` and `job` are those of the scrape; `cluster` is the external label that
 * Thanos, Mimir and federation add to every series. A label that the series lack is empty and separates nothing.
 */
export const INSTALLATION = 'cluster, namespace, job';
const BY = `by (${INSTALLATION})`;
const ON = `on (${INSTALLATION}, instance)`;

/** The label that tells one replica from another, within {@link INSTALLATION}. */
const BY_REPLICA = `by (${INSTALLATION}, instance)`;

/**
 * An installation that is gone has no series, and `absent()` cannot say which of several is gone. So an installation
 * counts as existing while it had a series within this time. Afterwards only `absent_over_time` notices, and only when
 * no installation is left.
 */
const REMEMBERED = '1d';

/** Fires for each installation that `healthy` does not return, and without labels when there has been none for a day. */
function existsWithout({ metric, healthy }: { readonly metric: string; readonly healthy: string }): string {
  const existed = `max ${BY} (max_over_time(${metric}[${REMEMBERED}]))`;
  return `(${existed} unless ${healthy}) or absent_over_time(${metric}[${REMEMBERED}])`;
}

/** A condition of a BaselinePolicy that is True; Prometheus shows for which policy. */
function hasCondition(condition: ConditionType): string {
  return `max by (${INSTALLATION}, policy) (nsbaseline_policy_condition{condition="${condition}"}) > 0`;
}

/** Half of the container's limit; half of what deploy/base has where the container has no limit. */
const MEMORY_HIGH = [
  `process_resident_memory_bytes > ${ON} 0.5 * (nsbaseline_memory_limit_bytes > 0)`,
  `(process_resident_memory_bytes and ${ON} (nsbaseline_memory_limit_bytes == 0)) > 512 * 1024 * 1024`,
].join(' or ');

const UNMAINTAINED =
  'Existing NetworkPolicies stay. New namespaces are open or protected late, changed policies are not restored, and opted-out namespaces keep theirs.';

/**
 * A process that crashes and leads again has its first term again: the counter is 1 before and after, and shows nothing.
 * Its start time changes. A crashed replica has no series at times, hence the look back.
 */
const LEADER_CHANGES = [
  `sum ${BY} (increase(nsbaseline_leader_terms_total[30m]))`,
  `sum ${BY} (changes(process_start_time_seconds[30m]) and ${ON} max_over_time(nsbaseline_build_info[30m])) > 4`,
].join(' + ');

/** Every alert, most urgent first; docs/alerts.md is made from this table. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'NsbaselineNamespacesUnprotected',
    expr: `max ${BY} (nsbaseline_unprotected_namespaces) > 0`,
    for: '1m',
    severity: 'critical',
    summary: '{{ $value }} selected namespaces have no default-deny and are therefore open.',
    description:
      'Every pod in them can reach, and be reached by, whatever no other NetworkPolicy isolates. `nsbaseline status -A` names them.',
    runbook: 'docs/runbooks/unprotected.md',
  },
  {
    name: 'NsbaselineNotReady',
    expr: existsWithout({ metric: 'nsbaseline_ready', healthy: `max ${BY} (nsbaseline_ready) == 1` }),
    for: '5m',
    severity: 'critical',
    summary: 'No replica of nsbaseline is ready: new namespaces stay open, and changed policies are not restored.',
    description: `The replicas are not ready, do not run, or Prometheus cannot scrape them. ${UNMAINTAINED}`,
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineNoLeader',
    expr: existsWithout({ metric: 'nsbaseline_leader', healthy: `sum ${BY} (nsbaseline_leader) >= 1` }),
    for: '1m',
    severity: 'critical',
    summary: 'No replica of nsbaseline leads: new namespaces stay open, and changed policies are not restored.',
    description: `No replica that Prometheus can scrape holds the Lease. ${UNMAINTAINED}`,
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineSeveralLeaders',
    expr: `sum ${BY} (nsbaseline_leader) > 1`,
    for: '2m',
    severity: 'critical',
    summary: '{{ $value }} replicas of nsbaseline lead at the same time.',
    description:
      'One of them runs with `--leader-elect=false`, or two Deployments run in one namespace. Writes are made twice, and reports may flap.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineSeveralInstallations',
    expr: `count by (cluster) (count by (cluster, namespace) (nsbaseline_leader{cluster!=""} == 1)) > 1`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value }} installations of nsbaseline lead in cluster {{ $labels.cluster }}.',
    description:
      'Two installations in different namespaces of one cluster do not see the Lease of each other, and both write. It is noticed only where the series have the label `cluster`.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineWatchSilent',
    expr: `max by (${INSTALLATION}, resource) (nsbaseline_watch_silence_seconds) > 180`,
    for: '2m',
    severity: 'critical',
    summary:
      'A watch on {{ $labels.resource }} has been silent for {{ $value }} seconds: the operator does not see changes.',
    description: 'Changes of these objects are noticed only when the watch is restarted.',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineNamespacesFailed',
    expr: `max by (${INSTALLATION}, policy) (nsbaseline_namespaces{phase="Failed"}) > 0`,
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $value }} namespaces of BaselinePolicy {{ $labels.policy }} are Failed: a part cannot be put in place.',
    description:
      'A quota, an admission webhook or the API server refuses a NetworkPolicy. The NamespaceBaseline of each namespace has the answer of the API server.',
    runbook: 'docs/runbooks/failed.md',
  },
  {
    name: 'NsbaselineNamespacesPending',
    expr: `max by (${INSTALLATION}, policy) (nsbaseline_namespaces{phase="Pending"}) > 0`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $value }} namespaces of BaselinePolicy {{ $labels.policy }} have been Pending for ten minutes.',
    description:
      'Their NetworkPolicies are not complete yet. The NamespaceBaseline of each namespace says what it waits for.',
    runbook: 'docs/runbooks/pending.md',
  },
  {
    name: 'NsbaselineConflicts',
    expr: `max ${BY} (nsbaseline_conflicts) > 0`,
    for: '15m',
    severity: 'warning',
    summary: 'In {{ $value }} namespaces a foreign NetworkPolicy has the name of a managed one.',
    description:
      'The managed NetworkPolicy of that name is missing there, until you adopt, rename or delete the foreign one.',
    runbook: 'docs/runbooks/conflict.md',
  },
  {
    name: 'NsbaselineContested',
    expr: `max ${BY} (nsbaseline_contested_objects) > 0`,
    for: '5m',
    severity: 'warning',
    summary:
      'Another client keeps changing {{ $value }} managed objects, which nsbaseline now repairs at a slower pace.',
    description:
      'Between two repairs the objects are as the other client wants them, which may leave a namespace open.',
    runbook: 'docs/runbooks/contested.md',
  },
  {
    name: 'NsbaselineWeakened',
    expr: `max ${BY} (nsbaseline_weakened_namespaces) > 0`,
    for: '5m',
    severity: 'warning',
    summary: 'In {{ $value }} namespaces a foreign NetworkPolicy undoes the isolation.',
    description:
      'The NetworkPolicies of nsbaseline are in place, but another one allows everything. The NamespaceBaseline names it.',
    runbook: 'docs/runbooks/weakened.md',
  },
  {
    name: 'NsbaselineOwnRuleOpen',
    expr: hasCondition('OwnRuleOpen'),
    for: '15m',
    severity: 'warning',
    summary: 'A rule of BaselinePolicy {{ $labels.policy }} opens a direction for everyone.',
    description:
      'In every namespace of that policy, the pods of the rule are open in that direction. The message of the condition names the rule.',
    runbook: 'docs/runbooks/own-rule-open.md',
  },
  {
    name: 'NsbaselineStalled',
    expr: hasCondition('Stalled'),
    for: '10m',
    severity: 'warning',
    summary: 'BaselinePolicy {{ $labels.policy }} is Stalled: it needs your approval, a permission or a valid spec.',
    description:
      'Nothing that is in place is removed. What the policy changes or adds waits; the message of the condition says for what.',
    runbook: 'docs/runbooks/stalled.md',
  },
  {
    name: 'NsbaselineDiscoveryStale',
    expr: hasCondition('DiscoveryStale'),
    for: '15m',
    severity: 'warning',
    summary: 'BaselinePolicy {{ $labels.policy }} renders addresses of DNS or of the API server that are not current.',
    description:
      'If these addresses are wrong, pods in isolated namespaces cannot resolve names or cannot reach the API server. If no DNS was ever believed, namespaces that are not isolated stay open; the condition names them.',
    runbook: 'docs/runbooks/discovery-stale.md',
  },
  {
    name: 'NsbaselineWritesRefused',
    expr: `sum by (${INSTALLATION}, kind) (increase(nsbaseline_writes_total{result="refused"}[15m])) > 0`,
    for: '10m',
    severity: 'warning',
    summary: 'The API server refuses a {{ $labels.kind }} that nsbaseline writes.',
    description: 'A retry does not help: a permission, a quota, an admission webhook or the CRD is in the way.',
    runbook: 'docs/runbooks/writes-failing.md',
  },
  {
    name: 'NsbaselineWritesFailing',
    expr: `sum ${BY} (rate(nsbaseline_writes_total{result=~"failed|throttled"}[5m])) > 0.1 * sum ${BY} (rate(nsbaseline_writes_total[5m]))`,
    for: '10m',
    severity: 'warning',
    summary: 'More than a tenth of the writes to the API server fail or are throttled.',
    description: 'They are retried, so that namespaces are protected and repaired late.',
    runbook: 'docs/runbooks/writes-failing.md',
  },
  {
    name: 'NsbaselineQueueOld',
    expr: `max ${BY} (nsbaseline_queue_oldest_seconds) > 30`,
    for: '5m',
    severity: 'warning',
    summary: 'A namespace has waited {{ $value }} seconds for a worker.',
    description: 'Namespaces are protected and repaired late.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineRequestsOld',
    expr: `max ${BY} (nsbaseline_request_oldest_seconds) > 10`,
    for: '5m',
    severity: 'warning',
    summary: 'A request to the API server has waited {{ $value }} seconds for its turn.',
    description: 'Namespaces that are being worked on are protected and repaired late.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineSlowToProtect',
    expr: `histogram_quantile(0.99, sum by (${INSTALLATION}, le) (rate(nsbaseline_time_to_protect_seconds_bucket[10m]))) > 10`,
    for: '10m',
    severity: 'warning',
    summary: 'One in a hundred new namespaces stays open for {{ $value }} seconds or longer.',
    description:
      'Pods that start in a new namespace before it is protected can open connections that no NetworkPolicy allows.',
    runbook: 'docs/runbooks/queue-old.md',
  },
  {
    name: 'NsbaselineWatchRestarting',
    expr: `sum by (${INSTALLATION}, resource, reason) (increase(nsbaseline_watch_restarts_total{reason!="ended"}[10m])) > 10`,
    for: '10m',
    severity: 'warning',
    summary: 'The watch on {{ $labels.resource }} restarts repeatedly ({{ $labels.reason }}).',
    description: 'Changes of these objects are noticed late, and every restart costs the API server work.',
    runbook: 'docs/runbooks/watch-silent.md',
  },
  {
    name: 'NsbaselineReplicaNotReady',
    expr: `max ${BY_REPLICA} (nsbaseline_ready) == 0`,
    for: '15m',
    severity: 'warning',
    summary: 'Replica {{ $labels.instance }} of nsbaseline has not been ready for 15 minutes.',
    description: 'It cannot take over when the leader fails.',
    runbook: 'docs/runbooks/not-ready.md',
  },
  {
    name: 'NsbaselineLeaderChanging',
    expr: LEADER_CHANGES,
    for: '0m',
    severity: 'warning',
    summary:
      'The leader of nsbaseline has changed, or a replica has restarted, {{ $value | humanize }} times within half an hour.',
    description: 'The leader cannot renew its Lease in time, or crashes. Between two leaders nothing is repaired.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineStoodIn',
    expr: `sum ${BY} (increase(nsbaseline_stood_in_total[15m])) > 0`,
    for: '0m',
    severity: 'warning',
    summary: 'A standby created {{ $value | humanize }} NetworkPolicies because the leader was silent.',
    description: 'The leader hung, crashed or was cut off from the API server while a namespace was open.',
    runbook: 'docs/runbooks/leader.md',
  },
  {
    name: 'NsbaselineUnexpectedError',
    expr: `sum ${BY} (increase(nsbaseline_reconciles_total{result="panic"}[15m])) > 0`,
    for: '0m',
    severity: 'warning',
    summary: 'A reconcile of nsbaseline ended with an unexpected error. This is a bug in nsbaseline.',
    description: 'The namespace is retried, and all others are unaffected. The log has the stack trace.',
    runbook: 'docs/runbooks/unexpected-error.md',
  },
  {
    name: 'NsbaselineMemoryHigh',
    expr: `max ${BY_REPLICA} (${MEMORY_HIGH})`,
    for: '10m',
    severity: 'warning',
    summary: 'Replica {{ $labels.instance }} of nsbaseline uses {{ $value | humanize1024 }}B of memory.',
    description:
      'That is more than half of the memory limit of its container, or more than 512 MiB where the container has no limit. At the limit the replica is killed and starts again.',
    runbook: 'docs/runbooks/memory-high.md',
  },
  {
    name: 'NsbaselineEventLoopLagging',
    expr: `max ${BY_REPLICA} (nodejs_eventloop_lag_p99_seconds and ${ON} nsbaseline_build_info) > 1`,
    for: '5m',
    severity: 'warning',
    summary:
      'The event loop of replica {{ $labels.instance }} of nsbaseline is blocked for {{ $value }} seconds at a time.',
    description: 'It may lose the Lease, and it protects and repairs namespaces late.',
    runbook: 'docs/runbooks/event-loop-lagging.md',
  },
  {
    name: 'NsbaselineOrphansPresent',
    expr: hasCondition('OrphansPresent'),
    for: '60m',
    severity: 'info',
    summary: 'NetworkPolicies of a former BaselinePolicy {{ $labels.policy }} remain.',
    description:
      'They still isolate their namespaces and are no longer repaired. `nsbaseline prune -A --dry-run` lists them.',
    runbook: 'docs/runbooks/orphans-present.md',
  },
  {
    name: 'NsbaselineDriftRepaired',
    expr: `sum by (${INSTALLATION}, drift) (increase(nsbaseline_drift_repairs_total[1h])) > 10`,
    for: '0m',
    severity: 'info',
    summary: '{{ $value | humanize }} managed NetworkPolicies were repaired within an hour ({{ $labels.drift }}).',
    description: 'Another client changes or deletes them. The Events of the namespaces name the client.',
    runbook: 'docs/runbooks/repaired.md',
  },
];
