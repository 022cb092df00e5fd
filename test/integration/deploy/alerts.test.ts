import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALERTS } from '../../../src/generate/alerts.ts';
import { ruleFile } from '../../../src/generate/prometheus-rule.ts';
import { toolPath } from '../../support/tools/tools.ts';

/** Prometheus' own reading of the alerts; `make test-integration` builds it before it runs this file. */
const promtool = toolPath('promtool');
if (!existsSync(promtool)) {
  process.stderr.write('promtool is not in the cache, so the alerts are not tried: make test-integration\n');
}
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nsbaseline-alerts-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Labels = Readonly<Record<string, string>>;

/** A series with its values, one a minute (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series). */
interface Series {
  readonly metric: string;
  readonly labels: Labels;
  readonly values: string;
}

const DAY_MINUTES = 24 * 60;
/** Longer than every `for`. */
const CALM_MINUTES = 120;

/** The labels of one replica. */
function replica(cluster: string, instance: string, namespace = 'nsbaseline-system'): Labels {
  return { cluster, namespace, job: 'nsbaseline', instance };
}

/** The labels that an alert about one installation has. */
function installation(cluster: string): Labels {
  return { cluster, namespace: 'nsbaseline-system', job: 'nsbaseline' };
}

function series(labels: Labels, values: Readonly<Record<string, string>>): readonly Series[] {
  return Object.entries(values).map(([metric, text]) => ({ metric, labels, values: text }));
}

/** Two replicas that work, of which the first leads, for as long as the values say: `x120` is two hours. */
function healthy(cluster: string, during: string): readonly Series[] {
  return ['1.1.1.1:8080', '2.2.2.2:8080'].flatMap((instance, index) =>
    series(replica(cluster, instance), {
      nsbaseline_build_info: `1${during}`,
      nsbaseline_ready: `1${during}`,
      nsbaseline_leader: `${index === 0 ? 1 : 0}${during}`,
      nsbaseline_leader_terms_total: `${index === 0 ? 1 : 0}${during}`,
      nsbaseline_unprotected_namespaces: `0${during}`,
      nsbaseline_memory_limit_bytes: `${2 ** 30}${during}`,
      process_resident_memory_bytes: `${2 ** 27}${during}`,
      process_start_time_seconds: `1000${during}`,
    }),
  );
}

/** How one of the programs ended. */
function run(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(promtool, args, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

/** Which alerts fire after some minutes; every other alert must not. */
async function firing(
  input: readonly Series[],
  { afterMinutes, expected }: { readonly afterMinutes: number; readonly expected: Readonly<Record<string, Labels[]>> },
): Promise<void> {
  const rules = ALERTS.map(({ name, expr, for: holdsFor }) => ({ alert: name, expr, for: holdsFor }));
  await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups: [{ name: 'nsbaseline', rules }] }));
  const tests = [
    {
      interval: '1m',
      input_series: input.map(({ metric, labels, values }) => ({ series: `${metric}${selector(labels)}`, values })),
      alert_rule_test: ALERTS.map(({ name }) => ({
        eval_time: `${afterMinutes}m`,
        alertname: name,
        exp_alerts: (expected[name] ?? []).map((labels) => ({ exp_labels: labels })),
      })),
    },
  ];
  await writeFile(
    join(folder, 'tests.json'),
    // A day minute by minute takes half a minute of CPU.
    JSON.stringify({ rule_files: ['rules.json'], evaluation_interval: afterMinutes > 300 ? '5m' : '1m', tests }),
  );
  const { code, output } = await run(['test', 'rules', 'tests.json']);
  expect(code, output).toBe(0);
}

function selector(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`;
}

describe.skipIf(!existsSync(promtool))('the alerts in Prometheus', () => {
  test('are rules that promtool accepts, with their templates', async () => {
    await writeFile(join(folder, 'whole.json'), JSON.stringify(ruleFile()));
    const { code, output } = await run(['check', 'rules', 'whole.json']);
    expect(code, output).toBe(0);
    expect(output).toContain(`${ALERTS.length} rules found`);
  });

  test('F56 two healthy clusters in one Prometheus raise nothing', async () => {
    const during = `x${CALM_MINUTES}`;
    await firing([...healthy('a', during), ...healthy('b', during)], { afterMinutes: CALM_MINUTES, expected: {} });
  });

  test.each([
    ['half an hour', 30],
    ['20 hours', 20 * 60],
  ])('one of two clusters is dead for %s: NoLeader and NotReady for that one', async (_text, minutes) => {
    const well = healthy('a', `x${CALM_MINUTES + DAY_MINUTES}`);
    await firing([...well, ...healthy('b', `x${CALM_MINUTES} stale`)], {
      afterMinutes: CALM_MINUTES + minutes,
      expected: { NsbaselineNoLeader: [installation('b')], NsbaselineNotReady: [installation('b')] },
    });
  });

  test('F56 an operator that Prometheus has never seen, or not for a day: NoLeader and NotReady without labels', async () => {
    await firing([], { afterMinutes: 30, expected: { NsbaselineNoLeader: [{}], NsbaselineNotReady: [{}] } });
    await firing(healthy('a', 'x10 stale'), {
      afterMinutes: DAY_MINUTES + 60,
      expected: { NsbaselineNoLeader: [{}], NsbaselineNotReady: [{}] },
    });
  });

  test('F56 replicas that run and do not lead raise NoLeader for their cluster only', async () => {
    const during = `x${CALM_MINUTES}`;
    const leaderless = healthy('b', during).map((one) =>
      one.metric === 'nsbaseline_leader' ? { ...one, values: `0${during}` } : one,
    );
    await firing([...healthy('a', during), ...leaderless], {
      afterMinutes: CALM_MINUTES,
      expected: { NsbaselineNoLeader: [installation('b')] },
    });
  });

  test('F56 two leaders in one cluster raise SeveralLeaders for it', async () => {
    const during = `x${CALM_MINUTES}`;
    const rivals = healthy('b', during).map((one) =>
      one.metric === 'nsbaseline_leader' ? { ...one, values: `1${during}` } : one,
    );
    await firing([...healthy('a', during), ...rivals], {
      afterMinutes: CALM_MINUTES,
      expected: { NsbaselineSeveralLeaders: [installation('b')] },
    });
  });

  test('leaders in two namespaces of one cluster raise SeveralInstallations', async () => {
    const during = `x${CALM_MINUTES}`;
    const second = series(replica('b', '3.3.3.3:8080', 'another'), {
      nsbaseline_ready: `1${during}`,
      nsbaseline_leader: `1${during}`,
    });
    await firing([...healthy('a', during), ...healthy('b', during), ...second], {
      afterMinutes: CALM_MINUTES,
      expected: { NsbaselineSeveralInstallations: [{ cluster: 'b' }] },
    });
  });

  test('a leader that crashes every five minutes raises LeaderChanging, though each process leads once', async () => {
    const during = `x${CALM_MINUTES}`;
    const starts = Array.from({ length: CALM_MINUTES }, (_, minute) => 1000 + Math.floor(minute / 5));
    const crashing = healthy('b', during).map((one) =>
      one.metric === 'process_start_time_seconds' && one.labels.instance === '1.1.1.1:8080'
        ? { ...one, values: starts.join(' ') }
        : one,
    );
    await firing([...healthy('a', during), ...crashing], {
      afterMinutes: CALM_MINUTES - 1,
      expected: { NsbaselineLeaderChanging: [installation('b')] },
    });
  });

  test('a request that waits for its turn raises RequestsOld, though no key waits', async () => {
    const during = `x${CALM_MINUTES}`;
    const waiting = series(replica('b', '1.1.1.1:8080'), {
      nsbaseline_queue_oldest_seconds: `0${during}`,
      nsbaseline_request_oldest_seconds: `11${during}`,
    });
    await firing([...healthy('a', during), ...healthy('b', during), ...waiting], {
      afterMinutes: CALM_MINUTES,
      expected: { NsbaselineRequestsOld: [installation('b')] },
    });
  });

  test.each([
    ['Stalled', 'NsbaselineStalled'],
    ['DiscoveryStale', 'NsbaselineDiscoveryStale'],
    ['OrphansPresent', 'NsbaselineOrphansPresent'],
    ['OwnRuleOpen', 'NsbaselineOwnRuleOpen'],
  ])('the condition %s raises %s with the name of the policy', async (condition, name) => {
    const during = `x${CALM_MINUTES}`;
    const conditions = ['1', '0'].flatMap((value, index) =>
      series(
        { ...replica('b', '1.1.1.1:8080'), policy: index === 0 ? 'payments' : 'well', condition },
        { nsbaseline_policy_condition: value + during },
      ),
    );
    await firing([...healthy('a', during), ...healthy('b', during), ...conditions], {
      afterMinutes: CALM_MINUTES,
      expected: { [name]: [{ ...installation('b'), policy: 'payments' }] },
    });
  });

  test.each([
    ['a limit of 1 GiB', 2 ** 30, true],
    ['no limit', 0, true],
    ['a limit of 4 GiB', 2 ** 32, false],
  ])('600 MiB with %s', async (_text, limitBytes, isHigh) => {
    const during = `x${CALM_MINUTES}`;
    const using = healthy('a', during).map((one) => {
      if (one.labels.instance !== '1.1.1.1:8080') {
        return one;
      }
      const sizes: Labels = {
        nsbaseline_memory_limit_bytes: String(limitBytes),
        process_resident_memory_bytes: String(600 * 2 ** 20),
      };
      const size = sizes[one.metric];
      return size === undefined ? one : { ...one, values: size + during };
    });
    await firing(using, {
      afterMinutes: CALM_MINUTES,
      expected: isHigh ? { NsbaselineMemoryHigh: [replica('a', '1.1.1.1:8080')] } : {},
    });
  });
});
