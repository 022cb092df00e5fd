import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { heldNames, readHeldFacts } from '../../../../src/cli/commands/approve/held-names.ts';
import { confirmationFor } from '../../../../src/domain/planning/guard.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../../../src/operator/watch/resources.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { type CliCluster, startCliCluster } from '../cli-cluster.ts';

let cluster: CliCluster;
let uid = '';

beforeEach(async () => {
  cluster = await startCliCluster();
  const policy = valueOf(
    await cluster.kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'standard' },
      spec: { namespaceSelector: { matchLabels: { set: 'x' } } },
    }),
  );
  uid = policy.metadata.uid ?? '';
});
afterEach(() => cluster.stop());

/** The policy's default-deny, in both directions. */
async function defaultDeny(namespace: string): Promise<KubeObject> {
  return valueOf(
    await cluster.kube.create(NETWORK_POLICIES, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'standard.default-deny',
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'nsbaseline', 'nsbaseline.io/policy': 'standard' },
        annotations: { 'nsbaseline.io/policy-uid': uid },
      },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }),
  );
}

/** The NamespaceBaseline that lists it. */
async function listedDefaultDeny(namespace: string): Promise<void> {
  const { metadata } = await defaultDeny(namespace);
  const managed = [{ name: 'standard.default-deny', uid: metadata.uid }];
  const entry = { policy: 'standard', generation: 1, mode: 'Enforce', phase: 'Protected', inPlace: true, managed };
  valueOf(
    await cluster.kube.create(NAMESPACE_BASELINES, {
      apiVersion: API_VERSION,
      kind: 'NamespaceBaseline',
      metadata: { name: 'baseline', namespace },
      status: { phase: 'Protected', policies: [entry], conditions: [] },
    }),
  );
}

async function namesOf(kind: 'removal' | 'isolation', namespaces: readonly string[]) {
  const facts = await readHeldFacts(cluster.kube);
  const confirmation = confirmationFor({ uid, generation: 1, namespaces });
  return facts && heldNames(facts, { kind, confirmation, policy: 'standard' });
}

test('R9 a held isolation is of the selected namespaces that no default-deny isolates and that did not opt in', async () => {
  await cluster.namespace('b', { set: 'x' });
  await cluster.namespace('a', { set: 'x' });
  await cluster.namespace('opted', { set: 'x', 'nsbaseline.io/enabled': 'true' });
  await cluster.namespace('isolated', { set: 'x' });
  await defaultDeny('isolated');
  await cluster.namespace('other');
  expect(await namesOf('isolation', ['a', 'b'])).toEqual(['a', 'b']);
});

test('R9 a held removal is of the namespaces whose default-deny would be removed', async () => {
  await cluster.namespace('left');
  await listedDefaultDeny('left');
  await cluster.namespace('copied');
  await defaultDeny('copied');
  await cluster.namespace('stays', { set: 'x' });
  await defaultDeny('stays');
  expect(await namesOf('removal', ['left'])).toEqual(['left']);
});

test('R9 names that do not match the confirmation are not shown', async () => {
  await cluster.namespace('a', { set: 'x' });
  expect(await namesOf('isolation', ['a', 'gone'])).toBeUndefined();
});
