import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { clusterAt, type KubectlResult, type ServiceAccountAccess } from '../support/control-plane/cluster.ts';
import { explanationOf } from '../support/control-plane/explanation.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';

const root = join(import.meta.dirname, '../..');
const cluster = clusterAt(inject('controlPlane'));

/** The names of the CRDs that are shipped. */
function shippedCrds(): readonly string[] {
  const documents = readdirSync(join(root, 'crds')).flatMap((file) =>
    loadAll(readFileSync(join(root, 'crds', file), 'utf8')),
  );
  return documents.map((document) => (document as { metadata: { name: string } }).metadata.name).sort();
}

let operator: ServiceAccountAccess;

beforeAll(async () => {
  await cluster.applyManifests(join(root, 'deploy/crds'));
  await cluster.applyManifests(join(root, 'deploy/base'));
  operator = await cluster.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
});

function asOperator(...args: readonly string[]): Promise<KubectlResult> {
  return cluster.tryKubectl(args, operator);
}

describe('the custom resources', () => {
  test.each(shippedCrds())('%s is served, and its schema is structural', async (name) => {
    const conditions = await cluster.kubectl(
      'get',
      'crd',
      name,
      '--output=jsonpath={range .status.conditions[*]}{.type}={.status} {end}',
    );
    expect(conditions.trim().split(' ')).toEqual(expect.arrayContaining(['Established=True', 'NamesAccepted=True']));
    expect(conditions).not.toContain('NonStructuralSchema=True');
  });

  test.each(['baselinepolicy.spec.allow.dns', 'namespacebaseline.status'])(
    'kubectl explain %s says what every field is for',
    async (field) => {
      expect(await explanationOf(cluster, field)).not.toContain('<no description>');
    },
  );
});

describe('the roles that the operator ships with, on a real API server', () => {
  test.each([
    ['namespaces'],
    ['networkpolicies', '--all-namespaces'],
    ['baselinepolicies'],
    ['namespacebaselines', '--all-namespaces'],
    ['services', '--namespace=kube-system'],
    ['endpointslices', '--namespace=kube-system'],
    ['endpointslices', '--namespace=default', '--field-selector=metadata.name=kubernetes'],
    ['services', '--namespace=default', '--field-selector=metadata.name=kubernetes'],
    ['customresourcedefinitions', '--field-selector=metadata.name=baselinepolicies.nsbaseline.io'],
    ['customresourcedefinitions', '--field-selector=metadata.name=namespacebaselines.nsbaseline.io'],
  ])('let it list %s %s %s', async (...what) => {
    const result = await asOperator('get', ...what);
    expect(result).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ['secrets', '--all-namespaces'],
    ['pods', '--all-namespaces'],
    ['configmaps', '--all-namespaces'],
    ['services', '--namespace=default'],
    ['endpointslices', '--namespace=default'],
    ['services', '--namespace=nsbaseline-system'],
    ['customresourcedefinitions'],
  ])('do not let it list %s %s', async (...what) => {
    const result = await asOperator('get', ...what);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain('Forbidden');
  });

  test.each([
    ['create', 'networkpolicies', 'yes'],
    ['patch', 'networkpolicies', 'yes'],
    ['delete', 'networkpolicies', 'yes'],
    ['deletecollection', 'networkpolicies', 'no'],
    ['patch', 'namespaces', 'no'],
    ['patch', 'baselinepolicies/status', 'yes'],
    ['patch', 'baselinepolicies', 'yes'],
    ['update', 'baselinepolicies', 'yes'],
    ['delete', 'baselinepolicies', 'no'],
    ['create', 'events.events.k8s.io', 'yes'],
    ['patch', 'events.events.k8s.io', 'yes'],
    ['update', 'events.events.k8s.io', 'no'],
    ['get', 'namespacebaselines', 'no'],
    ['get', 'endpointslices', 'no'],
    ['create', 'clusterrolebindings', 'no'],
  ])('%s %s: %s', async (verb, resource, answer) => {
    const [name, subresource] = resource.split('/');
    const result = await asOperator(
      'auth',
      'can-i',
      verb,
      name ?? '',
      '--all-namespaces',
      ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
    );
    expect(result.stdout.trim()).toBe(answer);
  });

  test('let everybody who may view the cluster see the baselines', async () => {
    const viewer = await cluster.serviceAccount({ name: 'viewer', namespace: 'deployment-viewer' });
    await cluster.applyManifests([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'view', namespace: 'deployment-viewer' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace: 'deployment-viewer' }],
      },
    ]);
    await expect
      .poll(
        async () =>
          (await cluster.tryKubectl(['get', 'namespacebaselines', '--namespace=deployment-viewer'], viewer)).exitCode,
        { timeout: EVENTUALLY_MS, interval: 200 },
      )
      .toBe(0);
    await cluster.kubectl('delete', 'namespace', 'deployment-viewer', '--wait=false');
  });
});
