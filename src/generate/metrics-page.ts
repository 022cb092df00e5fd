import { WATCHED_RESOURCES } from '../operator/watch/watches.ts';
import { METRICS, type MetricDescription, WATCHED_RESOURCE } from '../telemetry/metric-table.ts';

/** The text of docs/metrics.md, which a test holds to this. */
export function metricsPage(): string {
  const metrics: readonly MetricDescription[] = Object.values(METRICS);
  return [
    '# Metrics',
    '',
    'Generated from `src/telemetry/metric-table.ts`; do not edit.',
    '',
    'The operator serves these under `/metrics` of `--listen` (port 8080 unless told otherwise), without credentials, in the Prometheus text format.',
    'Beside them there are the usual `process_*` and `nodejs_*` metrics of prom-client: memory, CPU, garbage collection, event loop lag.',
    '',
    'Every known combination of label values starts at 0, so that an alert sees the first increment. No label holds the name of a namespace or of an object other than a BaselinePolicy: the number of series does not grow with the cluster.',
    '',
    '| metric | type | what it says |',
    '|---|---|---|',
    ...metrics.map(
      (metric) =>
        `| ${hasDetails(metric) ? `[\`${metric.name}\`](#${metric.name})` : `\`${metric.name}\``} | ${metric.type} | ${metric.help} |`,
    ),
    '',
    '## Labels and buckets',
    ...metrics.filter(hasDetails).flatMap(detailsOf),
    '',
    '## The same server',
    '',
    '- `/livez` answers 503 when a loop no longer turns or a watch stands still (`standing still: …`), which is when not even its attempts go on: Kubernetes shall restart the pod. An API server that is away is no reason.',
    '- `/readyz` answers 503 until every cache is synced.',
    '- `?verbose` lists each check, as a 503 does anyway: `curl localhost:8080/readyz?verbose`.',
    '- Only GET and HEAD are answered, and nothing can be changed here.',
    '',
  ].join('\n');
}

function valuesText(values: MetricDescription['labels'][string]): string {
  if (values === WATCHED_RESOURCE) {
    return `${WATCHED_RESOURCE}: ${valuesText(WATCHED_RESOURCES)}`;
  }
  return typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ');
}

function hasDetails({ labels, buckets }: MetricDescription): boolean {
  return Object.keys(labels).length > 0 || buckets !== undefined;
}

function detailsOf({ name, labels, buckets }: MetricDescription): readonly string[] {
  return [
    '',
    `### ${name}`,
    '',
    ...Object.entries(labels).map(([label, values]) => `- \`${label}\`: ${valuesText(values)}`),
    ...(buckets === undefined ? [] : [`- buckets in seconds: ${buckets.join(', ')}`]),
  ];
}
