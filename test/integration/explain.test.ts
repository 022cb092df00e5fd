import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explanationSchema } from '../../src/cli/commands/explain/explanation-schema.ts';
import { matrixSchema } from '../../src/cli/commands/matrix/matrix-schema.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import { eventually, startTestCluster, type TestCluster } from '../support/operators/test-cluster.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let scene: TestCluster;
let folder = '';

const WORLD = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ask-shop', labels: { team: 'shop' } } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ask-other' } },
  deployment('ask-shop', 'web', 8080),
  deployment('ask-shop', 'db', 5432),
  deployment('ask-other', 'client', 80),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace: 'ask-shop' },
    spec: { selector: { app: 'db' }, ports: [{ port: 5432 }] },
  },
  networkPolicy('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  networkPolicy('db-from-api', {
    podSelector: { matchLabels: { app: 'db' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }],
  }),
];

function deployment(namespace: string, app: string, containerPort: number) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: { containers: [{ name: app, image: 'none', ports: [{ containerPort }] }] },
      },
    },
  };
}

function networkPolicy(name: string, spec: object) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'ask-shop' },
    spec,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explain-'));
  scene = await startTestCluster();
  await applied(WORLD);
});

afterAll(async () => {
  await scene.cluster.tryKubectl(['delete', 'namespace', 'ask-shop', 'ask-other', '--wait=false']);
  await rm(folder, { recursive: true });
});

async function applied(objects: readonly unknown[]): Promise<void> {
  const path = join(folder, 'objects.json');
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await scene.cluster.kubectl('apply', '-f', path);
}

function nsbaseline(words: readonly string[], kubeconfig = scene.cluster.address.kubeconfigPath) {
  return new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig };
    execFile(process.execPath, [MAIN, ...words], { env, timeout: EVENTUALLY_MS }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function explanation(words: readonly string[], kubeconfig?: string) {
  const { stdout, stderr } = await nsbaseline(['explain', ...words, '-o', 'json'], kubeconfig);
  expect(stderr).toBe('');
  return explanationSchema.parse(JSON.parse(stdout));
}

/** A user with the role that every cluster has for reading, in one namespace or in all. */
async function viewer(name: string, namespace?: string): Promise<string> {
  const account = await scene.cluster.serviceAccount({ name, namespace: 'ask-shop' });
  const binding = namespace === undefined ? ['clusterrolebinding', name] : ['rolebinding', name, '-n', namespace];
  await scene.cluster.kubectl('create', ...binding, '--clusterrole=view', `--serviceaccount=ask-shop:${name}`);
  return account.kubeconfigPath;
}

describe('explain and matrix on a live cluster', () => {
  test('judge workloads, Services, the API server and files laid over the cluster', async () => {
    const denied = await explanation(['ask-shop/deploy/web', 'ask-shop/svc/db']);
    expect(denied).toMatchObject({ verdict: 'denied', reading: { mode: 'cluster', partial: false } });
    expect(denied.fix).toMatchObject({ verdict: 'allowed' });
    expect((await explanation(['ask-other/deploy/client', 'apiserver'])).verdict).toBe('allowed');
    expect((await explanation(['ask-other/deploy/client', 'dns', '-p', '53/udp'])).verdict).toBe('allowed');
    const fix = await nsbaseline(['explain', 'ask-shop/web', 'ask-shop/db', '--fix']);
    const path = join(folder, 'fix.yaml');
    await writeFile(path, fix.stdout);
    const over = await explanation(['ask-shop/web', 'ask-shop/db', '-f', path, '--with-cluster']);
    expect(over).toMatchObject({ verdict: 'allowed', reading: { mode: 'filesOverCluster' } });
    expect((await explanation(['ask-shop/web', 'ask-shop/db'])).verdict).toBe('denied');
  });

  test('serve a user with the role view, who may not list Nodes and is asked for nothing more', async () => {
    const kubeconfig = await viewer('ask-viewer');
    await eventually(async () => (await nsbaseline(['matrix', '-n', 'ask-shop'], kubeconfig)).code).toBe(0);
    const { verdict, reading } = await explanation(['ask-shop/web', 'ask-shop/db'], kubeconfig);
    expect(verdict).toBe('denied');
    expect(reading.missing.map(({ kind }) => kind)).toEqual(['Node']);
    expect(reading.partial).toBe(false);
    expect(reading.notServed).toEqual(['ClusterNetworkPolicy']);
    const { stdout } = await nsbaseline(['matrix', '-n', 'ask-shop', '--by', 'workload', '-o', 'json'], kubeconfig);
    const { cells } = matrixSchema.parse(JSON.parse(stdout));
    expect(cells).toContainEqual({
      from: 'ask-other/client',
      to: 'ask-shop/db',
      protocol: 'TCP',
      port: 5432,
      egress: 'allowed',
      ingress: 'denied',
      verdict: 'denied',
    });
  });

  test('serve a tenant, whose verdict is undefined where it depends on a namespace that may not be read', async () => {
    const kubeconfig = await viewer('ask-tenant', 'ask-shop');
    await eventually(async () => (await nsbaseline(['explain', 'ask-shop/web', 'ask-shop/db'], kubeconfig)).code).toBe(
      0,
    );
    expect(await explanation(['ask-shop/web', 'ask-shop/db'], kubeconfig)).toMatchObject({
      verdict: 'denied',
      reading: { partial: true },
    });
    const unknown = await explanation(['internet', 'ask-shop/web', '-p', '8080'], kubeconfig);
    expect(unknown).toMatchObject({ verdict: 'denied' });
    expect((await nsbaseline(['explain', 'ask-shop/web', 'ask-other/client'], kubeconfig)).stderr).toContain(
      'there is no pod client in namespace ask-other; nothing there is known',
    );
  });

  test('judge ClusterNetworkPolicies where the cluster serves them; who may not list them gets undefined', async () => {
    const name = 'clusternetworkpolicies.policy.networking.k8s.io';
    await applied([
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name, annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
        spec: {
          group: 'policy.networking.k8s.io',
          scope: 'Cluster',
          names: { plural: 'clusternetworkpolicies', singular: 'clusternetworkpolicy', kind: 'ClusterNetworkPolicy' },
          versions: [
            {
              name: 'v1alpha2',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      },
    ]);
    try {
      await scene.cluster.kubectl('wait', '--for=condition=Established', `crd/${name}`);
      const kubeconfig = await viewer('ask-viewer-2');
      await eventually(async () => (await nsbaseline(['matrix', '-n', 'ask-shop'], kubeconfig)).code).toBe(0);
      const unknown = await explanation(['ask-other/client', 'ask-other/client', '-p', '80'], kubeconfig);
      expect(unknown.reading.missing.map(({ kind }) => kind)).toContain('ClusterNetworkPolicy');
      expect(await explanation(['ask-other/client', 'ask-shop/db'], kubeconfig)).toMatchObject({
        verdict: 'undefined',
        ports: [{ reason: { code: 'incomplete' } }],
      });
      expect(await explanation(['ask-other/client', 'ask-shop/db'])).toMatchObject({ verdict: 'denied' });
    } finally {
      await scene.cluster.kubectl('delete', 'crd', name);
    }
  });
});
