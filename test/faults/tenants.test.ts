import { beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATIONS, API_VERSION, FIELD_MANAGER, LABELS } from '../../src/api/names.ts';
import { fieldOf, itemsOf, textOf } from '../../src/base/json.ts';
import { apiVersionOf } from '../../src/kube/client/resource-type.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import type { InProcess } from '../support/operators/in-process.ts';
import { faultCluster, standing } from './fault-cluster.ts';
import { rivalOn } from './rival.ts';

const stage = faultCluster();
const FIGHT_MS = 120_000;
const TEN_MINUTES_MS = 600_000;
/** Between looks while nothing is expected to happen, in milliseconds. */
const SELDOM_MS = 10_000;
const OPEN = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] };
/** Five times at once, and then once in ten seconds, or in one, until the fight is over. */
const PACED = 5 + FIGHT_MS / 10_000 + 5;
const PACED_DENY = 5 + FIGHT_MS / 1_000 + 5;

beforeEach(async () => {
  await stage.scene.people.baselinePolicy('standard', {});
});

const reason = async (namespace: string): Promise<unknown> =>
  fieldOf(itemsOf(fieldOf(await stage.scene.people.report(namespace), 'policies'))[0], 'reason');

async function metric(operator: InProcess, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await operator.metrics.page())?.[1]);
}

async function protectedAt(clock: ManualClock, ...namespaces: readonly string[]): Promise<InProcess> {
  const operator = await stage.start({ clock });
  for (const name of namespaces) {
    await stage.scene.people.namespace(name, OPTED_IN);
  }
  await stage.settle(clock, 60_000);
  return operator;
}

describe('F22 somebody who fights us', () => {
  test.each([
    ['standard.allow-monitoring', PACED],
    ['standard.default-deny', PACED_DENY],
  ])(
    'F22 over %s: our rate is bounded, it is Contested and counted for an alert, nobody else waits, and it is over when he stops',
    async (name, most) => {
      const clock = new ManualClock();
      const operator = await protectedAt(clock, 'team-a', 'team-b');
      const key = { namespace: 'team-a', name };
      const before = stage.requests();
      const tamper = (): Promise<void> =>
        stage.scene.people.editNetworkPolicy('team-a', name, (object) => ({ ...object, spec: OPEN }));
      const rival = rivalOn(stage, { type: NETWORK_POLICIES, ...key, act: tamper });
      await stage.pass(clock, FIGHT_MS);
      expect(rival.acts).toBeGreaterThan(5);
      expect(rival.acts).toBeLessThan(most);
      // For each act: a write, a look at who the rival is, and two reports, as the isolation is undone for a moment.
      expect(stage.requests() - before).toBeLessThan(4 * most);
      expect(await reason('team-a')).toBe('Contested');
      expect(await metric(operator, 'nsbaseline_contested_objects')).toBe(1);
      expect(await stage.scene.people.condition('standard', 'AllProtected')).toBe('False NotAllInPlace');
      expect(await stage.scene.phaseOf('team-b')).toBe('Protected');
      await rival.stop();
      await stage.pass(clock, TEN_MINUTES_MS + 60_000, SELDOM_MS);
      expect(stage.problems()).toEqual([]);
      expect(await metric(operator, 'nsbaseline_contested_objects')).toBe(0);
    },
  );

  test('F22 F35 over what a NamespaceBaseline says, as an operator of another version does: both writes are rare, and it is counted for an alert', async () => {
    const clock = new ManualClock();
    const operator = await protectedAt(clock, 'team-a', 'team-b');
    const other = secondOperator();
    const before = stage.asked.of('patch', 'namespacebaselines') + stage.asked.of('update', 'namespacebaselines');
    const rival = rivalOn(stage, {
      type: NAMESPACE_BASELINES,
      namespace: 'team-a',
      name: 'baseline',
      act: () => other.apply(NAMESPACE_BASELINES, theirReport('team-a')),
    });
    await stage.pass(clock, FIGHT_MS);
    expect(rival.acts).toBeGreaterThan(5);
    expect(
      stage.asked.of('patch', 'namespacebaselines') + stage.asked.of('update', 'namespacebaselines') - before,
    ).toBeLessThan(4 * PACED);
    expect(await metric(operator, 'nsbaseline_contested_objects')).toBe(1);
    await rival.stop();
    await stage.pass(clock, TEN_MINUTES_MS + 60_000, SELDOM_MS);
    expect(stage.problems()).toEqual([]);
    expect(await metric(operator, 'nsbaseline_contested_objects')).toBe(0);
    await other.close();
  });

  /** Writes under our own name, as every version of the operator does. */
  function secondOperator(): HttpKubeClient {
    return createKubeClient({
      cluster: stage.scene.server.asCluster(),
      fieldManager: FIELD_MANAGER,
      userAgent: 'other/2',
    });
  }

  function theirReport(
    namespace: string,
  ): { readonly metadata: object; readonly status: object } & Record<string, unknown> {
    const status = { phase: 'Pending', policies: [], conditions: [] };
    return { apiVersion: API_VERSION, kind: 'NamespaceBaseline', metadata: { name: 'baseline', namespace }, status };
  }
});

describe('F23 egress that is added to our object', () => {
  const opened = {
    apiVersion: apiVersionOf(NETWORK_POLICIES),
    kind: NETWORK_POLICIES.kind,
    metadata: { name: 'standard.default-deny', namespace: 'team-a' },
    spec: { egress: [{}], ingress: [{}] },
  };
  const rules = async (): Promise<unknown> => {
    const spec = standing(await stage.scene.people.networkPolicy('team-a', 'standard.default-deny')).spec;
    return [fieldOf(spec, 'egress'), fieldOf(spec, 'ingress')];
  };

  test('F23 by an apply of another manager is taken back with one write, while running and after a restart', async () => {
    const operator = await stage.start();
    await stage.scene.protectedNamespace('team-a');
    valueOf(await stage.scene.admin.apply(NETWORK_POLICIES, opened));
    await eventually(rules).toEqual([undefined, undefined]);
    await eventually(() => stage.problems()).toEqual([]);
    await operator.close();
    valueOf(await stage.scene.admin.apply(NETWORK_POLICIES, opened));
    const before = stage.asked.of('patch', 'networkpolicies');
    await stage.start();
    await eventually(rules).toEqual([undefined, undefined]);
    await eventually(() => stage.problems()).toEqual([]);
    expect(stage.asked.of('patch', 'networkpolicies') - before).toBe(1);
  });
});

describe('F24 a tenant who was there first', () => {
  test.each(['standard.default-deny', 'standard.allow-dns', 'standard.allow-monitoring'])(
    'F24 under the name %s: it stays byte for byte, it is said, the gate stays shut where it counts, and adopting it makes it ours',
    async (name) => {
      const clock = new ManualClock();
      await stage.start({ clock });
      await stage.scene.people.namespace('team-a');
      const theirs = await stage.scene.people.createNetworkPolicy(
        'team-a',
        { name, labels: { owner: 'tenant' } },
        OPEN,
      );
      await stage.scene.people.label('team-a', OPTED_IN);
      const before = stage.requests();
      await stage.pass(clock, TEN_MINUTES_MS, SELDOM_MS);
      expect(await stage.scene.people.networkPolicy('team-a', name)).toEqual(theirs);
      expect(stage.requests() - before).toBeLessThan(60);
      const entry = itemsOf(fieldOf(await stage.scene.people.report('team-a'), 'policies'))[0];
      expect(fieldOf(entry, 'inPlace')).toBe(name === 'standard.allow-monitoring');
      expect(fieldOf(entry, 'phase')).toBe(name === 'standard.allow-dns' ? 'Failed' : 'Conflict');
      await stage.scene.people.editNetworkPolicy('team-a', name, (object) => ({
        ...object,
        metadata: { ...object.metadata, annotations: { [ANNOTATIONS.adopt]: 'true' } },
      }));
      await eventually(() => stage.scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
      await stage.settle(clock, 60_000);
    },
  );
});

describe('F25 a GitOps tool that holds the same object for its own', () => {
  const key = { namespace: 'team-a', name: 'standard.allow-monitoring' };
  /** What each tool makes of the object when it syncs. */
  const tools = {
    'Argo CD': {
      labels: {
        [LABELS.managedBy]: 'nsbaseline',
        [LABELS.policy]: 'standard',
        'argocd.argoproj.io/instance': 'network',
      },
      spec: OPEN,
    },
    Helm: { labels: { [LABELS.managedBy]: 'Helm', 'helm.sh/chart': 'network-1.0.0' }, spec: undefined },
    Flux: { labels: { [LABELS.managedBy]: 'flux', 'kustomize.toolkit.fluxcd.io/name': 'network' }, spec: OPEN },
  };

  test.each(Object.entries(tools))(
    'F25 %s undoes each of our writes: our rate is bounded, the others stand, and it is over when it stops',
    async (_tool, { labels, spec }) => {
      const clock = new ManualClock();
      await protectedAt(clock, 'team-a');
      const sync = (): Promise<void> =>
        stage.scene.people.editNetworkPolicy('team-a', key.name, (object) => ({
          ...object,
          metadata: { ...object.metadata, labels },
          spec: spec ?? object.spec,
        }));
      const rival = rivalOn(stage, { type: NETWORK_POLICIES, ...key, act: sync });
      await stage.pass(clock, FIGHT_MS);
      expect(rival.acts).toBeGreaterThan(5);
      expect(rival.acts).toBeLessThan(PACED);
      expect(await reason('team-a')).toBe('Contested');
      for (const name of ['standard.allow-dns', 'standard.default-deny']) {
        expect(
          textOf(
            fieldOf(standing(await stage.scene.people.networkPolicy('team-a', name)).metadata.labels, LABELS.managedBy),
          ),
        ).toBe('nsbaseline');
      }
      await rival.stop();
      await stage.pass(clock, TEN_MINUTES_MS + 60_000, SELDOM_MS);
      expect(stage.problems()).toEqual([]);
    },
  );

  test('F25 what a tool brings from Git under our names, as nsbaseline renders it, stays the tool’s', async () => {
    const clock = new ManualClock();
    await stage.start({ clock });
    await stage.scene.people.namespace('team-a');
    const theirs = await stage.scene.people.createNetworkPolicy('team-a', {
      name: key.name,
      labels: {
        [LABELS.managedBy]: FIELD_MANAGER,
        [LABELS.policy]: 'standard',
        'argocd.argoproj.io/instance': 'network',
      },
    });
    await stage.scene.people.label('team-a', OPTED_IN);
    await stage.pass(clock, TEN_MINUTES_MS, SELDOM_MS);
    expect(await stage.scene.people.networkPolicy('team-a', key.name)).toEqual(theirs);
    expect(await reason('team-a')).toBe('ForeignObject');
    expect(stage.problems()).toEqual([]);
  });
});
