import { isDnsLabel } from '../../api/dns-label.ts';
import { LABELS } from '../../api/names.ts';
import { quotable } from '../../api/plain-value.ts';
import { fieldOf, isAbsent, isAbsentOrEmpty, isEmptyMap, isJsonObject, itemsOf } from '../../base/json.ts';
import { NOT_INTERNET } from '../rendering/internet.ts';
import {
  type AddressRange,
  IPV4_SPACE,
  IPV6_SPACE,
  isCovered,
  rangeOf,
  rangeWithout,
  unionOf,
} from './address-space.ts';
import { declaredPorts, LAST_PORT, type PortRange, PROTOCOLS, type Protocol } from './port-ranges.ts';

/** How a NetworkPolicy undoes the isolation of the pods that it selects, as one sentence for people for each direction that it opens. */
export interface Weakening {
  /** Such as `allows every source on every port, for all pods`. */
  readonly ingress?: string;
  /** Such as `allows every destination on every TCP port, for pods app=web`. */
  readonly egress?: string;
}

interface Peers {
  /** Whether every pod of every namespace is among them by its labels. */
  readonly hasEveryPod: boolean;
  readonly addresses: readonly AddressRange[];
}

interface OpenRule {
  readonly ports: readonly PortRange[];
  /** Read when first asked for: most rules are found harmless by their ports alone. */
  readonly peers: () => Peers;
}

/** How much of each address family is let through; a higher number is more. */
interface Reach {
  readonly ipv4: number;
  readonly ipv6: number;
  /** Whether the policy was too large for every port to be looked at. */
  readonly isGuess: boolean;
}

const LESS = 0;
const PODS_AND_INTERNET = 1;
const EVERY_ADDRESS = 2;

const EVERYONE: Peers = { hasEveryPod: true, addresses: [IPV6_SPACE, IPV4_SPACE] };
const NOT_INTERNET_RANGES = NOT_INTERNET.flatMap((cidr) => rangeOf(cidr) ?? []);

/** Whoever lets everyone in lets in more of a family than this, {@link NOT_INTERNET} being the rest at most. */
const LEAST_SHARE = 0.8;
/** Ranges looked at for one protocol before the rest is guessed. Reading is linear in the size of the policy; only many ports times many rules are more. */
const MAX_STEPS = 20_000;
const MAX_SELECTOR_TEXT = 200;

/**
 * Whether another client's NetworkPolicy undoes the isolation (R17, weakening), and how; undefined when it does not. `spec` is the
 * spec as the API server sent it and is trusted in nothing: this never throws, gives the same answer for the same spec
 * whatever the order of its rules, and leaves `spec` alone.
 *
 * A direction is weakened when the policy is about it (policyTypes, or their default) and its rules together let every
 * peer in on every port of at least one protocol, for all the pods that it selects, be they few. It is judged port by
 * port, as rules add up but never mix the peers of one with the ports of another
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/). Every peer is: anyone; or blocks that
 * together hold every IPv4 or every IPv6 address; or every pod of every namespace together with blocks that hold at least
 * everything but {@link NOT_INTERNET}. One address less is not everyone and is not reported.
 *
 * Not seen: two policies that open only together, and selectors that match everything only together (`Exists a` and
 * `DoesNotExist a`) or by the labels at hand. A field that cannot be read allows nothing; null is an absent field, as in the
 * API. A policy that lets every peer in on all the ports that {@link MAX_STEPS} allow for, and has more, is reported as
 * too large to be sure of: it must not hide behind its size.
 */
export function weakeningOf(spec: unknown): Weakening | undefined {
  const egressRules = fieldOf(spec, 'egress');
  const declaredTypes = itemsOf(fieldOf(spec, 'policyTypes'));
  const hasDefaultTypes = declaredTypes.length === 0;
  const isAboutIngress = hasDefaultTypes || declaredTypes.includes('Ingress');
  const isAboutEgress = hasDefaultTypes || declaredTypes.includes('Egress');
  const ingress = isAboutIngress ? openingIn(fieldOf(spec, 'ingress'), { peers: 'from', peer: 'source' }) : undefined;
  const egress = isAboutEgress ? openingIn(egressRules, { peers: 'to', peer: 'destination' }) : undefined;
  if (ingress === undefined && egress === undefined) {
    return undefined;
  }
  const pods = describeSelector(fieldOf(spec, 'podSelector'));
  return {
    ...(ingress === undefined ? {} : { ingress: `${ingress}, for ${pods}` }),
    ...(egress === undefined ? {} : { egress: `${egress}, for ${pods}` }),
  };
}

/** The opening by the rules of one direction, such as `allows every source on every port`. */
function openingIn(
  rules: unknown,
  words: { readonly peers: 'from' | 'to'; readonly peer: 'source' | 'destination' },
): string | undefined {
  // By far the shortest thing that a large policy can repeat, and alone it decides.
  if (itemsOf(rules).some((rule) => isUnlimited(rule, words.peers))) {
    return `allows every ${words.peer} on every port`;
  }
  if (!mayBeEveryone(itemsOf(rules), words.peers)) {
    return undefined;
  }
  const open = itemsOf(rules).flatMap((rule) => readRule(rule, words.peers) ?? []);
  if (open.length === 0) {
    return undefined;
  }
  const protocolsByPhrase = new Map<string, Protocol[]>();
  const judge = rememberingJudge();
  for (const protocol of PROTOCOLS) {
    const phrase = phraseFor(reachOn(protocol, open, judge), words.peer);
    if (phrase !== undefined) {
      protocolsByPhrase.set(phrase, [...(protocolsByPhrase.get(phrase) ?? []), protocol]);
    }
  }
  const openings = [...protocolsByPhrase].map(
    ([phrase, protocols]) =>
      `${phrase} on ${protocols.length === PROTOCOLS.length ? 'every port' : `every ${protocols.join(' and ')} port`}`,
  );
  return openings.length === 0 ? undefined : openings.join(' and ');
}

/** Whether a rule names neither ports nor peers. */
function isUnlimited(rule: unknown, peersField: 'from' | 'to'): boolean {
  if (rule !== null && !isJsonObject(rule)) {
    return false;
  }
  return isAbsentOrEmpty(fieldOf(rule, 'ports')) && isAbsentOrEmpty(fieldOf(rule, peersField));
}

/**
 * Whether the blocks of all rules could hold {@link LEAST_SHARE} of an address family if no two overlapped, by their
 * prefix lengths alone: that settles nearly every long list of addresses without one of them being read.
 */
function mayBeEveryone(rules: readonly unknown[], peersField: 'from' | 'to'): boolean {
  let ipv4Share = 0;
  let ipv6Share = 0;
  for (const rule of rules) {
    const peers = fieldOf(rule, peersField);
    if (isAbsentOrEmpty(peers)) {
      return true;
    }
    for (const peer of itemsOf(peers)) {
      const cidr = fieldOf(fieldOf(peer, 'ipBlock'), 'cidr');
      if (typeof cidr !== 'string') {
        continue;
      }
      const prefixLength = Number(cidr.slice(cidr.lastIndexOf('/') + 1));
      // Not a number, or below 0: no block.
      if (!(prefixLength >= 0)) {
        continue;
      }
      if (cidr.includes(':')) {
        ipv6Share += 2 ** -prefixLength;
      }
      ipv4Share += cidr.includes(':') ? writtenAsIpv6Share(prefixLength) : 2 ** -prefixLength;
    }
  }
  return Math.max(ipv4Share, ipv6Share) >= LEAST_SHARE;
}

/** The number of IPv4 addresses in an IPv6 block of this length, in case it is an IPv4 block written as IPv6. */
function writtenAsIpv6Share(prefixLength: number): number {
  return prefixLength >= 96 ? 2 ** (96 - prefixLength) : 0;
}

function phraseFor({ ipv4, ipv6, isGuess }: Reach, peer: 'source' | 'destination'): string | undefined {
  const most = Math.max(ipv4, ipv6);
  if (most === LESS) {
    return undefined;
  }
  const largerFamily = ipv4 > ipv6 ? 'IPv4 ' : 'IPv6 ';
  const family = ipv4 === ipv6 ? '' : largerFamily;
  const verb = isGuess ? 'is too large to be looked at whole and seems to allow' : 'allows';
  return most === EVERY_ADDRESS
    ? `${verb} every ${family}${peer}`
    : `${verb} every pod of the cluster and the whole ${family}internet`;
}

/** The peers that are allowed on every port of the protocol. */
function reachOn(protocol: Protocol, rules: readonly OpenRule[], judge: Judge): Reach {
  let reach: Reach = { ipv4: EVERY_ADDRESS, ipv6: EVERY_ADDRESS, isGuess: false };
  let steps = 0;
  for (const port of decisivePorts(protocol, rules)) {
    // The first port is always judged, however large the policy: hardly one that is meant well opens port 1.
    if (steps > MAX_STEPS) {
      return { ...reach, isGuess: true };
    }
    const peers = rules
      .filter(({ ports }) =>
        ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last),
      )
      .map((rule) => rule.peers());
    const here = judge(peers);
    reach = { ipv4: Math.min(reach.ipv4, here.ipv4), ipv6: Math.min(reach.ipv6, here.ipv6), isGuess: false };
    if (reach.ipv4 === LESS && reach.ipv6 === LESS) {
      return reach;
    }
    steps += sum(rules, ({ ports }) => ports.length) + sum(peers, ({ addresses }) => addresses.length);
  }
  return reach;
}

/**
 * The ports that decide for all: the first, and each one right after a range has ended. On any other port all the rules
 * hold that hold on the port before. In ascending order.
 */
function decisivePorts(protocol: Protocol, rules: readonly OpenRule[]): readonly number[] {
  const decisive = new Set([1]);
  for (const { ports } of rules) {
    for (const range of ports) {
      if (range.protocol === protocol && range.last < LAST_PORT) {
        decisive.add(range.last + 1);
      }
    }
  }
  return [...decisive].sort((a, b) => a - b);
}

/** The share of each address family that these peers together allow. */
type Judge = (peers: readonly Peers[]) => Reach;

/** Mostly the same rules hold on one port after the other, and for one protocol as for the next. */
function rememberingJudge(): Judge {
  let known: { readonly peers: readonly Peers[]; readonly reach: Reach } | undefined;
  return (peers) => {
    if (known?.peers.length !== peers.length || known.peers.some((some, index) => some !== peers[index])) {
      known = { peers, reach: reachOf(peers) };
    }
    return known.reach;
  };
}

function reachOf(peers: readonly Peers[]): Reach {
  const addresses = unionOf(peers.flatMap((some) => some.addresses));
  const withPods = peers.some(({ hasEveryPod }) => hasEveryPod) ? unionOf([...addresses, ...NOT_INTERNET_RANGES]) : [];
  const reachIn = (space: AddressRange): number => {
    if (isCovered(space, addresses)) {
      return EVERY_ADDRESS;
    }
    return isCovered(space, withPods) ? PODS_AND_INTERNET : LESS;
  };
  return { ipv4: reachIn(IPV4_SPACE), ipv6: reachIn(IPV6_SPACE), isGuess: false };
}

function readRule(rule: unknown, peersField: 'from' | 'to'): OpenRule | undefined {
  if (rule !== null && !isJsonObject(rule)) {
    return undefined;
  }
  const ports = declaredPorts(fieldOf(rule, 'ports'));
  if (ports.length === 0) {
    return undefined;
  }
  let peers: Peers | undefined;
  return { ports, peers: () => (peers ??= peersOf(fieldOf(rule, peersField))) };
}

function peersOf(peers: unknown): Peers {
  if (isAbsentOrEmpty(peers)) {
    return EVERYONE;
  }
  const items = itemsOf(peers);
  return { hasEveryPod: items.some(isEveryPod), addresses: unionOf(items.flatMap(blockAddresses)) };
}

function isEveryPod(peer: unknown): boolean {
  const podSelector = fieldOf(peer, 'podSelector');
  const namespaceSelector = fieldOf(peer, 'namespaceSelector');
  if (!isJsonObject(namespaceSelector) || !isAbsent(fieldOf(peer, 'ipBlock'))) {
    return false;
  }
  const isEveryPodThere =
    isAbsent(podSelector) || (isJsonObject(podSelector) && requirementsOf(podSelector).length === 0);
  return (
    isEveryPodThere &&
    isEmptyMap(fieldOf(namespaceSelector, 'matchLabels')) &&
    itemsOf(fieldOf(namespaceSelector, 'matchExpressions')).every(isMetByEveryNamespace)
  );
}

/** Every namespace has its own name as a label, put there by the API server, and that name is a DNS label. */
function isMetByEveryNamespace(expression: unknown): boolean {
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

function blockAddresses(peer: unknown): readonly AddressRange[] {
  const block = fieldOf(peer, 'ipBlock');
  if (!isAbsent(fieldOf(peer, 'podSelector')) || !isAbsent(fieldOf(peer, 'namespaceSelector'))) {
    return [];
  }
  const range = readRange(fieldOf(block, 'cidr'));
  return range === undefined
    ? []
    : rangeWithout(
        range,
        itemsOf(fieldOf(block, 'except')).flatMap((except) => readRange(except) ?? []),
      );
}

function readRange(cidr: unknown): AddressRange | undefined {
  return typeof cidr === 'string' ? rangeOf(cidr) : undefined;
}

/**
 * The pods that an untrusted label selector selects, for people, in kubectl's spelling and at most a line long:
 * `all pods`, or such as `pods app=web,tier notin (a,b),!canary`.
 */
export function describeSelector(selector: unknown): string {
  const text = [...requirementsOf(selector)].sort().join(',');
  if (text === '') {
    return 'all pods';
  }
  return `pods ${text.length > MAX_SELECTOR_TEXT ? `${text.slice(0, MAX_SELECTOR_TEXT)}…` : text}`;
}

function requirementsOf(selector: unknown): readonly string[] {
  const labels = fieldOf(selector, 'matchLabels');
  const equal = isJsonObject(labels) ? Object.keys(labels).map((key) => `${quotable(key)}=${shown(labels[key])}`) : [];
  return [...equal, ...itemsOf(fieldOf(selector, 'matchExpressions')).map(expressionText)];
}

function expressionText(expression: unknown): string {
  const key = shown(fieldOf(expression, 'key'));
  const operator = shown(fieldOf(expression, 'operator'));
  if (operator === 'Exists') {
    return key;
  }
  if (operator === 'DoesNotExist') {
    return `!${key}`;
  }
  return `${key} ${operator.toLowerCase()} (${itemsOf(fieldOf(expression, 'values')).map(shown).join(',')})`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quotable(value) : '?';
}

function sum<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
