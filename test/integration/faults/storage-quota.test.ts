import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { emptyEtcd, fillEtcd } from '../../support/control-plane/etcd.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import { type DeclaredNamespaces, declareNamespaces } from '../../support/operators/declared-namespaces.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import { operatorRequests } from '../../support/operators/operator-requests.ts';
import { startTestCluster, type TestCluster } from '../../support/operators/test-cluster.ts';

const QUOTA_MIB = 32;

let own: ControlPlane;
let scene: TestCluster;
let estate: DeclaredNamespaces;
let operator: OperatorProcess;

beforeAll(async () => {
  own = await startControlPlane({
    version: inject('controlPlane').choice,
    flags: { etcd: { 'quota-backend-bytes': String(QUOTA_MIB * 1024 * 1024) } },
  });
  scene = await startTestCluster(own);
  estate = await declareNamespaces(scene, 'full');
  operator = await scene.start();
  await estate.add(6);
  await estate.settled();
});

afterAll(async () => {
  await operator.stop();
  await own.stop();
});

test('F27 F28 an etcd without space: what cannot be put back is told of and tried ever more rarely, and is put back once there is space', async () => {
  const before = await estate.identities();
  const begin = (await operatorRequests(own.address)).length;
  await fillEtcd(own.address, QUOTA_MIB);
  // A full etcd still deletes.
  const open = estate.namespaces.slice(0, 2);
  for (const namespace of open) {
    await scene.cluster.kubectl('delete', 'networkpolicy', 'full.default-deny', 'full.allow-dns', '-n', namespace);
  }
  await expect
    .poll(() => operator.metric('nsbaseline_unprotected_namespaces'), { timeout: EVENTUALLY_MS })
    .toBe(open.length);
  const refused = (): Promise<number> =>
    operator.metric('nsbaseline_writes_total', { kind: 'NetworkPolicy', verb: 'create', result: 'failed' });
  await expect.poll(refused, { timeout: EVENTUALLY_MS }).toBeGreaterThanOrEqual(open.length * 10);
  expect(await operator.page('/livez')).toEqual({ status: 200, body: expect.any(String) as string });

  await emptyEtcd(own.address);
  await estate.settled();
  const untouched = Object.entries(before).filter(
    ([path]) => !open.some((namespace) => path.startsWith(`${namespace}/full.`)) || path.endsWith('.allow-monitoring'),
  );
  expect(await estate.identities()).toMatchObject(Object.fromEntries(untouched));
  const noted = (await operatorRequests(own.address)).slice(begin);
  expect(noted.filter(({ verb }) => verb.startsWith('delete'))).toEqual([]);
  // Pauses from 5 ms on, each twice as long as the one before: some 14 fit into a minute, for each of two objects.
  expect(
    noted.filter(({ verb, resource }) => verb === 'create' && resource === 'networkpolicies').length,
  ).toBeLessThanOrEqual(open.length * 2 * 20);
  await expect.poll(() => operator.metric('nsbaseline_unprotected_namespaces'), { timeout: EVENTUALLY_MS }).toBe(0);
});
