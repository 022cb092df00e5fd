import { beforeEach, describe, expect, test } from 'vitest';
import { CONDITIONS } from '../../src/api/names.ts';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES, ENDPOINT_SLICES, NETWORK_POLICIES, SERVICES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, standardSet } from '../support/actors/actors.ts';
import type { InProcess } from '../support/operators/in-process.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const { scene } = stage;
const KUBE_DNS = { namespace: 'kube-system', name: 'kube-dns' };
const PEERS = [{ ipBlock: { cidr: '10.0.0.10/32' } }];

const entry = async (namespace: string): Promise<unknown> =>
  itemsOf(fieldOf(await scene.people.report(namespace), 'policies'))[0];
const doubt = (): Promise<string> => scene.people.condition('standard', CONDITIONS.discoveryStale);

function withoutDns(): void {
  stage.actor.remove(SERVICES, KUBE_DNS);
  stage.actor.remove(ENDPOINT_SLICES, { ...KUBE_DNS, name: 'kube-dns-1' });
}

/** Waits until the operator has looked at a namespace in which it may not write yet. */
async function waits(namespace: string, reason: 'DnsNotFound' | 'DnsUnanswered'): Promise<void> {
  await eventually(() => entry(namespace)).toMatchObject({ phase: 'Pending', reason, managed: [] });
  await eventually(doubt).toBe(`True ${reason}`);
  expect(stage.actor.all(NETWORK_POLICIES, namespace)).toEqual([]);
}

beforeEach(async () => {
  await scene.people.baselinePolicy('standard', {});
});

describe('R14 in a cluster whose DNS was never believed', () => {
  test('05 without a DNS Service nothing is newly isolated, the status says how to go on, and a resolver that becomes ready ends it', async () => {
    withoutDns();
    const clock = new ManualClock();
    await stage.start({ clock });
    await scene.people.namespace('team-a', OPTED_IN);
    await stage.pass(clock, 5_000);
    await waits('team-a', 'DnsNotFound');
    await eventually(() => scene.people.conditionMessage('standard', CONDITIONS.discoveryStale)).toMatch(
      /^1 namespace waits: team-a\..*spec\.allow\.dns\.to.*spec\.allow\.dns\.also.*spec\.allow\.dns\.enabled/s,
    );
    stage.actor.installDns({ isReady: false });
    await stage.pass(clock, 5_000);
    await waits('team-a', 'DnsUnanswered');
    stage.actor.installDns();
    // Time does not go on, so nothing waits for a recheck.
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
    await stage.pass(clock, 2_000);
    await eventually(doubt).toBe('');
  });

  test.each([
    ['names its resolvers', { to: PEERS }],
    ['adds a resolver', { also: PEERS }],
  ])('06 a policy that %s is carried out at once', async (_, dns) => {
    stage.actor.installDns({ isReady: false });
    await stage.start();
    await scene.people.namespace('team-a', OPTED_IN);
    await waits('team-a', 'DnsUnanswered');
    await scene.people.baselinePolicy('standard', { allow: { dns } });
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    await eventually(doubt).toBe('');
  });

  test('06 a namespace whose egress is isolated stays so and is repaired, whatever waits beside it', async () => {
    stage.actor.installDns({ isReady: false });
    await scene.people.baselinePolicy('standard', { allow: { dns: { to: PEERS } } });
    await stage.start();
    await scene.people.namespace('team-a', OPTED_IN);
    await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
    await scene.people.baselinePolicy('standard', {});
    await eventually(doubt).toBe('True DnsUnanswered');
    await scene.people.namespace('team-b', OPTED_IN);
    await waits('team-b', 'DnsUnanswered');
    for (const name of standardSet()) {
      await scene.people.removeNetworkPolicy('team-a', name);
    }
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
    expect(stage.removals).toEqual([]);
  });

  test('a namespace that moves to it from a policy for ingress keeps that until its own set stands', async () => {
    stage.actor.installDns({ isReady: false });
    const selecting = (set: string): object => ({ namespaceSelector: { matchLabels: { set } } });
    await scene.people.baselinePolicy('before', {
      ...selecting('before'),
      isolate: ['Ingress'],
      removal: { grace: '0s' },
    });
    await scene.people.baselinePolicy('after', selecting('after'));
    await stage.start();
    await scene.people.namespace('team-a', { set: 'before' });
    await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
    const before = await scene.people.networkPolicyNames('team-a');
    await scene.people.label('team-a', { set: 'after' });
    await eventually(() => scene.people.condition('after', CONDITIONS.discoveryStale)).toBe('True DnsUnanswered');
    await eventually(async () => JSON.stringify(await scene.people.report('team-a'))).toContain('DnsUnanswered');
    expect(await scene.people.networkPolicyNames('team-a')).toEqual(before);
    stage.expectRemovals(before.map((name) => `team-a/${name}`));
    stage.actor.installDns();
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet('after'));
  });

  test('R10 a restart neither ends the wait nor brings it back', async () => {
    stage.actor.installDns({ isReady: false });
    const restarted = async (operator: InProcess): Promise<InProcess> => {
      await operator.close();
      return await stage.start();
    };
    const first = await stage.start();
    await scene.people.namespace('team-a', OPTED_IN);
    await waits('team-a', 'DnsUnanswered');
    await eventually(() =>
      Promise.resolve(stage.actor.read(BASELINE_POLICIES, { name: 'standard' })?.status),
    ).toMatchObject({ discovered: { dns: { unanswered: true } } });
    const second = await restarted(first);
    await scene.people.namespace('team-b', OPTED_IN);
    await waits('team-b', 'DnsUnanswered');
    await waits('team-a', 'DnsUnanswered');
    stage.actor.installDns();
    await eventually(() => scene.phaseOf('team-b')).toBe('Protected');
    await eventually(doubt).toBe('');
    stage.actor.installDns({ isReady: false });
    await eventually(doubt).toBe('True DnsStale');
    await restarted(second);
    await scene.people.namespace('team-c', OPTED_IN);
    await eventually(() => scene.phaseOf('team-c')).toBe('Protected');
  });

  test('05 a nameserver of the pod that begins to answer is believed, and what waits is isolated', async () => {
    withoutDns();
    const clock = new ManualClock();
    const resolver = { isAnswering: false };
    await stage.start({
      clock,
      parts: { dnsAlso: ['10.0.0.10'], askResolver: () => Promise.resolve(resolver.isAnswering) },
    });
    await scene.people.namespace('team-a', OPTED_IN);
    await stage.pass(clock, 10_000);
    await waits('team-a', 'DnsUnanswered');
    resolver.isAnswering = true;
    await stage.pass(clock, 62_000);
    await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    await eventually(() => scene.phaseOf('team-a')).toBe('Protected');
  });
});
