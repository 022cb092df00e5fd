import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { fieldOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { clusterDns } from '../support/control-plane/cluster-dns.ts';
import type { OperatorProcess } from '../support/operators/operator-process.ts';
import {
  eventually,
  OPTED_IN,
  standardSet,
  startTestCluster,
  type TestCluster,
  valueOf,
} from '../support/operators/test-cluster.ts';

let scene: TestCluster;
let operator: OperatorProcess;

beforeAll(async () => {
  scene = await startTestCluster();
  operator = await scene.start();
});

afterEach(async () => {
  await scene.clear();
});

afterAll(async () => {
  await operator.stop();
});

async function versions(namespace: string): Promise<ReadonlyMap<string, string>> {
  const policies = valueOf(await scene.kube.list({ type: NETWORK_POLICIES, namespace })).items;
  const records = valueOf(await scene.kube.list({ type: NAMESPACE_BASELINES, namespace })).items;
  return new Map(
    [...policies, ...records].map(({ metadata }) => [metadata.name ?? '', metadata.resourceVersion ?? '']),
  );
}

describe('R7 modes', () => {
  test('R7 DryRun writes no NetworkPolicy, reports the plan, and becomes real with Enforce', async () => {
    await scene.namespace('r7-a', { set: 'r7-a' });
    await scene.declare('r7-a', { mode: 'DryRun' });
    await eventually(() => scene.report('r7-a')).toMatchObject({
      phase: 'DryRun',
      policies: [{ plan: { apply: ['r7-a.default-deny', 'r7-a.allow-dns', 'r7-a.allow-monitoring'], remove: [] } }],
    });
    expect(await scene.networkPolicyNames('r7-a')).toEqual([]);
    await eventually(() => scene.condition('r7-a', 'Ready')).toBe('True DryRun');
    await scene.declare('r7-a');
    await eventually(() => scene.networkPolicyNames('r7-a')).toEqual(standardSet('r7-a'));
    await eventually(() => scene.condition('r7-a', 'AllProtected')).toBe('True AllInPlace');
  });

  test.each(['DryRun', 'Paused'] as const)(
    'R7 %s freezes what stands: drift stays, opting out removes nothing, managed still lists it',
    async (mode) => {
      const name = `r7-${mode.toLowerCase()}`;
      await scene.namespace(name, { set: name });
      await scene.declare(name);
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
      await scene.declare(name, { mode });
      await eventually(() => scene.report(name)).toMatchObject({ phase: mode });
      await scene.cluster.kubectl('delete', 'networkpolicy', `${name}.allow-monitoring`, '-n', name);
      await eventually(() => scene.report(name)).toMatchObject({
        policies: [{ managed: [{ name: `${name}.allow-dns` }, { name: `${name}.default-deny` }] }],
      });
      await scene.label(name, { set: null });
      await scene.namespace(`${name}-after`, OPTED_IN);
      await eventually(() => scene.condition(name, 'Ready')).toBe(`True ${mode}`);
      expect(await scene.networkPolicyNames(name)).toEqual([`${name}.allow-dns`, `${name}.default-deny`]);
    },
  );

  test('R7 no finalizer is held by DryRun, Paused or removal Keep', async () => {
    for (const mode of ['Enforce', 'DryRun', 'Paused'] as const) {
      await scene.declare(`r7-${mode.toLowerCase()}-f`, { mode });
    }
    await eventually(() => scene.condition('r7-paused-f', 'Ready')).toBe('True Paused');
    for (const { metadata } of valueOf(await scene.kube.list({ type: BASELINE_POLICIES })).items) {
      expect(metadata.finalizers).toBeUndefined();
    }
  });
});

describe('policy edits', () => {
  test('R2 an edit reaches every selected namespace, and a part that is turned off goes', async () => {
    await scene.namespace('edit-a', { set: 'edit' });
    await scene.namespace('edit-b', { set: 'edit' });
    await scene.declare('edit', { allow: { sameNamespace: { enabled: true } } });
    for (const name of ['edit-a', 'edit-b']) {
      await eventually(() => scene.networkPolicyNames(name)).toContain('edit.allow-same-namespace');
    }
    await scene.declare('edit', { isolate: ['Ingress'] });
    for (const name of ['edit-a', 'edit-b']) {
      await eventually(() => scene.networkPolicyNames(name)).toEqual(['edit.allow-monitoring', 'edit.default-deny']);
    }
    for (const name of ['edit-a', 'edit-b']) {
      expect((await scene.networkPolicy(name, 'edit.default-deny'))?.spec).toEqual({
        podSelector: {},
        policyTypes: ['Ingress'],
      });
    }
  });

  test('R2 T an edit that takes labels out of a selector leaves none of them behind', async () => {
    await scene.namespace('edit-c', { set: 'edit-c' });
    const rule = (labels: Record<string, string> | undefined): BaselinePolicySpec => ({
      rules: [
        {
          name: 'web',
          ...(labels === undefined ? {} : { podSelector: { matchLabels: labels } }),
          ingress: [{ from: [{ podSelector: { matchLabels: labels ?? { app: 'x' } } }] }],
        },
      ],
    });
    await scene.declare('edit-c', rule({ app: 'web', tier: 'front' }));
    await eventually(() => scene.networkPolicyNames('edit-c')).toContain('edit-c.web');
    await scene.declare('edit-c', rule({ app: 'web' }));
    await eventually(async () => (await scene.networkPolicy('edit-c', 'edit-c.web'))?.spec).toMatchObject({
      podSelector: { matchLabels: { app: 'web' } },
    });
    await scene.declare('edit-c', rule(undefined));
    await eventually(async () =>
      fieldOf((await scene.networkPolicy('edit-c', 'edit-c.web'))?.spec, 'podSelector'),
    ).toEqual({});
  });

  test('R1 a selector edit takes in new namespaces and releases old ones', async () => {
    await scene.namespace('edit-d', { set: 'edit-d' });
    await scene.namespace('edit-e', { other: 'x' });
    await scene.declare('edit-d');
    await eventually(() => scene.networkPolicyNames('edit-d')).toEqual(standardSet('edit-d'));
    await scene.declare('edit-d', {
      namespaceSelector: { matchExpressions: [{ key: 'other', operator: 'In', values: ['x', 'y'] }] },
    });
    await eventually(() => scene.networkPolicyNames('edit-e')).toEqual(standardSet('edit-d'));
    await eventually(() => scene.networkPolicyNames('edit-d')).toEqual([]);
  });
});

describe('R16 the status of a BaselinePolicy', () => {
  test('R16 counts its namespaces, names the failed ones, and is Ready although one tenant is in the way', async () => {
    await scene.namespace('r16-a', { set: 'r16' });
    await scene.namespace('r16-b', { set: 'r16' });
    await scene.createNetworkPolicy('r16-b', { name: 'r16.default-deny' }, { podSelector: {} });
    await scene.declare('r16');
    // A status may come before both namespaces were looked at.
    await eventually(
      async () => valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r16' })).status,
    ).toMatchObject({
      observedGeneration: 1,
      namespaces: { matched: 2, protected: 1, conflicted: 1, failed: 0, pending: 0 },
      failed: [{ namespace: 'r16-b', reason: 'ForeignObject' }],
    });
    await eventually(() => scene.condition('r16', 'AllProtected')).toBe('False NotAllInPlace');
    await eventually(() => scene.condition('r16', 'Ready')).toBe('True Applied');
  });

  test('R16 is written at most once a second however much happens', async () => {
    await scene.declare('r16-often');
    await eventually(() => scene.condition('r16-often', 'Ready')).toBe('True Applied');
    const begin = Date.now();
    const before = await operator.metric('nsbaseline_writes_total', { kind: 'BaselinePolicy', result: 'success' });
    for (let index = 0; index < 30; index += 1) {
      await scene.namespace(`r16-often-${String(index)}`, { set: 'r16-often' });
    }
    await eventually(async () =>
      fieldOf(
        fieldOf(valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r16-often' })).status, 'namespaces'),
        'protected',
      ),
    ).toBe(30);
    const after = await operator.metric('nsbaseline_writes_total', { kind: 'BaselinePolicy', result: 'success' });
    // Measured after the last count: however long the counting took, it is part of the time.
    const seconds = (Date.now() - begin) / 1000;
    expect(after - before).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
  });

  test('R16 a policy nobody has looked at is not taken for healthy', async () => {
    await operator.stop();
    await scene.declare('r16-new');
    expect(valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r16-new' })).status).toEqual({
      observedGeneration: -1,
    });
    operator = await scene.start();
    await eventually(() => scene.condition('r16-new', 'Ready')).toBe('True Applied');
  });
});

describe('R10 restart', () => {
  test('R10 after a restart, what is in place costs no write, and what changed meanwhile is found', async () => {
    for (const name of ['r10-a', 'r10-b', 'r10-c', 'r10-d']) {
      await scene.namespace(name, { set: 'r10' });
    }
    await scene.declare('r10');
    for (const name of ['r10-a', 'r10-b', 'r10-c', 'r10-d']) {
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    }
    await eventually(() => scene.condition('r10', 'AllProtected')).toBe('True AllInPlace');
    await operator.stop();
    const before = await versions('r10-a');
    await scene.cluster.kubectl('delete', 'networkpolicy', 'r10.default-deny', '-n', 'r10-b');
    await scene.cluster.kubectl(
      'patch',
      'networkpolicy',
      'r10.default-deny',
      '-n',
      'r10-c',
      '--type=merge',
      '--patch={"spec":{"egress":[{}]}}',
    );
    await scene.label('r10-d', { set: null });
    operator = await scene.start();
    await eventually(() => scene.networkPolicyNames('r10-b')).toEqual(standardSet('r10'));
    await eventually(async () => (await scene.networkPolicy('r10-c', 'r10.default-deny'))?.spec).not.toHaveProperty(
      'egress',
    );
    await eventually(() => scene.networkPolicyNames('r10-d')).toEqual([]);
    expect(await versions('r10-a')).toEqual(before);
    // An object is there before the operator has read the answer and counted it.
    await eventually(() =>
      operator.metric('nsbaseline_writes_total', { kind: 'NetworkPolicy', verb: 'create', result: 'success' }),
    ).toBe(1);
  });

  test('R10 a restart over a settled cluster writes nothing at all', async () => {
    await scene.declare('r10-quiet');
    await scene.namespace('r10-quiet', { set: 'r10-quiet' });
    await eventually(() => scene.condition('r10-quiet', 'AllProtected')).toBe('True AllInPlace');
    await eventually(() => scene.report('r10-quiet')).toMatchObject({ phase: 'Protected' });
    // What tests before this one declared is gone, and so must be what was reported of it.
    await eventually(async () =>
      valueOf(await scene.kube.list({ type: NAMESPACE_BASELINES })).items.map(({ metadata }) => metadata.namespace),
    ).toEqual(['r10-quiet']);
    await operator.stop();
    operator = await scene.start();
    await eventually(() => operator.metric('nsbaseline_reconciles_total', { result: 'success' })).toBeGreaterThan(0);
    await eventually(() => operator.metric('nsbaseline_queue_depth')).toBe(0);
    expect(await operator.metric('nsbaseline_writes_total')).toBe(0);
  });
});

describe('R12 one namespace that fails delays no other', () => {
  test('R12 a quota is told from a missing permission, reported, and others go on', async () => {
    await scene.namespace('r12-quota');
    await scene.cluster.applyManifests([
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'none', namespace: 'r12-quota' },
        spec: { hard: { 'count/networkpolicies.networking.k8s.io': '0' } },
      },
    ]);
    await eventually(
      async () =>
        (
          await scene.cluster.tryKubectl([
            'get',
            'resourcequota',
            'none',
            '-n',
            'r12-quota',
            '--output=jsonpath={.status.hard}',
          ])
        ).stdout,
    ).not.toBe('');
    await scene.declare('r12');
    await scene.label('r12-quota', { set: 'r12' });
    await scene.namespace('r12-other', { set: 'r12' });
    await eventually(() => scene.report('r12-other')).toMatchObject({ phase: 'Protected' });
    await eventually(() => scene.report('r12-quota')).toMatchObject({
      phase: 'Failed',
      policies: [{ reason: 'Unprotected' }],
    });
    await eventually(() => scene.condition('r12', 'Ready')).toBe('True Applied');
  });
});

describe('R14 discovery', () => {
  test('R14 DNS that moves is followed, and DNS that vanishes is remembered, over a restart too', async () => {
    await scene.declare('r14');
    await scene.namespace('r14', { set: 'r14' });
    await eventually(() => scene.report('r14')).toMatchObject({ phase: 'Protected' });
    const [service, slice] = clusterDns() as readonly {
      readonly spec?: object;
      readonly ports?: readonly { readonly port: number }[];
    }[];
    const moved = [
      service,
      { ...slice, ports: slice?.ports?.map((port) => ({ ...port, port: port.port === 53 ? 5353 : port.port })) },
    ];
    await scene.cluster.applyManifests(moved.filter((object) => object !== undefined));
    await eventually(async () => (await scene.networkPolicy('r14', 'r14.allow-dns'))?.spec).toMatchObject({
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 5353 },
            { protocol: 'TCP', port: 5353 },
          ],
        },
        // The address of the Service, on port 53.
        { to: [{ ipBlock: {} }] },
      ],
    });
    await eventually(async () =>
      JSON.stringify(
        fieldOf(valueOf(await scene.kube.get({ type: BASELINE_POLICIES, name: 'r14' })).status, 'discovered'),
      ),
    ).toContain('5353');

    await scene.cluster.kubectl('delete', 'service,endpointslice', '-n', 'kube-system', '-l', 'k8s-app=kube-dns');
    await eventually(() => scene.condition('r14', 'DiscoveryStale')).toBe('True DnsStale');
    const before = (await scene.networkPolicy('r14', 'r14.allow-dns'))?.metadata.resourceVersion;
    await operator.stop();
    operator = await scene.start();
    await eventually(() => operator.metric('nsbaseline_reconciles_total', { result: 'success' })).toBeGreaterThan(0);
    expect((await scene.networkPolicy('r14', 'r14.allow-dns'))?.metadata.resourceVersion).toBe(before);

    await scene.cluster.applyManifests(clusterDns());
    await eventually(() => scene.condition('r14', 'DiscoveryStale')).toBe('');
  });

  test('R14 05 06 without a DNS that is believed nothing is newly isolated, until an endpoint is ready', async () => {
    const waits = async (reason: string): Promise<void> => {
      await eventually(() => scene.condition('r14-doubt', 'DiscoveryStale')).toBe(`True ${reason}`);
      await eventually(() => scene.report('r14-doubt')).toMatchObject({ phase: 'Pending', policies: [{ reason }] });
      expect(await scene.networkPolicyNames('r14-doubt')).toEqual([]);
    };
    // Any status would say that DNS was believed before.
    await operator.stop();
    await scene.clear();
    await scene.cluster.kubectl('delete', 'service,endpointslice', '-n', 'kube-system', '-l', 'k8s-app=kube-dns');
    operator = await scene.start();
    await scene.declare('r14-doubt');
    await scene.namespace('r14-doubt', { set: 'r14-doubt' });
    await waits('DnsNotFound');
    await scene.cluster.applyManifests(clusterDns({ podAddresses: [] }));
    await waits('DnsUnanswered');
    await scene.cluster.applyManifests(clusterDns());
    await eventually(() => scene.report('r14-doubt')).toMatchObject({ phase: 'Protected' });
    await eventually(() => scene.condition('r14-doubt', 'DiscoveryStale')).toBe('');
  });

  test('R14 the API server is reached at its endpoints and its Service address', async () => {
    await scene.declare('r14-api', { allow: { kubeApiServer: { enabled: true } } });
    await scene.namespace('r14-api', { set: 'r14-api' });
    await eventually(() => scene.networkPolicyNames('r14-api')).toContain('r14-api.allow-kube-api-server');
    const egress = JSON.stringify((await scene.networkPolicy('r14-api', 'r14-api.allow-kube-api-server'))?.spec);
    const address = await scene.cluster.kubectl('get', 'service', 'kubernetes', '--output=jsonpath={.spec.clusterIP}');
    expect(egress).toContain(`${address}/32`);
    expect(egress).toContain('192.0.2.10/32');
  });

  test('R14 a further EndpointSlice of the Service kubernetes, as a selector on it causes one, opens no way out', async () => {
    onTestFinished(async () => {
      await scene.cluster.kubectl('delete', 'endpointslice', '-n', 'default', 'kubernetes-x7f2q');
    });
    await scene.cluster.applyManifests([
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: 'kubernetes-x7f2q',
          namespace: 'default',
          labels: { 'kubernetes.io/service-name': 'kubernetes' },
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.244.9.9'], conditions: { ready: true } }],
        ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
      },
    ]);
    await scene.declare('r14-slice', { allow: { kubeApiServer: { enabled: true } } });
    await scene.namespace('r14-slice', { set: 'r14-slice' });
    await eventually(() => scene.networkPolicyNames('r14-slice')).toContain('r14-slice.allow-kube-api-server');
    const egress = JSON.stringify((await scene.networkPolicy('r14-slice', 'r14-slice.allow-kube-api-server'))?.spec);
    expect(egress).toContain('192.0.2.10/32');
    expect(egress).not.toContain('10.244.9.9');
  });
});
