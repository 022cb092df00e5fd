import type { DiscoveredApiServer, DiscoveredDns } from '../api/baseline-policy.ts';
import { BOUNDS } from '../api/bounds.ts';
import { labelSelectorSchema } from '../api/label-selector.ts';
import { LABELS } from '../api/names.ts';
import type { NetworkPolicyEgressRule, NetworkPolicyPort } from '../api/network-policy.ts';
import { digestOf } from './rendering/comparison.ts';
import { singleAddressBlock } from './rendering/internet.ts';
import { type Labels, labelOf } from './selection.ts';

/** The fields of a Service that discovery needs. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly selector: Labels;
  /** Without `None`. */
  readonly clusterIps: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
    readonly targetPort: number | string;
  }[];
}

/** The fields of an EndpointSlice that discovery needs. */
export interface SliceFacts {
  readonly namespace: string;
  readonly service: string;
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
}

/** Where discovery looks for the cluster's DNS. `nameservers` are those of the operator pod's resolv.conf; undefined outside a cluster. */
export interface DnsSources {
  readonly services: readonly ServiceFacts[];
  readonly slices: readonly SliceFacts[];
  readonly nameservers: readonly string[] | undefined;
  /** The last result: a resolver without endpoints for a moment keeps the ports they had. */
  readonly known?: DiscoveredDns | undefined;
}

const DNS_PORT = 53;
/** Where NodeLocal DNSCache listens on every node (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/). */
const NODE_LOCAL_DNS = '169.254.20.10';
/** Services that only the manifests of NodeLocal DNSCache create. */
const NODE_LOCAL_SERVICES = ['kube-dns-upstream', 'node-local-dns'];

/**
 * The cluster's resolver as egress rules, or undefined when there is no sign of it; then the last good result stays (R14,
 * discovery). Pods are named by the Service's selector, ports by number from its endpoints. A resolver on a host address,
 * which no pod selector matches, becomes an ipBlock.
 */
export function dnsFrom(sources: DnsSources): DiscoveredDns | undefined {
  const services = resolverServices(sources).slice(0, BOUNDS.discoveredRules - 1);
  const byPods = services.map((service) => podsRule(service, sources));
  const hosts = hostResolvers(sources, services);
  const byHosts =
    hosts.length > 0 ? [{ to: hosts.map((cidr) => ({ ipBlock: { cidr } })), ports: bothProtocols(DNS_PORT) }] : [];
  const egress = [...byPods, ...byHosts];
  if (egress.length === 0) {
    return undefined;
  }
  return {
    source: [...services.map(({ namespace, name }) => `${namespace}/${name}`), ...hosts]
      .join(', ')
      .slice(0, BOUNDS.messageLength),
    egress,
  };
}

function resolverServices(sources: DnsSources): readonly ServiceFacts[] {
  const candidates = sources.services
    .filter((service) => isSelecting(service) && service.ports.some(({ port }) => port === DNS_PORT))
    .sort(byName);
  const named = candidates.filter((service) =>
    service.clusterIps.some((address) => sources.nameservers?.includes(address) === true),
  );
  const usual = candidates.filter(
    ({ labels, name }) =>
      labelOf(labels, 'k8s-app') === 'kube-dns' || name === 'kube-dns' || name === 'coredns' || name === 'dns-default',
  );
  const distinct = new Map<string, ServiceFacts>();
  for (const service of named.length > 0 ? named : usual) {
    const key = `${service.namespace} ${JSON.stringify(Object.entries(service.selector).sort())}`;
    if (!distinct.has(key)) {
      distinct.set(key, service);
    }
  }
  return [...distinct.values()];
}

/** A selector that does not fit into a status is not used: without some of its labels it would select more pods. */
function isSelecting({ selector }: ServiceFacts): boolean {
  return Object.keys(selector).length > 0 && labelSelectorSchema.safeParse({ matchLabels: selector }).success;
}

function byName(a: ServiceFacts, b: ServiceFacts): number {
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

function podsRule(service: ServiceFacts, { slices, known }: DnsSources): NetworkPolicyEgressRule {
  const to = [
    {
      namespaceSelector: { matchLabels: { [LABELS.namespaceName]: service.namespace } },
      podSelector: { matchLabels: { ...service.selector } },
    },
  ];
  const before = known?.egress.find((rule) => digestOf(rule.to) === digestOf(to));
  const ports = [...new Set(podPorts(service, slices, before))].sort((a, b) => a - b);
  return { to, ports: ports.slice(0, BOUNDS.ports / 2).flatMap(bothProtocols) };
}

/** A NetworkPolicy is matched after the Service's address was translated, so the pods' port counts, not the Service's. */
function podPorts(
  service: ServiceFacts,
  slices: readonly SliceFacts[],
  before: NetworkPolicyEgressRule | undefined,
): readonly number[] {
  const dnsPorts = service.ports.filter(({ port }) => port === DNS_PORT);
  const names = new Set(dnsPorts.map(({ name }) => name));
  const own = slices.filter(
    (slice) => slice.namespace === service.namespace && slice.service === service.name && slice.addresses.length > 0,
  );
  const seen = own.flatMap((slice) =>
    slice.ports.filter(({ name, port }) => names.has(name) && port > 0).map(({ port }) => port),
  );
  if (seen.length > 0) {
    return seen;
  }
  const declared = dnsPorts.flatMap(({ targetPort }) => (typeof targetPort === 'number' ? [targetPort] : []));
  if (declared.length > 0) {
    return declared;
  }
  const remembered = (before?.ports ?? []).flatMap(({ port }) => (typeof port === 'number' ? [port] : []));
  return remembered.length > 0 ? remembered : [DNS_PORT];
}

function hostResolvers(sources: DnsSources, chosen: readonly ServiceFacts[]): readonly string[] {
  const linkLocal = (sources.nameservers ?? []).filter(
    (address) => address.startsWith('169.254.') || address.toLowerCase().startsWith('fe80:'),
  );
  const hasNodeLocal =
    linkLocal.includes(NODE_LOCAL_DNS) || sources.services.some(({ name }) => NODE_LOCAL_SERVICES.includes(name));
  // NodeLocal DNSCache answers on the Service's own address too, on the node, where no pod selector matches.
  const nodeLocal = hasNodeLocal ? [NODE_LOCAL_DNS, ...chosen.flatMap(({ clusterIps }) => clusterIps)] : [];
  const blocks = [...linkLocal, ...nodeLocal].flatMap((address) => singleAddressBlock(address)?.cidr ?? []);
  return [...new Set(blocks)].sort().slice(0, BOUNDS.peers);
}

function bothProtocols(port: number): NetworkPolicyPort[] {
  return [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];
}

/** How long an API server endpoint that is no longer listed is still allowed (R14, discovery), in milliseconds. */
export const ENDPOINT_ABSENCE_MS = 600_000;

/** For each API server endpoint, written `address port`, when it was first missed, in milliseconds on a monotonic clock; undefined while it is listed. */
export type EndpointMemory = ReadonlyMap<string, number | undefined>;

/**
 * The API server's addresses, and the memory for the next call: a listed endpoint is added at once, one that is no longer
 * listed stays for {@link ENDPOINT_ABSENCE_MS} after it was first missed. Undefined while nothing is known.
 */
export function apiServerFrom(facts: {
  readonly services: readonly ServiceFacts[];
  readonly slices: readonly SliceFacts[];
  readonly memory: EndpointMemory;
  readonly nowMs: number;
}): { readonly found: DiscoveredApiServer | undefined; readonly memory: EndpointMemory } {
  const listed = facts.slices.flatMap((slice) =>
    slice.addresses.flatMap((address) => slice.ports.map(({ port }) => `${address} ${port}`)),
  );
  const missed = [...facts.memory]
    .map(([endpoint, sinceMs]) => [endpoint, sinceMs ?? facts.nowMs] as const)
    .filter(([, sinceMs]) => facts.nowMs - sinceMs < ENDPOINT_ABSENCE_MS);
  // An empty list of API servers is a short failure, not a cluster without API servers.
  const memory =
    listed.length === 0
      ? facts.memory
      : new Map([...missed, ...listed.map((endpoint) => [endpoint, undefined] as const)]);
  const service = facts.services.find(({ name }) => name === 'kubernetes');
  const endpoints = [...memory.keys()].sort().slice(0, BOUNDS.discoveredAddresses).map(endpointFor);
  if (endpoints.length === 0 && service === undefined) {
    return { found: undefined, memory };
  }
  const port = service?.ports[0]?.port ?? 443;
  return {
    found: {
      endpoints,
      ...(service === undefined ? {} : { service: { addresses: [...service.clusterIps].sort(), port } }),
    },
    memory,
  };
}

/** The memory for a stored result, so that a restarted operator renders the same. */
export function memoryFrom(stored: DiscoveredApiServer | undefined): EndpointMemory {
  return new Map((stored?.endpoints ?? []).map(({ address, port }) => [`${address} ${port}`, undefined]));
}

function endpointFor(written: string): { address: string; port: number } {
  const [address = '', port = '0'] = written.split(' ');
  return { address, port: Number(port) };
}
