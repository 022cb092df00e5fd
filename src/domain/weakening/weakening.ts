import { DIRECTIONS, type Direction } from '../../api/network-policy.ts';
import type { Interval, IntervalSet } from '../../policy/intervals/interval-set.ts';
import { EVERY_PORT_NUMBER, LAST_PORT, PROTOCOLS, type Protocol, portNumbers } from '../../policy/intervals/ports.ts';
import { type BroadRule, type Openness, rangeCount } from './openness.ts';
import { type Grade, type NamespacesAtHand, type Reach, reachOf } from './reach.ts';

/** A NetworkPolicy that may weaken an isolation. */
export interface OpenNetworkPolicy {
  readonly name: string;
  readonly openness: Openness;
}

/** What undoes an isolation or comes close to it, for people. */
export interface Weakening {
  /** The NetworkPolicies that do it together, by name in ascending order; nearly always one. */
  readonly names: readonly string[];
  readonly direction: Direction;
  readonly grade: Grade;
  /** Such as `allows every source on every port, for all pods`. */
  readonly why: string;
}

/** Ports from here on are where ordinary servers listen: all of them are as good as every port. */
const FIRST_UNPRIVILEGED_PORT = 1024;
/** And so are all of them but this many. */
const MOST_PORTS_LEFT_OUT = 1024;
/** How many ports are judged in one direction before the rest is a guess. */
const MOST_PORTS_JUDGED = 512;
const PORTS_NAMED = 4;
/**
 * How many rules and ranges of a namespace are judged in one direction: some milliseconds of work, as everything else waits
 * meanwhile. A usual policy has three.
 */
const MOST_JUDGED = 2048;
/** And how many of all groups that are judged together, each at most {@link MOST_JUDGED_IN_GROUP}. */
const MOST_JUDGED_TOGETHER = 1024;
const MOST_JUDGED_IN_GROUP = 256;

/**
 * What these NetworkPolicies open in the isolated directions of a namespace (R17), each for itself and several together
 * where they select the same pods. NetworkPolicies add up, but the peers of one rule never combine with the ports of
 * another (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
 *
 * `open`: every source or destination, or all but a short list; every pod of the cluster; all pods and the internet
 * together; each on every port, or on every port from 1024 on, of at least one protocol. `wide`: any of these on single
 * ports; the whole internet; every pod by a selector that all namespaces happen to meet now.
 *
 * What is beyond {@link MOST_JUDGED} is not judged, and told as `open`: a tenant may not hide an opening behind many others.
 */
export function weakeningsIn(facts: {
  readonly networkPolicies: readonly OpenNetworkPolicy[];
  readonly isolated: ReadonlySet<Direction>;
  readonly namespaces: NamespacesAtHand;
}): readonly Weakening[] {
  const directions = DIRECTIONS.filter((direction) => facts.isolated.has(direction));
  // The caches list in any order, and a report is written again when it differs.
  const sorted = facts.networkPolicies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return directions.flatMap((direction) => weakeningsOf(direction, sorted, facts.namespaces));
}

function weakeningsOf(
  direction: Direction,
  networkPolicies: readonly OpenNetworkPolicy[],
  namespaces: NamespacesAtHand,
): readonly Weakening[] {
  const about = networkPolicies.filter(({ openness }) => rulesOf(openness, direction).length > 0);
  const { within, beyond } = withinWeight(about, direction);
  const judge = rememberingReach(direction, namespaces);
  const single = within.flatMap((one) => judged([one], direction, judge) ?? []);
  const open = new Set(single.filter(({ grade }) => grade === 'open').flatMap(({ names }) => names));
  const others = within.filter(({ name }) => !open.has(name));
  return [...single, ...together(others, direction, judge), ...unjudged(beyond, direction)];
}

/** As many of the policies as are judged, the light ones first, and the rest; both by name. */
function withinWeight(
  networkPolicies: readonly OpenNetworkPolicy[],
  direction: Direction,
): { readonly within: readonly OpenNetworkPolicy[]; readonly beyond: readonly OpenNetworkPolicy[] } {
  const weights = new Map(networkPolicies.map((one) => [one, weightOf([one], direction)]));
  const weightOfOne = (one: OpenNetworkPolicy): number => weights.get(one) ?? 0;
  const taken = new Set<OpenNetworkPolicy>();
  let weight = 0;
  for (const one of networkPolicies.toSorted((a, b) => weightOfOne(a) - weightOfOne(b))) {
    weight += weightOfOne(one);
    if (weight > MOST_JUDGED) {
      break;
    }
    taken.add(one);
  }
  return {
    within: networkPolicies.filter((one) => taken.has(one)),
    beyond: networkPolicies.filter((one) => !taken.has(one)),
  };
}

/** How many rules and ranges these have. */
function weightOf(group: readonly OpenNetworkPolicy[], direction: Direction): number {
  let weight = 0;
  for (const { openness } of group) {
    for (const rule of rulesOf(openness, direction)) {
      weight += 1 + rule.namespaceSelectors.length + rangeCount(rule);
    }
  }
  return weight;
}

function unjudged(beyond: readonly OpenNetworkPolicy[], direction: Direction): readonly Weakening[] {
  if (beyond.length === 0) {
    return [];
  }
  const others = beyond.length === 1 ? '' : `, like ${beyond.length - 1} more,`;
  const why = `may allow every ${peerIn(direction)}${others} and is not judged: this namespace has too many that allow much`;
  return [{ names: [beyond[0]?.name ?? ''], direction, grade: 'open', why }];
}

function peerIn(direction: Direction): 'source' | 'destination' {
  return direction === 'Ingress' ? 'source' : 'destination';
}

/** What rules reach, asked once for rules with the same peers: of many policies most differ in their ports alone. */
function rememberingReach(direction: Direction, namespaces: NamespacesAtHand): Judge {
  const peer = peerIn(direction);
  const known = new Map<string, Reach | undefined>();
  return (rules) => {
    const peers = new Set(rules.map(peersText));
    const key = [...peers].sort().join('\n');
    if (!known.has(key)) {
      known.set(key, reachOf(rules, { namespaces, peer }));
    }
    return known.get(key);
  };
}

function peersText({ isForEveryone, hasEveryPod, namespaceSelectors, addresses }: BroadRule): string {
  const selectors = namespaceSelectors.length === 0 ? '' : JSON.stringify(namespaceSelectors);
  return `${isForEveryone} ${hasEveryPod} ${selectors} ${addresses}`;
}

/** Who some rules together let through, or undefined when that is nobody broad. */
type Judge = (rules: readonly BroadRule[]) => Reach | undefined;

/** Groups of policies that select the same pods, those for all pods in each, which open only together. */
function together(
  networkPolicies: readonly OpenNetworkPolicy[],
  direction: Direction,
  judge: Judge,
): readonly Weakening[] {
  if (networkPolicies.length < 2) {
    return [];
  }
  const forAllPods = networkPolicies.filter(({ openness }) => openness.isForAllPods);
  const groups = new Map([['all pods', forAllPods]]);
  for (const one of networkPolicies.filter(({ openness }) => !openness.isForAllPods)) {
    groups.set(one.openness.pods, [...(groups.get(one.openness.pods) ?? forAllPods), one]);
  }
  let weight = 0;
  const found = [...groups.values()]
    .filter((group) => group.length > 1)
    .flatMap((group) => {
      const own = weightOf(group, direction);
      const isLight = own <= MOST_JUDGED_IN_GROUP && weight + own <= MOST_JUDGED_TOGETHER;
      weight += isLight ? own : 0;
      return (isLight ? judged(group, direction, judge) : estimated(group, direction, judge)) ?? [];
    })
    .filter(({ grade }) => grade === 'open');
  // What all pods are open to, the groups need not repeat.
  return found.filter(({ names }, index) => index === 0 || names.join() !== found[0]?.names.join());
}

/**
 * A group that is too large to be judged port by port: it may be open when all its peers on all its ports would be. That
 * many policies that allow one port each are not.
 */
function estimated(group: readonly OpenNetworkPolicy[], direction: Direction, judge: Judge): Weakening | undefined {
  const rules = group.flatMap(({ openness }) => rulesOf(openness, direction));
  const hasNearlyAllPorts = PROTOCOLS.some((protocol) =>
    areNearlyAll(portNumbers.union(...rules.map(({ ports }) => ports[protocol]))),
  );
  const isAnyTooLarge = group.some(({ openness }) => openness.isTooLarge);
  if (!isAnyTooLarge && (!hasNearlyAllPorts || judge(rules)?.grade !== 'open')) {
    return undefined;
  }
  const why = `are too many to be judged together and may allow every ${peerIn(direction)}, for ${podsOf(group)}`;
  return { names: group.map(({ name }) => name).sort(), direction, grade: 'open', why };
}

/** The pods that all of a group select. */
function podsOf(group: readonly OpenNetworkPolicy[]): string {
  return group.find(({ openness }) => !openness.isForAllPods)?.openness.pods ?? 'all pods';
}

function judged(group: readonly OpenNetworkPolicy[], direction: Direction, judge: Judge): Weakening | undefined {
  const peer = peerIn(direction);
  const rules = group.flatMap(({ openness }) => rulesOf(openness, direction));
  const opening = openingOf(rules, judge);
  const names = group.map(({ name }) => name).sort();
  const pods = podsOf(group);
  if (opening?.grade !== 'open' && group.some(({ openness }) => openness.isTooLarge)) {
    const why = `is too large to be judged whole and may allow every ${peer}, for ${pods}`;
    return { names, direction, grade: 'open', why };
  }
  return opening === undefined
    ? undefined
    : { names, direction, grade: opening.grade, why: `${opening.why}, for ${pods}` };
}

function rulesOf({ ingress, egress }: Openness, direction: Direction): readonly BroadRule[] {
  return direction === 'Ingress' ? ingress : egress;
}

interface Opening {
  readonly grade: Grade;
  readonly why: string;
}

/** What the rules open on each protocol, protocols with the same answer together. */
function openingOf(rules: readonly BroadRule[], judge: Judge): Opening | undefined {
  const remembered = rememberingJudge(judge);
  const found = PROTOCOLS.flatMap((protocol) => {
    const opening = protocolOpening(protocol, rules, remembered);
    return opening === undefined ? [] : [{ protocol, ...opening }];
  });
  const grade = found.some((one) => one.grade === 'open') ? 'open' : 'wide';
  const told = found.filter((one) => one.grade === grade);
  if (told.length === 0) {
    return undefined;
  }
  const byText = new Map<string, Protocol[]>();
  for (const { protocol, phrase, ports } of told) {
    const key = `${phrase}\n${ports}`;
    byText.set(key, [...(byText.get(key) ?? []), protocol]);
  }
  const texts = [...byText].map(([key, protocols]) => {
    const [phrase = '', ports = ''] = key.split('\n');
    return `allows ${phrase} on ${portsText(protocols, ports)}`;
  });
  return { grade, why: texts.join(' and ') };
}

function portsText(protocols: readonly Protocol[], ports: string): string {
  const names = protocols.length === PROTOCOLS.length ? '' : `${protocols.join(' and ')} `;
  return ports === '' ? `every ${names}port` : `${names}${ports}`;
}

interface ProtocolOpening {
  readonly grade: Grade;
  readonly phrase: string;
  /** Empty for every port; else such as `port 80` or `ports 1024-65535`. */
  readonly ports: string;
}

/** A stretch of ports on which the same rules hold. */
interface Stretch extends Interval<number> {
  readonly reach: Reach | undefined;
}

function protocolOpening(protocol: Protocol, rules: readonly BroadRule[], judge: Judge): ProtocolOpening | undefined {
  const stretches = stretchesOf(protocol, rules, judge);
  const reached = stretches.filter((stretch) => stretch.reach !== undefined);
  if (reached.length === 0) {
    return undefined;
  }
  const openPorts = portNumbers.setOf(reached.filter(({ reach }) => reach?.grade === 'open').map(intervalOf));
  if (areNearlyAll(openPorts)) {
    const least = leastReach(reached.filter(({ reach }) => reach?.grade === 'open'));
    return { grade: 'open', phrase: least.phrase, ports: rangesText(openPorts) };
  }
  const most = mostReach(reached);
  const ports = portNumbers.setOf(reached.filter(({ reach }) => reach?.rank === most.rank).map(intervalOf));
  return { grade: 'wide', phrase: most.phrase, ports: rangesText(ports) };
}

function areNearlyAll(ports: IntervalSet<number>): boolean {
  const missing = portNumbers.difference([{ first: FIRST_UNPRIVILEGED_PORT, last: LAST_PORT }], ports);
  return missing.reduce((sum, { first, last }) => sum + last - first + 1, 0) <= MOST_PORTS_LEFT_OUT;
}

function intervalOf({ first, last }: Stretch): Interval<number> {
  return { first, last };
}

const NOBODY: Reach = { grade: 'wide', rank: 0, phrase: 'nobody' };

function leastReach(stretches: readonly Stretch[]): Reach {
  const [first = NOBODY, ...others] = stretches.flatMap(({ reach }) => reach ?? []);
  return others.reduce((least, reach) => (reach.rank < least.rank ? reach : least), first);
}

function mostReach(stretches: readonly Stretch[]): Reach {
  return stretches
    .flatMap(({ reach }) => reach ?? [])
    .reduce((most, reach) => (reach.rank > most.rank ? reach : most), NOBODY);
}

/** The ports of a protocol in stretches. Between two bounds of the rules' ranges nothing changes. */
function stretchesOf(protocol: Protocol, rules: readonly BroadRule[], judge: Judge): readonly Stretch[] {
  const starts = new Set([1]);
  for (const { ports } of rules) {
    for (const { first, last } of ports[protocol]) {
      starts.add(first);
      if (last < LAST_PORT) {
        starts.add(last + 1);
      }
    }
  }
  const bounds = [...starts].sort((a, b) => a - b).slice(0, MOST_PORTS_JUDGED);
  return bounds.map((first, index) => {
    const here = rules.filter(({ ports }) => portNumbers.contains(ports[protocol], first));
    return { first, last: (bounds[index + 1] ?? LAST_PORT + 1) - 1, reach: judge(here) };
  });
}

/** Mostly the same rules hold on one stretch after the other, and for one protocol as for the next. */
function rememberingJudge(judge: Judge): Judge {
  let known: { readonly rules: readonly BroadRule[]; readonly reach: Reach | undefined } | undefined;
  return (rules) => {
    if (rules.length === 0) {
      return undefined;
    }
    if (known?.rules.length !== rules.length || known.rules.some((rule, index) => rule !== rules[index])) {
      known = { rules, reach: judge(rules) };
    }
    return known.reach;
  };
}

function rangesText(ports: IntervalSet<number>): string {
  if (portNumbers.covers(ports, EVERY_PORT_NUMBER)) {
    return '';
  }
  const texts = ports.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  const shown = texts.slice(0, PORTS_NAMED).join(', ');
  const more = texts.length > PORTS_NAMED ? ` and ${texts.length - PORTS_NAMED} more` : '';
  const isOne = ports.length === 1 && ports[0]?.first === ports[0]?.last;
  return `${isOne ? 'port' : 'ports'} ${shown}${more}`;
}
