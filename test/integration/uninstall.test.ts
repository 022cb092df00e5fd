import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASELINE_POLICIES } from '../../src/operator/watch/resources.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import {
  eventually,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CRDS = ['baselinepolicies.nsbaseline.io', 'namespacebaselines.nsbaseline.io'];
let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
});

afterAll(async () => {
  await operator.stop();
  await scene.cluster.applyManifests(join(import.meta.dirname, '../../deploy/crds'));
});

/** The program as a process of its own, as the cluster admin, with nobody to be asked. */
function nsbaseline(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH,
      HOME: scene.cluster.address.directory,
      KUBECONFIG: scene.cluster.address.kubeconfigPath,
    };
    execFile(process.execPath, [MAIN, ...words], { env, timeout: EVENTUALLY_MS }, (error, stdout, stderr) => {
      const failureCode = typeof error?.code === 'number' ? error.code : -1;
      resolve({ code: error === null ? 0 : failureCode, stdout, stderr });
    });
  });
}

/** A policy with onDelete: Remove in one namespace, in place, beside a policy of somebody else. */
async function settledIn(namespace: string, policy: string): Promise<void> {
  await scene.declare(policy, { removal: { onDelete: 'Remove' } });
  await scene.namespace(namespace, { set: policy });
  await scene.createNetworkPolicy(namespace, { name: 'own' }, { podSelector: {} });
  await eventually(() => scene.report(namespace)).toMatchObject({ phase: 'Protected' });
  await eventually(
    async () => valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: policy })).metadata.finalizers,
  ).toEqual(['nsbaseline.io/remove-policies']);
}

test('R8 uninstall with the operator running leaves every NetworkPolicy, no BaselinePolicy and no report, though the policy says onDelete: Remove', async () => {
  await settledIn('uninstall-a', 'uninstall-keep');
  const { code, stderr } = await nsbaseline('uninstall', '--yes');
  expect(code, stderr).toBe(0);
  expect(valueOf(await scene.kube.list({ type: BASELINE_POLICIES })).items).toEqual([]);
  await eventually(() => scene.report('uninstall-a')).toBeUndefined();
  expect(await scene.networkPolicyNames('uninstall-a')).toEqual(['own', ...standardSet('uninstall-keep')].sort());
});

test('uninstall --remove-policies with the operator running removes what it wrote, here and in the namespaces it left before, and nothing comes back', async () => {
  await settledIn('uninstall-b', 'uninstall-all');
  const { code, stderr } = await nsbaseline('uninstall', '--remove-policies', '--yes');
  expect(code, stderr).toBe(0);
  expect(valueOf(await scene.kube.list({ type: BASELINE_POLICIES })).items).toEqual([]);
  for (const namespace of ['uninstall-a', 'uninstall-b']) {
    expect(await scene.networkPolicyNames(namespace)).toEqual(['own']);
  }
  // Whatever the operator does next, it does after this namespace, whose policy came later.
  await scene.declare('uninstall-later');
  await scene.namespace('uninstall-c', { set: 'uninstall-later' });
  await eventually(() => scene.report('uninstall-c')).toMatchObject({ phase: 'Protected' });
  for (const namespace of ['uninstall-a', 'uninstall-b']) {
    expect(await scene.networkPolicyNames(namespace)).toEqual(['own']);
  }
});

test('uninstall --remove-policies --remove-crds without the operator leaves nothing of ours and nothing stuck', async () => {
  await settledIn('uninstall-d', 'uninstall-down');
  await operator.stop();
  const { code, stderr } = await nsbaseline('uninstall', '--remove-policies', '--remove-crds', '--yes');
  expect(code, stderr).toBe(0);
  expect(await scene.networkPolicyNames('uninstall-d')).toEqual(['own']);
  expect(await scene.networkPolicyNames('uninstall-c')).toEqual([]);
  await eventually(() => scene.cluster.kubectl('get', 'crd', ...CRDS, '--ignore-not-found', '--output=name')).toBe('');
  expect((await nsbaseline('uninstall', '--remove-policies', '--remove-crds')).stdout).toBe(
    'There is nothing to uninstall.\n',
  );
});
