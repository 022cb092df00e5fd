import { WATCHED_RESOURCES } from '../operator/watch/watches.ts';
import { METRICS, type MetricDescription, WATCHED_RESOURCE } from '../telemetry/metric-table.ts';

/** The text of docs/metrics.md. Pure. */
export function metricsPage(): string {
  const metrics: readonly MetricDescription[] = Object.values(METRICS);
  return [
    '# Metrics',
    '',
    'Generated from `src/telemetry/metric-table.ts`; do not edit.',
    '',
    'The operator serves these at `/metrics` of `--listen` (by default port 8080), without authentication, in the Prometheus text format.',
    'It also serves the `process_*` and `nodejs_*` metrics of prom-client: memory, CPU, garbage collection, event loop lag.',
    '',
    'Every known combination of label values starts at 0, so that alerts see the first increment. No label holds the name of a namespace or of an object other than a BaselinePolicy: the number of series does not grow with the cluster.',
    '',
    '| metric | type | meaning |',
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
    '- `/livez` answers 503 when a loop is stuck or a watch no longer even tries to reconnect (`standing still: …`), so that Kubernetes restarts the pod. An unreachable API server is no reason.',
    '- `/readyz` answers 503 until every cache is synced.',
    '- `?verbose` lists each check, as a 503 always does: `curl localhost:8080/readyz?verbose`.',
    '- The server answers GET and HEAD only, and nothing can be changed through it.',
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
