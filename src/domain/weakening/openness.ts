import { isDnsLabel } from '../../api/dns-label.ts';
import { LABELS } from '../../api/names.ts';
import type { LabelSelector } from '../../api/network-policy.ts';
import { fieldOf, isAbsent, isAbsentOrEmpty, isEmptyMap, isJsonObject, itemsOf } from '../../base/json.ts';
import {
  type AddressRange,
  type AddressSet,
  addresses,
  addressRangeOf,
  EVERY_ADDRESS,
} from '../../policy/intervals/addresses.ts';
import type { Interval } from '../../policy/intervals/interval-set.ts';
import {
  EVERY_PORT,
  isPortNumber,
  LAST_PORT,
  type PortSet,
  PROTOCOLS,
  portSetOf,
  ports,
} from '../../policy/intervals/ports.ts';
import { describeSelector, hasRequirements } from './selector-text.ts';

/** What one rule lets through, as far as it may be broad. */
export interface BroadRule {
  readonly ports: PortSet;
  /** Whether it names no peers, so that it lets through everyone. */
  readonly isForEveryone: boolean;
  /** Whether it lets through every pod of every namespace, by a selector that every namespace always meets. */
  readonly hasEveryPod: boolean;
  /** Selectors of namespaces all of whose pods it lets through, which may select every namespace as things are now. */
  readonly namespaceSelectors: readonly LabelSelector[];
  /** The addresses of its ipBlocks, as {@link writtenRanges} writes them. */
  readonly addresses: string;
}

/**
 * What a NetworkPolicy lets through that may undo an isolation. JSON, so that equal ones can be shared. It is kept for each
 * NetworkPolicy of a tenant, so it has a bounded size: some 100 kB at most, and no more than half of the spec's in JSON.
 */
export interface Openness {
  /** The pods that it selects, for people: `all pods` or such as `pods app=web`. */
  readonly pods: string;
  readonly isForAllPods: boolean;
  readonly ingress: readonly BroadRule[];
  readonly egress: readonly BroadRule[];
  /** Whether it has more than is judged or kept, and by a rough estimate it may let everyone through. */
  readonly isTooLarge: boolean;
}

/** How many rules of a direction are kept. */
const MOST_RULES = 64;
/** How many ranges of addresses and of ports are kept of a direction. */
const MOST_RANGES = 512;
/** How many requirements of namespace selectors, with their values, are kept of a direction. */
const MOST_REQUIREMENTS = 256;
/**
 * How many rules, peers, ports, exceptions and label values are judged of a direction: some milliseconds. What has more is
 * estimated roughly, as everything else waits meanwhile.
 */
const MOST_JUDGED = 4096;
/** Blocks with less than this share of an address family, all of a direction together, are not kept. */
const LEAST_SHARE = 1 / 256;
/** A direction that is too large to be kept whole may let everyone through from this share on. */
const EVERYONE_SHARE = 0.8;

/**
 * What another client's NetworkPolicy lets through that may undo the isolation of pods (R17); undefined when that is
 * nothing broad. `spec` is the spec as the API server sent it: this never throws, and what cannot be read lets nobody
 * through. Null counts as an absent field, as in the API
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
 */
export function opennessOf(spec: unknown): Openness | undefined {
  const declaredTypes = itemsOf(fieldOf(spec, 'policyTypes'));
  const isAbout = (direction: string): boolean => declaredTypes.length === 0 || declaredTypes.includes(direction);
  const ingress = isAbout('Ingress') ? broadRules(itemsOf(fieldOf(spec, 'ingress')), 'from') : NOTHING;
  const egress = isAbout('Egress') ? broadRules(itemsOf(fieldOf(spec, 'egress')), 'to') : NOTHING;
  if (ingress.rules.length === 0 && egress.rules.length === 0) {
    return undefined;
  }
  const podSelector = fieldOf(spec, 'podSelector');
  return {
    pods: describeSelector(podSelector),
    isForAllPods: !hasRequirements(podSelector),
    ingress: ingress.rules,
    egress: egress.rules,
    isTooLarge: ingress.isTooLarge || egress.isTooLarge,
  };
}

interface Broad {
  readonly rules: readonly BroadRule[];
  readonly isTooLarge: boolean;
}

const NOTHING: Broad = { rules: [], isTooLarge: false };

function broadRules(rules: readonly unknown[], peersField: 'from' | 'to'): Broad {
  // The shortest thing that a large policy can repeat, and it decides alone.
  const isAnyUnlimited = rules.some(
    (rule) =>
      (rule === null || isJsonObject(rule)) &&
      isAbsentOrEmpty(fieldOf(rule, 'ports')) &&
      isAbsentOrEmpty(fieldOf(rule, peersField)),
  );
  if (isAnyUnlimited) {
    return { rules: [{ ...NO_PEERS, ports: EVERY_PORT, isForEveryone: true }], isTooLarge: false };
  }
  const { broad, share } = estimateOf(rules, peersField);
  const relevant = share < LEAST_SHARE ? broad : rules;
  if (relevant.length === 0) {
    return NOTHING;
  }
  const mayBeEveryone = broad.length > 0 || share >= EVERYONE_SHARE;
  if (isHeavy(relevant, peersField)) {
    return mayBeEveryone ? TOO_LARGE : NOTHING;
  }
  return keptRules(relevant, { peersField, mayBeEveryone });
}

function keptRules(
  rules: readonly unknown[],
  { peersField, mayBeEveryone }: { readonly peersField: 'from' | 'to'; readonly mayBeEveryone: boolean },
): Broad {
  const forEveryone: PortSet[] = [];
  const byPorts = new Map<string, { readonly ports: PortSet; readonly peers: unknown[] }>();
  for (const rule of rules) {
    const named = declaredPorts(rule);
    const peers = fieldOf(rule, peersField);
    if (named !== undefined && isAbsentOrEmpty(peers)) {
      forEveryone.push(named);
    } else if (named !== undefined) {
      const key = JSON.stringify(named);
      const group = byPorts.get(key) ?? { ports: named, peers: [] };
      group.peers.push(...itemsOf(peers));
      byPorts.set(key, group);
    }
  }
  const everyone: readonly BroadRule[] =
    forEveryone.length === 0 ? [] : [{ ...NO_PEERS, ports: ports.union(...forEveryone), isForEveryone: true }];
  const merged = [
    ...everyone,
    ...[...byPorts.values()].flatMap(({ ports: named, peers }) => mergedRule(named, peers) ?? []),
  ];
  if (isTooLargeToKeep(merged)) {
    return mayBeEveryone ? TOO_LARGE : NOTHING;
  }
  return { rules: merged, isTooLarge: false };
}

const NO_PEERS = { isForEveryone: false, hasEveryPod: false, namespaceSelectors: [], addresses: '' };
/** Its rule lets nobody through by itself: that it is too large is all that is known. */
const TOO_LARGE: Broad = { rules: [{ ...NO_PEERS, ports: EVERY_PORT }], isTooLarge: true };

function isTooLargeToKeep(rules: readonly BroadRule[]): boolean {
  return (
    rules.length > MOST_RULES ||
    sumOf(rules, rangeCount) > MOST_RANGES ||
    sumOf(rules, requirementCount) > MOST_REQUIREMENTS
  );
}

function requirementCount({ namespaceSelectors }: BroadRule): number {
  return sumOf(namespaceSelectors, ({ matchExpressions = [] }) =>
    sumOf(matchExpressions, ({ values = [] }) => 1 + values.length),
  );
}

/** How many ranges of ports and addresses a rule has. */
export function rangeCount({ addresses: written, ports: named }: BroadRule): number {
  return writtenCount(written) + sumOf(PROTOCOLS, (protocol) => named[protocol].length);
}

function sumOf<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}

/** Whether the rules have more than is judged; it stops counting there. */
function isHeavy(rules: readonly unknown[], peersField: 'from' | 'to'): boolean {
  let weight = 0;
  for (const rule of rules) {
    weight += 1 + itemsOf(fieldOf(rule, 'ports')).length;
    for (const peer of itemsOf(fieldOf(rule, peersField))) {
      weight += 1 + itemsOf(fieldOf(fieldOf(peer, 'ipBlock'), 'except')).length;
      weight += valueCount(fieldOf(peer, 'namespaceSelector'));
      if (weight > MOST_JUDGED) {
        return true;
      }
    }
  }
  return weight > MOST_JUDGED;
}

function valueCount(selector: unknown): number {
  return sumOf(
    itemsOf(fieldOf(selector, 'matchExpressions')),
    (expression) => 1 + itemsOf(fieldOf(expression, 'values')).length,
  );
}

/** Rules with the same ports are one rule with the peers of all. */
function mergedRule(named: PortSet, peers: readonly unknown[]): BroadRule | undefined {
  const ranges = addresses.setOf(peers.flatMap(blockRanges));
  const hasEveryPod = peers.some(isEveryPod);
  const namespaceSelectors = hasEveryPod ? [] : peers.flatMap((peer) => broadNamespaceSelector(peer) ?? []);
  if (ranges.length === 0 && !hasEveryPod && namespaceSelectors.length === 0) {
    return undefined;
  }
  return {
    ports: named,
    isForEveryone: false,
    hasEveryPod,
    namespaceSelectors,
    addresses: writtenRanges(ranges),
  };
}

/**
 * A cheap estimate: the largest share of an address family that the blocks of all rules can hold, by their prefix lengths
 * alone, and the rules for everyone or for namespaces. It settles most long lists of addresses without reading them.
 */
function estimateOf(
  rules: readonly unknown[],
  peersField: 'from' | 'to',
): { readonly share: number; readonly broad: readonly unknown[] } {
  const shares = { ipv4: 0, ipv6: 0 };
  const broad = rules.filter((rule) => {
    const peers = fieldOf(rule, peersField);
    let isBroad = isAbsentOrEmpty(peers);
    for (const peer of itemsOf(peers)) {
      isBroad ||= isEveryPod(peer) || isBroadNamespacePeer(peer);
      addShare(fieldOf(fieldOf(peer, 'ipBlock'), 'cidr'), shares);
    }
    return isBroad;
  });
  return { share: Math.max(shares.ipv4, shares.ipv6), broad };
}

function addShare(cidr: unknown, shares: { ipv4: number; ipv6: number }): void {
  const prefixLength = typeof cidr === 'string' ? Number(cidr.slice(cidr.lastIndexOf('/') + 1)) : Number.NaN;
  if (typeof cidr !== 'string' || !(prefixLength >= 0)) {
    return;
  }
  if (!cidr.includes(':')) {
    shares.ipv4 += 2 ** -prefixLength;
    return;
  }
  shares.ipv6 += 2 ** -prefixLength;
  // It may be an IPv4 block that is written as IPv6.
  shares.ipv4 += prefixLength >= 96 ? 2 ** (96 - prefixLength) : 0;
}

function blockRanges(peer: unknown): readonly AddressRange[] {
  const block = fieldOf(peer, 'ipBlock');
  if (!isAbsent(fieldOf(peer, 'podSelector')) || !isAbsent(fieldOf(peer, 'namespaceSelector'))) {
    return [];
  }
  const range = readRange(fieldOf(block, 'cidr'));
  if (range === undefined) {
    return [];
  }
  const except = itemsOf(fieldOf(block, 'except')).flatMap((cidr) => readRange(cidr) ?? []);
  return addresses.difference([range], addresses.setOf(except));
}

function readRange(cidr: unknown): AddressRange | undefined {
  return typeof cidr === 'string' ? addressRangeOf(cidr) : undefined;
}

/** Whether a peer is every pod of some namespaces, with that selector of namespaces. */
function namespacesOf(peer: unknown): unknown {
  const podSelector = fieldOf(peer, 'podSelector');
  const namespaceSelector = fieldOf(peer, 'namespaceSelector');
  if (!isJsonObject(namespaceSelector) || !isAbsent(fieldOf(peer, 'ipBlock'))) {
    return undefined;
  }
  const isEveryPodThere = isAbsent(podSelector) || (isJsonObject(podSelector) && !hasRequirements(podSelector));
  return isEveryPodThere ? namespaceSelector : undefined;
}

function isEveryPod(peer: unknown): boolean {
  const selector = namespacesOf(peer);
  return (
    selector !== undefined &&
    isEmptyMap(fieldOf(selector, 'matchLabels')) &&
    itemsOf(fieldOf(selector, 'matchExpressions')).every(isAlwaysMet)
  );
}

/** Every namespace carries its name as a label, which the API server sets, and that name is a DNS label. */
function isAlwaysMet(expression: unknown): boolean {
  if (fieldOf(expression, 'key') !== LABELS.namespaceName) {
    return false;
  }
  const values = itemsOf(fieldOf(expression, 'values'));
  const operator = fieldOf(expression, 'operator');
  return (
    operator === 'Exists' ||
    (operator === 'NotIn' && values.every((value) => typeof value === 'string' && !isDnsLabel(value)))
  );
}

const BROAD_OPERATORS: ReadonlySet<unknown> = new Set(['NotIn', 'DoesNotExist', 'Exists']);

/** Whether a peer only leaves namespaces out, or asks for a label with any value: it may select all of them. */
function isBroadNamespacePeer(peer: unknown): boolean {
  const selector = namespacesOf(peer);
  if (selector === undefined || !isEmptyMap(fieldOf(selector, 'matchLabels'))) {
    return false;
  }
  const expressions = itemsOf(fieldOf(selector, 'matchExpressions'));
  return (
    expressions.length > 0 &&
    expressions.every(
      (expression) =>
        typeof fieldOf(expression, 'key') === 'string' && isBroadOperator(fieldOf(expression, 'operator')),
    )
  );
}

/** The selector of namespaces of a peer for which {@link isBroadNamespacePeer} is true. */
function broadNamespaceSelector(peer: unknown): LabelSelector | undefined {
  if (!isBroadNamespacePeer(peer)) {
    return undefined;
  }
  const selector = namespacesOf(peer);
  const requirements = itemsOf(fieldOf(selector, 'matchExpressions')).flatMap((expression) => {
    const key = fieldOf(expression, 'key');
    const operator = fieldOf(expression, 'operator');
    const values = itemsOf(fieldOf(expression, 'values')).filter((value) => typeof value === 'string');
    return typeof key === 'string' && isBroadOperator(operator) ? [{ key, operator, values }] : [];
  });
  return { matchExpressions: requirements };
}

function isBroadOperator(operator: unknown): operator is 'NotIn' | 'DoesNotExist' | 'Exists' {
  return BROAD_OPERATORS.has(operator);
}

/** The ports of a rule; undefined when the rule cannot be read or names no port. A named port is never every port. */
function declaredPorts(rule: unknown): PortSet | undefined {
  if (rule !== null && !isJsonObject(rule)) {
    return undefined;
  }
  const named = fieldOf(rule, 'ports');
  if (isAbsentOrEmpty(named)) {
    return EVERY_PORT;
  }
  const set = portSetOf(itemsOf(named).flatMap((item) => portRange(item) ?? []));
  return ports.isEmpty(set) ? undefined : set;
}

function portRange(item: unknown): Parameters<typeof portSetOf>[0][number] | undefined {
  if (item !== null && !isJsonObject(item)) {
    return undefined;
  }
  const declared = fieldOf(item, 'protocol') ?? 'TCP';
  const protocol = PROTOCOLS.find((known) => known === declared);
  const numbers = numbersOf(fieldOf(item, 'port') ?? undefined, fieldOf(item, 'endPort') ?? undefined);
  return protocol === undefined || numbers === undefined ? undefined : { protocol, ...numbers };
}

function numbersOf(port: unknown, endPort: unknown): Interval<number> | undefined {
  if (port === undefined && endPort === undefined) {
    return { first: 1, last: LAST_PORT };
  }
  const last = endPort ?? port;
  return isPortNumber(port) && isPortNumber(last) && port <= last ? { first: port, last } : undefined;
}

/** The addresses of a rule as numbers again. */
export function rangesOf({ isForEveryone, addresses: written }: BroadRule): AddressSet {
  if (isForEveryone) {
    return EVERY_ADDRESS;
  }
  return written === ''
    ? []
    : written.split(' ').map((range) => {
        const [first = '', last = first] = range.split('-');
        return { first: BigInt(`0x${first}`), last: BigInt(`0x${last}`) };
      });
}

/** A set of addresses as one text, which takes a tenth of the memory of numbers: `first-last`, hexadecimal, with blanks between. */
function writtenRanges(set: AddressSet): string {
  return set.map(({ first, last }) => `${first.toString(16)}-${last.toString(16)}`).join(' ');
}

function writtenCount(written: string): number {
  return written === '' ? 0 : written.split(' ').length;
}
