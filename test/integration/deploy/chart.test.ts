import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ALERTS } from '../../../src/generate/alerts.ts';
import { clusterAt } from '../../support/control-plane/cluster.ts';
import { type HelmResult, runHelm } from '../../support/tools/helm.ts';

const deploy = join(import.meta.dirname, '../../../deploy');
const chart = join(deploy, 'chart');
const cluster = clusterAt(inject('controlPlane'));
const folder = mkdtempSync(join(tmpdir(), 'nsbaseline-helm-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
}

function helm(...args: readonly string[]): Promise<HelmResult> {
  return runHelm(args, { address: cluster.address, folder });
}

function manifestsIn(text: string): readonly Manifest[] {
  return (loadAll(text) as readonly (Manifest | null)[]).filter((document) => document !== null);
}

async function templated(...flags: readonly string[]): Promise<readonly Manifest[]> {
  const { stdout, stderr, exitCode } = await helm(
    'template',
    'nsbaseline',
    chart,
    '--namespace=nsbaseline-system',
    ...flags,
  );
  expect(exitCode, stderr).toBe(0);
  return manifestsIn(stdout);
}

/** What a kustomization gives, with components on top where they are asked for. */
async function kustomized(...folders: readonly string[]): Promise<readonly Manifest[]> {
  const texts = await Promise.all(
    folders.map((name) => cluster.kubectl('kustomize', join(deploy, name), '--load-restrictor=LoadRestrictionsNone')),
  );
  return texts.flatMap(manifestsIn);
}

const HELM_LABELS = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
  'app.kubernetes.io/name',
];

/** An object by its identity, without what Helm adds for itself. */
function byIdentity(manifests: readonly Manifest[]): ReadonlyMap<string, object> {
  return new Map(
    manifests.map((manifest) => {
      const { kind, metadata } = manifest;
      const labels = Object.fromEntries(
        Object.entries(metadata.labels ?? {}).filter(([key]) => !HELM_LABELS.includes(key)),
      );
      const annotations = Object.fromEntries(
        Object.entries(metadata.annotations ?? {}).filter(([key]) => key !== 'helm.sh/resource-policy'),
      );
      return [
        `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
        { ...manifest, metadata: { ...metadata, labels, annotations } },
      ];
    }),
  );
}

describe('the chart', () => {
  test('with its defaults is deploy/crds and deploy/base, object by object; the namespace is the release’s', async () => {
    const base = byIdentity((await kustomized('crds', 'base')).filter(({ kind }) => kind !== 'Namespace'));
    const rendered = byIdentity(await templated());
    expect([...rendered.keys()].sort()).toEqual([...base.keys()].sort());
    for (const [identity, object] of base) {
      expect(rendered.get(identity), identity).toEqual(object);
    }
  });

  test('makes the same namespace as deploy/base where it is told to', async () => {
    const [namespace] = (await kustomized('base')).filter(({ kind }) => kind === 'Namespace');
    const [rendered] = (await templated('--set=namespace.create=true')).filter(({ kind }) => kind === 'Namespace');
    expect(byIdentity(rendered === undefined ? [] : [rendered])).toEqual(
      byIdentity(namespace === undefined ? [] : [namespace]),
    );
  });

  test('with monitoring has the objects of the component', async () => {
    const component = byIdentity(await kustomized('components/monitoring'));
    const rendered = byIdentity(await templated('--set=monitoring.enabled=true'));
    for (const [identity, object] of component) {
      expect(rendered.get(identity), identity).toEqual(object);
    }
  });

  test('with a base for runbooks has a link in every alert', async () => {
    const rendered = byIdentity(
      await templated('--set=monitoring.enabled=true', '--set=monitoring.runbookBase=https://git.example/nsbaseline/'),
    );
    const links = JSON.stringify(rendered.get('PrometheusRule nsbaseline-system/nsbaseline')).match(
      /"runbook_url":"[^"]*"/g,
    );
    expect(links).toHaveLength(ALERTS.length);
    expect(links).toEqual(ALERTS.map(({ runbook }) => `"runbook_url":"https://git.example/nsbaseline/${runbook}"`));
  });

  test('for OpenShift has no fixed user, and finds the resolver of openshift-dns', async () => {
    const rendered = byIdentity(await templated('--set=openshift.enabled=true'));
    const component = byIdentity(await kustomized('components/openshift'));
    for (const [identity, object] of component) {
      expect(rendered.get(identity), identity).toEqual(object);
    }
    expect(rendered.get('Deployment nsbaseline-system/nsbaseline')).toMatchObject({
      spec: {
        template: {
          spec: {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{ args: ['run', '--dns-namespaces=kube-system,openshift-dns'] }],
          },
        },
      },
    });
    expect(JSON.stringify(rendered.get('Deployment nsbaseline-system/nsbaseline'))).not.toContain('runAsUser');
  });

  test('keeps the CRDs of a release that is removed, unless told otherwise', async () => {
    const policies = async (...flags: readonly string[]): Promise<readonly (string | undefined)[]> =>
      (await templated(...flags))
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']);
    expect(await policies()).toEqual(['keep', 'keep']);
    expect(await policies('--set=crds.keep=false')).toEqual([undefined, undefined]);
    expect(await policies('--set=crds.install=false')).toEqual([]);
  });

  test.each([
    'replicas=0',
    'replicas=two',
    'image.digest=sha256:abc',
    'dnsNamespaces={}',
    'dnsNamespaces={Kube_System}',
    'extraArgs={run}',
    'monitorin.enabled=true',
    'image.pullPolicy=always',
    'dnsNamespaces={kube-system,default}',
    'extraArgs={--leader-elect=false}',
    'extraArgs={--leader-elect=false},replicas=1',
    'extraArgs={--dns-namespaces=dns}',
    'extraArgs={--listen=:9090}',
    'extraArgs={--log-level=debug,--log-level=debug}',
    'podLabels.app\\.kubernetes\\.io/name=other',
    'podAnnotations.kubectl\\.kubernetes\\.io/default-container=other',
    'networkPolicy.apiServerPorts={443,443}',
    'priorityClassName=Not A Name',
  ])('refuses %s', async (setting) => {
    const { exitCode, stderr } = await helm('template', 'nsbaseline', chart, `--set=${setting}`);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications of the schema");
  });

  test('has every object and every label once, also with the settings that add some', async () => {
    const manifests = await templated(
      '--set=openshift.enabled=true,dnsNamespaces={kube-system,openshift-dns,dns}',
      '--set=podLabels.team=net,podAnnotations.note=x,monitoring.enabled=true,monitoring.labels.release=prometheus',
      '--set=extraArgs={--leader-elect=true,--log-level=debug}',
    );
    const identities = manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(new Set(identities).size).toBe(identities.length);
  });

  test('quotes the name of a priority class, which may be a number', async () => {
    const [deployment] = (await templated('--set-string=priorityClassName=1000')).filter(
      ({ kind }) => kind === 'Deployment',
    );
    expect(JSON.stringify(deployment)).toContain('"priorityClassName":"1000"');
  });

  test('takes a digest before a tag', async () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const [deployment] = (await templated(`--set=image.digest=${digest}`)).filter(({ kind }) => kind === 'Deployment');
    expect(JSON.stringify(deployment)).toContain(`"nsbaseline@${digest}"`);
  });

  test('passes its own linter', async () => {
    expect(await helm('lint', chart, '--strict')).toMatchObject({ exitCode: 0 });
  });
});

describe('on a real API server', () => {
  const MANAGED = { name: 'chart-test.default-deny', namespace: 'chart-test' };

  beforeAll(async () => {
    await cluster.applyManifests(join(deploy, 'crds'));
    await cluster.applyManifests(join(deploy, 'base'));
    await cluster.applyManifests([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: MANAGED.namespace } },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { ...MANAGED, labels: { 'app.kubernetes.io/managed-by': 'nsbaseline' } },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      },
      { apiVersion: 'nsbaseline.io/v1alpha1', kind: 'BaselinePolicy', metadata: { name: 'chart-test' }, spec: {} },
    ]);
  });

  afterAll(async () => {
    await cluster.applyManifests(join(deploy, 'crds'));
    await cluster.applyManifests(join(deploy, 'base'));
    await cluster.kubectl('delete', 'baselinepolicy', 'chart-test', '--ignore-not-found');
    await cluster.kubectl('delete', 'namespace', MANAGED.namespace, '--wait=false');
  });

  async function expectEverythingKept(): Promise<void> {
    expect(
      await cluster.kubectl('get', 'networkpolicy', MANAGED.name, `--namespace=${MANAGED.namespace}`, '--output=name'),
    ).toContain(MANAGED.name);
    expect(
      await cluster.kubectl(
        'get',
        'baselinepolicy',
        'chart-test',
        '--output=jsonpath={.metadata.name}{.metadata.deletionTimestamp}',
      ),
    ).toBe('chart-test');
  }

  test('helm install takes over, a second upgrade changes nothing, and helm uninstall leaves CRDs, BaselinePolicies and every NetworkPolicy', async () => {
    const installed = await helm(
      'upgrade',
      '--install',
      'nsbaseline',
      chart,
      '--namespace=nsbaseline-system',
      '--take-ownership',
    );
    expect(installed, installed.stderr).toMatchObject({ exitCode: 0 });
    const generation = (): Promise<string> =>
      cluster.kubectl(
        'get',
        'deployment',
        'nsbaseline',
        '--namespace=nsbaseline-system',
        '--output=jsonpath={.metadata.generation}',
      );
    const before = await generation();
    expect(await helm('upgrade', 'nsbaseline', chart, '--namespace=nsbaseline-system')).toMatchObject({ exitCode: 0 });
    expect(await generation()).toBe(before);
    const uninstalled = await helm('uninstall', 'nsbaseline', '--namespace=nsbaseline-system', '--wait');
    expect(uninstalled, uninstalled.stderr).toMatchObject({ exitCode: 0 });
    expect(
      await cluster.tryKubectl(['get', 'deployment', 'nsbaseline', '--namespace=nsbaseline-system']),
    ).toMatchObject({ exitCode: 1 });
    expect(
      await cluster.kubectl(
        'get',
        'crd',
        'baselinepolicies.nsbaseline.io',
        'namespacebaselines.nsbaseline.io',
        '--output=name',
      ),
    ).toContain('namespacebaselines');
    await expectEverythingKept();
  });

  test('kubectl delete -k deploy/base leaves CRDs, BaselinePolicies and every NetworkPolicy, and nothing is stuck', async () => {
    await cluster.applyManifests(join(deploy, 'base'));
    await cluster.kubectl('delete', `--kustomize=${join(deploy, 'base')}`, '--wait=true', '--timeout=50s');
    expect(
      await cluster.kubectl('get', 'namespaces', '--field-selector=metadata.name=nsbaseline-system', '--output=name'),
    ).toBe('');
    await expectEverythingKept();
  });
});
