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
import { describeSelector, requirementsOf } from './selector-text.ts';

/** A range of addresses as two numbers in text: JSON has no numbers that large. */
export type WrittenRange = readonly [first: string, last: string];

/** What one rule lets through, as far as it may be broad. */
export interface BroadRule {
  readonly ports: PortSet;
  /** Whether it names no peers, so that it lets through everyone. */
  readonly isForEveryone: boolean;
  /** Whether it lets through every pod of every namespace, by a selector that every namespace always meets. */
  readonly hasEveryPod: boolean;
  /** Selectors of namespaces all of whose pods it lets through, which may select every namespace as things are now. */
  readonly namespaceSelectors: readonly LabelSelector[];
  /** The addresses of its ipBlocks. */
  readonly addresses: readonly WrittenRange[];
}

/** What a NetworkPolicy lets through that may undo an isolation. JSON, so that equal ones can be shared. */
export interface Openness {
  /** The pods that it selects, for people: `all pods` or such as `pods app=web`. */
  readonly pods: string;
  readonly isForAllPods: boolean;
  readonly ingress: readonly BroadRule[];
  readonly egress: readonly BroadRule[];
  /** Whether it has more rules or blocks than are kept, and by their size they may let everyone through. */
  readonly isTooLarge: boolean;
}

/** How many rules of a direction are kept. */
const MOST_RULES = 64;
/** How many ranges of addresses, and of ports, are kept of a direction. */
const MOST_RANGES = 1024;
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
  const pods = describeSelector(fieldOf(spec, 'podSelector'));
  return {
    pods,
    isForAllPods: requirementsOf(fieldOf(spec, 'podSelector')).length === 0,
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
  const share = shareOf(rules, peersField);
  if (share < LEAST_SHARE) {
    return NOTHING;
  }
  return keptRules(rules, { peersField, share });
}

function keptRules(
  rules: readonly unknown[],
  { peersField, share }: { readonly peersField: 'from' | 'to'; readonly share: number },
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
  const rangeCount = merged.reduce(
    (count, rule) => count + rule.addresses.length + PROTOCOLS.reduce((sum, name) => sum + rule.ports[name].length, 0),
    0,
  );
  if (merged.length > MOST_RULES || rangeCount > MOST_RANGES) {
    return share >= EVERYONE_SHARE ? { rules: merged.slice(0, 1).map(withoutRanges), isTooLarge: true } : NOTHING;
  }
  return { rules: merged, isTooLarge: false };
}

function withoutRanges(rule: BroadRule): BroadRule {
  return { ...rule, addresses: [], namespaceSelectors: [] };
}

const NO_PEERS = { isForEveryone: false, hasEveryPod: false, namespaceSelectors: [], addresses: [] };

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
    namespaceSelectors: namespaceSelectors.slice(0, MOST_RULES),
    addresses: ranges.map(({ first, last }) => [String(first), String(last)]),
  };
}

/**
 * The largest share of an address family that the blocks of all rules can hold, by their prefix lengths alone: that
 * settles most long lists of addresses without reading them. A rule for everyone, or for namespaces, counts as all.
 */
function shareOf(rules: readonly unknown[], peersField: 'from' | 'to'): number {
  let ipv4Share = 0;
  let ipv6Share = 0;
  for (const rule of rules) {
    const peers = fieldOf(rule, peersField);
    if (isAbsentOrEmpty(peers)) {
      return 1;
    }
    for (const peer of itemsOf(peers)) {
      if (isEveryPod(peer) || broadNamespaceSelector(peer) !== undefined) {
        return 1;
      }
      const { ipv4, ipv6 } = blockShare(fieldOf(fieldOf(peer, 'ipBlock'), 'cidr'));
      ipv4Share += ipv4;
      ipv6Share += ipv6;
    }
  }
  return Math.max(ipv4Share, ipv6Share);
}

function blockShare(cidr: unknown): { readonly ipv4: number; readonly ipv6: number } {
  const prefixLength = typeof cidr === 'string' ? Number(cidr.slice(cidr.lastIndexOf('/') + 1)) : Number.NaN;
  if (typeof cidr !== 'string' || !(prefixLength >= 0)) {
    return { ipv4: 0, ipv6: 0 };
  }
  if (!cidr.includes(':')) {
    return { ipv4: 2 ** -prefixLength, ipv6: 0 };
  }
  // It may be an IPv4 block that is written as IPv6.
  return { ipv4: prefixLength >= 96 ? 2 ** (96 - prefixLength) : 0, ipv6: 2 ** -prefixLength };
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
  const isEveryPodThere =
    isAbsent(podSelector) || (isJsonObject(podSelector) && requirementsOf(podSelector).length === 0);
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

/** A selector that only leaves namespaces out, or asks for a label with any value: it may select all of them. */
function broadNamespaceSelector(peer: unknown): LabelSelector | undefined {
  const selector = namespacesOf(peer);
  if (selector === undefined || !isEmptyMap(fieldOf(selector, 'matchLabels'))) {
    return undefined;
  }
  const requirements = itemsOf(fieldOf(selector, 'matchExpressions')).flatMap((expression) => {
    const key = fieldOf(expression, 'key');
    const operator = fieldOf(expression, 'operator');
    const values = itemsOf(fieldOf(expression, 'values')).filter((value) => typeof value === 'string');
    return typeof key === 'string' && isBroadOperator(operator) ? [{ key, operator, values }] : [];
  });
  const isWhole = requirements.length === itemsOf(fieldOf(selector, 'matchExpressions')).length;
  return isWhole && requirements.length > 0 ? { matchExpressions: requirements } : undefined;
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
  return isForEveryone ? EVERY_ADDRESS : written.map(([first, last]) => ({ first: BigInt(first), last: BigInt(last) }));
}
