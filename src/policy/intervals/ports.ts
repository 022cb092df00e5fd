import { type Interval, type IntervalAlgebra, type IntervalSet, intervalAlgebra } from './interval-set.ts';

/** A protocol that a NetworkPolicy can name a port of. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
/** All of them, in the order in which results list them. */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const satisfies readonly Protocol[];

/** The highest port there is; the lowest is 1. */
export const LAST_PORT = 65_535;

/** Whether the value is a port number. */
export function isPortNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LAST_PORT;
}

/** Every port of one protocol. */
export const EVERY_PORT_NUMBER: IntervalSet<number> = [{ first: 1, last: LAST_PORT }];

/** The operations on sets of port numbers of one protocol. */
export const portNumbers: IntervalAlgebra<number> = intervalAlgebra<number>({
  next: (port) => port + 1,
  previous: (port) => port - 1,
});

/** A set of ports: for each protocol the numbers, in the form of an {@link IntervalSet}. */
export type PortSet = Readonly<Record<Protocol, IntervalSet<number>>>;

/** No port at all. */
export const NO_PORTS: PortSet = { TCP: [], UDP: [], SCTP: [] };
/** Every port of every protocol. */
export const EVERY_PORT: PortSet = { TCP: EVERY_PORT_NUMBER, UDP: EVERY_PORT_NUMBER, SCTP: EVERY_PORT_NUMBER };

/** The set of all these ports, which may overlap and come in any order. */
export function portSetOf(ranges: readonly (Interval<number> & { readonly protocol: Protocol })[]): PortSet {
  return eachProtocol((protocol) =>
    portNumbers.setOf(
      ranges.filter((range) => range.protocol === protocol).map(({ first, last }) => ({ first, last })),
    ),
  );
}

/** The operations on sets of ports of all protocols; each one works protocol by protocol. */
export const ports = {
  /** The ports that are in at least one of the sets. */
  union: (...sets: readonly PortSet[]): PortSet =>
    eachProtocol((protocol) => portNumbers.union(...sets.map((set) => set[protocol]))),
  /** The ports that are in both sets. */
  intersection: (one: PortSet, other: PortSet): PortSet =>
    eachProtocol((protocol) => portNumbers.intersection(one[protocol], other[protocol])),
  /** The ports of `set` that are not in `removed`. */
  difference: (set: PortSet, removed: PortSet): PortSet =>
    eachProtocol((protocol) => portNumbers.difference(set[protocol], removed[protocol])),
  /** Whether the set has that port of that protocol. */
  contains: (set: PortSet, port: { readonly protocol: Protocol; readonly port: number }): boolean =>
    portNumbers.contains(set[port.protocol], port.port),
  /** Whether every port of `part` is in `set`. */
  covers: (set: PortSet, part: PortSet): boolean =>
    PROTOCOLS.every((protocol) => portNumbers.covers(set[protocol], part[protocol])),
  /** Whether both sets have the same ports. */
  equal: (one: PortSet, other: PortSet): boolean =>
    PROTOCOLS.every((protocol) => portNumbers.equal(one[protocol], other[protocol])),
  /** Whether there is no port in it. */
  isEmpty: (set: PortSet): boolean => PROTOCOLS.every((protocol) => set[protocol].length === 0),
} as const;

/** A set for people, such as `TCP 80, 8000-8080, UDP every port`; `no port` when it is empty. */
export function portSetText(set: PortSet): string {
  const texts = PROTOCOLS.flatMap((protocol) =>
    set[protocol].length === 0 ? [] : [`${protocol} ${set[protocol].map(rangeText).join(', ')}`],
  );
  return texts.length === 0 ? 'no port' : texts.join(', ');
}

function rangeText({ first, last }: Interval<number>): string {
  if (first === 1 && last === LAST_PORT) {
    return 'every port';
  }
  return first === last ? String(first) : `${first}-${last}`;
}

function eachProtocol(numbersOf: (protocol: Protocol) => IntervalSet<number>): PortSet {
  return { TCP: numbersOf('TCP'), UDP: numbersOf('UDP'), SCTP: numbersOf('SCTP') };
}
