import { type Endpoint, type PairVerdict, type Reason, type VerdictKind, verdict } from '../../../policy/index.ts';
import type { AskedPort } from '../../objects/asked-port.ts';
import { type HonestVerdict, honestVerdict, type JudgedCluster } from '../../objects/judged-cluster.ts';
import type { KnownEnd } from './known-end.ts';

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
  const answers = endpointPairs(ends, way).map((pair) => verdict(judged.compiled, { ...pair, ...asked }));
  const counts: Record<VerdictKind, number> = { allowed: 0, denied: 0, undefined: 0 };
  let shown: { readonly part: PairVerdict; readonly honest: HonestVerdict } | undefined;
  for (const part of answers.flatMap(({ parts }) => parts.filter(({ to }) => way.onlyTo?.has(to.text) !== false))) {
    const honest = honestVerdict(judged, part);
    counts[honest.kind] += 1;
    if (shown === undefined || RANK[honest.kind] < RANK[shown.honest.kind]) {
      shown = { part, honest };
    }
  }
  if (shown === undefined) {
    const reason = answers.find(({ parts }) => parts.length === 0)?.reason;
    return { asked, kind: 'undefined', ...(reason === undefined ? {} : { reason }), counts };
  }
  const isMixed = Object.values(counts).filter((count) => count > 0).length > 1;
  const result: HonestVerdict = isMixed ? { kind: 'undefined', reason: PODS_DIFFER } : shown.honest;
  return { asked, ...result, counts, shown: shown.part };
}

/** Every endpoint of the one with every endpoint of the other. A workload to itself means one of its pods to another one. */
function endpointPairs(
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
  way: Way,
): readonly { readonly from: Endpoint; readonly to: Endpoint }[] {
  const isSeveral = ends.from.endpoints.length > 1 || ends.to.endpoints.length > 1;
  return ends.from.endpoints.flatMap((from) =>
    ends.to.endpoints
      .filter((to) => !((isSeveral || way.isSelfLeftOut === true) && isSelf(from, to, ends.from)))
      .map((to) => ({ from, to })),
  );
}

const PODS_DIFFER: Reason = { code: 'podsDiffer', message: 'the verdict is not the same for all pairs of pods' };

function isSelf(from: Endpoint, to: Endpoint, { pods }: KnownEnd): boolean {
  if (from.kind !== 'pod' || to.kind !== 'pod' || from.namespace !== to.namespace || from.name !== to.name) {
    return false;
  }
  const pod = pods.find(({ namespace, name }) => namespace === from.namespace && name === from.name);
  return pod?.hasSiblings !== true;
}
