import { beforeEach, expect, test } from 'vitest';
import { fieldOf, itemsOf } from '../../../src/base/json.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES } from '../../../src/operator/watch/resources.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet, valueOf } from '../../support/actors/actors.ts';
import { forbidden } from '../../support/fake-api/api-status.ts';
import { crdOf, fakeTestCluster } from '../../support/operators/fake-test-cluster.ts';

const scene = fakeTestCluster();
/** Long enough for a watch to find that its type is served again, in milliseconds. */
const comeback = { timeout: 12_000, interval: 20 };
const RECORD_WRITE = 'apply NamespaceBaseline team-a/baseline';

beforeEach(async () => {
  await scene.people.baselinePolicy('standard', {});
});

async function removeCrd(plural: string): Promise<void> {
  valueOf(await scene.admin.remove({ type: CUSTOM_RESOURCE_DEFINITIONS, name: `${plural}.nsbaseline.io` }));
}

async function installCrd(plural: string): Promise<void> {
  valueOf(await scene.admin.create(CUSTOM_RESOURCE_DEFINITIONS, crdOf(plural)));
}

test('F37 the reports come back with the CRD of NamespaceBaselines', { timeout: 20_000 }, async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const at = operator.writes.length;
  await removeCrd('namespacebaselines');
  await eventually(() => operator.writes.slice(at)).toContain(RECORD_WRITE);
  expect(await scene.people.report('team-a')).toBeUndefined();
  await installCrd('namespacebaselines');
  await expect.poll(() => scene.phaseOf('team-a'), comeback).toBe('Protected');
});

test('F37 R13 a CRD of BaselinePolicies that comes back empty removes nothing, and what stands is taken over when its policy comes back too', {
  timeout: 20_000,
}, async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  await removeCrd('baselinepolicies');
  await eventually(() => scene.people.report('team-a')).toBeUndefined();
  await installCrd('baselinepolicies');
  await scene.people.baselinePolicy('other', { namespaceSelector: { matchLabels: { class: 'other' } } });
  await scene.people.namespace('team-b', { class: 'other' });
  await expect.poll(() => scene.phaseOf('team-b'), comeback).toBe('Protected');
  expect(await scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
  await scene.people.baselinePolicy('standard', {});
  await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
  expect(operator.writes.filter((write) => write.startsWith('remove NetworkPolicy'))).toEqual([]);
});

test('R12 F13 a failing namespace that is deleted and created again under its name is told of again', async () => {
  const operator = await scene.start();
  scene.server.cluster.admission = ({ operation, namespace, resource, name }) =>
    operation === 'CREATE' && namespace === 'bad' && resource.type.kind === 'NetworkPolicy'
      ? forbidden(resource.type, name, 'exceeded quota')
      : undefined;
  const told = (): number =>
    operator.events.filter(({ regarding, type }) => regarding.namespace === 'bad' && type === 'Warning').length;
  await scene.people.namespace('bad', OPTED_IN);
  await eventually(told).toBe(1);
  await scene.admin.remove({ type: NAMESPACES, name: 'bad' });
  await eventually(async () => (await scene.admin.get({ type: NAMESPACES, name: 'bad' })).ok).toBe(false);
  // Once a namespace that came later is done, the operator knows that the other one is gone.
  await scene.protectedNamespace('later');
  await scene.people.namespace('bad', OPTED_IN);
  await eventually(told).toBe(2);
});

test('the time that a namespace waited for its protection does not count on once it is opted out', async () => {
  const clock = new ManualClock();
  const operator = await scene.start({ clock });
  const reportOf = async (): Promise<unknown> => {
    await clock.advance(5);
    return await scene.phaseOf('team-a');
  };
  scene.server.cluster.admission = ({ operation, name, resource }) =>
    operation === 'CREATE' && name === 'standard.allow-dns'
      ? forbidden(resource.type, name, 'exceeded quota')
      : undefined;
  await scene.people.namespace('team-a', OPTED_IN);
  await eventually(reportOf).toBe('Failed');
  await scene.people.label('team-a', { 'nsbaseline.io/enabled': null });
  await eventually(reportOf).toBeUndefined();
  scene.server.cluster.admission = () => undefined;
  await clock.advance(3_600_000);
  await scene.people.label('team-a', OPTED_IN);
  await eventually(reportOf).toBe('Protected');
  const durationsMs = operator.log
    .filter(({ message }) => message === 'namespace protected')
    .map(({ fields }) => Number(fields.durationMs));
  expect(durationsMs).toHaveLength(1);
  expect(Math.max(...durationsMs)).toBeLessThan(60_000);
});

test('R16 one 503 makes no Warning and changes no condition', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const phases: unknown[] = [];
  let failures = 1;
  scene.server.intercept = ({ verb, resource, body }) => {
    if (verb === 'patch' && resource === 'namespacebaselines') {
      phases.push(fieldOf(fieldOf(JSON.parse(body), 'status'), 'phase'));
    }
    if (verb !== 'create' || resource !== 'networkpolicies' || failures === 0) {
      return undefined;
    }
    failures -= 1;
    return { kind: 'respond', status: 503, body: '{}' };
  };
  const at = operator.events.length;
  await scene.people.removeNetworkPolicy('team-a', 'standard.allow-monitoring');
  await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
  const again = await scene.people.networkPolicy('team-a', 'standard.allow-monitoring');
  const uids = async (): Promise<readonly unknown[]> =>
    itemsOf(fieldOf(itemsOf(fieldOf(await scene.people.report('team-a'), 'policies'))[0], 'managed')).map((managed) =>
      fieldOf(managed, 'uid'),
    );
  await eventually(uids).toContain(again?.metadata.uid);
  expect(failures).toBe(0);
  expect(new Set(phases)).toEqual(new Set(['Protected']));
  expect(operator.events.slice(at).map(({ reason }) => reason)).not.toContain('Retrying');
});

test('F21 R16 without the right to write NamespaceBaselines namespaces are protected all the same and the log says what is missing, until it is given back', {
  timeout: 20_000,
}, async () => {
  const operator = await scene.start();
  scene.server.cluster.access.isAllowed = ({ resource, verb }) =>
    resource !== 'namespacebaselines' || (verb !== 'patch' && verb !== 'create');
  await scene.people.namespace('team-a', OPTED_IN);
  await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
  const said = (level: string): readonly string[] =>
    operator.log.filter((line) => line.level === level).map(({ message }) => message);
  await eventually(() => said('error')).toEqual(['namespace baselines cannot be written']);
  scene.server.cluster.access.isAllowed = () => true;
  await expect.poll(() => scene.phaseOf('team-a'), comeback).toBe('Protected');
  await eventually(() => said('info')).toContain('namespace baselines are written again');
});
