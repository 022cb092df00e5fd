import type { DiscoveredDns } from '../../api/baseline-policy.ts';
import { BOUNDS } from '../../api/bounds.ts';
import { labelSelectorSchema } from '../../api/label-selector.ts';
import { LABELS } from '../../api/names.ts';
import type { NetworkPolicyEgressRule, NetworkPolicyPort } from '../../api/network-policy.ts';
import { isPortNumber } from '../../policy/intervals/ports.ts';
import { digestOf } from '../rendering/comparison.ts';
import { singleAddressBlock } from '../rendering/internet.ts';
import { labelOf } from '../selection.ts';
import { ENDPOINT_ABSENCE_MS } from './api-server.ts';
import { isAddress, type ServiceFacts, type SliceFacts } from './sources.ts';

/** Where the resolvers of the cluster are looked for. */
export interface DnsSources {
  readonly services: readonly ServiceFacts[];
  readonly slices: readonly SliceFacts[];
  /** Of the operator pod's resolv.conf; undefined outside a cluster. */
  readonly nameservers: readonly string[] | undefined;
  /** Addresses of further resolvers that the configuration names (`--dns-also`). */
  readonly also?: readonly string[];
  /** The last answer: a resolver whose endpoints are away for a moment keeps the ports that it had. */
  readonly known?: DiscoveredDns | undefined;
  /** The memory of the previous call. */
  readonly memory?: DnsMemory;
  /** On a monotonic clock, in milliseconds. */
  readonly nowMs?: number;
  /** Whether the operator itself gets answers from this address; absent where it does not ask. */
  readonly isAnswering?: (address: string) => boolean;
}

/** Rules of earlier answers by their digest, and since when each is missing (monotonic, ms); undefined while found. */
export type DnsMemory = ReadonlyMap<string, RememberedRule>;

interface RememberedRule {
  readonly rule: NetworkPolicyEgressRule;
  readonly missingSinceMs: number | undefined;
}

/** Where a resolver can be asked: an address that the rules let through. */
export interface DnsTarget {
  readonly address: string;
  readonly port: number;
}

/** The resolvers of the cluster, and how far they can be believed. */
export interface FoundDns {
  readonly dns: DiscoveredDns;
  /** Whether at least one resolver has a ready endpoint. */
  readonly isReady: boolean;
  /** Whether an address was found that has no endpoints to judge: a nameserver that is no Service's, or one of `also`. */
  readonly hasBareAddress: boolean;
  /** Whether a rule of an earlier answer is missing now, and stays for a while. */
  readonly isPartlyMissing: boolean;
  /** The addresses behind the rules, as far as they are known. */
  readonly targets: readonly DnsTarget[];
  readonly memory: DnsMemory;
}

/** The port of DNS over both protocols (https://www.rfc-editor.org/rfc/rfc1035#section-4.2). */
export const DNS_PORT = 53;
/** Where NodeLocal DNSCache listens on every node (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/). */
const NODE_LOCAL_DNS = '169.254.20.10';
const NODE_LOCAL_SERVICE = 'node-local-dns';
/** Services that only the manifests of NodeLocal DNSCache create. */
const NODE_LOCAL_SERVICES = ['kube-dns-upstream', NODE_LOCAL_SERVICE];

/**
 * The resolvers of the cluster as egress rules. Undefined when nothing was found, in which case the last good answer
 * stays (R14). The rules are the union of
 * - the pods of the DNS Services, by the selector of the Service, on the ports of their endpoints;
 * - the endpoints of DNS Services without a selector, as ipBlocks on the ports of the endpoints;
 * - on port 53, as ipBlocks: the cluster addresses of these Services (a resolver on each node may answer there), every
 *   nameserver of the operator pod that is not a Service's address, and `also`;
 * - rules of an earlier answer that are missing now: while their address answers, else for ten minutes.
 */
export function dnsFrom(sources: DnsSources): FoundDns | undefined {
  const services = resolverServices(sources);
  const hosts = hostAddresses(sources, services);
  const current = [
    ...services.filter(isSelecting).map((service) => podsRule(service, sources)),
    ...nodeLocalRules(sources),
    ...services.filter((service) => !isSelecting(service)).flatMap((service) => endpointRules(service, sources)),
    ...hostRules(hosts),
  ];
  if (current.length === 0) {
    return undefined;
  }
  const memory = updatedMemory(current, sources);
  const egress = [...memory.values()].map(({ rule }) => rule).slice(0, BOUNDS.discoveredRules);
  const own = services.flatMap((service) => slicesOf(service, sources.slices));
  return {
    dns: { source: sourceText(services, hosts), egress },
    isReady: own.some(({ readyAddresses }) => readyAddresses.some(isAddress)),
    hasBareAddress: bareAddresses(sources).length > 0,
    isPartlyMissing: [...memory.values()].some(({ missingSinceMs }) => missingSinceMs !== undefined),
    targets: targetsOf(services, hosts, sources),
    memory,
  };
}

/** The port numbers of the resolvers that were found, 53 among them, in ascending order. */
export function dnsPortsOf(dns: DiscoveredDns | undefined): readonly number[] {
  const found = (dns?.egress ?? []).flatMap(({ ports }) => ports ?? []);
  const numbers = found.flatMap(({ port }) => (typeof port === 'number' ? [port] : []));
  return [...new Set([DNS_PORT, ...numbers])].sort((a, b) => a - b).slice(0, BOUNDS.ports / 2);
}

/** A DNS port over both protocols. */
export function bothProtocols(port: number): NetworkPolicyPort[] {
  return [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];
}

function sourceText(services: readonly ServiceFacts[], hosts: readonly string[]): string {
  const names = services.map(({ namespace, name }) => `${namespace}/${name}`);
  return [...names, ...hosts].join(', ').slice(0, BOUNDS.messageLength);
}

function resolverServices(sources: DnsSources): readonly ServiceFacts[] {
  const candidates = sources.services.filter(({ ports }) => ports.some(({ port }) => port === DNS_PORT)).sort(byName);
  const named = candidates.filter((service) =>
    service.clusterIps.some((address) => sources.nameservers?.includes(address) === true),
  );
  const usual = candidates.filter(
    ({ labels, name }) =>
      labelOf(labels, 'k8s-app') === 'kube-dns' || name === 'kube-dns' || name === 'coredns' || name === 'dns-default',
  );
  // Each rule for an endpoint may need one more for its address.
  return distinctServices(named.length > 0 ? named : usual).slice(0, BOUNDS.discoveredRules / 4);
}

/** Services with one selector are one resolver. */
function distinctServices(services: readonly ServiceFacts[]): readonly ServiceFacts[] {
  const distinct = new Map<string, ServiceFacts>();
  for (const service of services) {
    const key = isSelecting(service)
      ? `${service.namespace} ${JSON.stringify(Object.entries(service.selector).sort())}`
      : `${service.namespace}/${service.name}`;
    const before = distinct.get(key);
    const clusterIps = [...new Set([...(before?.clusterIps ?? []), ...service.clusterIps])];
    distinct.set(key, { ...(before ?? service), clusterIps });
  }
  return [...distinct.values()];
}

/** A selector that a status cannot hold counts as none: without some of its labels it would select more pods. */
function isSelecting({ selector }: ServiceFacts): boolean {
  return Object.keys(selector).length > 0 && labelSelectorSchema.safeParse({ matchLabels: selector }).success;
}

function byName(a: ServiceFacts, b: ServiceFacts): number {
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

function slicesOf(service: ServiceFacts, slices: readonly SliceFacts[]): readonly SliceFacts[] {
  return slices.filter((slice) => slice.namespace === service.namespace && slice.service === service.name);
}

function podsRule(service: ServiceFacts, { slices, known }: DnsSources): NetworkPolicyEgressRule {
  const to = podsOf(service);
  const before = known?.egress.find((rule) => digestOf(rule.to) === digestOf(to));
  const ports = [...new Set(podPorts(service, slices, before))].sort((a, b) => a - b);
  return { to, ports: ports.slice(0, BOUNDS.ports / 2).flatMap(bothProtocols) };
}

function podsOf({ namespace, selector }: ServiceFacts): NonNullable<NetworkPolicyEgressRule['to']> {
  return [
    {
      namespaceSelector: { matchLabels: { [LABELS.namespaceName]: namespace } },
      podSelector: { matchLabels: { ...selector } },
    },
  ];
}

/** NodeLocal DNSCache in pods of its own, as Cilium's local redirect wants it; its Service names other ports. */
function nodeLocalRules({ services }: DnsSources): readonly NetworkPolicyEgressRule[] {
  return services
    .filter((service) => service.name === NODE_LOCAL_SERVICE && isSelecting(service))
    .slice(0, 1)
    .map((service) => ({ to: podsOf(service), ports: bothProtocols(DNS_PORT) }));
}

/** A NetworkPolicy sees the port of the pod, since the Service's address is translated before. */
function podPorts(
  service: ServiceFacts,
  slices: readonly SliceFacts[],
  before: NetworkPolicyEgressRule | undefined,
): readonly number[] {
  const found = slicesOf(service, slices)
    .filter(({ addresses }) => addresses.length > 0)
    .flatMap((slice) => dnsPortsIn(slice, service));
  if (found.length > 0) {
    return found;
  }
  const declared = service.ports.flatMap(({ port, targetPort }) =>
    port === DNS_PORT && isPortNumber(targetPort) ? [targetPort] : [],
  );
  if (declared.length > 0) {
    return declared;
  }
  const remembered = (before?.ports ?? []).flatMap(({ port }) => (typeof port === 'number' ? [port] : []));
  return remembered.length > 0 ? remembered : [DNS_PORT];
}

function dnsPortsIn(slice: SliceFacts, service: ServiceFacts): readonly number[] {
  const names = new Set(service.ports.filter(({ port }) => port === DNS_PORT).map(({ name }) => name));
  return slice.ports.filter(({ name, port }) => names.has(name) && isPortNumber(port)).map(({ port }) => port);
}

/** The endpoints of a Service without a selector: one rule for each port. */
function endpointRules(service: ServiceFacts, { slices }: DnsSources): readonly NetworkPolicyEgressRule[] {
  const cidrsByPort = new Map<number, Set<string>>();
  for (const slice of slicesOf(service, slices)) {
    for (const port of dnsPortsIn(slice, service)) {
      const cidrs = cidrsByPort.get(port) ?? new Set();
      for (const cidr of blocksOf(slice.addresses)) {
        cidrs.add(cidr);
      }
      cidrsByPort.set(port, cidrs);
    }
  }
  return [...cidrsByPort]
    .filter(([, cidrs]) => cidrs.size > 0)
    .sort(([a], [b]) => a - b)
    .slice(0, 2)
    .map(([port, cidrs]) => ({ to: ipBlockPeers([...cidrs]), ports: bothProtocols(port) }));
}

function hostRules(hosts: readonly string[]): readonly NetworkPolicyEgressRule[] {
  return hosts.length > 0 ? [{ to: ipBlockPeers(hosts), ports: bothProtocols(DNS_PORT) }] : [];
}

function ipBlockPeers(cidrs: readonly string[]): NonNullable<NetworkPolicyEgressRule['to']> {
  return [...cidrs]
    .sort()
    .slice(0, BOUNDS.peers)
    .map((cidr) => ({ ipBlock: { cidr } }));
}

function blocksOf(addresses: readonly string[]): readonly string[] {
  return addresses.flatMap((address) => singleAddressBlock(address)?.cidr ?? []);
}

function hostAddresses(sources: DnsSources, chosen: readonly ServiceFacts[]): readonly string[] {
  const hasNodeLocal = sources.services.some(({ name }) => NODE_LOCAL_SERVICES.includes(name));
  const addresses = [
    ...bareAddresses(sources),
    ...(hasNodeLocal ? [NODE_LOCAL_DNS] : []),
    ...chosen.flatMap(({ clusterIps }) => clusterIps),
  ];
  return [...new Set(blocksOf(addresses))].sort().slice(0, BOUNDS.peers);
}

/** The nameservers of the operator's pod that are not a Service's address, and what the configuration names. */
function bareAddresses({ services, nameservers = [], also = [] }: DnsSources): readonly string[] {
  const ofServices = new Set(services.flatMap(({ clusterIps }) => clusterIps));
  return [...nameservers.filter((address) => !ofServices.has(address)), ...also].filter(isAddress);
}

function updatedMemory(current: readonly NetworkPolicyEgressRule[], sources: DnsSources): DnsMemory {
  const nowMs = sources.nowMs ?? 0;
  const found = current.map((rule) => [digestOf(rule.to), { rule, missingSinceMs: undefined }] as const);
  const keys = new Set(found.map(([key]) => key));
  const missing = [...(sources.memory ?? [])]
    .filter(([key, { rule }]) => !keys.has(key) && !isCovered(rule, current))
    .map(([key, { rule, missingSinceMs }]) => [key, { rule, missingSinceMs: missingSinceMs ?? nowMs }] as const)
    .filter(
      ([, { rule, missingSinceMs }]) => nowMs - missingSinceMs < ENDPOINT_ABSENCE_MS || isAnswered(rule, sources),
    );
  return new Map<string, RememberedRule>([...found, ...missing]);
}

/** Whether every peer and port of a rule stands in one of the others. */
function isCovered(rule: NetworkPolicyEgressRule, others: readonly NetworkPolicyEgressRule[]): boolean {
  return others.some((other) => {
    const peers = new Set((other.to ?? []).map((peer) => digestOf(peer)));
    const ports = new Set((other.ports ?? []).map((port) => digestOf(port)));
    return (
      (rule.to ?? []).every((peer) => peers.has(digestOf(peer))) &&
      (rule.ports ?? []).every((port) => ports.has(digestOf(port)))
    );
  });
}

function isAnswered(rule: NetworkPolicyEgressRule, { isAnswering }: DnsSources): boolean {
  return (rule.to ?? []).some(({ ipBlock }) => {
    const [address = ''] = ipBlock?.cidr.split('/') ?? [];
    return isAnswering?.(address) === true;
  });
}

function targetsOf(
  services: readonly ServiceFacts[],
  hosts: readonly string[],
  { slices }: DnsSources,
): readonly DnsTarget[] {
  const endpoints = services.flatMap((service) =>
    slicesOf(service, slices).flatMap((slice) =>
      dnsPortsIn(slice, service).flatMap((port) =>
        slice.addresses.filter(isAddress).map((address) => ({ address, port })),
      ),
    ),
  );
  const byHost = hosts.map((cidr) => ({ address: cidr.split('/')[0] ?? '', port: DNS_PORT }));
  const distinct = new Map([...byHost, ...endpoints].map((target) => [`${target.address} ${target.port}`, target]));
  return [...distinct.values()].slice(0, BOUNDS.peers);
}
