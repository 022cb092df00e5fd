import { beforeEach, describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { fieldOf, itemsOf, textOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { BASELINE_POLICIES, CUSTOM_RESOURCE_DEFINITIONS } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import { crdOf } from '../support/operators/fake-test-cluster.ts';
import type { InProcess } from '../support/operators/in-process.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const MINUTE_MS = 60_000;
const SPEC: BaselinePolicySpec = { allow: { sameNamespace: { enabled: true } }, removal: { grace: '0s' } };

async function protectedTeam(clock: ManualClock): Promise<InProcess> {
  await stage.scene.people.baselinePolicy('standard', SPEC);
  const operator = await stage.start({ clock });
  await stage.scene.people.namespace('team-a', OPTED_IN);
  await stage.settle(clock, MINUTE_MS);
  return operator;
}

async function policy(): Promise<KubeObject> {
  return valueOf(await stage.scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' }));
}

async function conditionOf(type: string): Promise<string> {
  const found = itemsOf(fieldOf((await policy()).status, 'conditions')).find((item) => fieldOf(item, 'type') === type);
  return found === undefined
    ? ''
    : ['status', 'reason', 'message'].map((field) => textOf(fieldOf(found, field))).join(' ');
}

/** Puts a CRD in place of the one that is served, as an admin who applies another version of it. */
async function serve(crd: KubeObject): Promise<void> {
  const { name = '' } = crd.metadata;
  const { resourceVersion = '' } = valueOf(
    await stage.scene.admin.get({ type: CUSTOM_RESOURCE_DEFINITIONS, name }),
  ).metadata;
  const served = valueOf(await stage.scene.admin.get({ type: CUSTOM_RESOURCE_DEFINITIONS, name })).status;
  valueOf(
    await stage.scene.admin.replace(CUSTOM_RESOURCE_DEFINITIONS, {
      ...crd,
      metadata: { ...crd.metadata, resourceVersion },
      status: served,
    }),
  );
}

/** A CRD as an earlier version of the operator had it: without the field at this path of properties. */
function without(plural: string, path: readonly string[]): KubeObject {
  const copy = structuredClone(crdOf(plural));
  const schema = fieldOf(fieldOf(itemsOf(fieldOf(copy.spec, 'versions'))[0], 'schema'), 'openAPIV3Schema');
  const holder = path.slice(0, -1).reduce<unknown>((at, key) => fieldOf(fieldOf(at, 'properties'), key), schema);
  Reflect.deleteProperty(fieldOf(holder, 'properties') as object, path.at(-1) ?? '');
  return copy;
}

describe('F65 a CRD that goes or gets older while the operator runs', () => {
  test('F65 the CRD of BaselinePolicies becomes an older one: NetworkPolicies are written, no BaselinePolicy is, so that its spec is whole once the right CRD is back', async () => {
    const clock = new ManualClock();
    const operator = await protectedTeam(clock);
    await serve(without('baselinepolicies', ['spec', 'allow', 'sameNamespace']));
    await eventually(() => operator.runtime.servedKinds.check().ok).toBe(false);
    const { resourceVersion } = (await policy()).metadata;
    await stage.scene.people.namespace('team-b', OPTED_IN);
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await stage.pass(clock, 5 * MINUTE_MS);
    expect(await stage.scene.people.networkPolicyNames('team-b')).toContain('standard.allow-same-namespace');
    expect(await stage.scene.people.networkPolicyNames('team-a')).toContain('standard.default-deny');
    expect((await policy()).metadata.resourceVersion).toBe(resourceVersion);
    expect(operator.runtime.servedKinds.check().message).toContain('spec.allow.sameNamespace');
    expect(
      operator.log.filter(({ level, message }) => level === 'error' && message.startsWith('a crd is')),
    ).toHaveLength(1);
    expect(await operator.metrics.page()).toContain(
      'nsbaseline_policy_condition{policy="standard",condition="Stalled"} 1',
    );

    await serve(crdOf('baselinepolicies'));
    await stage.settle(clock, MINUTE_MS);
    expect(fieldOf((await policy()).spec, 'allow')).toEqual({ sameNamespace: { enabled: true } });
    await eventually(() => conditionOf('Ready')).toContain('True Applied');
    expect(operator.runtime.servedKinds.check().ok).toBe(true);
    expect(await stage.scene.people.networkPolicyNames('team-b')).toContain('standard.allow-same-namespace');
    expect(stage.removals).toEqual([]);
  });

  test('F65 the CRD of NamespaceBaselines becomes an older one: none is written, and the BaselinePolicy says so until the right one is back', async () => {
    const clock = new ManualClock();
    await protectedTeam(clock);
    await serve(without('namespacebaselines', ['status', 'weakenedBy']));
    await stage.scene.people.namespace('team-b', OPTED_IN);
    const before = stage.asked.of('patch', 'namespacebaselines');
    await stage.pass(clock, MINUTE_MS);
    expect(await stage.scene.people.networkPolicyNames('team-b')).toContain('standard.default-deny');
    expect(await conditionOf('Ready')).toMatch(/^False CrdOutdated .*status\.weakenedBy.*kubectl apply -f crds/);
    expect(await conditionOf('Stalled')).toMatch(/^True CrdOutdated /);
    expect(stage.asked.of('patch', 'namespacebaselines')).toBe(before);
    await serve(crdOf('namespacebaselines'));
    await stage.settle(clock, MINUTE_MS);
    await eventually(() => conditionOf('Ready')).toContain('True Applied');
  });

  test('F65 the CRD of NamespaceBaselines is deleted: the operator is not ready and says so, until it is there again', async () => {
    const clock = new ManualClock();
    const operator = await protectedTeam(clock);
    valueOf(
      await stage.scene.admin.remove({ type: CUSTOM_RESOURCE_DEFINITIONS, name: 'namespacebaselines.nsbaseline.io' }),
    );
    await stage.pass(clock, MINUTE_MS);
    expect(operator.runtime.servedKinds.check()).toMatchObject({
      ok: false,
      message: expect.stringContaining('namespacebaselines.nsbaseline.io is not installed') as string,
    });
    expect(await conditionOf('Ready')).toMatch(/^False CrdOutdated /);
    valueOf(await stage.scene.admin.create(CUSTOM_RESOURCE_DEFINITIONS, crdOf('namespacebaselines')));
    await stage.settle(clock, 2 * MINUTE_MS);
    expect(operator.runtime.servedKinds.check().ok).toBe(true);
    await eventually(() => conditionOf('Ready')).toContain('True Applied');
  });
});

describe('F66 rights that are missing while the operator runs', () => {
  let clock: ManualClock;
  let operator: InProcess;
  beforeEach(async () => {
    clock = new ManualClock();
    operator = await protectedTeam(clock);
  });

  test.each(['patch', 'create'])(
    'F66 without the right to %s NamespaceBaselines the BaselinePolicy is not Ready, names the permission, and is again once it is back',
    async (verb) => {
      const { access } = stage.scene.server.cluster;
      access.isAllowed = (asked) => asked.verb !== verb || asked.resource !== 'namespacebaselines';
      // The fake does not ask for a create where an apply creates, as the real server does.
      stage.intercept((request) =>
        request.verb === 'patch' && request.resource === 'namespacebaselines' && verb === 'create'
          ? { kind: 'respond', status: 403, body: JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden' }) }
          : undefined,
      );
      await stage.scene.people.namespace('team-b', OPTED_IN);
      await stage.pass(clock, 10_000);
      expect(await stage.scene.people.networkPolicyNames('team-b')).toEqual(expect.arrayContaining([...standardSet()]));
      expect(await conditionOf('Ready')).toMatch(
        new RegExp(`^False Forbidden .*${verb} namespacebaselines.nsbaseline.io in namespace team-b`),
      );
      expect(operator.log.filter(({ message }) => message === 'namespace baselines cannot be written')).toHaveLength(1);
      expect(await operator.metrics.page()).toMatch(
        /writes_total\{kind="NamespaceBaseline",verb="apply",result="refused"\} [1-9]/,
      );
      access.isAllowed = () => true;
      stage.intercept(undefined);
      await stage.settle(clock, 2 * MINUTE_MS);
      await eventually(() => conditionOf('Ready')).toContain('True Applied');
    },
  );

  test('F66 a NamespaceBaseline that admission refuses is no matter of the whole policy, and is logged', async () => {
    const { cluster } = stage.scene.server;
    stage.intercept((request) =>
      request.verb === 'patch' && request.resource === 'namespacebaselines'
        ? { kind: 'respond', status: 403, body: JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden' }) }
        : undefined,
    );
    await stage.scene.people.namespace('team-b', OPTED_IN);
    await stage.pass(clock, 10_000);
    expect(cluster).toBeDefined();
    expect(await conditionOf('Ready')).toContain('True Applied');
    expect(operator.log.filter(({ message }) => message === 'namespace baselines cannot be written')).toHaveLength(1);
    stage.intercept(undefined);
    await stage.settle(clock, 2 * MINUTE_MS);
    expect(operator.log.some(({ message }) => message === 'namespace baselines are written again')).toBe(true);
  });

  test('F66 without the right to write the status of a BaselinePolicy the log says so, once', async () => {
    const { access } = stage.scene.server.cluster;
    access.isAllowed = ({ resource }) => resource !== 'baselinepolicies/status';
    await stage.scene.people.namespace('team-b', OPTED_IN);
    await stage.pass(clock, MINUTE_MS);
    expect(operator.log.filter(({ message }) => message === 'status was refused')).toHaveLength(1);
    access.isAllowed = () => true;
    await stage.settle(clock, MINUTE_MS);
  });
});
