import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metricsPage } from '../../../src/generate/metrics-page.ts';
import { NOT_STARTED } from '../../../src/operator/manager/manager.ts';
import { WATCHED_RESOURCES } from '../../../src/operator/watch/watches.ts';
import { METRICS, type MetricDescription } from '../../../src/telemetry/metric-table.ts';
import { createMetrics, type GaugeState } from '../../../src/telemetry/metrics.ts';

function metricsOf(first: Partial<GaugeState> = {}) {
  let state: GaugeState = { ...NOT_STARTED, ...first };
  const metrics = createMetrics({
    buildInfo: { version: '1.2.3', commit: 'abc', node: '24.0.0', platform: 'linux/x64' },
    watchedResources: WATCHED_RESOURCES,
    state: () => state,
  });
  return {
    metrics,
    become: (next: Partial<GaugeState>) => {
      state = { ...NOT_STARTED, ...next };
    },
    series: async () => seriesOf(await metrics.page()),
  };
}

/** Every line of the page that is no comment, as name with labels and value. */
function seriesOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('the table of metrics', () => {
  test('docs/metrics.md is made from it', () => {
    expect(readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8')).toBe(metricsPage());
  });

  test('is what is served, no more and no less', async () => {
    const { metrics } = metricsOf();
    const served = [...(await metrics.page()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    expect(served.sort()).toEqual(
      Object.values(METRICS)
        .map(({ name, type }) => `${name} ${type}`)
        .sort(),
    );
  });

  test('has no label for the name of a namespace or of an object', () => {
    const labels = Object.values<MetricDescription>(METRICS).flatMap((metric) => Object.keys(metric.labels));
    expect(labels).not.toEqual(expect.arrayContaining([expect.stringMatching(/namespace|name|object|uid/)]));
  });
});

describe('counters', () => {
  test('start at 0 for every value that is known', async () => {
    const series = await metricsOf().series();
    for (const key of [
      'nsbaseline_reconciles_total{result="panic"}',
      'nsbaseline_drift_repairs_total{drift="labels"}',
      'nsbaseline_writes_total{kind="NetworkPolicy",verb="create",result="conflict"}',
      'nsbaseline_watch_restarts_total{resource="namespaces",reason="expired"}',
      'nsbaseline_events_total{result="rateLimited"}',
      'nsbaseline_queue_retries_total',
      'nsbaseline_time_to_protect_seconds_count',
    ]) {
      expect({ [key]: series.get(key) }).toEqual({ [key]: 0 });
    }
  });

  test('count what they are told, durations in seconds', async () => {
    const { metrics, series } = metricsOf();
    metrics.namespaceProtected(12);
    metrics.reconciled({ result: 'refused', durationMs: 3_000 });
    metrics.wrote({ kind: 'NetworkPolicy', verb: 'apply', result: 'throttled' });
    metrics.driftRepaired('spec');
    metrics.watchRestarted({ resource: 'networkpolicies', reason: 'silent' });
    metrics.eventHandled('failed');
    const now = await series();
    expect(now.get('nsbaseline_time_to_protect_seconds_bucket{le="0.01"}')).toBe(0);
    expect(now.get('nsbaseline_time_to_protect_seconds_bucket{le="0.025"}')).toBe(1);
    expect(now.get('nsbaseline_reconciles_total{result="refused"}')).toBe(1);
    expect(now.get('nsbaseline_reconcile_duration_seconds_sum')).toBe(3);
    expect(now.get('nsbaseline_writes_total{kind="NetworkPolicy",verb="apply",result="throttled"}')).toBe(1);
    expect(now.get('nsbaseline_drift_repairs_total{drift="spec"}')).toBe(1);
    expect(now.get('nsbaseline_watch_restarts_total{resource="networkpolicies",reason="silent"}')).toBe(1);
    expect(now.get('nsbaseline_events_total{result="failed"}')).toBe(1);
  });

  test('a watched kind has its series, and a kind that is only read has none', async () => {
    const resources = [...(await metricsOf().series()).keys()].flatMap(
      (key) => /^nsbaseline_watch_restarts_total\{resource="(\w+)",reason="ended"\}$/.exec(key)?.[1] ?? [],
    );
    expect(resources.sort()).toEqual([
      'baselinepolicies',
      'customresourcedefinitions',
      'endpointslices',
      'namespacebaselines',
      'namespaces',
      'networkpolicies',
      'services',
    ]);
  });

  test('know no kind and no resource beyond the table', async () => {
    const { metrics, series } = metricsOf({ watches: [{ resource: 'pods', silenceMs: 0, objects: 3 }] });
    metrics.wrote({ kind: 'constructor', verb: 'create', result: 'success' });
    metrics.watchRestarted({ resource: 'pods', reason: 'ended' });
    const now = await series();
    expect(now.get('nsbaseline_writes_total{kind="other",verb="create",result="success"}')).toBe(1);
    expect(now.get('nsbaseline_watch_restarts_total{resource="other",reason="ended"}')).toBe(1);
    expect(now.get('nsbaseline_cache_objects{resource="other"}')).toBe(3);
  });

  test('of two instances have nothing to do with each other', async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.metrics.driftRepaired('deleted');
    expect((await other.series()).get('nsbaseline_drift_repairs_total{drift="deleted"}')).toBe(0);
  });
});

describe('gauges show the state of the moment', () => {
  test('queue, watches, conflicts and readiness', async () => {
    const { become, series } = metricsOf();
    expect((await series()).get('nsbaseline_ready')).toBe(0);
    become({
      isReady: true,
      isLeading: true,
      conflicts: 2,
      contested: 3,
      unprotectedNamespaces: 3,
      unselectedNamespaces: 1,
      weakenedNamespaces: 4,
      queue: { depth: { fresh: 5, resync: 6 }, oldestMs: 7_500, retries: 8 },
      requests: { waiting: { fresh: 9, resync: 10 }, oldestMs: 11_500 },
      watches: [{ resource: 'namespaces', silenceMs: 1_500, objects: 9 }],
    });
    await series();
    const now = await series();
    expect(now.get('nsbaseline_ready')).toBe(1);
    expect(now.get('nsbaseline_conflicts')).toBe(2);
    expect(now.get('nsbaseline_contested_objects')).toBe(3);
    expect(now.get('nsbaseline_unprotected_namespaces')).toBe(3);
    expect(now.get('nsbaseline_unselected_namespaces')).toBe(1);
    expect(now.get('nsbaseline_weakened_namespaces')).toBe(4);
    expect(now.get('nsbaseline_queue_depth{priority="fresh"}')).toBe(5);
    expect(now.get('nsbaseline_queue_depth{priority="resync"}')).toBe(6);
    expect(now.get('nsbaseline_queue_oldest_seconds')).toBe(7.5);
    expect(now.get('nsbaseline_queue_retries_total')).toBe(8);
    expect(now.get('nsbaseline_requests_waiting{priority="fresh"}')).toBe(9);
    expect(now.get('nsbaseline_requests_waiting{priority="resync"}')).toBe(10);
    expect(now.get('nsbaseline_request_oldest_seconds')).toBe(11.5);
    expect(now.get('nsbaseline_watch_silence_seconds{resource="namespaces"}')).toBe(1.5);
    expect(now.get('nsbaseline_cache_objects{resource="namespaces"}')).toBe(9);
    expect(now.get('nsbaseline_build_info{version="1.2.3",commit="abc",node="24.0.0"}')).toBe(1);
  });

  test('several watches on one resource: the longest silence and all objects', async () => {
    const { series } = metricsOf({
      watches: [2_000, 9_000, 1_000].map((silenceMs) => ({ resource: 'services', silenceMs, objects: 1 })),
    });
    const now = await series();
    expect(now.get('nsbaseline_watch_silence_seconds{resource="services"}')).toBe(9);
    expect(now.get('nsbaseline_cache_objects{resource="services"}')).toBe(3);
  });

  test('every phase and condition of a policy, and nothing of a policy that is gone', async () => {
    const { become, series } = metricsOf({
      policies: [{ policy: 'standard', phases: { Protected: 2 }, trueConditions: ['Ready'] }],
    });
    const before = await series();
    expect(before.get('nsbaseline_namespaces{policy="standard",phase="Protected"}')).toBe(2);
    expect(before.get('nsbaseline_namespaces{policy="standard",phase="Failed"}')).toBe(0);
    expect(before.get('nsbaseline_policy_condition{policy="standard",condition="Ready"}')).toBe(1);
    expect(before.get('nsbaseline_policy_condition{policy="standard",condition="Stalled"}')).toBe(0);
    become({ policies: [{ policy: 'strict', phases: {}, trueConditions: [] }] });
    expect([...(await series()).keys()].filter((key) => key.includes('standard'))).toEqual([]);
  });

  test('at most 100 policies by name, always the same ones, and the rest together', async () => {
    const policies = Array.from({ length: 130 }, (_, index) => ({
      policy: `p${String(index + 100)}`,
      phases: { Protected: 1 },
      trueConditions: ['Ready' as const],
    }));
    const { become, series } = metricsOf({ policies: [...policies].reverse() });
    const named = async () =>
      [...(await series()).keys()].flatMap((key) => /policy="(p\d+)",phase="Protected"/.exec(key)?.[1] ?? []);
    const first = await named();
    expect(first).toHaveLength(100);
    expect((await series()).get('nsbaseline_namespaces{policy="other",phase="Protected"}')).toBe(30);
    expect((await series()).get('nsbaseline_policy_condition{policy="other",condition="Ready"}')).toBe(30);
    become({ policies: [{ policy: 'a-newcomer', phases: { Protected: 1 }, trueConditions: [] }, ...policies] });
    expect(await named()).toEqual(first);
    become({ policies: policies.slice(1) });
    expect(await named()).toHaveLength(100);
    expect((await series()).get('nsbaseline_namespaces{policy="other",phase="Protected"}')).toBe(29);
  });
});

test('the process shows its memory and its event loop', async () => {
  const metrics = createMetrics({
    buildInfo: { version: '1', commit: 'c', node: '24', platform: 'p' },
    watchedResources: [],
    state: () => NOT_STARTED,
    withProcess: true,
  });
  const page = await metrics.page();
  expect(page).toContain('process_resident_memory_bytes');
  expect(page).toContain('nodejs_eventloop_lag_seconds');
});
