import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALERTS, INSTALLATION } from '../../../src/generate/alerts.ts';
import { NOT_STARTED } from '../../../src/operator/manager/manager.ts';
import { METRICS, type MetricDescription } from '../../../src/telemetry/metric-table.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { buildInfo } from '../../../src/telemetry/version.ts';

const metrics = new Map<string, MetricDescription>(Object.values(METRICS).map((metric) => [metric.name, metric]));
/** What Prometheus adds to every series itself. */
const TARGET_LABELS = ['cluster', 'namespace', 'job', 'instance'];
const WORDS = new Set([
  ...['sum', 'max', 'count', 'rate', 'increase', 'changes', 'max_over_time', 'absent_over_time', 'histogram_quantile'],
  ...['and', 'or', 'unless', 'on', 'by'],
]);

/** The series that an expression names, with what it asks of their labels. */
function seriesIn(expr: string): readonly {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}[] {
  const bare = expr.replaceAll(/\b(?:by|on) \([^)]*\)/g, '').replaceAll(/\[\d+[smhd]\]/g, '');
  return [...bare.matchAll(/(?<![\w"|])([a-z_][a-z0-9_]*)(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !WORDS.has(name))
    .map(([, name = '', matchers = '']) => ({
      name,
      matchers: [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"([^"]*)"/g)].map(([, label = '', values = '']) => ({
        label,
        values: values.split('|'),
      })),
    }));
}

/** The metric that a series is of: a histogram has three. */
function metricOf(series: string): MetricDescription | undefined {
  const histogram = metrics.get(series.replace(/_(?:bucket|count|sum)$/, ''));
  return metrics.get(series) ?? (histogram?.type === 'histogram' ? histogram : undefined);
}

function labelsOf(series: string): readonly string[] {
  return [
    ...Object.keys(metricOf(series)?.labels ?? {}),
    ...(series.endsWith('_bucket') ? ['le'] : []),
    ...TARGET_LABELS,
  ];
}

async function processMetrics(): Promise<readonly string[]> {
  const page = await createMetrics({
    buildInfo,
    watchedResources: [],
    withProcess: true,
    state: () => NOT_STARTED,
  }).page();
  return [...page.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
}

describe('the alerts', () => {
  test.each(ALERTS)('$name goes by metrics, labels and values that there are', async ({ expr }) => {
    const series = seriesIn(expr);
    const others = await processMetrics();
    expect(series).not.toEqual([]);
    for (const { name, matchers } of series) {
      const metric = metricOf(name);
      expect(metric?.name ?? others.find((other) => other === name), name).toBeDefined();
      for (const { label, values } of matchers.filter((matcher) => !TARGET_LABELS.includes(matcher.label))) {
        expect(metric?.labels[label], `${name}: ${label}`).toEqual(expect.arrayContaining([...values]));
      }
    }
  });

  test.each(ALERTS)(
    '$name keeps only labels that its series have, and tells of no other',
    ({ expr, summary, description }) => {
      const known = new Set(seriesIn(expr).flatMap(({ name }) => labelsOf(name)));
      const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
      expect(grouped.filter((label) => !known.has(label))).toEqual([]);
      const told = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]);
      expect(told.filter((label) => label === undefined || !grouped.includes(label))).toEqual([]);
    },
  );

  test.each(ALERTS)('$name is a counter that rises, or a gauge as it is', ({ expr }) => {
    for (const { name } of seriesIn(expr)) {
      const isCounted = metricOf(name) !== undefined && metricOf(name)?.type !== 'gauge';
      expect(new RegExp(`(?:rate|increase)\\(${name}\\b`).test(expr), name).toBe(isCounted);
    }
  });

  test.each(ALERTS)('$name has balanced brackets, and a runbook that exists', ({ expr, runbook }) => {
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(expr.split(open ?? '').length).toBe(expr.split(close ?? '').length);
    }
    expect(existsSync(join(import.meta.dirname, '../../..', runbook))).toBe(true);
  });

  test.each(ALERTS.filter(({ name }) => name !== 'NsbaselineSeveralInstallations'))(
    '$name is judged for each installation, so that one ruler can serve several clusters',
    ({ expr }) => {
      const kept = [...expr.matchAll(/\b(?:sum|max|count) by \(([^)]*)\)/g)].map(([, labels = '']) => labels);
      expect(kept).not.toEqual([]);
      expect(kept.filter((labels) => !labels.startsWith(INSTALLATION))).toEqual([]);
      expect(expr).not.toMatch(/\b(?:sum|max|min|count|avg) ?\(/);
      const joined = [...expr.matchAll(/\bon \(([^)]*)\)/g)].map(([, labels = '']) => labels);
      expect(joined.filter((labels) => !labels.startsWith(INSTALLATION))).toEqual([]);
    },
  );

  test('name the condition, the policy and the replica that they are about', () => {
    const told = new Map(ALERTS.map(({ name, summary }) => [name, summary]));
    expect(told.get('NsbaselineStalled')).toContain('$labels.policy');
    expect(told.get('NsbaselineDiscoveryStale')).toContain('$labels.policy');
    expect(told.get('NsbaselineOrphansPresent')).toContain('$labels.policy');
    expect(told.get('NsbaselineReplicaNotReady')).toContain('$labels.instance');
  });

  test('have names of their own', () => {
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
  });

  test('cover what leaves a namespace open, and an operator that does nothing', () => {
    const critical = ALERTS.filter(({ severity }) => severity === 'critical').map(({ name }) => name);
    expect(critical).toEqual(
      expect.arrayContaining([
        'NsbaselineNamespacesUnprotected',
        'NsbaselineNotReady',
        'NsbaselineNoLeader',
        'NsbaselineWatchSilent',
      ]),
    );
  });
});
