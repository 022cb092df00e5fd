/** One panel of the dashboard, as people see it. */
export interface Panel {
  readonly title: string;
  /** What it tells, and what to do about it. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries';
  readonly unit: 'short' | 's' | 'bytes' | 'ops';
  /** PromQL, each with its legend. `$job` is what the viewer chose. */
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** Only for a stat: from this value on it is red. */
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
 * The dashboard, row by row, by the metrics of metric-table.ts and those of the process. Only the leader knows of
 * namespaces, and standbys say 0, hence `max`.
 */
export const DASHBOARD: readonly Row[] = [
  {
    title: 'Is everything protected?',
    panels: [
      stat({
        title: 'Unprotected',
        description: 'Selected namespaces that lack a default-deny, and so are open.',
        expr: `max(nsbaseline_unprotected_namespaces{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Failed',
        description: 'Namespaces in which something cannot be put in place.',
        expr: `sum(max by (policy) (nsbaseline_namespaces{${JOB}, phase="Failed"}))`,
        redFrom: 1,
      }),
      stat({
        title: 'Conflicts',
        description: "Namespaces in which somebody else's NetworkPolicy has the name of a managed one.",
        expr: `max(nsbaseline_conflicts{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Weakened',
        description: "Namespaces in which somebody else's NetworkPolicy undoes the isolation.",
        expr: `max(nsbaseline_weakened_namespaces{${JOB}})`,
        redFrom: 1,
      }),
      stat({
        title: 'Leaders',
        description: 'Replicas that lead. 0 for the length of a hand-over, never more than 1.',
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
        description: 'From seeing that a namespace is newly selected to its last managed policy being stored.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: ['0.5', '0.99'].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(nsbaseline_time_to_protect_seconds_bucket{${JOB}}[$__rate_interval])))`,
          legend: `quantile ${quantile}`,
        })),
      },
      {
        title: 'Put back',
        description: 'Managed policies that were restored after somebody else had changed or deleted them.',
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
        description: 'Managed objects that somebody keeps changing, which are put back at a slower pace.',
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
        description: 'By how they ended: docs/reconcile.md.',
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
        description: 'To the API server, by how they ended.',
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
        title: 'Waiting longest',
        description: 'How long the key that has waited longest has waited.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [{ expr: `max(nsbaseline_queue_oldest_seconds{${JOB}})`, legend: 'oldest' }],
      },
      {
        title: 'Queue',
        description: 'Keys that wait for a worker.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (priority) (nsbaseline_queue_depth{${JOB}})`, legend: '{{priority}}' }],
      },
      {
        title: 'Watches begun anew',
        description: 'ended is usual, every few minutes; anything else is not.',
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
        title: 'Silence of watches',
        description: 'A bookmark comes about once a minute.',
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
        description: 'Of each replica.',
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
        description: 'Seconds a second; one replica cannot use much more than 1.',
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
        description: 'What the caches hold.',
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
