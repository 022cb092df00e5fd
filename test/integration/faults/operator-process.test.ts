import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pause, systemClock } from '../../../src/base/clock.ts';
import { NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import { type DeclaredNamespaces, declareNamespaces } from '../../support/operators/declared-namespaces.ts';
import { type OperatorProcess, startOperator } from '../../support/operators/operator-process.ts';
import { operatorRequests } from '../../support/operators/operator-requests.ts';
import { INSPECTABLE, retainedHeapBytes } from '../../support/operators/retained-heap.ts';
import {
  eventually,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../../support/operators/test-cluster.ts';

/** Longer than a lease lasts (15 s), after which another may write. */
const LONGER_THAN_A_LEASE_MS = 20_000;

let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
});

afterEach(async () => {
  await scene.clear();
});

afterAll(async () => {
  await operator.stop();
});

async function deletions(): Promise<readonly string[]> {
  const requests = await operatorRequests(scene.cluster.address);
  return requests
    .filter(({ verb, resource }) => verb.startsWith('delete') && resource === 'networkpolicies')
    .map(({ namespace, name }) => `${namespace}/${name}`);
}

/** Resolves when so many NetworkPolicies of a policy were created: a moment in the middle of its work that no clock could name. */
async function untilCreated(policy: string, count: number): Promise<void> {
  const { resourceVersion } = valueOf(await scene.kube.list({ type: NETWORK_POLICIES, limit: 1 }));
  const seen = new AbortController();
  let left = count;
  await scene.kube.watch({ type: NETWORK_POLICIES, resourceVersion, signal: seen.signal }, ({ type, object }) => {
    if (type === 'ADDED' && object.metadata.name?.startsWith(`${policy}.`) === true) {
      left -= 1;
    }
    if (left <= 0) {
      seen.abort();
    }
  });
}

/** R3, whenever anybody looks: where a default-deny stands, pods can resolve names. */
async function cutOff(estate: DeclaredNamespaces, policy: string): Promise<readonly string[]> {
  const names = await Promise.all(
    estate.namespaces.map(async (namespace) => ({ namespace, standing: await scene.networkPolicyNames(namespace) })),
  );
  return names
    .filter(({ standing }) => standing.includes(`${policy}.default-deny`) && !standing.includes(`${policy}.allow-dns`))
    .map(({ namespace }) => namespace);
}

describe('F29 F30 an operator that ends in the middle of its work', () => {
  test('F29 killed again and again between two writes of a namespace: the next one completes it, nothing is doubled or left over', async () => {
    const estate = await declareNamespaces(scene, 'killed');
    const deletionsBefore = await deletions();
    for (const writes of [1, 3, 8, 12]) {
      const moment = untilCreated('killed', writes + Math.floor(Math.random() * 6));
      const burst = estate.add(6);
      await moment;
      await operator.stop('SIGKILL');
      await burst;
      expect(await cutOff(estate, 'killed')).toEqual([]);
      operator = await scene.start();
    }
    await estate.settled();
    expect(await deletions()).toEqual(deletionsBefore);
    const created = (await operatorRequests(scene.cluster.address)).filter(
      ({ verb, resource, code, namespace }) =>
        verb === 'create' && resource === 'networkpolicies' && code === 201 && namespace.startsWith('killed-'),
    );
    // Of a write in hand when its sender was killed, the log of the API server may not say that it was stored.
    for (const name of estate.namespaces) {
      expect(created.filter(({ namespace }) => namespace === name).length).toBeLessThanOrEqual(standardSet().length);
    }
    expect(created.length).toBeGreaterThan(estate.namespaces.length * standardSet().length - 10);
  }, 120_000);

  test('F30 SIGTERM in a burst: it finishes the namespaces in hand and ends with 0, and the next one does the rest', async () => {
    const estate = await declareNamespaces(scene, 'ended');
    const moment = untilCreated('ended', 10);
    const burst = estate.add(60);
    await moment;
    expect(await operator.stop()).toBe(0);
    await burst;
    const standing = await Promise.all(estate.namespaces.map((namespace) => scene.networkPolicyNames(namespace)));
    for (const names of standing) {
      expect([['own'], [...standardSet('ended'), 'own']]).toContainEqual(names);
    }
    operator = await scene.start();
    await estate.settled();
  });

  test('F31 out of memory: it says so and dies, and the next one finds everything as it must be', async () => {
    const estate = await declareNamespaces(scene, 'memory');
    await estate.add(5);
    await estate.settled();
    const before = await estate.identities();
    await operator.stop();
    const small = startOperator({
      kubeconfigPath: scene.operatorKubeconfig,
      env: { NODE_OPTIONS: '--max-old-space-size=20' },
    });
    expect(await small.exited).not.toBe(0);
    // What it said may be read only after its end.
    await expect
      .poll(() => small.log.filter(({ msg }) => msg.includes('heap out of memory')), { timeout: EVENTUALLY_MS })
      .not.toEqual([]);
    await estate.add(5);
    operator = await scene.start();
    await estate.settled();
    expect(await estate.identities()).toMatchObject(before);
  });
});

describe('F57 a loaded machine', () => {
  const busy: ChildProcess[] = [];
  afterEach(() => {
    for (const process of busy.splice(0)) {
      process.kill('SIGKILL');
    }
  });

  test('F57 four busy processes beside operator and API server: a burst is protected in the right order, and nothing is deleted', async () => {
    const estate = await declareNamespaces(scene, 'loaded');
    const deletionsBefore = await deletions();
    for (let index = 0; index < 4; index += 1) {
      busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    }
    const moment = untilCreated('loaded', 10);
    const burst = estate.add(20);
    await moment;
    expect(await cutOff(estate, 'loaded')).toEqual([]);
    await burst;
    await estate.settled();
    expect(await deletions()).toEqual(deletionsBefore);
  });
});

describe('F32 an operator that stands still', () => {
  test('F32 stopped for longer than a lease lasts, and woken: it catches up, and writes nothing on old knowledge', async () => {
    await operator.stop();
    operator = await scene.start([], INSPECTABLE);
    const estate = await declareNamespaces(scene, 'asleep');
    await estate.add(12);
    await estate.settled();
    const [heapBytes, deletionsBefore] = [await retainedHeapBytes(operator), await deletions()];

    operator.signal('SIGSTOP');
    const asleep = pause(systemClock, LONGER_THAN_A_LEASE_MS);
    const [goes = '', tampered = '', taken = ''] = estate.namespaces;
    await scene.cluster.kubectl('delete', 'namespace', goes, '--timeout=30s');
    await scene.cluster.kubectl('delete', 'networkpolicy', 'asleep.default-deny', '-n', tampered);
    await scene.cluster.kubectl(
      'patch',
      'networkpolicy',
      'asleep.allow-dns',
      '-n',
      taken,
      '--type=merge',
      '--patch={"spec":{"egress":[{}]}}',
    );
    await estate.add(12);
    await asleep;
    // Whoever holds the lease by now may have written: what this one does next must go by the state it finds.
    operator.signal('SIGCONT');
    await estate.redeclare();
    await estate.settled();

    expect(await deletions()).toEqual(deletionsBefore);
    await eventually(() => operator.metric('nsbaseline_queue_depth')).toBe(0);
    expect(await operator.page('/livez')).toEqual({ status: 200, body: expect.any(String) as string });
    expect(await retainedHeapBytes(operator)).toBeLessThan(heapBytes + 3_000_000);
  });
});
