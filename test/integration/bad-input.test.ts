import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { API_VERSION } from '../../src/api/names.ts';
import { fieldsOf, itemsOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from '../../src/operator/watch/resources.ts';
import { type OperatorProcess, startOperator } from '../support/operators/operator-process.ts';
import {
  eventually,
  OPTED_IN,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';

const CRD = 'baselinepolicies.nsbaseline.io';
const WAITING = 'waiting for what is missing';
let scene: TestCluster;
let folder: string;
const running: OperatorProcess[] = [];

beforeAll(async () => {
  scene = await startTestCluster();
  folder = await mkdtemp(join(tmpdir(), 'nsbaseline-bad-input-'));
});

afterEach(async () => {
  for (const operator of running.splice(0)) {
    await operator.stop();
  }
  await scene.cluster.applyManifests('deploy/crds');
  await scene.cluster.applyManifests('deploy/base');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function start(kubeconfigPath: string, flags: readonly string[] = []): OperatorProcess {
  const operator = startOperator({ kubeconfigPath, arguments: flags });
  running.push(operator);
  return operator;
}

async function kubeconfigFor(server: string): Promise<string> {
  const path = join(folder, `kubeconfig-${new URL(server).port}`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** What the operator waits for, as it said last. */
function waitsFor(operator: OperatorProcess): string {
  return itemsOf(operator.log.findLast(({ msg }) => msg === WAITING)?.missing).join('\n');
}

/** Our CRD as shipped, with every mention of a keyword taken out, as an older or a hand-made one may lack it. */
function crdWithout(...keywords: readonly string[]): object {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(strip);
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !keywords.includes(key))
        .map(([key, inner]) => [key, strip(inner)]),
    );
  };
  return fieldsOf(strip(load(readFileSync(`crds/nsbaseline.io_baselinepolicies.yaml`, 'utf8'))));
}

describe('an API server that cannot be used', () => {
  test('a kubeconfig that does not exist ends it with 3 and names the file', async () => {
    const operator = start('/nowhere/kubeconfig');
    expect(await operator.exited).toBe(3);
    expect(JSON.stringify(operator.log)).toContain('/nowhere/kubeconfig');
  });

  test('a kubeconfig that is not YAML ends it with 3 and names the file', async () => {
    const path = join(folder, 'broken');
    await writeFile(path, 'clusters: [}');
    const operator = start(path);
    expect(await operator.exited).toBe(3);
    expect(JSON.stringify(operator.log)).toContain(path);
  });

  test('an API server out of reach ends it with 3 after a while, and is said before', async () => {
    const operator = start(await kubeconfigFor('http://127.0.0.1:1'), ['--startup-timeout', '1500ms']);
    expect(await operator.exited).toBe(3);
    expect(operator.log.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['api server does not answer yet', 'the api server cannot be used']),
    );
  });

  test('an API server that is too old ends it with 3 and says which version is needed', async () => {
    const server = createServer((_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"major":"1","minor":"30+","gitVersion":"v1.30.9"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const operator = start(await kubeconfigFor(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`));
    expect(await operator.exited).toBe(3);
    expect(JSON.stringify(operator.log)).toContain(
      'the API server is v1.30.9; nsbaseline needs Kubernetes 1.31 or newer',
    );
    server.close();
  });
});

describe('what is missing is named, waited for, and noticed when it comes', () => {
  test('F37 missing CRDs', async () => {
    await scene.cluster.kubectl('delete', 'crd', CRD, '--wait=true');
    const operator = start(scene.operatorKubeconfig);
    await operator.said(WAITING);
    expect(waitsFor(operator)).toContain(`${CRD} is not installed`);
    expect((await operator.page('/readyz')).status).toBe(503);
    expect((await operator.page('/livez')).status).toBe(200);
    await scene.cluster.applyManifests('deploy/crds');
    await operator.said('caches are synced');
    await eventually(async () => (await operator.page('/readyz')).status).toBe(200);
  });

  test('F37 a CRD that lacks a field: the operator refuses to write', async () => {
    await scene.baselinePolicy('outdated', {});
    const older = crdWithout('kubeApiServer', 'x-kubernetes-validations');
    await scene.cluster.kubectl('delete', 'crd', CRD, '--wait=true');
    valueOf(await scene.kube.create(CUSTOM_RESOURCE_DEFINITIONS, older as { metadata: object }));
    const operator = start(scene.operatorKubeconfig);
    await operator.said(WAITING);
    await eventually(() => Promise.resolve(waitsFor(operator))).toContain('lacks spec.allow.kubeApiServer');
    await scene.namespace('outdated', OPTED_IN);
    expect(await scene.networkPolicyNames('outdated')).toEqual([]);
    await scene.cluster.applyManifests('deploy/crds');
    await operator.said('caches are synced');
  });

  test('every missing permission', async () => {
    const withoutWrites = [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'nsbaseline' },
        rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] }],
      },
    ];
    await scene.cluster.kubectl('delete', 'clusterrole', 'nsbaseline');
    await scene.cluster.applyManifests(withoutWrites);
    const operator = start(scene.operatorKubeconfig);
    await operator.said(WAITING);
    await eventually(() => Promise.resolve(waitsFor(operator))).toContain(
      'the permission to create networkpolicies.networking.k8s.io in every namespace',
    );
    expect(waitsFor(operator)).toContain(
      'the permission to patch baselinepolicies.nsbaseline.io/status in every namespace',
    );
    expect(waitsFor(operator)).not.toContain('namespaces in every');
    await scene.cluster.applyManifests('deploy/base');
    await operator.said('caches are synced');
  });
});

describe('R11 an invalid policy that the API server let through', () => {
  const invalid = { isolate: ['Ingress'], rules: [{ name: 'out', egress: [{}] }] };

  test('R11 leaves the last good set standing and repaired, is Stalled, names the field, and new namespaces wait', async () => {
    await scene.cluster.applyManifests([crdWithout('x-kubernetes-validations')]);
    const operator = start(scene.operatorKubeconfig);
    await scene.baselinePolicy('r11', { namespaceSelector: { matchLabels: { set: 'r11' } } });
    await scene.namespace('r11-old', { set: 'r11' });
    await eventually(() => scene.report('r11-old')).toMatchObject({ phase: 'Protected' });

    const standing = valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r11' }));
    const broken = {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'r11', resourceVersion: standing.metadata.resourceVersion ?? '' },
      spec: { namespaceSelector: { matchLabels: { set: 'r11' } }, ...invalid },
    };
    valueOf(await scene.kube.replace(BASELINE_POLICIES, broken));
    await eventually(() => scene.condition('r11', 'Stalled')).toBe('True InvalidSpec');
    expect(JSON.stringify(valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r11' })).status)).toContain(
      'spec.rules',
    );
    await scene.cluster.kubectl('delete', 'networkpolicy', 'r11.default-deny', '-n', 'r11-old');
    await eventually(() => scene.networkPolicyNames('r11-old')).toEqual(standardSet('r11'));
    await scene.namespace('r11-new', { set: 'r11' });
    await eventually(() => scene.report('r11-new')).toMatchObject({
      phase: 'Pending',
      policies: [{ reason: 'PolicyInvalid' }],
    });
    expect(await scene.networkPolicyNames('r11-new')).toEqual([]);

    await operator.stop();
    const restarted = start(scene.operatorKubeconfig);
    await restarted.said('caches are synced');
    await eventually(() => restarted.metric('nsbaseline_reconciles_total', { result: 'success' })).toBeGreaterThan(0);
    expect(await scene.networkPolicyNames('r11-old')).toEqual(standardSet('r11'));

    await scene.baselinePolicy('r11', { namespaceSelector: { matchLabels: { set: 'r11' } } });
    await eventually(() => scene.networkPolicyNames('r11-new')).toEqual(standardSet('r11'));
    await eventually(() => scene.condition('r11', 'Stalled')).toBe('');
    await scene.removeBaselinePolicy('r11');
  });
});
