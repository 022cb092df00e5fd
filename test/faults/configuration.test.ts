import { beforeEach, describe, expect, test } from 'vitest';
import { fieldOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import { baselinePolicyCauses } from '../support/fake-api/nsbaseline-api-server.ts';
import { crdOf } from '../support/operators/fake-test-cluster.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const FIVE_MINUTES_MS = 300_000;
/** Within this, in milliseconds, a watch has found that its type is served again, and whatever waits was tried again. */
const COMEBACK_MS = 70_000;
const TEAMS = ['team-a', 'team-b', 'team-c'];

beforeEach(async () => {
  await stage.scene.people.baselinePolicy('standard', {});
});

async function protectedTeams(clock: ManualClock): Promise<void> {
  await stage.start({ clock });
  for (const name of TEAMS) {
    await stage.scene.people.namespace(name, OPTED_IN);
  }
  await stage.settle(clock, 60_000);
}

const everyRequest = (): number => Object.values(stage.asked.all()).reduce((sum, count) => sum + count, 0);
const sets = async (): Promise<unknown> =>
  Promise.all(TEAMS.map((name) => stage.scene.people.networkPolicyNames(name)));
const everySet = TEAMS.map(() => standardSet());

async function removeCrd(plural: string): Promise<void> {
  valueOf(await stage.scene.admin.remove({ type: CUSTOM_RESOURCE_DEFINITIONS, name: `${plural}.nsbaseline.io` }));
}

describe('F37 F46 the CRDs', () => {
  test('F46 F37 both go at once, and with them every policy and report: no NetworkPolicy goes, nothing is asked in a hot loop, and all is taken over when they are back', async () => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    for (const plural of ['baselinepolicies', 'namespacebaselines']) {
      await removeCrd(plural);
    }
    const before = everyRequest();
    await stage.pass(clock, FIVE_MINUTES_MS);
    expect(await sets()).toEqual(everySet);
    // Two types that are looked for every two seconds by a list or a watch, and the others, which are watched.
    expect(everyRequest() - before).toBeLessThan(2 * 150 * 2 + 50);
    for (const plural of ['namespacebaselines', 'baselinepolicies']) {
      valueOf(await stage.scene.admin.create(CUSTOM_RESOURCE_DEFINITIONS, crdOf(plural)));
    }
    await stage.scene.people.baselinePolicy('standard', {});
    await stage.settle(clock, COMEBACK_MS);
    expect(stage.removals).toEqual([]);
  });

  test('F37 they come and go again and again: no NetworkPolicy goes, and all is as declared at the end', async () => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    for (let round = 0; round < 5; round += 1) {
      for (const plural of ['baselinepolicies', 'namespacebaselines']) {
        await removeCrd(plural);
      }
      await stage.pass(clock, 700, 100);
      for (const plural of ['baselinepolicies', 'namespacebaselines']) {
        valueOf(await stage.scene.admin.create(CUSTOM_RESOURCE_DEFINITIONS, crdOf(plural)));
      }
      await stage.scene.people.baselinePolicy('standard', {});
      await stage.pass(clock, 900, 100);
    }
    await stage.settle(clock, COMEBACK_MS);
    expect(await sets()).toEqual(everySet);
    expect(stage.removals).toEqual([]);
  });

  test.each([
    [
      'an older one, which does not know a field that we write',
      (schema: Record<string, unknown>) => {
        delete schema.inPlace;
      },
    ],
    [
      'a newer one, which knows more',
      (schema: Record<string, unknown>) => {
        schema.later = { type: 'string' };
      },
    ],
  ])(
    'F37 the CRD of NamespaceBaselines becomes %s: protection goes on, and no report is written in a hot loop',
    async (_what, edit) => {
      const clock = new ManualClock();
      await protectedTeams(clock);
      const crd = valueOf(
        await stage.scene.admin.get({ type: CUSTOM_RESOURCE_DEFINITIONS, name: 'namespacebaselines.nsbaseline.io' }),
      );
      valueOf(await stage.scene.admin.replace(CUSTOM_RESOURCE_DEFINITIONS, withEntry(crd, edit)));
      const before = stage.requests();
      await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
      await stage.scene.people.namespace('team-d', OPTED_IN);
      await stage.pass(clock, FIVE_MINUTES_MS);
      expect(await stage.scene.people.networkPolicyNames('team-d')).toEqual(standardSet());
      expect(await sets()).toEqual(everySet);
      expect(stage.requests() - before).toBeLessThan(60);
      valueOf(
        await stage.scene.admin.replace(CUSTOM_RESOURCE_DEFINITIONS, {
          ...crdOf('namespacebaselines'),
          metadata: {
            ...crd.metadata,
            resourceVersion: versionOf(
              await stage.scene.admin.get({
                type: CUSTOM_RESOURCE_DEFINITIONS,
                name: 'namespacebaselines.nsbaseline.io',
              }),
            ),
          },
        }),
      );
      await stage.settle(clock, COMEBACK_MS);
    },
  );
});

function versionOf(answer: Parameters<typeof valueOf<KubeObject>>[0]): string {
  return valueOf(answer).metadata.resourceVersion ?? '';
}

/** The CRD with another schema for the entries of a NamespaceBaseline. */
function withEntry(crd: KubeObject, edit: (properties: Record<string, unknown>) => void): KubeObject {
  const copy = structuredClone(crd) as KubeObject & {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: object } }[] };
  };
  const entries = ['properties', 'status', 'properties', 'policies', 'items', 'properties'].reduce<unknown>(
    (at, key) => fieldOf(at, key),
    copy.spec.versions[0]?.schema.openAPIV3Schema,
  );
  edit(entries as Record<string, unknown>);
  return copy;
}

describe('F37 a policy that flaps', () => {
  test('F37 between valid and invalid: the set stands all the while, and the last spec counts', async () => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    const { cluster } = stage.scene.server;
    const before = stage.asked.of('patch', 'networkpolicies') + stage.asked.of('create', 'networkpolicies');
    for (let round = 0; round < 20; round += 1) {
      cluster.extraCauses = () => [];
      await stage.scene.people.baselinePolicy('standard', { isolate: [] });
      await stage.pass(clock, 50, 50);
      cluster.extraCauses = baselinePolicyCauses;
      await stage.scene.people.baselinePolicy('standard', {});
      await stage.pass(clock, 50, 50);
    }
    await stage.settle(clock, COMEBACK_MS);
    expect(stage.asked.of('patch', 'networkpolicies') + stage.asked.of('create', 'networkpolicies') - before).toBe(0);
  });

  test('F37 F13 deleted and created anew again and again: the set stands all the while, and belongs to the last', async () => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    for (let round = 0; round < 20; round += 1) {
      await stage.scene.people.removeBaselinePolicy('standard');
      await stage.pass(clock, round % 2 === 0 ? 0 : 50, 50);
      await stage.scene.people.baselinePolicy('standard', {});
      await stage.pass(clock, round % 3 === 0 ? 0 : 50, 50);
    }
    await stage.settle(clock, COMEBACK_MS);
    expect(stage.removals).toEqual([]);
  });

  test('F37 between two specs, two hundred times: the last one stands, and its status is not written more than once a second', async () => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    stage.expectRemovals(TEAMS.map((name) => `${name}/standard.allow-same-namespace`));
    const before = stage.asked.of('patch', 'baselinepolicies');
    for (let round = 0; round < 200; round += 1) {
      await stage.scene.people.baselinePolicy('standard', { allow: { sameNamespace: { enabled: round % 2 === 0 } } });
      if (round % 20 === 0) {
        await stage.pass(clock, 100, 100);
      }
    }
    await stage.settle(clock, COMEBACK_MS);
    expect(stage.asked.of('patch', 'baselinepolicies') - before).toBeLessThan(12);
  });
});

describe('F45 namespaces that nobody should have labelled', () => {
  test.each([
    ['the label', {}],
    ['a selector for everything', { namespaceSelector: {} }],
  ])('F45 the operator’s own and those of the system are left alone, whatever selects them: %s', async (_how, spec) => {
    const clock = new ManualClock();
    await protectedTeams(clock);
    await stage.scene.people.namespace('nsbaseline-system', OPTED_IN);
    await stage.scene.people.createNetworkPolicy('nsbaseline-system', { name: 'standard.default-deny' });
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease']) {
      await stage.scene.people.label(name, OPTED_IN);
    }
    // Seen in DryRun before, or a selector for everything would wait for a confirmation (R9, the guards).
    await stage.scene.people.baselinePolicy('standard', { ...spec, mode: 'DryRun' });
    await stage.settle(clock, 1_000);
    await stage.scene.people.baselinePolicy('standard', spec);
    await stage.settle(clock, COMEBACK_MS);
    await stage.scene.protectedNamespace('later');
    const excluded = ['nsbaseline-system', 'kube-system', 'kube-public', 'kube-node-lease'];
    for (const name of excluded) {
      expect(stage.actor.all(NETWORK_POLICIES, name).map(({ metadata }) => metadata.name)).toEqual(
        name === 'nsbaseline-system' ? ['standard.default-deny'] : [],
      );
      expect(await stage.scene.people.report(name)).toBeUndefined();
    }
  });
});

describe('F38 what throws in the operator itself', () => {
  test('F38 in the work on one namespace: it is tried ever less often and said, the others are protected, and it comes right by itself', async () => {
    const clock = new ManualClock();
    let isBroken = true;
    let throws = 0;
    const bug = (): void => {
      throws += 1;
      throw new Error('a bug');
    };
    const operator = await stage.start({
      clock,
      around: (kube) => ({
        ...kube,
        create: (type, object, options) => {
          if (isBroken && object.metadata.namespace === 'team-b') {
            bug();
          }
          return kube.create(type, object, options);
        },
      }),
    });
    for (const name of TEAMS) {
      await stage.scene.people.namespace(name, OPTED_IN);
    }
    await stage.pass(clock, FIVE_MINUTES_MS);
    expect(await sets()).toEqual([standardSet(), [], standardSet()]);
    expect(throws).toBeGreaterThan(3);
    expect(throws).toBeLessThan(40);
    expect(
      operator.log.some(
        ({ level, fields }) => level === 'error' && fields.namespace === 'team-b' && fields.err instanceof Error,
      ),
    ).toBe(true);
    expect(await operator.metrics.page()).toMatch(/nsbaseline_reconciles_total\{result="panic"\} [1-9]/);
    isBroken = false;
    await stage.settle(clock, COMEBACK_MS);
  });

  test('F38 in telling of it: what is told of is done all the same, for this namespace and for others', async () => {
    const clock = new ManualClock();
    await stage.start({
      clock,
      parts: {
        events: {
          record: () => {
            throw new Error('a bug');
          },
        },
      },
    });
    for (const name of TEAMS) {
      await stage.scene.people.namespace(name, OPTED_IN);
    }
    await stage.scene.people.baselinePolicy('other', { namespaceSelector: { matchLabels: { class: 'other' } } });
    await stage.settle(clock, COMEBACK_MS);
    const before = stage.requests();
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await stage.pass(clock, FIVE_MINUTES_MS);
    expect(await sets()).toEqual(everySet);
    expect(stage.requests() - before).toBeLessThan(40);
  });
});
