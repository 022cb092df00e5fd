import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { clusterAt, type ServiceAccountAccess } from '../../support/control-plane/cluster.ts';
import { EVENTUALLY_MS } from '../../support/deadlines.ts';

const deploy = join(import.meta.dirname, '../../../deploy');
const cluster = clusterAt(inject('controlPlane'));
let operator: ServiceAccountAccess;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly selector?: object;
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: object;
    };
  };
}

let base: readonly Manifest[] = [];

beforeAll(async () => {
  await cluster.applyManifests(join(deploy, 'crds'));
  await cluster.applyManifests(join(deploy, 'base'));
  operator = await cluster.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  // Making the account declared the namespace without its labels.
  await cluster.applyManifests(join(deploy, 'base'));
  base = loadAll(await cluster.kubectl('kustomize', join(deploy, 'base'))) as readonly Manifest[];
});

function template(): {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: object;
} {
  const found = base.find(({ kind }) => kind === 'Deployment')?.spec?.template;
  if (found === undefined) {
    throw new Error('deploy/base has no Deployment');
  }
  return found;
}

/** A pod of the Deployment with changes to it, as the API server of a namespace with restricted Pod Security takes it. */
function created(container: object = {}, pod: object = {}): ReturnType<typeof cluster.tryKubectl> {
  const { metadata, spec } = template();
  const { containers, ...others } = spec as { containers: readonly object[] };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'trial', namespace: 'nsbaseline-system' },
    spec: { ...others, ...pod, containers: [{ ...containers[0], ...container }] },
  };
  return cluster.tryKubectl(['create', '--dry-run=server', '--validate=strict', '--filename=-'], {
    stdin: JSON.stringify(object),
  });
}

describe('deploy/base', () => {
  test('runs under restricted Pod Security, which is enforced where it runs', async () => {
    expect(await created()).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await created({ securityContext: {} })).stderr).toContain('violates PodSecurity "restricted');
    expect((await created({}, { securityContext: { runAsNonRoot: false } })).stderr).toContain(
      'violates PodSecurity "restricted',
    );
  });

  test('has a root file system that nobody writes to, and mounts nothing', () => {
    expect(template().spec).toMatchObject({
      containers: [{ securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
    });
    expect(JSON.stringify(template())).not.toMatch(/volume|hostNetwork|hostPath|hostPID|hostIPC/u);
  });

  test('selects its own pods everywhere by the same label', () => {
    const { labels } = template().metadata;
    const selecting =
      JSON.stringify(base).match(/"(?:matchLabels|selector)":\{"app\.kubernetes\.io\/name":"[^"]*"\}/gu) ?? [];
    expect(labels).toEqual({ 'app.kubernetes.io/name': 'nsbaseline' });
    // Prometheus is the one other name in it.
    expect(new Set(selecting.map((text) => text.split('":"')[1]))).toEqual(
      new Set(['nsbaseline"}', 'prometheus"}'].filter((name) => selecting.some((text) => text.endsWith(name)))),
    );
    expect(selecting.length).toBeGreaterThanOrEqual(5);
  });

  test('carries nowhere the label by which the operator knows its NetworkPolicies', () => {
    expect(JSON.stringify(base)).not.toContain('app.kubernetes.io/managed-by');
  });

  test('R15 requests for its Lease go by the FlowSchema of leader elections, its others do not', async () => {
    const uid = await cluster.kubectl(
      'get',
      'flowschema',
      'nsbaseline-leader-election',
      '--output=jsonpath={.metadata.uid}',
    );
    const schemaOf = async (path: string): Promise<string | undefined> => {
      const { stderr } = await cluster.tryKubectl(['get', `--raw=${path}`, '--v=8'], operator);
      return /X-Kubernetes-Pf-Flowschema-Uid: (\S+)/iu.exec(stderr)?.[1];
    };
    await expect
      .poll(() => schemaOf('/apis/coordination.k8s.io/v1/namespaces/nsbaseline-system/leases/nsbaseline'), {
        timeout: EVENTUALLY_MS,
        interval: 200,
      })
      .toBe(uid);
    expect(await schemaOf('/apis/networking.k8s.io/v1/networkpolicies?limit=1')).not.toBe(uid);
    expect(await schemaOf('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/nsbaseline')).not.toBe(uid);
  });

  test.each([
    ['create', 'leases.coordination.k8s.io', 'nsbaseline-system', 'yes'],
    ['update', 'leases.coordination.k8s.io/nsbaseline', 'nsbaseline-system', 'yes'],
    ['update', 'leases.coordination.k8s.io/another', 'nsbaseline-system', 'no'],
    ['delete', 'leases.coordination.k8s.io/nsbaseline', 'nsbaseline-system', 'no'],
    ['update', 'leases.coordination.k8s.io/nsbaseline', 'kube-system', 'no'],
    ['get', 'secrets', 'nsbaseline-system', 'no'],
    ['get', 'pods', 'nsbaseline-system', 'no'],
  ])('lets the operator %s %s in %s: %s', async (verb, resource, namespace, answer) => {
    expect(
      (await cluster.tryKubectl(['auth', 'can-i', verb, resource, `--namespace=${namespace}`], operator)).stdout.trim(),
    ).toBe(answer);
  });
});

describe('each component on top of deploy/base', () => {
  test.each(['openshift', 'monitoring', 'examples'])('%s adds to it and leaves out nothing', async (component) => {
    const others = loadAll(
      await cluster.kubectl(
        'kustomize',
        join(import.meta.dirname, 'overlays', component),
        '--load-restrictor=LoadRestrictionsNone',
      ),
    ) as readonly Manifest[];
    const identities = (manifests: readonly Manifest[]): readonly string[] =>
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(identities(others)).toEqual(expect.arrayContaining([...identities(base)]));
    expect(others.length).toBeGreaterThan(base.length);
    if (component === 'openshift') {
      expect(JSON.stringify(others)).not.toContain('runAsUser');
    }
  });
});
