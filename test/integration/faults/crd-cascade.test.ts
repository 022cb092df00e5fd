import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';
import { type DeclaredNamespaces, declareNamespaces } from '../../support/operators/declared-namespaces.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import { operatorRequests } from '../../support/operators/operator-requests.ts';
import { startTestCluster, type TestCluster } from '../../support/operators/test-cluster.ts';

const CRDS = ['baselinepolicies.nsbaseline.io', 'namespacebaselines.nsbaseline.io'];

let scene: TestCluster;
let estate: DeclaredNamespaces;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
  estate = await declareNamespaces(scene, 'cascade');
  await estate.add(8);
  await estate.settled();
});

afterAll(async () => {
  await operator.stop();
  await scene.clear();
});

test('F46 F65 R8 both CRDs are deleted with all that is of them: every NetworkPolicy stays, and is taken over when they come back', async () => {
  const before = await estate.identities();
  const begin = (await operatorRequests(scene.cluster.address)).length;
  const notFoundBefore = await operator.metric('nsbaseline_watch_restarts_total', { resource: 'baselinepolicies' });
  await scene.cluster.kubectl('delete', 'crd', ...CRDS, '--timeout=40s');
  // It has looked for them several times and found none.
  await expect
    .poll(
      async () =>
        (await operator.metric('nsbaseline_watch_restarts_total', { resource: 'baselinepolicies' })) - notFoundBefore,
      { timeout: EVENTUALLY_MS },
    )
    .toBeGreaterThanOrEqual(3);
  expect(await estate.identities()).toEqual(before);
  const gone = await operator.page('/readyz');
  expect(`${gone.status} ${gone.body}`).toMatch(/^503 [^]*crds failed: baselinepolicies.* is not installed/);

  await scene.cluster.applyManifests('deploy/crds');
  await expect
    .poll(() => estate.redeclare().then(() => 'declared', String), { timeout: EVENTUALLY_MS })
    .toBe('declared');
  await estate.settled();
  expect(await estate.identities()).toEqual(before);
  expect((await operator.page('/readyz')).status).toBe(200);
  const noted = (await operatorRequests(scene.cluster.address)).slice(begin);
  expect(noted.filter(({ verb, resource }) => resource === 'networkpolicies' && verb.startsWith('delete'))).toEqual([]);
});
