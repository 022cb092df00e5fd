import { DIRECTIONS, type Direction } from '../../api/network-policy.ts';
import type { Interval, IntervalSet } from '../../policy/intervals/interval-set.ts';
import { EVERY_PORT_NUMBER, LAST_PORT, PROTOCOLS, type Protocol, portNumbers } from '../../policy/intervals/ports.ts';
import type { BroadRule, Openness } from './openness.ts';
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
 * What these NetworkPolicies open in the isolated directions of a namespace (R17), each for itself and several together
 * where they select the same pods. NetworkPolicies add up, but the peers of one rule never combine with the ports of
 * another (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
 *
 * `open`: every source or destination, or all but a short list; every pod of the cluster; all pods and the internet
 * together; each on every port, or on every port from 1024 on, of at least one protocol. `wide`: any of these on single
 * ports; the whole internet; every pod by a selector that all namespaces happen to meet now.
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
  const single = about.flatMap((one) => judged([one], direction, namespaces) ?? []);
  const open = new Set(single.filter(({ grade }) => grade === 'open').flatMap(({ names }) => names));
  const others = about.filter(({ name }) => !open.has(name));
  return [...single, ...together(others, direction, namespaces)];
}

/** Groups of policies that select the same pods, those for all pods in each, which open only together. */
function together(
  networkPolicies: readonly OpenNetworkPolicy[],
  direction: Direction,
  namespaces: NamespacesAtHand,
): readonly Weakening[] {
  if (networkPolicies.length < 2) {
    return [];
  }
  const forAllPods = networkPolicies.filter(({ openness }) => openness.isForAllPods);
  const groups = new Map([['all pods', forAllPods]]);
  for (const one of networkPolicies.filter(({ openness }) => !openness.isForAllPods)) {
    groups.set(one.openness.pods, [...(groups.get(one.openness.pods) ?? forAllPods), one]);
  }
  const found = [...groups.values()]
    .filter((group) => group.length > 1)
    .flatMap((group) => judged(group, direction, namespaces) ?? [])
    .filter(({ grade }) => grade === 'open');
  // What all pods are open to, the groups need not repeat.
  return found.filter(({ names }, index) => index === 0 || names.join() !== found[0]?.names.join());
}

function judged(
  group: readonly OpenNetworkPolicy[],
  direction: Direction,
  namespaces: NamespacesAtHand,
): Weakening | undefined {
  const peer = direction === 'Ingress' ? 'source' : 'destination';
  const rules = group.flatMap(({ openness }) => rulesOf(openness, direction));
  const opening = openingOf(rules, (some) => reachOf(some, { namespaces, peer }));
  const names = group.map(({ name }) => name).sort();
  const pods = group.find(({ openness }) => !openness.isForAllPods)?.openness.pods ?? 'all pods';
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
function openingOf(
  rules: readonly BroadRule[],
  judge: (rules: readonly BroadRule[]) => Reach | undefined,
): Opening | undefined {
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

function protocolOpening(
  protocol: Protocol,
  rules: readonly BroadRule[],
  judge: (rules: readonly BroadRule[]) => Reach | undefined,
): ProtocolOpening | undefined {
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
function stretchesOf(
  protocol: Protocol,
  rules: readonly BroadRule[],
  judge: (rules: readonly BroadRule[]) => Reach | undefined,
): readonly Stretch[] {
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
function rememberingJudge(
  judge: (rules: readonly BroadRule[]) => Reach | undefined,
): (rules: readonly BroadRule[]) => Reach | undefined {
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
