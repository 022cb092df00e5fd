import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import { ObjectCache } from '../../../src/kube/informer/object-cache.ts';
import { createReflector } from '../../../src/kube/informer/reflector.ts';
import { networkPolicyProjection } from '../../../src/operator/watch/projections.ts';
import { NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { advanceRevisions, compactEtcd } from '../../support/control-plane/etcd.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import { type DeclaredNamespaces, declareNamespaces } from '../../support/operators/declared-namespaces.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import { type NotedRequest, operatorRequests } from '../../support/operators/operator-requests.ts';
import { INSPECTABLE, retainedHeapBytes } from '../../support/operators/retained-heap.ts';
import { eventually, startTestCluster, type TestCluster, valueOf } from '../../support/operators/test-cluster.ts';

/** Watches that the operator has: four core types, Services and EndpointSlices of two namespaces, and two CRDs. */
const WATCHES = 10;
/** A reflector tries again after 0.8 s, and half as often each time: so often in the few seconds that an API server takes to start. */
const ATTEMPTS_IN_AN_OUTAGE = 8;

let own: ControlPlane;
let scene: TestCluster;
let estate: DeclaredNamespaces;
let operator: OperatorProcess;
let heapBytes: number;

beforeAll(async () => {
  own = await startControlPlane({ version: inject('controlPlane').choice });
  scene = await startTestCluster(own);
  operator = await scene.start(['--request-timeout', '5s', '--watch-silence-limit', '10s'], INSPECTABLE);
  estate = await declareNamespaces(scene, 'town');
  await estate.add(30);
  await estate.settled();
  heapBytes = await retainedHeapBytes(operator);
});

afterAll(async () => {
  // It may be stopped where it stands, and then hears nothing else.
  await operator.stop('SIGKILL');
  await own.stop();
});

function soon<Value>(ask: () => Promise<Value>): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(ask, { timeout: EVENTUALLY_MS, interval: 100 });
}

async function since(mark: number): Promise<readonly NotedRequest[]> {
  return (await operatorRequests(own.address)).slice(mark);
}

async function mark(): Promise<number> {
  return (await operatorRequests(own.address)).length;
}

function restarts(): Promise<number> {
  return operator.metric('nsbaseline_watch_restarts_total');
}

/** What was read before now cannot be read on. */
async function forgetHistory(): Promise<void> {
  await advanceRevisions(own.address, 1);
  await compactEtcd(own.address);
}

/** Nothing that stood was deleted, by whomever, and nothing was created twice. */
async function expectNoHarm(before: Readonly<Record<string, string>>, noted: readonly NotedRequest[]): Promise<void> {
  expect(await estate.identities()).toMatchObject(before);
  expect(noted.filter(({ verb }) => verb.startsWith('delete'))).toEqual([]);
  const created = noted
    .filter(({ verb, resource, code }) => verb === 'create' && resource === 'networkpolicies' && code === 201)
    .map(({ namespace, name, uri }) => `${namespace}/${name}${uri}`);
  expect(created.length).toBeLessThanOrEqual(
    3 * (Object.keys(await estate.identities()).length - Object.keys(before).length),
  );
}

describe('F5 F48 an API server that dies', () => {
  test('F5 F48 killed in a burst of new namespaces, again and again: all is as declared, with few lists', async () => {
    for (const round of [1, 2, 3]) {
      const [before, begin, restartsBefore] = [await estate.identities(), await mark(), await restarts()];
      const burst = estate.add(10).catch(() => undefined);
      await soon(
        async () => (await since(begin)).filter(({ verb }) => verb === 'create').length,
      ).toBeGreaterThanOrEqual(round * 5);
      await own.killApiServer();
      await burst;
      await own.startApiServer();
      await soon(() => estate.redeclare().then(() => 'declared')).toBe('declared');
      await estate.settled();

      const noted = await since(begin);
      await expectNoHarm(before, noted);
      expect((await restarts()) - restartsBefore).toBeLessThanOrEqual(WATCHES * ATTEMPTS_IN_AN_OUTAGE);
      const lists = noted.filter(({ verb, uri }) => verb === 'list' && uri.includes('limit=500'));
      expect(lists.length).toBeLessThanOrEqual(WATCHES * 2);
    }
  });

  test('F28 away for long: the operator lives, keeps quiet, and catches up', async () => {
    const [before, restartsBefore] = [await estate.identities(), await restarts()];
    await own.killApiServer();
    await soon(async () => (await restarts()) - restartsBefore).toBeGreaterThanOrEqual(WATCHES * 3);
    expect(await operator.page('/livez')).toEqual({ status: 200, body: expect.any(String) as string });
    const begin = await mark();
    await own.startApiServer();
    await scene.cluster.kubectl('delete', 'networkpolicy', 'town.default-deny', '-n', 'town-0');
    await estate.add(5);
    await estate.settled();
    const untouched = Object.entries(before).filter(([path]) => path !== 'town-0/town.default-deny');
    await expectNoHarm(Object.fromEntries(untouched), await since(begin));
    expect((await restarts()) - restartsBefore).toBeLessThanOrEqual(WATCHES * ATTEMPTS_IN_AN_OUTAGE);
  });
});

describe('F28 an API server that is not itself', () => {
  test('F1 F28 paused with its connections open: every watch is given up, and what happens afterwards is seen', async () => {
    const [before, begin] = [await estate.identities(), await mark()];
    const silentBefore = await operator.metric('nsbaseline_watch_restarts_total', { reason: 'silent' });
    await own.pauseApiServer();
    await soon(
      async () => (await operator.metric('nsbaseline_watch_restarts_total', { reason: 'silent' })) - silentBefore,
    ).toBeGreaterThanOrEqual(WATCHES);
    await own.continueApiServer();
    await estate.add(5);
    await estate.settled();
    await expectNoHarm(before, await since(begin));
  });

  test('F28 F19 nothing can be stored, as without a quorum: writes are tried ever more rarely, and all is made up for', async () => {
    const before = await estate.identities();
    operator.signal('SIGSTOP');
    const added = await estate.add(10);
    await own.pauseEtcd();
    const begin = await mark();
    operator.signal('SIGCONT');
    await soon(() =>
      operator.metric('nsbaseline_writes_total', { kind: 'NetworkPolicy', verb: 'create', result: 'failed' }),
    ).toBeGreaterThanOrEqual(added.length * 2);
    await own.continueEtcd();
    await estate.settled();

    const noted = await since(begin);
    await expectNoHarm(before, noted);
    const creates = noted.filter(
      ({ verb, resource, namespace }) =>
        verb === 'create' && resource === 'networkpolicies' && added.includes(namespace),
    );
    expect(creates.length).toBeLessThanOrEqual(added.length * 3 * ATTEMPTS_IN_AN_OUTAGE);
  });

  test('F3 a history that is gone when the operator looks again: it lists, and finds all that happened meanwhile', async () => {
    const expiredBefore = await operator.metric('nsbaseline_watch_restarts_total', { reason: 'expired' });
    operator.signal('SIGSTOP');
    await scene.cluster.kubectl('delete', 'networkpolicy', '-n', 'town-1', '-l', 'nsbaseline.io/policy=town');
    await estate.add(3);
    await own.killApiServer();
    await forgetHistory();
    await own.startApiServer();
    operator.signal('SIGCONT');
    await estate.settled();
    await eventually(() => operator.metric('nsbaseline_watch_restarts_total', { reason: 'expired' })).toBeGreaterThan(
      expiredBefore,
    );
  });

  test('F10 a list whose next page is gone: it begins anew, and is whole', async () => {
    const reasons: string[] = [];
    let isCut = false;
    const list: KubeClient['list'] = async (request) => {
      if (request.continueToken !== undefined && !isCut) {
        isCut = true;
        // An API server can serve pages from memory; a new one has only etcd.
        await own.killApiServer();
        await forgetHistory();
        await own.startApiServer();
      }
      return scene.kube.list(request);
    };
    const cache = new ObjectCache({ project: networkPolicyProjection, onChange: () => undefined });
    const client = { list, watch: (...request: Parameters<KubeClient['watch']>) => scene.kube.watch(...request) };
    const reflector = createReflector({
      client,
      scope: { type: NETWORK_POLICIES },
      sink: cache,
      clock: systemClock,
      random: Math.random,
      pageSize: 50,
      observer: { restarted: (reason) => reasons.push(reason) },
    });
    const stop = new AbortController();
    const running = reflector.run(stop.signal);
    await soon(() => Promise.resolve(reflector.hasSynced())).toBe(true);
    stop.abort();
    await running;
    expect(reasons).toContain('expired');
    const stored = valueOf(await scene.kube.list({ type: NETWORK_POLICIES })).items.map(({ metadata }) => metadata.uid);
    expect([...cache.values()].map(({ uid }) => uid).sort()).toEqual(stored.sort());
    await estate.settled();
  });

  test('F5 F28 after all of it the operator is ready, idle, and holds on to no more than before', async () => {
    await soon(async () => (await operator.page('/readyz')).status).toBe(200);
    await soon(() => operator.metric('nsbaseline_queue_depth')).toBe(0);
    expect(await operator.metric('nsbaseline_reconciles_total', { result: 'panic' })).toBe(0);
    const perNamespaceBytes = 20_000;
    expect(await retainedHeapBytes(operator)).toBeLessThan(
      heapBytes + (estate.namespaces.length - 30) * perNamespaceBytes + 3_000_000,
    );
  });
});
