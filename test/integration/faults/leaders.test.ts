import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fieldOf, textOf } from '../../../src/base/json.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import {
  eventually,
  OPTED_IN,
  standardSet,
  startTestCluster,
  type TestCluster,
} from '../../support/operators/test-cluster.ts';

/** Short enough to wait for, and long enough for a renewal on a busy machine; everything else is as shipped. */
const SHORT_LEASE = ['--lease-duration', '10s', '--renew-deadline', '8s', '--retry-period', '300ms'];
const LEASE = ['lease', 'nsbaseline', '--namespace=nsbaseline-system'] as const;

let scene: TestCluster;
const running: OperatorProcess[] = [];

beforeAll(async () => {
  scene = await startTestCluster();
  await scene.baselinePolicy('standard', {});
});

afterAll(async () => {
  await scene.removeBaselinePolicy('standard');
});

afterEach(async () => {
  for (const operator of running.splice(0)) {
    operator.signal('SIGCONT');
    await operator.stop();
  }
});

async function start(flags: readonly string[] = SHORT_LEASE): Promise<OperatorProcess> {
  const operator = await scene.start(flags);
  running.push(operator);
  return operator;
}

async function pair(flags?: readonly string[]): Promise<{ leader: OperatorProcess; standby: OperatorProcess }> {
  const leader = await start(flags);
  await leader.said('leads');
  const standby = await start(flags);
  await standby.said('stands by');
  return { leader, standby };
}

const isLeading = async (operator: OperatorProcess): Promise<boolean> =>
  (await operator.metric('nsbaseline_leader')) === 1;
const policyWrites = (operator: OperatorProcess): Promise<number> =>
  operator.metric('nsbaseline_writes_total', { kind: 'NetworkPolicy' });
const leaseSpec = async (field: string): Promise<string> =>
  textOf(fieldOf(fieldOf(JSON.parse(await scene.cluster.kubectl('get', ...LEASE, '--output=json')), 'spec'), field));
const holder = (): Promise<string> => leaseSpec('holderIdentity');
const renewal = (): Promise<string> => leaseSpec('renewTime');

async function burst(prefix: string, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${String(index)}`);
  await Promise.all(names.map((name) => scene.namespace(name, OPTED_IN)));
  return names;
}

async function areProtected(names: readonly string[]): Promise<void> {
  for (const name of names) {
    await expect
      .poll(() => scene.networkPolicyNames(name), { timeout: EVENTUALLY_MS, interval: 50 })
      .toEqual(standardSet());
  }
}

describe('R15 two replicas on a real API server', () => {
  test('F30 SIGTERM in a burst: the work in hand is finished, the lease given back, and the other goes on', async () => {
    const { leader, standby } = await pair();
    const first = await burst('handed-over', 40);
    const code = await leader.stop();
    const rest = await burst('handed-over-later', 10);
    await areProtected([...first, ...rest]);
    expect(code).toBe(0);
    expect(leader.log.map(({ msg }) => msg)).toContain('released the lease');
    // What stands may have been written by a standby, before it leads.
    await eventually(() => isLeading(standby)).toBe(true);
  });

  test('F29 SIGKILL in a burst: the standby fills the gaps at once, and all is declared and reported after the lease', async () => {
    const { leader, standby } = await pair();
    const names = burst('crashed', 40);
    await eventually(() => policyWrites(leader)).toBeGreaterThan(0);
    await leader.stop('SIGKILL');
    await areProtected(await names);
    for (const name of await names) {
      await eventually(async () => fieldOf(await scene.report(name), 'phase')).toBe('Protected');
    }
    // What stands may have been written by a standby, before it leads.
    await eventually(() => isLeading(standby)).toBe(true);
  });

  test('F32 a leader that stood still past its lease writes nothing when it wakes, and stands by', async () => {
    const { leader, standby } = await pair();
    const [before] = await burst('stalled', 1);
    await areProtected([before ?? '']);
    const written = await policyWrites(leader);
    leader.signal('SIGSTOP');
    await standby.said('leads');
    const names = await burst('while-stalled', 10);
    await areProtected(names);
    const resourceVersions = await scene.cluster.kubectl(
      'get',
      'networkpolicies',
      '--all-namespaces',
      '--output=jsonpath={.items[*].metadata.resourceVersion}',
    );
    leader.signal('SIGCONT');
    await leader.said('lost the lease');
    await eventually(() => isLeading(leader)).toBe(false);
    const [after] = await burst('after-stalled', 1);
    await areProtected([after ?? '']);
    expect(await policyWrites(leader)).toBe(written);
    expect(
      (
        await scene.cluster.kubectl(
          'get',
          'networkpolicies',
          '--all-namespaces',
          '--output=jsonpath={.items[*].metadata.resourceVersion}',
        )
      ).split(' '),
    ).toEqual(expect.arrayContaining(resourceVersions.split(' ')));
  });

  test('F26 the FlowSchema that is shipped takes the renewals of the lease out of the queue of bulk writes', async () => {
    await start();
    const flowSchema = async (...request: readonly string[]): Promise<string> => {
      const { stderr } = await scene.cluster.tryKubectl(['get', ...request, '-v=9'], {
        kubeconfigPath: scene.operatorKubeconfig,
      });
      const uid = /X-Kubernetes-Pf-Flowschema-Uid: (\S+)/iu.exec(stderr)?.[1] ?? '';
      return scene.cluster.kubectl(
        'get',
        'flowschemas',
        `--output=jsonpath={.items[?(@.metadata.uid=="${uid}")].metadata.name}`,
      );
    };
    // The API server takes a new FlowSchema into account some time after it was created.
    await eventually(() => flowSchema(...LEASE)).toBe('nsbaseline-leader-election');
    expect(await flowSchema('networkpolicies', '--namespace=default')).toBe('service-accounts');
  });

  test('F26 the lease is not lost in a burst of more requests than the API server takes at once', async () => {
    // Longer than a busy machine needs for one renewal, with tries as often as in the other tests.
    const { leader, standby } = await pair([
      '--lease-duration',
      '30s',
      '--renew-deadline',
      '20s',
      '--retry-period',
      '300ms',
      '--max-in-flight',
      '512',
      '--workers',
      '512',
    ]);
    const held = await holder();
    const renewed = await renewal();
    await areProtected(await burst('starved', 150));
    await eventually(renewal).not.toBe(renewed);
    expect(await holder()).toBe(held);
    expect(await isLeading(leader)).toBe(true);
    expect(await standby.metric('nsbaseline_leader_terms_total')).toBe(0);
  });

  test('R15 F36 the lease names the newest version that ever led', async () => {
    await start();
    const version = await scene.cluster.kubectl(
      'get',
      ...LEASE,
      String.raw`--output=jsonpath={.metadata.annotations.nsbaseline\.io/version}`,
    );
    expect(version).toMatch(/^\d+\.\d+\.\d+/u);
  });
});
