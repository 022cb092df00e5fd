import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fieldOf } from '../../../src/kube/json-shape.ts';
import type { FakeApiServer } from '../../fake/fake-api-server.ts';
import { fakeServerWithCrds } from '../../fake/nsbaseline-api-server.ts';
import { startInProcess, type InProcess, type InProcessOptions } from '../../operator/in-process.ts';
import { eventually, OPTED_IN, peopleWith, standardSet, type People } from '../../operator/people.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/kube/http-kube-client.ts';

let server: FakeApiServer;
let admin: HttpKubeClient;
let people: People;
const running: InProcess[] = [];

async function start(options: Omit<InProcessOptions, 'server'> = {}): Promise<InProcess> {
  const operator = await startInProcess({ server, ...options });
  running.push(operator);
  return operator;
}

beforeEach(async () => {
  server = await fakeServerWithCrds();
  admin = createKubeClient({ cluster: server.asCluster(), fieldManager: 'somebody', userAgent: 'somebody/1' });
  people = peopleWith(admin);
});

afterEach(async () => {
  for (const operator of running.splice(0)) await operator.close();
  await admin.close();
  await server.close();
});

async function protectedNamespace(name = 'team-a'): Promise<void> {
  await people.baselinePolicy('standard', {});
  await people.namespace(name, OPTED_IN);
  await eventually(() => people.networkPolicyNames(name)).toEqual(standardSet());
  await eventually(async () => fieldOf(await people.report(name), 'phase')).toBe('Protected');
}

describe('the whole operator against the fake API server', () => {
  test('R2 a labelled namespace gets the whole set', async () => {
    await start();
    await protectedNamespace();
    await eventually(() => people.condition('standard', 'Ready')).toBe('True Applied');
  });

  test('R10 a restart with everything in place writes nothing', async () => {
    const first = await start();
    await protectedNamespace();
    await eventually(() => people.condition('standard', 'AllProtected')).toBe('True AllInPlace');
    await first.close();
    running.splice(0);
    const second = await start();
    await people.namespace('later', OPTED_IN);
    await eventually(async () => fieldOf(await people.report('later'), 'phase')).toBe('Protected');
    expect(second.writes.filter((write) => write.includes('team-a'))).toEqual([]);
  });

  test('R10 what was removed while nobody watched is found after a restart', async () => {
    const first = await start();
    await protectedNamespace();
    await first.close();
    running.splice(0);
    await people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await start();
    await eventually(() => people.networkPolicyNames('team-a')).toEqual(standardSet());
  });

  test('F13 a BaselinePolicy that is deleted and created again at once takes its objects over without a gap', async () => {
    const operator = await start();
    await protectedNamespace();
    await people.removeBaselinePolicy('standard');
    const again = await people.baselinePolicy('standard', {});
    const uids = async (): Promise<readonly unknown[]> => Promise.all(standardSet().map(async (name) => fieldOf((await people.networkPolicy('team-a', name))?.metadata.annotations, 'nsbaseline.io/policy-uid')));
    await eventually(uids).toEqual(standardSet().map(() => again.metadata.uid));
    expect(operator.writes.filter((write) => write.startsWith('remove NetworkPolicy'))).toEqual([]);
  });

  test('F13 a namespace that is deleted and created again under its name is protected again', async () => {
    await start();
    await protectedNamespace();
    await people.namespace('other');
    server.cluster.handle({ method: 'DELETE', path: '/api/v1/namespaces/team-a', query: new URLSearchParams(), contentType: '', body: '', token: undefined, userAgent: '' });
    await eventually(async () => (await admin.get({ type: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }, name: 'team-a' })).ok).toBe(false);
    await people.namespace('team-a', OPTED_IN);
    await eventually(() => people.networkPolicyNames('team-a')).toEqual(standardSet());
    await eventually(async () => fieldOf(await people.report('team-a'), 'phase')).toBe('Protected');
  });

  test('a NamespaceBaseline that somebody deletes comes back', async () => {
    await start();
    await protectedNamespace();
    const { NAMESPACE_BASELINES } = await import('../../../src/operator/resources.ts');
    await admin.remove({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' });
    await eventually(async () => fieldOf(await people.report('team-a'), 'phase')).toBe('Protected');
  });
});
