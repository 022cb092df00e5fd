import { afterEach, beforeEach, expect, test } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../../src/api/crd/crd.ts';
import { ANNOTATIONS } from '../../../src/api/names.ts';
import { fieldOf } from '../../../src/base/json.ts';
import { isKubeObject } from '../../../src/kube/client/kube-object.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACE_BASELINES, NAMESPACES } from '../../../src/operator/watch/resources.ts';
import { type Actors, actorsWith, eventually, OPTED_IN, standardSet } from '../../support/actors/actors.ts';
import { FakeClusterActor } from '../../support/actors/fake-cluster-actor.ts';
import type { FakeApiServer } from '../../support/fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../../support/fake-api/nsbaseline-api-server.ts';
import { type InProcess, startInProcess } from '../../support/operators/in-process.ts';

let server: FakeApiServer;
let admin: HttpKubeClient;
let people: Actors;
let operator: InProcess;

beforeEach(async () => {
  server = await fakeServerWithCrds();
  new FakeClusterActor(server.cluster).installDns();
  admin = createKubeClient({ cluster: server.asCluster(), fieldManager: 'somebody', userAgent: 'somebody/1' });
  people = actorsWith(admin);
  operator = await startInProcess({ server });
});

afterEach(async () => {
  await operator.close();
  await admin.close();
  await server.close();
});

const phaseOf = async (namespace: string): Promise<unknown> => fieldOf(await people.report(namespace), 'phase');

async function isProtected(namespace: string): Promise<void> {
  await eventually(() => people.networkPolicyNames(namespace)).toEqual(standardSet());
  await eventually(() => phaseOf(namespace)).toBe('Protected');
}

async function protectedNamespace(): Promise<void> {
  await people.baselinePolicy('standard', {});
  await people.namespace('team-a', OPTED_IN);
  await isProtected('team-a');
}

function networkPolicyRemovals(): readonly string[] {
  return operator.writes.filter((write) => write.startsWith('remove NetworkPolicy'));
}

test('R2 a labelled namespace gets the whole set, and the policy says so', async () => {
  await protectedNamespace();
  await eventually(() => people.condition('standard', 'Ready')).toBe('True Applied');
});

test('R10 a restart with everything in place writes nothing', async () => {
  await protectedNamespace();
  await eventually(() => people.condition('standard', 'AllProtected')).toBe('True AllInPlace');
  await operator.close();
  operator = await startInProcess({ server });
  // By the time a namespace that came later is done, the ones before it are.
  await people.namespace('later', OPTED_IN);
  await isProtected('later');
  expect(operator.writes.filter((write) => write.includes('team-a'))).toEqual([]);
});

test('R10 what was removed while nobody watched is found after a restart', async () => {
  await protectedNamespace();
  await operator.close();
  await people.removeNetworkPolicy('team-a', 'standard.default-deny');
  operator = await startInProcess({ server });
  await eventually(() => people.networkPolicyNames('team-a')).toEqual(standardSet());
});

test('F13 a BaselinePolicy that is deleted and at once created again takes its objects over without a gap', async () => {
  await protectedNamespace();
  await people.removeBaselinePolicy('standard');
  const again = await people.baselinePolicy('standard', {});
  const owners = async (): Promise<readonly unknown[]> => {
    const objects = await Promise.all(standardSet().map((name) => people.networkPolicy('team-a', name)));
    return objects.map((object) => fieldOf(object?.metadata.annotations, ANNOTATIONS.policyUid));
  };
  await eventually(owners).toEqual(standardSet().map(() => again.metadata.uid));
  expect(networkPolicyRemovals()).toEqual([]);
});

test('F13 a namespace that is deleted and created again under its name is protected again', async () => {
  await protectedNamespace();
  await admin.remove({ type: NAMESPACES, name: 'team-a' });
  await eventually(async () => (await admin.get({ type: NAMESPACES, name: 'team-a' })).ok).toBe(false);
  await people.namespace('team-a', OPTED_IN);
  await isProtected('team-a');
});

test('F46 with the CRD of BaselinePolicies their NetworkPolicies stay, and are taken over when both come back', async () => {
  await protectedNamespace();
  const crd: unknown = RESOURCE_DEFINITIONS.filter(({ plural }) => plural === 'baselinepolicies').map(crdFor)[0];
  if (!isKubeObject(crd)) {
    throw new Error('there is no such CRD');
  }
  await admin.remove({ type: CUSTOM_RESOURCE_DEFINITIONS, name: 'baselinepolicies.nsbaseline.io' });
  await eventually(() => people.report('team-a')).toBeUndefined();
  expect(await people.networkPolicyNames('team-a')).toEqual(standardSet());
  await admin.create(CUSTOM_RESOURCE_DEFINITIONS, crd);
  await people.baselinePolicy('standard', {});
  await expect.poll(() => phaseOf('team-a'), { timeout: 8_000, interval: 20 }).toBe('Protected');
  expect(networkPolicyRemovals()).toEqual([]);
});

test('R16 a NamespaceBaseline that somebody deletes comes back', async () => {
  await protectedNamespace();
  const { metadata } = await valueOfBaseline();
  await admin.remove({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' });
  await eventually(
    async () => (await admin.get({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' })).ok,
  ).toBe(true);
  expect((await valueOfBaseline()).metadata.uid).not.toBe(metadata.uid);
  expect(await phaseOf('team-a')).toBe('Protected');
});

async function valueOfBaseline(): Promise<{ readonly metadata: { readonly uid?: string } }> {
  const found = await admin.get({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' });
  if (!found.ok) {
    throw new Error(found.error.message);
  }
  return found.value;
}
