import { expect, test } from 'vitest';
import { fieldOf, itemsOf } from '../../../src/base/json.ts';
import type { KubeClient, WatchEvent } from '../../../src/kube/client/kube-client.ts';
import { BASELINE_POLICIES, NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import { eventually, OPTED_IN, standardSet } from '../../support/actors/actors.ts';
import { forbidden } from '../../support/fake-api/api-status.ts';
import { fakeTestCluster } from '../../support/operators/fake-test-cluster.ts';

const scene = fakeTestCluster();

const isThere = async (policy: string): Promise<boolean> =>
  (await scene.admin.get({ type: BASELINE_POLICIES, name: policy })).ok;

interface Lag {
  readonly around: (kube: KubeClient) => KubeClient;
  readonly shut: () => void;
  readonly heldBack: () => number;
  /** Lets the oldest events pass, or all of them and everything from then on. */
  readonly release: (count?: number) => void;
  readonly answers: () => number;
}

/** Holds events of BaselinePolicies back while it is shut, as a lagging watch cache does, and counts the answers to writes of the policies themselves. */
function laggingWatch(): Lag {
  const held: (() => void)[] = [];
  let isShut = false;
  let answers = 0;
  const passing =
    (onEvent: (event: WatchEvent) => void) =>
    (event: WatchEvent): void => {
      if (!isShut) {
        onEvent(event);
        return;
      }
      held.push(() => {
        onEvent(event);
      });
    };
  const around = (kube: KubeClient): KubeClient => ({
    ...kube,
    watch: (request, onEvent) =>
      kube.watch(request, request.type.plural === BASELINE_POLICIES.plural ? passing(onEvent) : onEvent),
    apply: async (type, object, options) => {
      const answer = await kube.apply(type, object, options);
      if (type.plural === BASELINE_POLICIES.plural && options?.subresource === undefined) {
        answers += 1;
      }
      return answer;
    },
  });
  return {
    around,
    shut: () => {
      isShut = true;
    },
    heldBack: () => held.length,
    release: (count) => {
      isShut = count !== undefined;
      for (const pass of held.splice(0, count ?? held.length)) {
        pass();
      }
    },
    answers: () => answers,
  };
}

test('R2 R13 an edit of a policy that the watch shows only after the answer to our write of its finalizer is carried out', async () => {
  const lag = laggingWatch();
  await scene.start({ around: lag.around });
  await scene.people.namespace('team-a', OPTED_IN);
  lag.shut();
  await scene.people.baselinePolicy('standard', { removal: { onDelete: 'Remove' } });
  await eventually(lag.heldBack).toBe(1);
  await scene.people.baselinePolicy('standard', {
    removal: { onDelete: 'Remove' },
    allow: { sameNamespace: { enabled: true } },
  });
  await eventually(lag.heldBack).toBe(2);
  lag.release(1);
  await eventually(lag.answers).toBeGreaterThan(0);
  lag.release();
  await eventually(() => scene.people.networkPolicyNames('team-a')).toContain('standard.allow-same-namespace');
});

test('R9 namespaces that move to a policy which a webhook refuses keep the isolation of the old one', async () => {
  const operator = await scene.start();
  await scene.people.baselinePolicy('old', { namespaceSelector: { matchLabels: { class: 'old' } } });
  await scene.people.baselinePolicy('strict', { namespaceSelector: { matchLabels: { class: 'strict' } } });
  const namespaces = Array.from({ length: 12 }, (_, index) => `team-${index}`);
  for (const name of namespaces) {
    await scene.people.namespace(name, { class: 'old' });
  }
  for (const name of namespaces) {
    await eventually(() => scene.people.networkPolicyNames(name)).toEqual(standardSet('old'));
  }
  scene.server.cluster.admission = ({ operation, resource, name }) =>
    operation === 'CREATE' && name.startsWith('strict.')
      ? forbidden(resource.type, name, 'admission webhook "quota" denied the request')
      : undefined;
  for (const name of namespaces) {
    await scene.people.label(name, { class: 'strict' });
  }
  const told = async (name: string): Promise<readonly unknown[]> =>
    itemsOf(fieldOf(await scene.people.report(name), 'policies')).map((entry) => fieldOf(entry, 'policy'));
  for (const name of namespaces) {
    await eventually(() => told(name)).toContain('strict');
    expect(await scene.people.networkPolicyNames(name)).toEqual(standardSet('old'));
  }
  expect(operator.writes.filter((write) => write.startsWith('remove NetworkPolicy'))).toEqual([]);
});

test("R8 somebody's copy of a managed NetworkPolicy under another name does not hold up the deletion of its policy, and stays", async () => {
  await scene.start();
  await scene.people.baselinePolicy('standard', { removal: { onDelete: 'Remove' } });
  await scene.protectedNamespace('team-a');
  const { labels, annotations } = (await scene.people.networkPolicy('team-a', 'standard.allow-dns'))?.metadata ?? {};
  await scene.people.createNetworkPolicy('team-a', {
    name: 'my-copy',
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  });
  await scene.people.removeBaselinePolicy('standard');
  await eventually(() => isThere('standard')).toBe(false);
  expect(await scene.people.networkPolicyNames('team-a')).toEqual(['my-copy']);
});

test('R8 R4 kept NetworkPolicies of a namespace that opted out stay, and do not hold up the deletion of their policy', async () => {
  await scene.start();
  await scene.people.baselinePolicy('standard', { removal: { onDelete: 'Remove', onOptOut: 'Keep', grace: '0s' } });
  await scene.protectedNamespace('team-a');
  await scene.people.label('team-a', { 'nsbaseline.io/enabled': null });
  await eventually(() => scene.people.report('team-a')).toBeUndefined();
  await scene.people.removeBaselinePolicy('standard');
  await eventually(() => isThere('standard')).toBe(false);
  expect(await scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
});

test('R8 a policy with onDelete Remove has its finalizer before most of its NetworkPolicies exist, so that no deletion overtakes them', async () => {
  await scene.start();
  const names = Array.from({ length: 40 }, (_, index) => `team-${index}`);
  for (const name of names) {
    await scene.people.namespace(name, OPTED_IN);
  }
  const over = new AbortController();
  const held: string[] = [];
  const { resourceVersion = '' } = (
    await scene.people.baselinePolicy('other', { namespaceSelector: { matchLabels: { class: 'none' } } })
  ).metadata;
  const watching = scene.admin.watch(
    { type: BASELINE_POLICIES, resourceVersion, silenceLimitMs: 60_000, signal: over.signal },
    ({ object: { metadata } }) => {
      if (metadata.name === 'standard' && metadata.finalizers !== undefined) {
        held.push(metadata.resourceVersion ?? '');
      }
    },
  );
  await scene.people.baselinePolicy('standard', { removal: { onDelete: 'Remove' } });
  for (const name of names) {
    await eventually(() => scene.people.networkPolicyNames(name)).toEqual(standardSet());
  }
  await eventually(() => held.length).toBeGreaterThan(0);
  over.abort();
  await watching;
  const listed = await scene.admin.list({ type: NETWORK_POLICIES });
  const made = listed.ok ? listed.value.items.map(({ metadata }) => Number(metadata.resourceVersion)) : [];
  expect(made).toHaveLength(120);
  expect(made.filter((version) => version < Number(held[0])).length).toBeLessThan(8);
});

test('R8 R13 the objects of a policy that the watch has not shown yet are not taken for those of a former one', async () => {
  const lag = laggingWatch();
  await scene.start({ around: lag.around });
  await scene.people.baselinePolicy('standard', {});
  await scene.protectedNamespace('team-a');
  lag.shut();
  await scene.people.removeBaselinePolicy('standard');
  const anew = await scene.people.baselinePolicy('standard', { allow: { sameNamespace: { enabled: true } } });
  const { labels } = (await scene.people.networkPolicy('team-a', 'standard.allow-dns'))?.metadata ?? {};
  const annotations = { 'nsbaseline.io/policy-uid': anew.metadata.uid ?? '' };
  const made = await scene.people.createNetworkPolicy('team-a', {
    name: 'standard.allow-same-namespace',
    annotations,
    ...(labels === undefined ? {} : { labels }),
  });
  await scene.people.removeNetworkPolicy('team-a', 'standard.allow-monitoring');
  await eventually(() => scene.people.networkPolicyNames('team-a')).toContain('standard.allow-monitoring');
  await eventually(lag.heldBack).toBeGreaterThan(1);
  lag.release();
  await eventually(
    async () => (await scene.people.networkPolicy('team-a', 'standard.allow-dns'))?.metadata.annotations,
  ).toMatchObject(annotations);
  expect((await scene.people.networkPolicy('team-a', 'standard.allow-same-namespace'))?.metadata.uid).toBe(
    made.metadata.uid,
  );
});
