import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import type { Family } from '../intervals/addresses.ts';
import { PROTOCOLS } from '../intervals/ports.ts';
import type { ServiceModel } from '../model/cluster.ts';
import { type Endpoint, endAt, podsBehind, resolveEndpoint } from './endpoint.ts';
import type { VerdictKind } from './explanation.ts';
import { type PairVerdict, pairVerdict } from './pair-verdict.ts';
import { type Reason, type ReasonCode, reasonFor } from './reason.ts';
import { namedPort } from './rule-match.ts';
import type { End, Traffic } from './side.ts';

/** A question: may `from` open a connection to `to`? */
export interface Query {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** `TCP`, `UDP`, `SCTP`; anything else, such as `ICMP`, is a protocol without ports. Any letter case. */
  readonly protocol: string;
  /**
   * The port that is connected to: a pod's container port, or for a Service the Service's port (its name or number).
   * A name with a pod is that of a container port. Needed for TCP, UDP and SCTP.
   */
  readonly port?: number | string;
  /** Ask for one family only; otherwise the verdict of both must agree. */
  readonly family?: Family;
}

/** The answer to a {@link Query}. */
export interface Verdict {
  /** `allowed` or `denied` only when every pair of ends has that verdict. */
  readonly kind: VerdictKind;
  /** Always there with `undefined`. */
  readonly reason?: Reason;
  /**
   * The verdict of every pair of ends: one for two pods, and for a workload or Service one for each pair of pods. Empty
   * when an end is not there. The first part is the one that shows best why.
   */
  readonly parts: readonly PairVerdict[];
}

interface Destination {
  readonly end: End;
  /** Undefined when the end has no port of the name that was asked for. */
  readonly traffic: Traffic | undefined;
  readonly isBehindService: boolean;
}

/**
 * Answers a question. It never throws; what cannot be answered is `undefined` with a reason. Explanations and warnings
 * are made when they are first read, so that a verdict alone is cheap.
 */
export function verdict(compiled: CompiledCluster, query: Query): Verdict {
  const from = resolveEndpoint(compiled, query.from);
  const to = resolveEndpoint(compiled, query.to);
  if (from.kind !== 'ends' || to.kind === 'nothing') {
    return withoutParts('notFound');
  }
  const destinations =
    to.kind === 'service'
      ? serviceDestinations(compiled, to.service, query)
      : to.ends.map((end) => ({ end, traffic: trafficTo(end, query), isBehindService: false }));
  if (typeof destinations === 'string') {
    return withoutParts(destinations);
  }
  const isSingle = from.ends.length === 1 && destinations.length === 1;
  const parts = from.ends.flatMap((end) =>
    destinations.flatMap((destination) =>
      // A workload to itself means one of its pods to another one.
      !isSingle && !destination.isBehindService && isSamePod(end, destination.end)
        ? []
        : partOf(compiled, end, destination, query),
    ),
  );
  return combined(parts);
}

function withoutParts(code: ReasonCode): Verdict {
  return { kind: 'undefined', reason: reasonFor(code), parts: [] };
}

const RANK: Readonly<Record<VerdictKind, number>> = { denied: 0, undefined: 1, allowed: 2 };

function combined(unsorted: readonly PairVerdict[]): Verdict {
  const parts = unsorted.toSorted((one, other) => RANK[one.kind] - RANK[other.kind]);
  const first = parts[0];
  if (first === undefined) {
    return withoutParts('noSuchPort');
  }
  const kinds = new Set(parts.map(({ kind }) => kind));
  if (kinds.size > 1) {
    return { kind: 'undefined', reason: reasonFor('podsDiffer'), parts };
  }
  return { kind: first.kind, ...(first.reason === undefined ? {} : { reason: first.reason }), parts };
}

function partOf(
  compiled: CompiledCluster,
  from: End,
  { end: to, traffic, isBehindService }: Destination,
  query: Query,
): readonly PairVerdict[] {
  if (traffic === undefined) {
    return [];
  }
  const family = query.family === undefined ? {} : { family: query.family };
  return [pairVerdict(compiled, { from, to, traffic, isBehindService, ...family })];
}

function isSamePod(one: End, other: End): boolean {
  return one.kind === 'pod' && other.kind === 'pod' && one.pod === other.pod && !one.pod.hasSiblings;
}

/** What is sent to a pod or address; undefined when a port is needed and the end has none of that name. */
function trafficTo(end: End, { protocol: written, port }: Query): Traffic | undefined {
  const protocol = PROTOCOLS.find((known) => known === written.toUpperCase());
  if (protocol === undefined) {
    return { protocol: 'other' };
  }
  if (typeof port === 'number') {
    return { protocol, port };
  }
  const named = port === undefined || end.kind !== 'pod' ? undefined : namedPort(end.pod, { name: port, protocol });
  return named === undefined ? undefined : { protocol, port: named.port };
}

/** The pods behind a Service with the port that each of them is reached at; policies see the pod's port, not the Service's. */
function serviceDestinations(
  compiled: CompiledCluster,
  service: ServiceModel,
  query: Query,
): readonly Destination[] | ReasonCode {
  const protocol = PROTOCOLS.find((known) => known === query.protocol.toUpperCase());
  const servicePort = service.ports.find(
    (port) => port.protocol === protocol && (port.port === query.port || port.name === query.port),
  );
  if (protocol !== undefined && servicePort === undefined) {
    return 'noSuchPort';
  }
  const target = service.isHeadless ? servicePort?.port : servicePort?.targetPort;
  const ends: readonly Destination[] =
    service.selector === undefined
      ? service.backends.map(({ address, ports }) => {
          const end = endAt(compiled, address);
          const port = ports.get(servicePort?.name ?? '');
          return { end, traffic: trafficTo(end, portQuery(query, port)), isBehindService: true };
        })
      : podsBehind(compiled, service).map((pod) => {
          const end: End = { kind: 'pod', pod };
          return { end, traffic: trafficTo(end, portQuery(query, target)), isBehindService: true };
        });
  return ends.length === 0 ? 'noBackends' : ends;
}

function portQuery({ port: _, ...query }: Query, port: number | string | undefined): Query {
  return port === undefined ? query : { ...query, port };
}
