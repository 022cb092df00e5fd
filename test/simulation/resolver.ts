import { ENDPOINT_SLICES, SERVICES } from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';

/** The namespace of the resolvers of every history. */
export const DNS_NAMESPACE = 'kube-system';

interface Endpoints {
  readonly addresses: readonly string[];
  readonly isReady: boolean;
  readonly port: number;
}

/** One DNS Service and its slice. */
interface Resolver {
  readonly name: string;
  readonly clusterIp: string;
  /** Of the pods; without it the endpoints are written by hand. */
  readonly app?: string;
  /** Undefined: there is no slice. */
  readonly endpoints: Endpoints | undefined;
}

const READY: Endpoints = { addresses: ['10.244.0.5', '10.244.1.5'], isReady: true, port: 53 };
const KUBE_DNS: Resolver = { name: 'kube-dns', clusterIp: '10.96.0.10', app: 'kube-dns', endpoints: READY };
const CORE_DNS: Resolver = { name: 'coredns', clusterIp: '10.96.0.53', app: 'coredns', endpoints: READY };

/** Everything that the DNS of a cluster can be, in these histories. */
const STATES = {
  usual: [KUBE_DNS],
  gone: [],
  'without slices': [{ ...KUBE_DNS, endpoints: undefined }],
  'without endpoints': [{ ...KUBE_DNS, endpoints: { ...READY, addresses: [] } }],
  'not ready': [{ ...KUBE_DNS, endpoints: { ...READY, isReady: false } }],
  'partly lost': [{ ...KUBE_DNS, endpoints: { ...READY, addresses: ['10.244.0.5'] } }],
  'on another port': [{ ...KUBE_DNS, endpoints: { ...READY, port: 8053 } }],
  'at another address': [{ ...KUBE_DNS, clusterIp: '10.96.0.11' }],
  'another one': [CORE_DNS],
  'two of them': [CORE_DNS, KUBE_DNS],
  'without a selector': [
    { name: 'kube-dns', clusterIp: '10.96.0.10', endpoints: { addresses: ['10.244.9.9'], isReady: true, port: 1053 } },
  ],
} as const satisfies Readonly<Record<string, readonly Resolver[]>>;

/** One of them. */
export type ResolverState = keyof typeof STATES;

/** Their names. */
export const RESOLVER_STATES = Object.keys(STATES) as readonly ResolverState[];

/** Makes the DNS of the cluster so: what is no more goes first, since an order that suits the operator would prove less. */
export function setResolver(hands: FakeClusterActor, state: ResolverState): void {
  const resolvers: readonly Resolver[] = STATES[state];
  for (const type of [ENDPOINT_SLICES, SERVICES]) {
    for (const { metadata } of hands.all(type, DNS_NAMESPACE)) {
      const name = metadata.name ?? '';
      if (
        !resolvers.some((resolver) => resolver.name === name && (type === SERVICES || resolver.endpoints !== undefined))
      ) {
        hands.remove(type, { namespace: DNS_NAMESPACE, name });
      }
    }
  }
  for (const resolver of resolvers) {
    const key = { namespace: DNS_NAMESPACE, name: resolver.name };
    hands.put(SERVICES, key, serviceFor(resolver));
    if (resolver.endpoints !== undefined) {
      hands.put(ENDPOINT_SLICES, key, sliceFor(resolver.name, resolver.endpoints));
    }
  }
}

function serviceFor({ name, clusterIp, app }: Resolver): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: DNS_NAMESPACE, name, labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ...(app === undefined ? {} : { selector: { 'k8s-app': app } }),
      ports: [
        { name: 'dns', protocol: 'UDP', port: 53, targetPort: 'dns' },
        { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 'dns-tcp' },
      ],
    },
  };
}

function sliceFor(name: string, { addresses, isReady, port }: Endpoints): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: DNS_NAMESPACE, name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: isReady } })),
    ports: [
      { name: 'dns', protocol: 'UDP', port },
      { name: 'dns-tcp', protocol: 'TCP', port },
    ],
  };
}
