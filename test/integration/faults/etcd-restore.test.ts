import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { advanceRevisions } from '../../support/control-plane/etcd.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import { type DeclaredNamespaces, declareNamespaces } from '../../support/operators/declared-namespaces.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import { operatorRequests } from '../../support/operators/operator-requests.ts';
import { startTestCluster, type TestCluster } from '../../support/operators/test-cluster.ts';

let own: ControlPlane;
let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  own = await startControlPlane({ version: inject('controlPlane').choice });
  scene = await startTestCluster(own);
  operator = await scene.start();
});

afterEach(async () => {
  await scene.clear();
});

afterAll(async () => {
  await operator.stop();
  await own.stop();
});

async function deletions(): Promise<readonly string[]> {
  const requests = await operatorRequests(own.address);
  return requests
    .filter(({ verb, resource }) => verb.startsWith('delete') && resource === 'networkpolicies')
    .map(({ namespace, name }) => `${namespace}/${name}`);
}

/** A snapshot that has namespaces which were protected, and namespaces which are labelled and not protected yet. */
async function savedEstate(
  name: string,
): Promise<{ readonly estate: DeclaredNamespaces; readonly late: readonly string[] }> {
  const estate = await declareNamespaces(scene, name);
  await estate.add(8);
  await estate.settled();
  operator.signal('SIGSTOP');
  const late = await estate.add(4);
  await own.saveEtcd();
  operator.signal('SIGCONT');
  await estate.settled();
  return { estate, late };
}

test('F12 an etcd that is put back to an older state under a running operator: nothing wrong goes, all is protected again', async () => {
  const { estate, late } = await savedEstate('back');
  const before = await estate.identities();
  const [opensUp = '', goes = '', tampered = ''] = estate.namespaces;
  // What happens after the snapshot, and is undone by it: an edit, an opt-out, a deletion and a repair.
  await scene.declare('back', { allow: { sameNamespace: { enabled: true } } });
  await expect
    .poll(() => scene.networkPolicyNames(late[0] ?? ''), { timeout: EVENTUALLY_MS })
    .toContain('back.allow-same-namespace');
  await scene.label(opensUp, { set: null });
  await expect.poll(() => scene.networkPolicyNames(opensUp), { timeout: EVENTUALLY_MS }).toEqual(['own']);
  await scene.cluster.kubectl('delete', 'networkpolicy', 'back.default-deny', '-n', tampered);
  await expect
    .poll(() => scene.networkPolicyNames(tampered), { timeout: EVENTUALLY_MS })
    .toContain('back.default-deny');
  const added = await estate.add(4);
  await expect
    .poll(() => scene.report(added[3] ?? ''), { timeout: EVENTUALLY_MS })
    .toMatchObject({ phase: 'Protected' });
  await scene.cluster.kubectl('delete', 'namespace', goes, '--timeout=30s');
  await advanceRevisions(own.address, 3_000);
  const deletionsBefore = await deletions();

  await own.restoreEtcd();
  // People declare again what the snapshot did not have; all else is back by itself.
  await scene.declare('back', {});
  await expect
    .poll(() => estate.redeclare().then(() => 'declared', String), { timeout: EVENTUALLY_MS })
    .toBe('declared');
  await estate.settled();

  // The edit may have reached some namespaces once more before it was seen to be undone.
  expect(
    (await deletions()).slice(deletionsBefore.length).filter((path) => !path.endsWith('/back.allow-same-namespace')),
  ).toEqual([]);
  const protectedInTheSnapshot = Object.entries(before).filter(
    ([path]) => !late.some((name) => path.startsWith(`${name}/`)),
  );
  expect(await estate.identities()).toMatchObject(Object.fromEntries(protectedInTheSnapshot));
  await expect
    .poll(() => operator.log.filter(({ msg, cause }) => msg === 'watch is restarted' && cause === 'rolledBack'), {
      timeout: EVENTUALLY_MS,
    })
    .not.toEqual([]);
});

test('F12 also where the versions have caught up before anybody looks', async () => {
  const { estate } = await savedEstate('caught-up');
  // Further than the snapshot by less than what an API server writes when it starts.
  const deletionsBefore = await deletions();
  await own.restoreEtcd();
  await estate.settled();
  expect(await deletions()).toEqual(deletionsBefore);
  await expect.poll(async () => (await operator.page('/readyz')).status, { timeout: EVENTUALLY_MS }).toBe(200);
});
