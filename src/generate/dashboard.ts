/** One panel of the dashboard. */
export interface Panel {
  readonly title: string;
  /** What the panel shows. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries';
  readonly unit: 'short' | 's' | 'bytes' | 'ops';
  /** PromQL, each with its legend. `$job` is the job that the viewer selected. */
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** For a stat: the value from which it is red. */
  readonly redFrom?: number;
  /** In 24ths of the screen. */
  readonly width: 4 | 8 | 12;
}

/** A row of the dashboard. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const JOB = 'job=~"$job"';

/**
 * The dashboard, row by row, over the metrics of metric-table.ts and of the process. Only the leader counts namespaces,
 * and standbys report 0, hence `max`.
 */
export const DASHBOARD: readonly Row[] = [
  {
    title: 'Is everything protected?',
    panels: [
      stat({
        title: 'Unprotected',
        description: 'Selected namespaces without a default-deny, which are therefore open.',
        expr: `max(nsbaseline_unprotected_namespaces{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Failed',
        description: 'Namespaces in which a part cannot be put in place.',
        expr: `sum(max by (policy) (nsbaseline_namespaces{${JOB}, phase="Failed"}))`,
        redFrom: 1,
      }),
      stat({
        title: 'Conflicts',
        description: 'Namespaces in which a foreign NetworkPolicy has the name of a managed one.',
        expr: `max(nsbaseline_conflicts{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Weakened',
        description: 'Namespaces in which a foreign NetworkPolicy undoes the isolation.',
        expr: `max(nsbaseline_weakened_namespaces{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Leaders',
        description: 'Replicas that lead: 1, or 0 during a hand-over.',
        expr: `sum(nsbaseline_leader{${JOB}})`,
        redFrom: 2,
      }),
      stat({ title: 'Ready', description: 'Replicas with every cache synced.', expr: `sum(nsbaseline_ready{${JOB}})` }),
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
          { expr: `sum by (phase) (max by (policy, phase) (nsbaseline_namespaces{${JOB}}))`, legend: '{{phase}}' },
        ],
      },
      {
        title: 'Time to protect',
        description: 'From the event that selects a namespace to the storing of its last managed NetworkPolicy.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: ['0.5', '0.99'].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(nsbaseline_time_to_protect_seconds_bucket{${JOB}}[$__rate_interval])))`,
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
            expr: `sum by (drift) (rate(nsbaseline_drift_repairs_total{${JOB}}[$__rate_interval]))`,
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
        queries: [{ expr: `max(nsbaseline_contested_objects{${JOB}})`, legend: 'objects' }],
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
            expr: `sum by (result) (rate(nsbaseline_reconciles_total{${JOB}}[$__rate_interval]))`,
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
            expr: `sum by (kind, result) (rate(nsbaseline_writes_total{${JOB}}[$__rate_interval]))`,
            legend: '{{kind}} {{result}}',
          },
        ],
      },
      {
        title: 'Longest wait',
        description: 'How long the oldest key in the queue has waited.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [{ expr: `max(nsbaseline_queue_oldest_seconds{${JOB}})`, legend: 'oldest' }],
      },
      {
        title: 'Queue',
        description: 'Keys waiting for a worker.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (priority) (nsbaseline_queue_depth{${JOB}})`, legend: '{{priority}}' }],
      },
      {
        title: 'Watch restarts',
        description: 'ended is normal, every few minutes; all other reasons are not.',
        kind: 'timeseries',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (resource, reason) (rate(nsbaseline_watch_restarts_total{${JOB}}[$__rate_interval]))`,
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
        queries: [{ expr: `max by (resource) (nsbaseline_watch_silence_seconds{${JOB}})`, legend: '{{resource}}' }],
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
            expr: `process_resident_memory_bytes{${JOB}} and on (job, instance) nsbaseline_build_info`,
            legend: '{{instance}}',
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
            expr: `rate(process_cpu_seconds_total{${JOB}}[$__rate_interval]) and on (job, instance) nsbaseline_build_info`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Objects in memory',
        description: 'Objects in the caches.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: `max by (resource) (nsbaseline_cache_objects{${JOB}})`, legend: '{{resource}}' }],
      },
    ],
  },
];

function stat({ expr, ...panel }: Pick<Panel, 'title' | 'description' | 'redFrom'> & { readonly expr: string }): Panel {
  return { ...panel, kind: 'stat', unit: 'short', width: 4, queries: [{ expr, legend: panel.title }] };
}
