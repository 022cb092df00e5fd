import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf, fieldsOf, itemsOf } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from '../../../src/operator/watch/resources.ts';
import type { OperatorProcess } from '../../support/operators/operator-process.ts';
import { eventually, startTestCluster, type TestCluster, valueOf } from '../../support/operators/test-cluster.ts';

const CRD = { type: CUSTOM_RESOURCE_DEFINITIONS, name: 'baselinepolicies.nsbaseline.io' };

let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
});

afterAll(async () => {
  await operator.stop();
  await scene.clear();
  await scene.cluster.applyManifests('deploy/base');
});

async function readiness(): Promise<string> {
  const { status, body } = await operator.page('/readyz');
  return `${status} ${body}`;
}

/** Puts another spec into the CRD that is served. */
async function serve(spec: unknown): Promise<void> {
  const current = valueOf(await scene.kube.get(CRD));
  valueOf(await scene.kube.replace(CUSTOM_RESOURCE_DEFINITIONS, { ...current, spec }));
}

/** The spec of the CRD of an earlier version, which did not know `spec.allow.sameNamespace`. */
function older(crd: KubeObject): unknown {
  const spec = structuredClone(crd.spec);
  const schema = fieldOf(fieldOf(itemsOf(fieldOf(spec, 'versions'))[0], 'schema'), 'openAPIV3Schema');
  const allow = ['spec', 'allow'].reduce<unknown>((at, name) => fieldOf(fieldOf(at, 'properties'), name), schema);
  delete (fieldOf(allow, 'properties') as Record<string, unknown>).sameNamespace;
  // Its rules name every field.
  delete (allow as Record<string, unknown>)['x-kubernetes-validations'];
  return spec;
}

test('F65 an older CRD of BaselinePolicies: not ready, and the stored spec is whole when the right one is back', async () => {
  await scene.declare('whole', { allow: { sameNamespace: { enabled: true } } });
  await scene.namespace('whole-a', { set: 'whole' });
  await eventually(() => scene.condition('whole', 'AllProtected')).toBe('True AllInPlace');
  const crd = valueOf(await scene.kube.get(CRD));
  await serve(older(crd));
  await eventually(readiness).toMatch(/^503 [^]*crds failed: .*spec\.allow\.sameNamespace/);
  expect(await operator.metric('nsbaseline_ready')).toBe(0);
  await scene.namespace('whole-b', { set: 'whole' });
  await eventually(() => scene.networkPolicyNames('whole-b')).toContain('whole.default-deny');
  await serve(crd.spec);
  await eventually(readiness).toBe('200 ok\n');
  await eventually(() => scene.condition('whole', 'AllProtected')).toBe('True AllInPlace');
  const stored = valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'whole' }));
  expect(fieldsOf(fieldOf(stored.spec, 'allow'))).toEqual({ sameNamespace: { enabled: true } });
  expect(await scene.networkPolicyNames('whole-a')).toContain('whole.allow-same-namespace');
});

test('F66 without its ClusterRoleBinding the operator is not ready and names what it lacks, until it has it back', async () => {
  await eventually(readiness).toBe('200 ok\n');
  await scene.cluster.kubectl('delete', 'clusterrolebinding', 'nsbaseline');
  await eventually(readiness).toMatch(/^503 [^]*prerequisites failed: .*create networkpolicies\.networking\.k8s\.io/);
  expect(await operator.metric('nsbaseline_ready')).toBe(0);
  await scene.cluster.applyManifests('deploy/base');
  await eventually(readiness).toBe('200 ok\n');
});
