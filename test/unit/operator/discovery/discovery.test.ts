import { describe, expect, test } from 'vitest';
import type { ServiceFacts, SliceFacts } from '../../../../src/domain/discovery/sources.ts';
import { Discovery, type DiscoverySources } from '../../../../src/operator/discovery/discovery.ts';
import { DNS_CHECK_INTERVAL_MS, DnsCheck } from '../../../../src/operator/discovery/dns-check.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const openshiftDns: ServiceFacts = {
  namespace: 'openshift-dns',
  name: 'dns-default',
  labels: {},
  selector: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
  clusterIps: ['172.30.0.10'],
  ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' }],
};
const dnsSlice: SliceFacts = {
  namespace: 'openshift-dns',
  service: 'dns-default',
  addresses: ['10.0.0.1'],
  readyAddresses: ['10.0.0.1'],
  ports: [{ name: 'dns', port: 5353, protocol: 'UDP' }],
};

/** A resolver that was there before. */
const gone = { to: [{ ipBlock: { cidr: '10.96.0.53/32' } }], ports: [{ protocol: 'UDP' as const, port: 53 }] };

function apiSlice(addresses: readonly string[]): SliceFacts {
  return {
    namespace: 'default',
    service: 'kubernetes',
    addresses,
    readyAddresses: addresses,
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  };
}

/** A discovery whose cluster the test changes by assigning to `seen`. */
function given(): {
  readonly seen: { dnsSlices: readonly SliceFacts[]; apiServers: readonly string[] };
  readonly discovery: Discovery;
  readonly clock: ManualClock;
  readonly sources: DiscoverySources;
} {
  const seen = { dnsSlices: [dnsSlice], apiServers: ['10.0.0.1', '10.0.0.2'] };
  const clock = new ManualClock();
  const sources: DiscoverySources = {
    dns: () => ({ services: [openshiftDns], slices: seen.dnsSlices }),
    apiServer: () => ({ services: [], slices: [apiSlice(seen.apiServers)] }),
    nameservers: undefined,
  };
  return { seen, discovery: new Discovery(sources, clock, () => undefined), clock, sources };
}

const dnsPorts = (discovery: Discovery): readonly unknown[] =>
  (discovery.state.discovered.dns?.egress ?? []).flatMap(({ ports }) => (ports ?? []).map(({ port }) => port));
const apiServers = (discovery: Discovery): readonly string[] =>
  (discovery.state.discovered.apiServer?.endpoints ?? []).map(({ address }) => address);

describe('R14 F54 discovered addresses stay through a moment in which they cannot be seen', () => {
  test('the port of a resolver whose endpoints are away stays, also over a restart', () => {
    const { seen, discovery, clock, sources } = given();
    discovery.look();
    expect(dnsPorts(discovery)).toEqual([5353, 5353, 53, 53]);
    seen.dnsSlices = [{ ...dnsSlice, addresses: [], readyAddresses: [], ports: [] }];
    discovery.look();
    expect(dnsPorts(discovery)).toEqual([5353, 5353, 53, 53]);
    const restarted = new Discovery(sources, clock, () => undefined);
    restarted.restore(discovery.state.discovered);
    restarted.look();
    expect(dnsPorts(restarted)).toEqual([5353, 5353, 53, 53]);
  });

  test('the next leader keeps what the last one stored and it never saw itself, for ten minutes', async () => {
    const { seen, discovery, clock, sources } = given();
    const standby = new Discovery(sources, clock, () => undefined);
    standby.look();
    seen.apiServers = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
    seen.dnsSlices = [{ ...dnsSlice, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] }];
    discovery.look();
    const { dns, ...others } = discovery.state.discovered;
    const stored = { ...others, ...(dns === undefined ? {} : { dns: { ...dns, egress: [...dns.egress, gone] } }) };
    seen.apiServers = ['10.0.0.1', '10.0.0.2'];
    standby.recall(stored);
    expect(apiServers(standby)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    expect(standby.state.discovered.dns?.egress).toContainEqual(gone);
    await clock.advance(600_001);
    standby.look();
    expect(apiServers(standby)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(standby.state.discovered.dns?.egress).not.toContainEqual(gone);
  });

  test('an API server endpoint goes ten minutes after it was first missed, however long before that nobody looked', async () => {
    const { seen, discovery, clock } = given();
    discovery.look();
    await clock.advance(595_000);
    seen.apiServers = ['10.0.0.1'];
    discovery.look();
    await clock.advance(599_000);
    discovery.look();
    expect(apiServers(discovery)).toEqual(['10.0.0.1', '10.0.0.2']);
    await clock.advance(1_000);
    discovery.look();
    expect(apiServers(discovery)).toEqual(['10.0.0.1']);
  });

  test('an API server endpoint that comes back in time is as good as one that never went', async () => {
    const { seen, discovery, clock } = given();
    for (const servers of [['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['10.0.0.1']]) {
      discovery.look();
      await clock.advance(400_000);
      seen.apiServers = servers;
      discovery.look();
    }
    await clock.advance(400_000);
    discovery.look();
    expect(apiServers(discovery)).toEqual(['10.0.0.1', '10.0.0.2']);
  });
});

describe('R14 the DNS of the cluster is believed', () => {
  const nameserver = '10.0.0.10';
  const unready = { ...dnsSlice, readyAddresses: [] };

  /** A discovery that sees these Services and slices, with a check that is answered if `seen.isAnswering`. */
  function asking(facts: {
    readonly services?: readonly ServiceFacts[];
    readonly slices?: readonly SliceFacts[];
    readonly nameservers?: readonly string[];
    readonly also?: readonly string[];
    readonly isAsking?: boolean;
  }): {
    readonly discovery: Discovery;
    readonly seen: { slices: readonly SliceFacts[]; isAnswering: boolean };
    readonly clock: ManualClock;
  } {
    const clock = new ManualClock();
    const { services = [], slices = [], nameservers, also, isAsking = true } = facts;
    const seen = { slices, isAnswering: false };
    const dnsCheck = new DnsCheck({
      clock,
      askResolver: () => Promise.resolve(seen.isAnswering),
      onChange: () => {
        discovery.look();
      },
    });
    const sources: DiscoverySources = {
      dns: () => ({ services, slices: seen.slices }),
      apiServer: () => ({ services: [], slices: [] }),
      nameservers,
      ...(also === undefined ? {} : { dnsAlso: also }),
      ...(isAsking ? { dnsCheck } : {}),
    };
    const discovery: Discovery = new Discovery(sources, clock, () => undefined);
    discovery.look();
    return { discovery, seen, clock };
  }
  const openshift = { services: [openshiftDns], slices: [dnsSlice] };

  test('when a resolver has a ready endpoint, whether it answers or not', () => {
    expect(asking(openshift).discovery.state.dns).toBe('current');
    expect(asking({ ...openshift, isAsking: false }).discovery.state.dns).toBe('current');
  });

  test('05 when a nameserver without endpoints answers, and not before', async () => {
    const { discovery, seen, clock } = asking({ nameservers: [nameserver] });
    expect(discovery.state.dns).toBe('unanswered');
    expect(discovery.state.discovered.dns).toMatchObject({ unanswered: true });
    seen.isAnswering = true;
    await clock.advance(DNS_CHECK_INTERVAL_MS);
    expect(discovery.state.dns).toBe('current');
    expect(discovery.state.discovered.dns).not.toHaveProperty('unanswered');
  });

  test('05 as it is, where nobody asks and there are no endpoints to judge', () => {
    expect(asking({ nameservers: [nameserver], isAsking: false }).discovery.state.dns).toBe('current');
    expect(asking({ also: [nameserver], isAsking: false }).discovery.state.dns).toBe('current');
  });

  test('06 not when a Service has no ready endpoint and does not answer, or nobody asks', () => {
    const facts = { services: [openshiftDns], slices: [unready], nameservers: openshiftDns.clusterIps };
    expect(asking(facts).discovery.state.dns).toBe('unanswered');
    expect(asking({ ...facts, isAsking: false }).discovery.state.dns).toBe('unanswered');
    expect(asking({ services: [openshiftDns] }).discovery.state.dns).toBe('unanswered');
  });

  test('not when nothing is found', () => {
    expect(asking({}).discovery.state).toEqual({ discovered: {}, dns: 'notFound' });
  });

  test('for good once it was: what goes away later is stale, also after a restart', () => {
    const { discovery, seen } = asking(openshift);
    seen.slices = [unready];
    discovery.look();
    expect(discovery.state.dns).toBe('stale');
    expect(discovery.state.discovered.dns).not.toHaveProperty('unanswered');
    const restarted = asking({ services: [openshiftDns], slices: [unready] }).discovery;
    restarted.restore(discovery.state.discovered);
    restarted.look();
    expect(restarted.state.dns).toBe('stale');
  });

  test('never by a restart alone', () => {
    const facts = { services: [openshiftDns], slices: [unready] };
    const { discovery } = asking(facts);
    const restarted = asking(facts).discovery;
    restarted.restore(discovery.state.discovered);
    expect(restarted.state.dns).toBe('unanswered');
    restarted.look();
    expect(restarted.state.dns).toBe('unanswered');
  });

  test('R15 by a new leader if the one before did, whatever it sees itself', () => {
    const leader = asking(openshift).discovery;
    for (const services of [[openshiftDns], []]) {
      const standby = asking({ services }).discovery;
      standby.believe(leader.state.discovered);
      expect(standby.state.dns).toBe('stale');
      standby.look();
      expect(standby.state.dns).toBe('stale');
    }
  });

  test('R15 by no new leader if the one before did not', () => {
    const leader = asking({ services: [openshiftDns], slices: [unready] }).discovery;
    const standby = asking({}).discovery;
    standby.believe(leader.state.discovered);
    expect(standby.state.dns).toBe('notFound');
  });
});
