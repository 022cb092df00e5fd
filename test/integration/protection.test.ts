import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../../src/base/json.ts';
import { renderedParts } from '../../src/domain/rendering/rendering.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { networkPolicyObject } from '../../src/operator/write/manifests.ts';
import { CLUSTER_DNS_EGRESS } from '../support/control-plane/cluster-dns.ts';
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
let policyUid: string;

beforeAll(async () => {
  scene = await startTestCluster();
  policyUid = textOf((await scene.baselinePolicy('standard', { removal: { grace: '0s' } })).metadata.uid);
  operator = await scene.start();
});

afterAll(async () => {
  await operator.stop();
  await scene.removeBaselinePolicy('standard');
});

async function protectedNamespace(name: string): Promise<void> {
  await scene.namespace(name, OPTED_IN);
  await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
}

async function changed(namespace: string, name: string, patch: object): Promise<KubeObject> {
  await scene.cluster.kubectl(
    'patch',
    'networkpolicy',
    name,
    '-n',
    namespace,
    '--type=merge',
    `--patch=${JSON.stringify(patch)}`,
    '--field-manager=somebody',
  );
  return valueOf(await scene.kube.get({ type: NETWORK_POLICIES, namespace, name }));
}

describe('R1 selection', () => {
  test('R1 a namespace is protected when it is labelled, and not before', async () => {
    await scene.namespace('r1-a');
    await protectedNamespace('r1-control');
    expect(await scene.networkPolicyNames('r1-a')).toEqual([]);
    await scene.label('r1-a', OPTED_IN);
    await eventually(() => scene.networkPolicyNames('r1-a')).toEqual(standardSet());
  });

  test('R1 excluded namespaces are never touched, whatever their labels (F45)', async () => {
    // The operator's own namespace has a NetworkPolicy of the manifests.
    const before = await scene.networkPolicyNames('nsbaseline-system');
    for (const excluded of ['kube-system', 'nsbaseline-system']) {
      await scene.label(excluded, OPTED_IN);
    }
    await scene.namespace('openshift-x', OPTED_IN);
    await protectedNamespace('r1-b');
    for (const excluded of ['kube-system', 'openshift-x']) {
      expect(await scene.networkPolicyNames(excluded)).toEqual([]);
    }
    expect(await scene.networkPolicyNames('nsbaseline-system')).toEqual(before);
    for (const excluded of ['kube-system', 'nsbaseline-system']) {
      await scene.label(excluded, { 'nsbaseline.io/enabled': null });
    }
  });

  test.each(['y', 'no', 'on', '1e3', '0777', 'constructor'])(
    'T a namespace called %s is protected like any other, and label values like it are text',
    async (name) => {
      await scene.namespace(name, { ...OPTED_IN, constructor: name });
      await eventually(() => scene.report(name)).toMatchObject({ phase: 'Protected' });
    },
  );
});

describe('R2 a selected namespace has exactly the rendered set', () => {
  test('R2 every spec on the server equals what is declared, and our labels are there', async () => {
    await protectedNamespace('r2-a');
    const discovered = { dns: { source: '', egress: CLUSTER_DNS_EGRESS } };
    for (const part of renderedParts('standard', {}, discovered)) {
      const stored = await scene.networkPolicy('r2-a', part.name);
      const { ingress, egress, ...rest } = part.spec;
      expect(stored?.spec).toEqual({
        ...rest,
        ...(ingress.length > 0 ? { ingress } : {}),
        ...(egress.length > 0 ? { egress } : {}),
      });
      expect(stored?.metadata.labels).toEqual({
        'app.kubernetes.io/managed-by': 'nsbaseline',
        'nsbaseline.io/policy': 'standard',
      });
      expect(stored?.metadata.annotations?.['nsbaseline.io/policy-uid']).toBe(policyUid);
    }
  });

  test.each([
    ['a widened one', { spec: { ingress: [{}], egress: [{}] } }],
    ['a narrowed one', { spec: { podSelector: { matchLabels: { app: 'x' } } } }],
    ['one with a direction less', { spec: { policyTypes: ['Ingress'] } }],
    ['a stripped label', { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } }],
    ['a stripped policy uid', { metadata: { annotations: { 'nsbaseline.io/policy-uid': null } } }],
  ])('R2 R6 %s is put back', async (what, patch) => {
    const namespace = `r2-${what.replaceAll(' ', '-')}`;
    await protectedNamespace(namespace);
    const before = await scene.networkPolicy(namespace, 'standard.default-deny');
    await changed(namespace, 'standard.default-deny', patch);
    await eventually(async () => {
      const now = await scene.networkPolicy(namespace, 'standard.default-deny');
      return {
        spec: now?.spec,
        labels: now?.metadata.labels,
        annotations: now?.metadata.annotations,
        uid: now?.metadata.uid,
      };
    }).toEqual({
      spec: before?.spec,
      labels: before?.metadata.labels,
      annotations: before?.metadata.annotations,
      uid: before?.metadata.uid,
    });
  });

  test('R2 labels and annotations that others add stay', async () => {
    await protectedNamespace('r2-others');
    await changed('r2-others', 'standard.default-deny', {
      metadata: { labels: { team: 'x' }, annotations: { note: 'y' } },
      spec: { ingress: [{}] },
    });
    await eventually(
      async () => (await scene.networkPolicy('r2-others', 'standard.default-deny'))?.spec,
    ).not.toHaveProperty('ingress');
    expect((await scene.networkPolicy('r2-others', 'standard.default-deny'))?.metadata).toMatchObject({
      labels: { team: 'x' },
      annotations: { note: 'y' },
    });
  });

  test('R6 a deleted policy is put back', async () => {
    await protectedNamespace('r6-a');
    for (const name of standardSet()) {
      await scene.cluster.kubectl('delete', 'networkpolicy', name, '-n', 'r6-a');
    }
    await eventually(() => scene.networkPolicyNames('r6-a')).toEqual(standardSet());
    // An object is there before the operator has read the answer and counted it.
    await eventually(() =>
      operator.metric('nsbaseline_drift_repairs_total', { drift: 'deleted' }),
    ).toBeGreaterThanOrEqual(3);
  });

  test('R2 two policies on one namespace add up, and each keeps its own set', async () => {
    await scene.baselinePolicy('pci', {
      namespaceSelector: { matchLabels: { pci: 'yes' } },
      isolate: ['Ingress'],
      allow: { monitoring: { enabled: false } },
    });
    await scene.namespace('r2-two', { ...OPTED_IN, pci: 'yes' });
    await eventually(() => scene.networkPolicyNames('r2-two')).toEqual(['pci.default-deny', ...standardSet()]);
    await scene.removeBaselinePolicy('pci');
    await eventually(() => scene.report('r2-two')).toMatchObject({ policies: [{ policy: 'standard' }] });
    expect(await scene.networkPolicyNames('r2-two')).toContain('pci.default-deny');
  });

  test('T the rules on the server name their peers under from, not as an empty rule that admits everyone', async () => {
    await protectedNamespace('t-from');
    expect((await scene.networkPolicy('t-from', 'standard.allow-monitoring'))?.spec).toMatchObject({
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }] }],
    });
  });
});

describe('R3 R4 the order of protecting and releasing', () => {
  test('R3 a foreign object under the name of allow-dns holds the whole set: Failed, Unprotected', async () => {
    await scene.namespace('r3-a');
    valueOf(await scene.kube.create(NETWORK_POLICIES, foreign('r3-a', 'standard.allow-dns')));
    await scene.label('r3-a', OPTED_IN);
    await eventually(() => scene.report('r3-a')).toMatchObject({
      phase: 'Failed',
      policies: [{ reason: 'Unprotected', inPlace: false }],
    });
    expect(await scene.networkPolicyNames('r3-a')).toEqual(['standard.allow-dns']);
    await eventually(() => operator.metric('nsbaseline_unprotected_namespaces')).toBe(1);
    await scene.cluster.kubectl('delete', 'networkpolicy', 'standard.allow-dns', '-n', 'r3-a');
    await eventually(() => scene.report('r3-a')).toMatchObject({ phase: 'Protected' });
    expect(await scene.networkPolicyNames('r3-a')).toEqual(standardSet());
  });

  test('R3 every other part is written although one is taken', async () => {
    await scene.namespace('r3-b');
    valueOf(await scene.kube.create(NETWORK_POLICIES, foreign('r3-b', 'standard.allow-monitoring')));
    await scene.label('r3-b', OPTED_IN);
    await eventually(() => scene.report('r3-b')).toMatchObject({
      phase: 'Conflict',
      conflicts: [{ name: 'standard.allow-monitoring', reason: 'ForeignObject' }],
      policies: [{ inPlace: true }],
    });
    expect(await scene.networkPolicyNames('r3-b')).toEqual(standardSet());
  });

  test('R3 allow-dns was created before the default-deny', async () => {
    await protectedNamespace('r3-c');
    const versions = await Promise.all(
      ['standard.allow-dns', 'standard.default-deny'].map(async (name) =>
        Number((await scene.networkPolicy('r3-c', name))?.metadata.resourceVersion),
      ),
    );
    expect(versions[0]).toBeLessThan(versions[1] ?? 0);
  });

  test('R4 a namespace that opts out loses our policies and keeps its own', async () => {
    await protectedNamespace('r4-a');
    valueOf(await scene.kube.create(NETWORK_POLICIES, foreign('r4-a', 'own')));
    await scene.label('r4-a', { 'nsbaseline.io/enabled': null });
    await eventually(() => scene.networkPolicyNames('r4-a')).toEqual(['own']);
    await eventually(() => scene.report('r4-a')).toBeUndefined();
  });
});

describe('R5 R8 foreign objects', () => {
  test('R5 a foreign object stays byte for byte as it is, is reported, and is adopted only with the annotation', async () => {
    await scene.namespace('r5-a');
    const before = valueOf(await scene.kube.create(NETWORK_POLICIES, foreign('r5-a', 'standard.default-deny')));
    await scene.label('r5-a', OPTED_IN);
    await eventually(() => scene.report('r5-a')).toMatchObject({ phase: 'Conflict' });
    expect(await scene.networkPolicy('r5-a', 'standard.default-deny')).toEqual(before);
    await scene.cluster.kubectl(
      'annotate',
      'networkpolicy',
      'standard.default-deny',
      '-n',
      'r5-a',
      'nsbaseline.io/adopt=true',
    );
    await eventually(() => scene.report('r5-a')).toMatchObject({ phase: 'Protected' });
  });

  test('R5 a copy of a managed policy without its uid annotation, as from Git, is foreign', async () => {
    await scene.namespace('r5-b');
    const [part] = renderedParts('standard', {}, {});
    if (part === undefined) {
      throw new Error('nothing is rendered');
    }
    const copy = networkPolicyObject(part, { namespace: 'r5-b', policy: { name: 'standard', uid: '' } });
    valueOf(await scene.kube.create(NETWORK_POLICIES, { ...copy, metadata: { ...copy.metadata, annotations: {} } }));
    await scene.label('r5-b', OPTED_IN);
    await eventually(() => scene.report('r5-b')).toMatchObject({ phase: 'Conflict' });
    await scene.label('r5-b', { 'nsbaseline.io/enabled': null });
    await eventually(() => scene.networkPolicyNames('r5-b')).toEqual(['standard.default-deny']);
  });

  test('R8 nothing is removed that does not carry the uid of the live policy', async () => {
    await scene.namespace('r8-a');
    const [part] = renderedParts('standard', {}, {});
    if (part === undefined) {
      throw new Error('nothing is rendered');
    }
    valueOf(
      await scene.kube.create(
        NETWORK_POLICIES,
        networkPolicyObject(part, { namespace: 'r8-a', policy: { name: 'standard', uid: 'of-a-former-policy' } }),
      ),
    );
    await protectedNamespace('r8-b');
    await scene.label('r8-b', { 'nsbaseline.io/enabled': null });
    await eventually(() => scene.networkPolicyNames('r8-b')).toEqual([]);
    expect(await scene.networkPolicyNames('r8-a')).toEqual(['standard.default-deny']);
  });
});

test('R12 a terminating namespace gets no writes and delays nobody', async () => {
  await protectedNamespace('r12-a');
  await scene.cluster.kubectl(
    'patch',
    'namespace',
    'r12-a',
    '--type=json',
    '--patch=[{"op":"add","path":"/metadata/finalizers","value":["test/hold"]}]',
  );
  valueOf(
    await scene.kube.create(NETWORK_POLICIES, {
      ...foreign('r12-a', 'held'),
      metadata: { name: 'held', namespace: 'r12-a', finalizers: ['test/hold'] },
    }),
  );
  await scene.kube.remove({ type: NAMESPACES, name: 'r12-a' });
  await eventually(() => scene.networkPolicyNames('r12-a')).toEqual(['held']);
  await protectedNamespace('r12-b');
  expect(await scene.networkPolicyNames('r12-a')).toEqual(['held']);
  expect(operator.log.filter(({ namespace, level }) => namespace === 'r12-a' && level === 'error')).toEqual([]);
  await scene.cluster.kubectl(
    'patch',
    'networkpolicy',
    'held',
    '-n',
    'r12-a',
    '--type=merge',
    '--patch={"metadata":{"finalizers":null}}',
  );
  await scene.cluster.kubectl(
    'patch',
    'namespace',
    'r12-a',
    '--type=merge',
    '--patch={"metadata":{"finalizers":null}}',
  );
});

function foreign(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector: { matchLabels: { app: 'theirs' } }, policyTypes: ['Ingress'] },
  };
}
