import { fieldOf, isAbsentOrEmpty, isJsonObject, itemsOf } from '../../base/json.ts';

/** The protocols whose ports a NetworkPolicy can name. */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
/** One of {@link PROTOCOLS}. */
export type Protocol = (typeof PROTOCOLS)[number];

/** The ports of a protocol from `first` to `last`, both included. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** The highest port there is; the lowest is 1. */
export const LAST_PORT = 65_535;
const EVERY_PORT: readonly PortRange[] = PROTOCOLS.map((protocol) => ({ protocol, first: 1, last: LAST_PORT }));

/**
 * The ports that the `ports` of a rule name, in ascending ranges for each protocol that neither overlap nor touch,
 * however many were declared. An absent or empty list is every port, a port without a protocol is TCP, and one without a
 * number is all of them (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicyPort).
 * An unreadable entry names no port, nor does a named port, since a name never means every port.
 */
export function declaredPorts(ports: unknown): readonly PortRange[] {
  if (isAbsentOrEmpty(ports)) {
    return EVERY_PORT;
  }
  const declared: Readonly<Record<Protocol, PortRange[]>> = { TCP: [], UDP: [], SCTP: [] };
  for (const item of itemsOf(ports)) {
    const range = portRange(item);
    if (range === undefined) {
      continue;
    }
    const before = declared[range.protocol].at(-1);
    if (before === undefined || range.first < before.first || range.last > before.last) {
      declared[range.protocol].push(range);
    }
  }
  return PROTOCOLS.flatMap((protocol) => unionOf(declared[protocol]));
}

function unionOf(ranges: readonly PortRange[]): readonly PortRange[] {
  const union: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = union.at(-1);
    if (before === undefined || range.first > before.last + 1) {
      union.push(range);
    } else if (range.last > before.last) {
      union[union.length - 1] = { ...before, last: range.last };
    }
  }
  return union;
}

function portRange(item: unknown): PortRange | undefined {
  if (item !== null && !isJsonObject(item)) {
    return undefined;
  }
  const declared = fieldOf(item, 'protocol') ?? 'TCP';
  const protocol = PROTOCOLS.find((known) => known === declared);
  const numbers = portNumbers(fieldOf(item, 'port') ?? undefined, fieldOf(item, 'endPort') ?? undefined);
  return protocol === undefined || numbers === undefined ? undefined : { protocol, ...numbers };
}

function portNumbers(port: unknown, endPort: unknown): Pick<PortRange, 'first' | 'last'> | undefined {
  if (port === undefined && endPort === undefined) {
    return { first: 1, last: LAST_PORT };
  }
  const last = endPort ?? port;
  return isPort(port) && isPort(last) && port <= last ? { first: port, last } : undefined;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LAST_PORT;
}
