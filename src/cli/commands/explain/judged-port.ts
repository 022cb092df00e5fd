import {
  type Endpoint,
  type PairVerdict,
  PROTOCOLS,
  type Reason,
  type VerdictKind,
  verdict,
} from '../../../policy/index.ts';
import { type HonestVerdict, honestVerdict, type JudgedCluster } from '../../objects/judged-cluster.ts';
import type { AskedPort, KnownEnd } from './known-end.ts';

/** The verdict on one port between two ends, and on each pair of pods. */
export interface JudgedPort extends HonestVerdict {
  readonly asked: AskedPort;
  readonly counts: Readonly<Record<VerdictKind, number>>;
  /** The pair that shows best why: a denied one before an undefined one. Absent where there is none. */
  readonly shown?: PairVerdict;
}

/** How a connection reaches its destination. */
export interface Way {
  /** Only pairs to these pods, `namespace/name`: with `--service`, those of the destination that are behind the Service. */
  readonly onlyTo?: ReadonlySet<string>;
  /** Whether a pod to itself is left out even where it is the only pair. */
  readonly isSelfLeftOut?: true;
}

const RANK: Readonly<Record<VerdictKind, number>> = { denied: 0, undefined: 1, allowed: 2 };

/** Judges one port between all pods of two ends. */
export function judgedPort(
  judged: JudgedCluster,
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
  asked: AskedPort,
  way: Way = {},
): JudgedPort {
  const counts: Record<VerdictKind, number> = { allowed: 0, denied: 0, undefined: 0 };
  let shown: { readonly part: PairVerdict; readonly honest: HonestVerdict } | undefined;
  let without: Reason | undefined;
  // A workload to itself means one of its pods to another one.
  const isSeveral = ends.from.endpoints.length > 1 || ends.to.endpoints.length > 1;
  for (const from of ends.from.endpoints) {
    for (const to of ends.to.endpoints) {
      if ((isSeveral || way.isSelfLeftOut === true) && isSelf(from, to, ends.from)) {
        continue;
      }
      const { reason, parts } = verdict(judged.compiled, { from, to, ...asked });
      without ??= parts.length === 0 ? reason : undefined;
      for (const part of parts) {
        if (way.onlyTo !== undefined && !way.onlyTo.has(part.to.text)) {
          continue;
        }
        const honest = honestVerdict(judged, part);
        counts[honest.kind] += 1;
        if (shown === undefined || RANK[honest.kind] < RANK[shown.honest.kind]) {
          shown = { part, honest };
        }
      }
    }
  }
  if (shown === undefined) {
    return { asked, kind: 'undefined', ...(without === undefined ? {} : { reason: without }), counts };
  }
  const kinds = Object.values(counts).filter((count) => count > 0).length;
  return kinds > 1
    ? { asked, kind: 'undefined', reason: PODS_DIFFER, counts, shown: shown.part }
    : { asked, ...shown.honest, counts, shown: shown.part };
}

const PODS_DIFFER: Reason = { code: 'podsDiffer', message: 'the verdict is not the same for all pairs of pods' };

function isSelf(from: Endpoint, to: Endpoint, { pods }: KnownEnd): boolean {
  if (from.kind !== 'pod' || to.kind !== 'pod' || from.namespace !== to.namespace || from.name !== to.name) {
    return false;
  }
  const pod = pods.find(({ namespace, name }) => namespace === from.namespace && name === from.name);
  return pod?.hasSiblings !== true;
}

/** A port as people write it: `8080/tcp`, `web/tcp`, `icmp`. */
export function portText({ protocol, port }: AskedPort): string {
  return port === undefined ? protocol.toLowerCase() : `${port}/${protocol.toLowerCase()}`;
}

/** Reads `8080/tcp`, `8080`, `http`, `53/udp` or `icmp`; undefined for anything else. */
export function askedPort(text: string): AskedPort | undefined {
  const [port = '', protocol = 'tcp', ...rest] = text.split('/');
  if (rest.length > 0 || !/^[a-z][a-z0-9-]*$/i.test(protocol)) {
    return undefined;
  }
  const known = PROTOCOLS.find((one) => one === protocol.toUpperCase());
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    return known !== undefined && number >= 1 && number <= 65_535 ? { protocol: known, port: number } : undefined;
  }
  if (/^(?:icmp|icmpv6)$/i.test(text)) {
    return { protocol: text.toUpperCase() };
  }
  return known !== undefined && /^[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/.test(port)
    ? { protocol: known, port }
    : undefined;
}
