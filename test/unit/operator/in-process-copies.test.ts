import { beforeEach, expect, test } from 'vitest';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../../../src/api/names.ts';
import { fieldOf, itemsOf } from '../../../src/base/json.ts';
import { BASELINE_POLICIES } from '../../../src/operator/watch/resources.ts';
import { eventually, OPTED_IN, standardSet, valueOf } from '../../support/actors/actors.ts';
import { fakeTestCluster } from '../../support/operators/fake-test-cluster.ts';
import type { InProcess } from '../../support/operators/in-process.ts';

const scene = fakeTestCluster();
const OPTED_OUT = { [LABELS.enabled]: null };
const DENY_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

beforeEach(async () => {
  await scene.people.baselinePolicy('standard', {});
});

/** Creates a NetworkPolicy with the marks of the policy `standard`, as a restore or a tenant does. */
async function copyInto(namespace: string, name = 'standard.default-deny', finalizers: readonly string[] = []) {
  const { metadata } = valueOf(await scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' }));
  const marks = {
    labels: { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.policy]: 'standard' },
    annotations: { [ANNOTATIONS.policyUid]: metadata.uid ?? '' },
  };
  return scene.people.createNetworkPolicy(namespace, { name, ...marks, finalizers }, DENY_ALL);
}

async function statusField(field: string): Promise<unknown> {
  return fieldOf(valueOf(await scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' })).status, field);
}

const writesIn = (operator: InProcess, namespace: string): readonly string[] =>
  operator.writes.filter((write) => write.includes(` ${namespace}/`));
const optOutReason = async (namespace: string): Promise<unknown> =>
  fieldOf(itemsOf(fieldOf(await scene.people.report(namespace), 'policies'))[0], 'reason');

test('R5 F51 a copy in a namespace that nothing selects stays, is counted, and is reported once', async () => {
  const operator = await scene.start();
  await scene.people.namespace('restored');
  await copyInto('restored');
  await copyInto('restored', 'standard.allow-dns');
  await eventually(() => statusField('copies')).toBe(2);
  expect(await scene.people.networkPolicyNames('restored')).toEqual(['standard.allow-dns', 'standard.default-deny']);
  expect(writesIn(operator, 'restored')).toEqual([]);
  expect(await scene.people.report('restored')).toBeUndefined();
  expect(operator.events.filter(({ reason }) => reason === 'CopyFound')).toMatchObject([
    { type: 'Normal', regarding: { namespace: 'restored' } },
  ]);
  expect(operator.log.filter(({ fields }) => fields.reason === 'CopyFound')).toHaveLength(1);
  expect(await operator.metrics.page()).toContain('nsbaseline_copies 2');
  await scene.people.removeNetworkPolicy('restored', 'standard.allow-dns');
  await scene.people.removeNetworkPolicy('restored', 'standard.default-deny');
  await eventually(() => statusField('copies')).toBeUndefined();
});

test('R9 F51 copies in three namespaces that nothing selects hold no policy, and nothing is written there', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const tenants = ['dev-1', 'dev-2', 'dev-3'];
  for (const name of tenants) {
    await scene.people.namespace(name);
    await copyInto(name);
  }
  await eventually(() => statusField('copies')).toBe(3);
  expect(await scene.people.condition('standard', 'Ready')).toBe('True Applied');
  expect(await scene.people.condition('standard', 'RemovalHeld')).toBe('');
  expect(tenants.flatMap((name) => writesIn(operator, name))).toEqual([]);
});

test('R4 R10 F51 after a restart a copy is no opt-out either, and what the report lists is one', async () => {
  await scene.people.baselinePolicy('standard', { removal: { grace: '0s' } });
  const first = await scene.start();
  await scene.protectedNamespace('team-a');
  await first.close();
  await scene.people.label('team-a', OPTED_OUT);
  await copyInto('team-a', 'standard.copied');
  await scene.start();
  await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(['standard.copied']);
  await eventually(() => statusField('copies')).toBe(1);
});

test('R4 F53 a label that is back within the grace removes nothing and records nothing', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('flap');
  const before = writesIn(operator, 'flap').filter((write) => write.includes('NetworkPolicy'));
  await scene.people.label('flap', OPTED_OUT);
  await eventually(() => optOutReason('flap')).toBe('OptingOut');
  expect(await scene.phaseOf('flap')).toBe('Protected');
  const events = operator.events.length;
  await scene.people.label('flap', OPTED_IN);
  await eventually(() => optOutReason('flap')).toBeUndefined();
  expect(await scene.people.networkPolicyNames('flap')).toEqual(standardSet());
  expect(writesIn(operator, 'flap').filter((write) => write.includes('NetworkPolicy'))).toEqual(before);
  expect(operator.events.slice(events)).toEqual([]);
});

test('R4 an opt-out is carried out when the grace is over, without another event', async () => {
  await scene.people.baselinePolicy('standard', { removal: { grace: '1s' } });
  await scene.start();
  await scene.protectedNamespace('team-a');
  await scene.people.label('team-a', OPTED_OUT);
  await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual([]);
  await eventually(() => scene.people.report('team-a')).toBeUndefined();
});

test('R9 a mass opt-out is held as a whole while it waits for the grace', async () => {
  await scene.start();
  const names = ['team-a', 'team-b', 'team-c'];
  for (const name of names) {
    await scene.protectedNamespace(name);
  }
  for (const name of names) {
    await scene.people.label(name, OPTED_OUT);
  }
  await eventually(() => scene.people.condition('standard', 'RemovalHeld')).toBe('True RemovalHeld');
  await eventually(() => scene.people.conditionMessage('standard', 'RemovalHeld')).toContain('3 namespaces');
});

test('A1 a removed object that a finalizer keeps is asked to go once, and is shown', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  await copyInto('team-a', 'standard.open', ['tenant.example/stay']);
  const conflicts = async (): Promise<unknown> => fieldOf(await scene.people.report('team-a'), 'conflicts');
  await eventually(conflicts).toMatchObject([
    { name: 'standard.open', reason: expect.stringContaining('KeptByFinalizer') as string },
  ]);
  expect(await scene.phaseOf('team-a')).toBe('Conflict');
  await scene.lookAgain('team-a', 'again');
  const removals = operator.writes.filter((write) => write === 'remove NetworkPolicy team-a/standard.open');
  expect(removals).toHaveLength(1);
  await scene.people.editNetworkPolicy('team-a', 'standard.open', (object) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
  }));
  await eventually(conflicts).toBeUndefined();
});

test('R6 F52 the sixth removal of one name in ten minutes is Contested, with the manager that creates it', async () => {
  const operator = await scene.start();
  await scene.protectedNamespace('team-a');
  const removals = (): number => operator.writes.filter((write) => write.startsWith('remove NetworkPolicy')).length;
  for (let count = 1; count <= 5; count += 1) {
    await copyInto('team-a', 'standard.propagated');
    await eventually(removals).toBe(count);
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
  }
  await copyInto('team-a', 'standard.propagated');
  await eventually(() => optOutReason('team-a')).toBe('Contested');
  expect(await scene.phaseOf('team-a')).toBe('Conflict');
  expect(JSON.stringify(await scene.people.report('team-a'))).toContain('somebody');
  expect(removals()).toBe(5);
});
