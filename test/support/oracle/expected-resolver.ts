import { fieldOf, fieldsOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import type { ExpectedPart } from './expected-parts.ts';
import { specText } from './spec-text.ts';

/** Where a resolver is, as text that is equal for equal peers; and the ports that it needs. */
export interface ResolverPlace {
  readonly peer: string;
  /** Empty where nothing says which. */
  readonly ports: readonly number[];
}

/**
 * Where the DNS of a cluster is (R14), from its Services and EndpointSlices in the namespaces of DNS alone: the pods of each
 * DNS Service, or its endpoints where it has no selector, on the ports of its endpoints; and its addresses on port 53.
 */
export function resolverPlaces(
  services: readonly KubeObject[],
  slices: readonly KubeObject[],
): readonly ResolverPlace[] {
  return services.flatMap((service) => {
    const { name = '', namespace = '' } = service.metadata;
    const own = slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
    const selector = fieldsOf(fieldOf(service.spec, 'selector'));
    const reached = own.flatMap((slice) => itemsOf(fieldOf(slice, 'endpoints')).flatMap(addressesOf));
    const ports = reached.length === 0 ? [] : own.flatMap((slice) => itemsOf(fieldOf(slice, 'ports')).map(numberOf));
    const pods = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
    const endpoints =
      Object.keys(selector).length === 0
        ? reached.map((address) => blockText(address))
        : [peerText({ ...pods, podSelector: { matchLabels: selector } })];
    return [
      ...endpoints.map((peer) => ({ peer, ports: [...new Set(ports)] })),
      ...itemsOf(fieldOf(service.spec, 'clusterIPs')).map((address) => ({
        peer: blockText(textOf(address)),
        ports: [53],
      })),
    ];
  });
}

/** The peers that an allow-dns leads to, each with the ports that are open in both protocols. */
export function openedPlaces(networkPolicy: KubeObject): ReadonlyMap<string, ReadonlySet<number>> {
  const opened = new Map<string, ReadonlySet<number>>();
  for (const rule of itemsOf(fieldOf(networkPolicy.spec, 'egress'))) {
    const ports = itemsOf(fieldOf(rule, 'ports'));
    const both = ports
      .map(numberOf)
      .filter((number) =>
        ['UDP', 'TCP'].every((protocol) =>
          ports.some((port) => numberOf(port) === number && fieldOf(port, 'protocol') === protocol),
        ),
      );
    for (const peer of itemsOf(fieldOf(rule, 'to')).map(peerText)) {
      opened.set(peer, new Set([...(opened.get(peer) ?? []), ...both]));
    }
  }
  return opened;
}

/** Where the DNS of a cluster is, and the peers where it ever was. */
export interface Resolver {
  readonly places: readonly ResolverPlace[];
  readonly known: ReadonlySet<string>;
}

/**
 * Whether an allow-dns is as declared (R14): it leads to every place of the cluster's DNS and to nothing but places where it
 * ever was, or to what the policy names, on the ports that the policy names or that were found, 53 among them. `part` is
 * what it is where nothing is found.
 */
export function isAllowDns(
  object: KubeObject,
  {
    part,
    dns,
    resolver,
  }: {
    readonly part: ExpectedPart;
    readonly dns: { readonly usesFoundPlaces: boolean; readonly usesFoundPorts: boolean };
    readonly resolver: Resolver;
  },
): boolean {
  const isAlike = withoutEgress(object.spec) === withoutEgress(part.spec);
  if (resolver.places.length === 0) {
    return specText(object.spec) === specText(part.spec);
  }
  if (!dns.usesFoundPlaces) {
    const expected = specText(part.spec);
    return dns.usesFoundPorts
      ? isAlike && withoutPorts(object.spec) === withoutPorts(part.spec) && hasFoundPorts(object, resolver)
      : specText(object.spec) === expected;
  }
  const opened = openedPlaces(object);
  const declared = openedPlaces({ metadata: {}, spec: part.spec }).values().next().value ?? new Set();
  const isFollowing = resolver.places.every(({ peer, ports }) => {
    const has = opened.get(peer);
    return has !== undefined && (!dns.usesFoundPorts || ports.every((port) => has.has(port)));
  });
  const isKnown = [...opened].every(
    ([peer, ports]) =>
      resolver.known.has(peer) &&
      (dns.usesFoundPorts || (ports.size === declared.size && [...ports].every((port) => declared.has(port)))),
  );
  return isAlike && isFollowing && isKnown;
}

function hasFoundPorts(object: KubeObject, { places }: Resolver): boolean {
  const [rule] = itemsOf(fieldOf(object.spec, 'egress'));
  const numbers = itemsOf(fieldOf(rule, 'ports')).map(numberOf);
  return [53, ...places.flatMap(({ ports }) => ports)].every(
    (port) => numbers.filter((number) => number === port).length === 2,
  );
}

function withoutEgress(spec: unknown): string {
  return specText({ ...fieldsOf(spec), egress: [{}] });
}

function withoutPorts(spec: unknown): string {
  const egress = itemsOf(fieldOf(spec, 'egress')).map((rule) => ({ ...fieldsOf(rule), ports: [] }));
  return specText({ ...fieldsOf(spec), egress });
}

function addressesOf(endpoint: unknown): readonly string[] {
  return itemsOf(fieldOf(endpoint, 'addresses')).map(textOf);
}

function numberOf(port: unknown): number {
  return Number(fieldOf(port, 'port'));
}

function blockText(address: string): string {
  return peerText({ ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` } });
}

function peerText(peer: unknown): string {
  return JSON.stringify(sorted(peer));
}

function sorted(value: unknown): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, field]) => [key, sorted(field)])
    : value;
}
