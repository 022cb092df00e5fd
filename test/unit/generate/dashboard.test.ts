import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DASHBOARD, SELECTED } from '../../../src/generate/dashboard.ts';
import { grafanaDashboard } from '../../../src/generate/grafana-dashboard.ts';
import { METRICS, type MetricDescription } from '../../../src/telemetry/metric-table.ts';

const metrics = new Map<string, MetricDescription>(Object.values(METRICS).map((metric) => [metric.name, metric]));
const panels = DASHBOARD.flatMap((row) => row.panels);
const queries = panels.flatMap(({ title, queries: those }) => those.map((query) => ({ title, ...query })));

/** The metric of ours that a series is of: a histogram has three. */
function metricOf(series: string): MetricDescription | undefined {
  return metrics.get(series) ?? metrics.get(series.replace(/_(?:bucket|count|sum)$/, ''));
}

describe('the dashboard', () => {
  test.each(queries)('$title asks for metrics that there are, by labels that they have: $expr', ({ expr, legend }) => {
    const names = expr.match(/\bnsbaseline_\w+/g) ?? [];
    const known = names.flatMap((name) => [
      ...Object.keys(metricOf(name)?.labels ?? {}),
      ...(name.endsWith('_bucket') ? ['le'] : []),
    ]);
    expect(names.filter((name) => metricOf(name) === undefined)).toEqual([]);
    const asked = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
    const matched = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
    const told = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    expect(
      [...asked, ...matched, ...told].filter(
        (label) => !['cluster', 'namespace', 'job', 'instance', ...known].includes(label),
      ),
    ).toEqual([]);
  });

  test.each(queries)('$title takes the rate of counters and histograms, and of nothing else: $expr', ({ expr }) => {
    for (const [, name = ''] of expr.matchAll(/\b(nsbaseline_\w+)/g)) {
      const isRate = expr.includes(`rate(${name}`);
      if (name !== 'nsbaseline_build_info') {
        expect(isRate, name).toBe(metricOf(name)?.type !== 'gauge');
      }
    }
  });

  test.each(queries)('$title shows what the viewer selected, in every part: $expr', ({ expr }) => {
    const series = expr.match(/\b(?:nsbaseline|process|nodejs)_\w+\{?[^}]*/g) ?? [];
    expect(series).not.toEqual([]);
    expect(series.filter((selector) => !selector.includes(`{${SELECTED}`))).toEqual([]);
  });

  test('each variable that a query uses can be selected, with several values and all', () => {
    const { templating } = grafanaDashboard() as {
      templating: { list: { name: string; multi?: boolean; includeAll?: boolean }[] };
    };
    for (const [, name] of SELECTED.matchAll(/\$(\w+)/g)) {
      expect(templating.list).toContainEqual(expect.objectContaining({ name, multi: true, includeAll: true }));
    }
  });

  test('no leader and no ready replica are red, whether the value is 0 or missing', () => {
    for (const title of ['Leaders', 'Ready']) {
      const panel = (grafanaDashboard() as { panels: { title: string }[] }).panels.find((one) => one.title === title);
      expect(panel).toMatchObject({
        fieldConfig: {
          defaults: {
            noValue: '0',
            thresholds: {
              steps: expect.arrayContaining([
                { color: 'red', value: null },
                { color: 'green', value: 1 },
              ]) as unknown,
            },
          },
        },
      });
    }
  });

  test('its runbooks exist', () => {
    const runbooks = panels.flatMap(({ runbook }) => runbook ?? []);
    expect(runbooks).not.toEqual([]);
    expect(runbooks.filter((path) => !existsSync(join(import.meta.dirname, '../../..', path)))).toEqual([]);
  });

  test('no panel lies on another, and none has the id of another', () => {
    const placed = (
      grafanaDashboard() as { panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[] }
    ).panels;
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
    expect(placed.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
