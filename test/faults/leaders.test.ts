import { afterEach, describe, expect, test } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../src/api/names.ts';
import { fieldOf, fieldsOf, itemsOf, textOf } from '../../src/base/json.ts';
import { specHash } from '../../src/domain/rendering/comparison.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { LEASES } from '../../src/kube/lease/lease-record.ts';
import { NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { eventually, OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import { fakeTestCluster } from '../support/operators/fake-test-cluster.ts';
import { type Replica, type ReplicaOptions, startReplica } from '../support/operators/replica.ts';

const scene = fakeTestCluster();
const replicas: Replica[] = [];

afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.close()));
});

async function start(identity: string, options: Partial<ReplicaOptions> = {}): Promise<Replica> {
  const replica = await startReplica({ server: scene.server, identity, ...options });
  replicas.push(replica);
  return replica;
}

/** A leader and a standby, the policy `standard` accepted, and the namespace `team-a` protected. */
async function pair(
  options: { readonly leader?: Partial<ReplicaOptions>; readonly standby?: Partial<ReplicaOptions> } = {},
): Promise<{ leader: Replica; standby: Replica }> {
  await scene.people.namespace('nsbaseline-system');
  const leader = await start('leader', options.leader);
  await eventually(() => leader.isLeading()).toBe(true);
  const standby = await start('standby', options.standby);
  await scene.people.baselinePolicy('standard', { removal: { grace: '0s' } });
  await scene.protectedNamespace('team-a');
  await eventually(() => scene.people.condition('standard', 'Ready')).toBe('True Applied');
  return { leader, standby };
}

async function isProtected(namespace: string): Promise<void> {
  await eventually(() => scene.people.networkPolicyNames(namespace)).toEqual(standardSet());
}

describe('R15 F35 two operators of one version', () => {
  test('R15 F35 only the leader writes', async () => {
    const { leader, standby } = await pair();
    await scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await isProtected('team-a');
    await scene.people.namespace('team-b', OPTED_IN);
    await isProtected('team-b');
    expect([leader.isLeading(), standby.isLeading()]).toEqual([true, false]);
    expect(standby.writes).toEqual([]);
  });

  test('R15 F30 after a graceful hand-over the other goes on, and writes nothing that is in place', async () => {
    const { leader, standby } = await pair();
    await leader.close();
    await expect.poll(() => standby.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
    await scene.people.namespace('team-b', OPTED_IN);
    await isProtected('team-b');
    expect(standby.writes.filter((write) => write.includes('team-a/'))).toEqual([]);
  });

  test('R15 F29 after a crash the other takes over, and nothing of what happened meanwhile is missed', async () => {
    const { leader, standby } = await pair();
    await scene.protectedNamespace('team-c');
    leader.cutOff();
    await scene.people.namespace('team-b', OPTED_IN);
    await scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await scene.people.label('team-c', { [LABELS.enabled]: null });
    await isProtected('team-b');
    await isProtected('team-a');
    await eventually(() => scene.people.networkPolicyNames('team-c')).toEqual([]);
    expect(standby.isLeading()).toBe(true);
  });

  test('R15 F35 who cannot reach the Lease any more stops writing before the other leads', async () => {
    const { leader, standby } = await pair();
    leader.loseLease();
    await expect.poll(() => standby.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
    expect(leader.isLeading()).toBe(false);
    const before = leader.writes.length;
    await scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await scene.people.namespace('team-b', OPTED_IN);
    await isProtected('team-a');
    await isProtected('team-b');
    expect(leader.writes.slice(before)).toEqual([]);
  });

  test('R15 a former leader stands by, and can lead again', async () => {
    const { leader, standby } = await pair();
    await leader.close();
    await expect.poll(() => standby.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
    const again = await start('again');
    await standby.close();
    await expect.poll(() => again.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
    await scene.people.removeNetworkPolicy('team-a', 'standard.allow-dns');
    await isProtected('team-a');
  });
});

describe('a standby stands in for a silent leader of its own version', () => {
  const LONG = { leaseDurationMs: 60_000 };
  const HEDGING = { ...LONG, standInAfterMs: 100 };

  test('R6 R15 a standby creates missing NetworkPolicies long before the lease is over, and writes nothing else', async () => {
    const { leader, standby } = await pair({ leader: LONG, standby: HEDGING });
    leader.cutOff();
    await scene.people.namespace('team-b', OPTED_IN);
    await scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await isProtected('team-b');
    await isProtected('team-a');
    expect(standby.isLeading()).toBe(false);
    expect(standby.writes.filter((write) => !write.startsWith('create NetworkPolicy '))).toEqual([]);
    expect(await scene.people.report('team-b')).toBeUndefined();
  });

  test('R3 R15 a standby creates allow-dns first too', async () => {
    const { leader, standby } = await pair({ leader: LONG, standby: HEDGING });
    leader.cutOff();
    await scene.people.namespace('team-b', OPTED_IN);
    await isProtected('team-b');
    expect(standby.writes.find((write) => write.includes('team-b/'))).toBe(
      'create NetworkPolicy team-b/standard.allow-dns',
    );
  });

  test('R5 R15 a standby leaves foreign objects alone', async () => {
    const { leader, standby } = await pair({ leader: LONG, standby: HEDGING });
    leader.cutOff();
    await scene.people.namespace('team-b');
    const foreign = await scene.people.createNetworkPolicy('team-b', { name: 'standard.default-deny' });
    await scene.people.label('team-b', OPTED_IN);
    await eventually(() => scene.people.networkPolicyNames('team-b')).toEqual(standardSet());
    expect(await scene.people.networkPolicy('team-b', 'standard.default-deny')).toEqual(foreign);
    expect(standby.writes).not.toContain('create NetworkPolicy team-b/standard.default-deny');
  });

  test('R9 R15 a standby creates nothing for a policy that the leader has not accepted', async () => {
    const { leader, standby } = await pair({ leader: LONG, standby: HEDGING });
    leader.cutOff();
    await scene.people.baselinePolicy('everyone', { namespaceSelector: {} });
    await scene.people.namespace('team-b', OPTED_IN);
    await isProtected('team-b');
    expect(standby.writes.filter((write) => write.includes('/everyone.'))).toEqual([]);
  });

  test('R15 F35 of another version it waits for the lease', async () => {
    const { leader, standby } = await pair({
      standby: { standInAfterMs: 50, version: '1.1.0' },
    });
    leader.cutOff();
    await scene.people.namespace('team-b', OPTED_IN);
    const led: boolean[] = [];
    await expect
      .poll(
        async () => {
          const names = await scene.people.networkPolicyNames('team-b');
          if (names.length > 0) {
            led.push(standby.isLeading());
          }
          return names;
        },
        { timeout: EVENTUALLY_MS, interval: 20 },
      )
      .toEqual(standardSet());
    expect(led).not.toContain(false);
  });
});

describe('R15 what a newer version rendered', () => {
  const NEWER = '1.1.0';

  /** As if version 1.1.0 rendered the part of `team-a` otherwise, said so in the NamespaceBaseline, and led last. */
  async function renderedByNewer(part: string, spec: unknown): Promise<void> {
    const standing = valueOf(
      await scene.admin.get({ type: NETWORK_POLICIES, namespace: 'team-a', name: `standard.${part}` }),
    );
    const written = valueOf(await scene.admin.replace(NETWORK_POLICIES, { ...standing, spec }));
    const record = valueOf(await scene.admin.get({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' }));
    const entry = fieldsOf(itemsOf(fieldOf(record.status, 'policies'))[0]);
    const managed = itemsOf(entry.managed).map((object) =>
      fieldOf(object, 'name') === written.metadata.name
        ? { ...fieldsOf(object), hash: specHash(written.spec) }
        : object,
    );
    valueOf(
      await scene.admin.replace(NAMESPACE_BASELINES, {
        ...record,
        status: { ...fieldsOf(record.status), policies: [{ ...entry, managed }] },
      }),
    );
    const lease = valueOf(await scene.admin.get({ type: LEASES, namespace: 'nsbaseline-system', name: 'nsbaseline' }));
    valueOf(
      await scene.admin.replace(LEASES, {
        ...lease,
        metadata: { ...lease.metadata, annotations: { [ANNOTATIONS.version]: NEWER } },
      }),
    );
  }

  async function rolledBack(): Promise<KubeObject> {
    const { leader, standby } = await pair();
    await standby.close();
    await leader.close();
    const before = await scene.people.networkPolicy('team-a', 'standard.default-deny');
    await renderedByNewer('default-deny', {
      ...fieldsOf(before?.spec),
      podSelector: { matchExpressions: [{ key: 'nsbaseline.io/of-a-newer-version', operator: 'DoesNotExist' }] },
    });
    const older = await start('older');
    await expect.poll(() => older.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
    await scene.lookAgain('team-a', 'seen');
    return valueOf(
      await scene.admin.get({ type: NETWORK_POLICIES, namespace: 'team-a', name: 'standard.default-deny' }),
    );
  }

  const selectorOf = async (): Promise<unknown> =>
    fieldOf((await scene.people.networkPolicy('team-a', 'standard.default-deny'))?.spec, 'podSelector');

  test('R15 F36 is left as it is by an older one, and counts as in place', async () => {
    const left = await rolledBack();
    expect(fieldOf(left.spec, 'podSelector')).not.toEqual({});
    expect(await scene.phaseOf('team-a')).toBe('Protected');
    const managed = itemsOf(fieldOf(itemsOf(fieldOf(await scene.people.report('team-a'), 'policies'))[0], 'managed'));
    expect(managed.map((object) => textOf(fieldOf(object, 'hash')))).toContain(specHash(left.spec));
  });

  test('R6 R15 is repaired all the same once somebody changes it', async () => {
    await rolledBack();
    await scene.people.editNetworkPolicy('team-a', 'standard.default-deny', (object) => ({
      ...object,
      spec: { ...fieldsOf(object.spec), egress: [{}] },
    }));
    await eventually(selectorOf).toEqual({});
  });

  test('R15 is rendered anew once the policy is edited', async () => {
    await rolledBack();
    await scene.people.baselinePolicy('standard', { allow: { sameNamespace: { enabled: true } } });
    await eventually(selectorOf).toEqual({});
  });
});

test('R15 F36 a rolling upgrade and a rollback write and delete no NetworkPolicy', async () => {
  const { leader, standby } = await pair({ standby: { version: '1.1.0' } });
  const names = Array.from(
    { length: Number(process.env.FAULTS_SCALE ?? 200) },
    (_, index) => `upgraded-${String(index)}`,
  );
  for (const name of names) {
    await scene.people.namespace(name, OPTED_IN);
  }
  await expect.poll(() => scene.phaseOf(names.at(-1) ?? ''), { timeout: EVENTUALLY_MS }).toBe('Protected');
  await leader.close();
  await expect.poll(() => standby.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
  await scene.lookAgain('team-a', 'after-the-upgrade');
  const back = await start('back');
  await standby.close();
  await expect.poll(() => back.isLeading(), { timeout: EVENTUALLY_MS }).toBe(true);
  await scene.lookAgain('team-a', 'after-the-rollback');
  expect([...standby.writes, ...back.writes].filter((write) => write.includes(' NetworkPolicy '))).toEqual([]);
});
