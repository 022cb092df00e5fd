/** One panel of the dashboard. */
export interface Panel {
  readonly title: string;
  /** What the panel shows. */
  readonly description: string;
  /** A table has one row for each BaselinePolicy, and one column for each condition. */
  readonly kind: 'stat' | 'timeseries' | 'table';
  readonly unit: 'short' | 's' | 'bytes' | 'ops';
  /** PromQL, each with its legend. Each filters by {@link SELECTED}. */
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** For a stat: the value from which it is red. */
  readonly redFrom?: number;
  /** For a stat: the value below which it is red, as it is without any series. */
  readonly redBelow?: number;
  /** The runbook, from the root of the repository. */
  readonly runbook?: `docs/runbooks/${string}.md`;
  /** In 24ths of the screen. */
  readonly width: 4 | 8 | 12 | 24;
}

/** A row of the dashboard. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What the viewer selected: the variables of the dashboard. `.*`, for all, also matches series without the label. */
export const SELECTED = 'cluster=~"$cluster", namespace=~"$namespace", job=~"$job"';
/** One installation, as in the alerts. */
const INSTALLATION = 'cluster, namespace, job';
const OF_OPERATOR = `and on (${INSTALLATION}, instance) nsbaseline_build_info{${SELECTED}}`;

/**
 * The dashboard, row by row, over the metrics of metric-table.ts and of the process. Within an installation only the
 * leader counts namespaces, and standbys report 0, hence `max by (cluster, namespace, job)`; installations are summed.
 */
export const DASHBOARD: readonly Row[] = [
  {
    title: 'Is everything protected?',
    panels: [
      stat({
        title: 'Unprotected',
        description: 'Selected namespaces without a default-deny, which are therefore open.',
        expr: `sum(max by (${INSTALLATION}) (nsbaseline_unprotected_namespaces{${SELECTED}}))`,
        runbook: 'docs/runbooks/unprotected.md',
        redFrom: 1,
      }),
      stat({
        title: 'Failed',
        description: 'Namespaces in which a part cannot be put in place.',
        expr: `sum(max by (${INSTALLATION}, policy) (nsbaseline_namespaces{${SELECTED}, phase="Failed"}))`,
        runbook: 'docs/runbooks/failed.md',
        redFrom: 1,
      }),
      stat({
        title: 'Conflicts',
        description: 'Namespaces in which a foreign NetworkPolicy has the name of a managed one.',
        expr: `sum(max by (${INSTALLATION}) (nsbaseline_conflicts{${SELECTED}}))`,
        runbook: 'docs/runbooks/conflict.md',
        redFrom: 1,
      }),
      stat({
        title: 'Weakened',
        description: 'Namespaces in which a foreign NetworkPolicy undoes the isolation.',
        expr: `sum(max by (${INSTALLATION}) (nsbaseline_weakened_namespaces{${SELECTED}}))`,
        runbook: 'docs/runbooks/weakened.md',
        redFrom: 1,
      }),
      stat({
        title: 'Leaders',
        description:
          'Replicas that lead, for each installation: 1, or 0 during a hand-over. An installation without series is shown as 0 for a day.',
        expr: withVanished('nsbaseline_leader'),
        legend: '{{cluster}} {{namespace}}',
        redBelow: 1,
        redFrom: 2,
        runbook: 'docs/runbooks/leader.md',
      }),
      stat({
        title: 'Ready',
        description:
          'Replicas with every cache synced, for each installation. An installation without series is shown as 0 for a day.',
        expr: withVanished('nsbaseline_ready'),
        legend: '{{cluster}} {{namespace}}',
        redBelow: 1,
        runbook: 'docs/runbooks/not-ready.md',
      }),
    ],
  },
  {
    title: 'BaselinePolicies',
    panels: [
      {
        title: 'Conditions',
        description:
          'Every BaselinePolicy with its conditions. Ready and AllProtected should be True, all others False.',
        kind: 'table',
        unit: 'short',
        width: 24,
        runbook: 'docs/runbooks/README.md',
        queries: [
          {
            expr: `max by (${INSTALLATION}, policy, condition) (nsbaseline_policy_condition{${SELECTED}})`,
            legend: '',
          },
        ],
      },
    ],
  },
  {
    title: 'Namespaces',
    panels: [
      {
        title: 'Namespaces by phase',
        description: 'Namespaces that a BaselinePolicy selects.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `sum by (phase) (max by (${INSTALLATION}, policy, phase) (nsbaseline_namespaces{${SELECTED}}))`,
            legend: '{{phase}}',
          },
        ],
      },
      {
        title: 'Time to protect',
        description: 'From the event that selects a namespace to the storing of its last managed NetworkPolicy.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: ['0.5', '0.99'].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(nsbaseline_time_to_protect_seconds_bucket{${SELECTED}}[$__rate_interval])))`,
          legend: `quantile ${quantile}`,
        })),
      },
      {
        title: 'Repairs',
        description: 'Managed NetworkPolicies that were restored after another client changed or deleted them.',
        kind: 'timeseries',
        unit: 'ops',
        width: 12,
        queries: [
          {
            expr: `sum by (drift) (rate(nsbaseline_drift_repairs_total{${SELECTED}}[$__rate_interval]))`,
            legend: '{{drift}}',
          },
        ],
      },
      {
        title: 'Contested',
        description: 'Managed objects that another client keeps changing, repaired at a slower pace.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `max by (${INSTALLATION}) (nsbaseline_contested_objects{${SELECTED}})`,
            legend: '{{cluster}} {{namespace}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Work',
    panels: [
      {
        title: 'Reconciles',
        description: 'By result; docs/reconcile.md explains them.',
        kind: 'timeseries',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (result) (rate(nsbaseline_reconciles_total{${SELECTED}}[$__rate_interval]))`,
            legend: '{{result}}',
          },
        ],
      },
      {
        title: 'Writes',
        description: 'Writes to the API server, by result.',
        kind: 'timeseries',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (kind, result) (rate(nsbaseline_writes_total{${SELECTED}}[$__rate_interval]))`,
            legend: '{{kind}} {{result}}',
          },
        ],
      },
      {
        title: 'Longest wait',
        description: 'How long the oldest key in the queue has waited, and the oldest request.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: `max by (${INSTALLATION}) (nsbaseline_queue_oldest_seconds{${SELECTED}})`,
            legend: '{{cluster}} {{namespace}}',
          },
          {
            expr: `max by (${INSTALLATION}) (nsbaseline_request_oldest_seconds{${SELECTED}})`,
            legend: '{{cluster}} {{namespace}} requests',
          },
        ],
      },
      {
        title: 'Queue',
        description: 'Keys waiting for a worker, and requests waiting for their turn.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          { expr: `sum by (priority) (nsbaseline_queue_depth{${SELECTED}})`, legend: '{{priority}}' },
          { expr: `sum by (priority) (nsbaseline_requests_waiting{${SELECTED}})`, legend: '{{priority}} requests' },
        ],
      },
      {
        title: 'Watch restarts',
        description: 'ended is normal, every few minutes; all other reasons are not.',
        kind: 'timeseries',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (resource, reason) (rate(nsbaseline_watch_restarts_total{${SELECTED}}[$__rate_interval]))`,
            legend: '{{resource}} {{reason}}',
          },
        ],
      },
      {
        title: 'Watch silence',
        description: 'The API server sends a bookmark about once a minute.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: `max by (cluster, resource) (nsbaseline_watch_silence_seconds{${SELECTED}})`,
            legend: '{{cluster}} {{resource}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Processes',
    panels: [
      {
        title: 'Memory',
        description: 'Resident memory of each replica.',
        kind: 'timeseries',
        unit: 'bytes',
        width: 8,
        queries: [
          {
            expr: `process_resident_memory_bytes{${SELECTED}} ${OF_OPERATOR}`,
            legend: '{{cluster}} {{instance}}',
          },
        ],
      },
      {
        title: 'Processor time',
        description: 'Seconds of CPU per second; one replica cannot use much more than 1.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `rate(process_cpu_seconds_total{${SELECTED}}[$__rate_interval]) ${OF_OPERATOR}`,
            legend: '{{cluster}} {{instance}}',
          },
        ],
      },
      {
        title: 'Objects in memory',
        description: 'Objects in the caches.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `max by (cluster, resource) (nsbaseline_cache_objects{${SELECTED}})`,
            legend: '{{cluster}} {{resource}}',
          },
        ],
      },
    ],
  },
];

function stat({
  expr,
  legend,
  ...panel
}: Omit<Panel, 'kind' | 'unit' | 'width' | 'queries'> & { readonly expr: string; readonly legend?: string }): Panel {
  return { ...panel, kind: 'stat', unit: 'short', width: 4, queries: [{ expr, legend: legend ?? panel.title }] };
}

/** The sum over the replicas of each installation, and 0 for one that had a series within a day and has none. */
function withVanished(metric: `nsbaseline_${string}`): string {
  const existed = `max by (${INSTALLATION}) (max_over_time(${metric}{${SELECTED}}[1d]))`;
  return `sum by (${INSTALLATION}) (${metric}{${SELECTED}}) or 0 * ${existed}`;
}
