import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ANNOTATIONS, FIELD_MANAGER } from '../../../src/api/names.ts';
import { fieldOf, itemsOf } from '../../../src/base/json.ts';
import type { Result } from '../../../src/base/result.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import { apiVersionOf } from '../../../src/kube/client/resource-type.ts';
import { createKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import { eventually, OPTED_IN, valueOf } from '../../support/actors/actors.ts';
import { fakeTestCluster } from '../../support/operators/fake-test-cluster.ts';

const scene = fakeTestCluster();

beforeEach(async () => {
  await scene.people.baselinePolicy('standard', {});
});

/** What a field of every policy's entry in the report says. */
async function reported(namespace: string, field: string): Promise<readonly unknown[]> {
  return itemsOf(fieldOf(await scene.people.report(namespace), 'policies')).map((entry) => fieldOf(entry, field));
}

test('R16 what somebody adds to a NamespaceBaseline goes again, and is not written against for ever', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const reports = (): readonly string[] => operator.writes.filter((write) => write.includes('NamespaceBaseline'));
  const before = valueOf(await scene.admin.get({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' }));
  const invented = {
    policy: 'invented',
    generation: 1,
    mode: 'Enforce',
    phase: 'Protected',
    inPlace: true,
    managed: [],
  };
  const policies = [...itemsOf(fieldOf(before.status, 'policies')), invented];
  const status = { ...(before.status as object), policies, weakenedBy: [{ name: 'x', why: 'a lie' }] };
  valueOf(await scene.admin.replace(NAMESPACE_BASELINES, { ...before, status }));
  await eventually(() => reported('team-a', 'policy')).toEqual(['standard']);
  await eventually(async () => fieldOf(await scene.people.report('team-a'), 'weakenedBy')).toBeUndefined();
  const mended = reports().length;
  for (const weakening of ['first', 'second', 'third']) {
    await scene.lookAgain('team-a', weakening);
    // Nothing of this is news, although the operator looks at the namespace for it.
    for (const index of [0, 1, 2, 3]) {
      await scene.people.createNetworkPolicy('team-a', { name: `${weakening}-${index}` });
    }
  }
  await scene.lookAgain('team-a', 'last');
  expect(reports().slice(mended)).toEqual(Array.from({ length: 4 }, () => 'apply NamespaceBaseline team-a/baseline'));
});

test('R16 a status of a BaselinePolicy that somebody falsifies is written again', async () => {
  await scene.start();
  await scene.protectedNamespace('team-a');
  await eventually(() => scene.people.condition('standard', 'AllProtected')).toBe('True AllInPlace');
  const { status } = valueOf(await scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' }));
  const falsified = {
    ...(status as object),
    namespaces: { ...(fieldOf(status, 'namespaces') as object), protected: 4711 },
  };
  const lie = valueOf(
    await scene.admin.apply(
      BASELINE_POLICIES,
      {
        apiVersion: apiVersionOf(BASELINE_POLICIES),
        kind: BASELINE_POLICIES.kind,
        metadata: { name: 'standard' },
        status: falsified,
      },
      { subresource: 'status' },
    ),
  );
  expect(fieldOf(fieldOf(lie.status, 'namespaces'), 'protected')).toBe(4711);
  await eventually(async () =>
    fieldOf(
      fieldOf(valueOf(await scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' })).status, 'namespaces'),
      'protected',
    ),
  ).toBe(1);
});

test('R6 the operator repairs a NetworkPolicy that a tenant marks as kept once, and no contest follows', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const kept = async (): Promise<unknown> =>
    fieldOf(
      (await scene.people.networkPolicy('team-a', 'standard.default-deny'))?.metadata.annotations,
      ANNOTATIONS.kept,
    );
  await scene.people.editNetworkPolicy('team-a', 'standard.default-deny', (object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [ANNOTATIONS.kept]: 'true' } },
  }));
  await eventually(kept).not.toBe('true');
  const at = operator.writes.length;
  for (const weakening of ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']) {
    await scene.lookAgain('team-a', weakening);
  }
  expect(operator.writes.slice(at).filter((write) => write.includes('default-deny'))).toEqual([]);
  expect(await scene.phaseOf('team-a')).toBe('Protected');
});

/** Rewrites each write of one NetworkPolicy to another spec than the one before, and lets the watch be faster than the answer. */
function alteringWebhook(name: string): (kube: KubeClient) => KubeClient {
  const seen = new Set<string | undefined>();
  let writes = 0;
  const altered = (object: KubeObject): KubeObject => {
    if (object.metadata.name !== name) {
      return object;
    }
    writes += 1;
    return {
      ...object,
      spec: {
        ...(object.spec as object),
        ingress: [{ from: [{ ipBlock: { cidr: `10.0.${writes >> 8}.${writes & 255}/32` } }] }],
      },
    };
  };
  const afterItsEvent = async (answer: Result<KubeObject, KubeError>): Promise<Result<KubeObject, KubeError>> => {
    if (answer.ok && answer.value.metadata.name === name) {
      await eventually(() => seen.has(answer.value.metadata.resourceVersion)).toBe(true);
    }
    return answer;
  };
  return (kube) => ({
    ...kube,
    watch: (request, onEvent) =>
      kube.watch(request, (event) => {
        if (request.type.plural === NETWORK_POLICIES.plural) {
          seen.add(event.object.metadata.resourceVersion);
        }
        onEvent(event);
      }),
    create: async (type, object, options) => afterItsEvent(await kube.create(type, altered(object), options)),
    apply: async (type, object, options) => afterItsEvent(await kube.apply(type, altered(object), options)),
  });
}

test('R6 a NetworkPolicy that a webhook alters with each write is not written in a hot loop, also when the watch is faster than the answer', async () => {
  const operator = await scene.start({ around: alteringWebhook('standard.allow-monitoring') });
  const writes = (): number => operator.writes.filter((write) => write.includes('standard.allow-monitoring')).length;
  await scene.people.namespace('team-a', OPTED_IN);
  await eventually(() => reported('team-a', 'reason')).toEqual(['Contested']);
  for (const weakening of ['first', 'second', 'third', 'fourth']) {
    await scene.lookAgain('team-a', weakening);
  }
  expect(writes()).toBeLessThan(10);
});

test.each(['kubectl-edit', FIELD_MANAGER])(
  'R2 R6 a purpose that a tenant rewrites under the field manager %s is put right',
  async (fieldManager) => {
    await scene.start();
    await scene.protectedNamespace('team-a');
    const tenant = createKubeClient({ cluster: scene.server.asCluster(), fieldManager, userAgent: 'tenant/1' });
    onTestFinished(() => tenant.close());
    const place = { type: NETWORK_POLICIES, namespace: 'team-a', name: 'standard.default-deny' };
    const purpose = async (): Promise<unknown> =>
      fieldOf(valueOf(await scene.admin.get(place)).metadata.annotations, ANNOTATIONS.purpose);
    const before = await purpose();
    const stored = valueOf(await tenant.get(place));
    const annotations = { ...stored.metadata.annotations, [ANNOTATIONS.purpose]: 'approved: open by security' };
    valueOf(await tenant.replace(NETWORK_POLICIES, { ...stored, metadata: { ...stored.metadata, annotations } }));
    await eventually(purpose).toBe(before);
  },
);
