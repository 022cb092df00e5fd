import { describe, expect, test } from 'vitest';
import { discoveredDnsSchema } from '../../../../src/api/baseline-policy-status.ts';
import { type DnsSources, dnsFrom, dnsPortsOf, type FoundDns } from '../../../../src/domain/discovery/dns.ts';
import type { ServiceFacts, SliceFacts } from '../../../../src/domain/discovery/sources.ts';

/** What is found, without what is remembered. */
function found(sources: DnsSources): FoundDns['dns'] | undefined {
  return dnsFrom(sources)?.dns;
}

const ports = [
  { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
  { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
];
const kubeDns: ServiceFacts = {
  namespace: 'kube-system',
  name: 'kube-dns',
  labels: { 'k8s-app': 'kube-dns' },
  selector: { 'k8s-app': 'kube-dns' },
  clusterIps: ['10.96.0.10'],
  ports,
};
const slice: SliceFacts = {
  namespace: 'kube-system',
  service: 'kube-dns',
  addresses: ['10.244.0.2'],
  readyAddresses: ['10.244.0.2'],
  ports: [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    { name: 'metrics', port: 9153, protocol: 'TCP' },
  ],
};
const both = (port: number): unknown => [
  { protocol: 'UDP', port },
  { protocol: 'TCP', port },
];
const pods = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
};

function block(cidr: string): unknown {
  return { ipBlock: { cidr } };
}

describe('R14 the cluster DNS is found', () => {
  test('as the pods of the Service that resolv.conf names, by UDP and TCP', () => {
    expect(found({ services: [kubeDns], slices: [slice], nameservers: ['10.96.0.10'] })).toEqual({
      source: 'kube-system/kube-dns, 10.96.0.10/32',
      egress: [
        { to: [pods], ports: both(53) },
        { to: [block('10.96.0.10/32')], ports: both(53) },
      ],
    });
  });

  test('resolv.conf decides between several', () => {
    const other = { ...kubeDns, name: 'rke2-coredns', selector: { app: 'coredns' }, clusterIps: ['10.43.0.10'] };
    expect(found({ services: [kubeDns, other], slices: [], nameservers: ['10.43.0.10'] })?.source).toBe(
      'kube-system/rke2-coredns, 10.43.0.10/32',
    );
  });

  test('outside a cluster the labelled Service is taken, and not whatever else has a port 53', () => {
    const stranger = { ...kubeDns, name: 'stranger', labels: {}, selector: { app: 'x' } };
    expect(found({ services: [stranger, kubeDns], slices: [], nameservers: undefined })?.source).toBe(
      'kube-system/kube-dns, 10.96.0.10/32',
    );
  });

  test('ports come as the numbers of the endpoints, as on OpenShift, where pods listen on 5353 by a named port', () => {
    const openshift = {
      ...kubeDns,
      namespace: 'openshift-dns',
      name: 'dns-default',
      ports: ports.map((port) => ({ ...port, targetPort: port.name })),
    };
    const endpoints = {
      ...slice,
      namespace: 'openshift-dns',
      service: 'dns-default',
      ports: [
        { name: 'dns', port: 5353, protocol: 'UDP' },
        { name: 'dns-tcp', port: 5353, protocol: 'TCP' },
      ],
    };
    expect(found({ services: [openshift], slices: [endpoints], nameservers: undefined })?.egress[0]?.ports).toEqual(
      both(5353),
    );
  });

  test.each(['169.254.20.10', '169.254.169.254'])(
    'a resolver on the host address %s becomes an ipBlock on port 53',
    (address) => {
      const rule = found({ services: [], slices: [], nameservers: [address] })?.egress[0];
      expect(rule).toEqual({ to: [{ ipBlock: { cidr: `${address}/32` } }], ports: both(53) });
    },
  );

  test('NodeLocal DNSCache that intercepts the Service address is let through too', () => {
    const upstream = { ...kubeDns, name: 'kube-dns-upstream', clusterIps: ['10.96.0.11'] };
    const hosts = found({ services: [kubeDns, upstream], slices: [], nameservers: ['10.96.0.10'] })?.egress[1]?.to;
    expect(hosts).toEqual(['10.96.0.10/32', '169.254.20.10/32'].map(block));
  });

  test('a link-local resolver is let through without the zone that resolv.conf names', () => {
    const rule = found({ services: [], slices: [], nameservers: ['fe80::1%eth0'] })?.egress[0];
    expect(rule?.to).toEqual([{ ipBlock: { cidr: 'fe80::1/128' } }]);
  });

  test('the order in which Services came does not matter', () => {
    const upstream = { ...kubeDns, name: 'kube-dns-upstream', clusterIps: ['10.96.0.99'] };
    const answer = found({ services: [kubeDns, upstream], slices: [slice], nameservers: undefined });
    expect(found({ services: [upstream, kubeDns], slices: [slice], nameservers: undefined })).toEqual(answer);
  });

  test('F63 what is found fits into the CRD, whatever Services and their endpoints say', () => {
    const crowded = {
      ...slice,
      ports: Array.from({ length: 17 }, (_, index) => ({ name: 'dns', port: 5000 + index, protocol: 'UDP' })),
    };
    const answer = found({ services: [kubeDns], slices: [crowded], nameservers: undefined });
    expect(answer?.egress).toHaveLength(2);
    expect(discoveredDnsSchema.safeParse(answer).success).toBe(true);
    const picky = {
      ...kubeDns,
      name: 'coredns',
      selector: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])),
    };
    expect(found({ services: [picky, kubeDns], slices: [slice], nameservers: undefined })?.egress).toEqual(
      found({ services: [kubeDns], slices: [slice], nameservers: undefined })?.egress,
    );
  });

  test('F63 an endpoint that names no port opens none', () => {
    const portless = { ...slice, ports: [{ name: 'dns', port: 0, protocol: 'UDP' }] };
    expect(found({ services: [kubeDns], slices: [portless], nameservers: undefined })?.egress[0]?.ports).toEqual(
      both(53),
    );
  });

  test('nothing found is undefined and never an empty answer', () => {
    expect(found({ services: [], slices: [], nameservers: undefined })).toBeUndefined();
    const nowhere = { ...kubeDns, selector: {}, clusterIps: [] };
    expect(found({ services: [nowhere], slices: [], nameservers: undefined })).toBeUndefined();
  });
});

describe('R14 F54 every kind of resolver is let through', () => {
  const inCluster = { services: [kubeDns], slices: [slice] };

  test('05 a resolver on each node, under a Service address that no Service has', () => {
    expect(found({ services: [], slices: [], nameservers: ['10.0.0.10'] })?.egress).toEqual([
      { to: [block('10.0.0.10/32')], ports: both(53) },
    ]);
  });

  test('06 the address of a DNS Service without endpoints, which nobody believes', () => {
    const answer = dnsFrom({ services: [kubeDns], slices: [], nameservers: ['10.96.0.10'] });
    expect(answer?.dns.egress.map(({ to }) => to)).toEqual([[pods], [block('10.96.0.10/32')]]);
    expect(answer?.isReady).toBe(false);
  });

  test('F63 a ready endpoint that is a host name is no reason to believe a resolver', () => {
    const named = { ...slice, addresses: ['dns.example'], readyAddresses: ['dns.example'] };
    expect(dnsFrom({ services: [kubeDns], slices: [named], nameservers: undefined })?.isReady).toBe(false);
  });

  test('06 an endpoint that is not ready is no reason to believe a resolver', () => {
    const unready = { ...slice, readyAddresses: [] };
    expect(dnsFrom({ services: [kubeDns], slices: [unready], nameservers: undefined })?.isReady).toBe(false);
    expect(dnsFrom({ ...inCluster, nameservers: undefined })?.isReady).toBe(true);
  });

  test.each(['fd00:90::169:254:20:10', '172.20.0.10'])('07 a resolver on an address of its own: %s', (address) => {
    const hosts = found({ ...inCluster, nameservers: [address] })?.egress.at(-1)?.to;
    expect(hosts).toContainEqual(block(`${address}/${address.includes(':') ? 128 : 32}`));
  });

  test('08 what the configuration names beside what was found', () => {
    const answer = found({ ...inCluster, nameservers: ['10.96.0.10'], also: ['169.254.10.11'] });
    expect(answer?.egress[0]?.to).toEqual([pods]);
    expect(answer?.egress[1]?.to).toContainEqual(block('169.254.10.11/32'));
  });

  test('10 a Service without a selector: its endpoints on their port, and its address on 53', () => {
    const service = { ...kubeDns, selector: {} };
    const endpoints = {
      ...slice,
      addresses: ['10.244.9.9'],
      readyAddresses: ['10.244.9.9'],
      ports: [
        { name: 'dns', port: 1053, protocol: 'UDP' },
        { name: 'dns-tcp', port: 1053, protocol: 'TCP' },
      ],
    };
    const answer = dnsFrom({ services: [service], slices: [endpoints], nameservers: ['10.96.0.10'] });
    expect(answer?.dns.egress).toEqual([
      { to: [block('10.244.9.9/32')], ports: both(1053) },
      { to: [block('10.96.0.10/32')], ports: both(53) },
    ]);
    expect(answer?.isReady).toBe(true);
  });

  test('11 the ports that were found, 53 among them', () => {
    const answer = found({
      services: [kubeDns],
      slices: [{ ...slice, ports: [{ name: 'dns', port: 8053, protocol: 'UDP' }] }],
      nameservers: undefined,
    });
    expect(dnsPortsOf(answer)).toEqual([53, 8053]);
    expect(dnsPortsOf(undefined)).toEqual([53]);
  });

  test('NodeLocal DNSCache in pods of its own, as for the local redirect of Cilium', () => {
    const nodeLocal = { ...kubeDns, name: 'node-local-dns', selector: { 'k8s-app': 'node-local-dns' }, clusterIps: [] };
    const services = [
      kubeDns,
      { ...nodeLocal, ports: [{ name: 'metrics', port: 9253, protocol: 'TCP', targetPort: 9253 }] },
    ];
    expect(found({ services, slices: [slice], nameservers: undefined })?.egress).toContainEqual({
      to: [{ ...pods, podSelector: { matchLabels: { 'k8s-app': 'node-local-dns' } } }],
      ports: both(53),
    });
  });

  test('both families of a dual-stack Service', () => {
    const dual = { ...kubeDns, clusterIps: ['10.96.0.10', 'fd00:10:96::a'] };
    expect(found({ services: [dual], slices: [slice], nameservers: undefined })?.egress[1]?.to).toEqual([
      block('10.96.0.10/32'),
      block('fd00:10:96::a/128'),
    ]);
  });
});

describe('R14 F54 F63 the loss of one resolver of several is remembered like the loss of all', () => {
  const nodeLocal: ServiceFacts = { ...kubeDns, name: 'kube-dns-upstream', clusterIps: ['10.96.0.11'] };
  const before = dnsFrom({ services: [kubeDns, nodeLocal], slices: [slice], nameservers: undefined, nowMs: 0 });
  const after = (nowMs: number, isAnswering: (address: string) => boolean = () => false): FoundDns | undefined =>
    dnsFrom({
      services: [kubeDns],
      slices: [slice],
      nameservers: undefined,
      memory: before?.memory ?? new Map(),
      nowMs,
      isAnswering,
    });
  const lets = (answer: FoundDns | undefined, cidr: string): boolean =>
    JSON.stringify(answer?.dns.egress).includes(cidr);

  test('its rule stays and is reported as missing', () => {
    expect(lets(after(1000), '169.254.20.10/32')).toBe(true);
    expect(after(1000)?.isPartlyMissing).toBe(true);
  });

  test('its rule goes after ten minutes', () => {
    const remembered = after(1000);
    const later = dnsFrom({
      services: [kubeDns],
      slices: [slice],
      nameservers: undefined,
      memory: remembered?.memory ?? new Map(),
      nowMs: 1000 + 600_000,
    });
    expect(lets(later, '169.254.20.10/32')).toBe(false);
    expect(later?.isPartlyMissing).toBe(false);
  });

  test('its rule stays for as long as its address answers', () => {
    const remembered = after(1000);
    const later = dnsFrom({
      services: [kubeDns],
      slices: [slice],
      nameservers: undefined,
      memory: remembered?.memory ?? new Map(),
      nowMs: 10_000_000,
      isAnswering: (address) => address === '169.254.20.10',
    });
    expect(lets(later, '169.254.20.10/32')).toBe(true);
  });
});
