import { describe, expect, test } from 'vitest';
import { discoveredDnsSchema } from '../../../src/api/baseline-policy-status.ts';
import {
  apiServerFrom,
  dnsFrom,
  ENDPOINT_ABSENCE_MS,
  memoryFrom,
  type ServiceFacts,
  type SliceFacts,
} from '../../../src/domain/discovery.ts';

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

describe('R14 the cluster DNS is found', () => {
  test('as the pods of the Service that resolv.conf names, by UDP and TCP', () => {
    expect(dnsFrom({ services: [kubeDns], slices: [slice], nameservers: ['10.96.0.10'] })).toEqual({
      source: 'kube-system/kube-dns',
      egress: [{ to: [pods], ports: both(53) }],
    });
  });

  test('resolv.conf decides between several', () => {
    const other = { ...kubeDns, name: 'rke2-coredns', selector: { app: 'coredns' }, clusterIps: ['10.43.0.10'] };
    expect(dnsFrom({ services: [kubeDns, other], slices: [], nameservers: ['10.43.0.10'] })?.source).toBe(
      'kube-system/rke2-coredns',
    );
  });

  test('outside a cluster the labelled Service is taken, and not whatever else has a port 53', () => {
    const stranger = { ...kubeDns, name: 'stranger', labels: {}, selector: { app: 'x' } };
    expect(dnsFrom({ services: [stranger, kubeDns], slices: [], nameservers: undefined })?.source).toBe(
      'kube-system/kube-dns',
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
    expect(dnsFrom({ services: [openshift], slices: [endpoints], nameservers: undefined })?.egress[0]?.ports).toEqual(
      both(5353),
    );
  });

  test.each(['169.254.20.10', '169.254.169.254'])(
    'a resolver on the host address %s becomes an ipBlock on port 53',
    (address) => {
      const rule = dnsFrom({ services: [], slices: [], nameservers: [address] })?.egress[0];
      expect(rule).toEqual({ to: [{ ipBlock: { cidr: `${address}/32` } }], ports: both(53) });
    },
  );

  test('NodeLocal DNSCache that intercepts the Service address is let through too', () => {
    const upstream = { ...kubeDns, name: 'kube-dns-upstream', clusterIps: ['10.96.0.11'] };
    const hosts = dnsFrom({ services: [kubeDns, upstream], slices: [], nameservers: ['10.96.0.10'] })?.egress[1]?.to;
    expect(hosts).toEqual([{ ipBlock: { cidr: '10.96.0.10/32' } }, { ipBlock: { cidr: '169.254.20.10/32' } }]);
  });

  test('a link-local resolver is let through without the zone that resolv.conf names', () => {
    const rule = dnsFrom({ services: [], slices: [], nameservers: ['fe80::1%eth0'] })?.egress[0];
    expect(rule?.to).toEqual([{ ipBlock: { cidr: 'fe80::1/128' } }]);
  });

  test('the order in which Services came does not matter', () => {
    const upstream = { ...kubeDns, name: 'kube-dns-upstream', clusterIps: ['10.96.0.99'] };
    const found = dnsFrom({ services: [kubeDns, upstream], slices: [slice], nameservers: undefined });
    expect(dnsFrom({ services: [upstream, kubeDns], slices: [slice], nameservers: undefined })).toEqual(found);
  });

  test('what is found fits into the CRD, whatever Services and their endpoints say', () => {
    const crowded = {
      ...slice,
      ports: Array.from({ length: 17 }, (_, index) => ({ name: 'dns', port: 5000 + index, protocol: 'UDP' })),
    };
    const found = dnsFrom({ services: [kubeDns], slices: [crowded], nameservers: undefined });
    expect(found?.egress).toHaveLength(1);
    expect(discoveredDnsSchema.safeParse(found).success).toBe(true);
    const picky = {
      ...kubeDns,
      name: 'coredns',
      selector: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])),
    };
    expect(dnsFrom({ services: [picky, kubeDns], slices: [slice], nameservers: undefined })).toEqual(
      dnsFrom({ services: [kubeDns], slices: [slice], nameservers: undefined }),
    );
    expect(dnsFrom({ services: [picky], slices: [slice], nameservers: undefined })).toBeUndefined();
  });

  test('an endpoint that names no port opens none', () => {
    const portless = { ...slice, ports: [{ name: 'dns', port: 0, protocol: 'UDP' }] };
    expect(dnsFrom({ services: [kubeDns], slices: [portless], nameservers: undefined })?.egress[0]?.ports).toEqual(
      both(53),
    );
  });

  test('nothing found is undefined and never an empty answer', () => {
    expect(dnsFrom({ services: [], slices: [], nameservers: ['192.0.2.1'] })).toBeUndefined();
    expect(dnsFrom({ services: [{ ...kubeDns, selector: {} }], slices: [], nameservers: undefined })).toBeUndefined();
  });
});

describe('R14 the API server is found', () => {
  const service: ServiceFacts = {
    namespace: 'default',
    name: 'kubernetes',
    labels: {},
    selector: {},
    clusterIps: ['10.96.0.1'],
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
  };
  const endpoints = (...addresses: string[]): SliceFacts => ({
    namespace: 'default',
    service: 'kubernetes',
    addresses,
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  });

  test('endpoints are added at once and dropped after ten minutes of absence', () => {
    const first = apiServerFrom({ services: [service], slices: [endpoints('192.0.2.1')], memory: new Map(), nowMs: 0 });
    const second = apiServerFrom({
      services: [service],
      slices: [endpoints('192.0.2.2')],
      memory: first.memory,
      nowMs: 1000,
    });
    expect(second.found?.endpoints.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2']);
    const third = apiServerFrom({
      services: [service],
      slices: [endpoints('192.0.2.2')],
      memory: second.memory,
      nowMs: 1000 + ENDPOINT_ABSENCE_MS,
    });
    expect(third.found?.endpoints.map(({ address }) => address)).toEqual(['192.0.2.2']);
  });

  test('an empty list replaces nothing, however long it lasts', () => {
    const memory = memoryFrom({ endpoints: [{ address: '192.0.2.1', port: 6443 }] });
    expect(
      apiServerFrom({ services: [], slices: [], memory, nowMs: ENDPOINT_ABSENCE_MS * 10 }).found?.endpoints,
    ).toEqual([{ address: '192.0.2.1', port: 6443 }]);
  });

  test('the Service address is what pods dial', () => {
    expect(apiServerFrom({ services: [service], slices: [], memory: new Map(), nowMs: 0 }).found?.service).toEqual({
      addresses: ['10.96.0.1'],
      port: 443,
    });
  });
});
