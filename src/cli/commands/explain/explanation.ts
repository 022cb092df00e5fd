import type {
  Direction,
  EndExplanation,
  EndName,
  PairVerdict,
  PolicyExplanation,
  PolicyName,
} from '../../../policy/index.ts';
import { type JudgedCluster, objectWith, placeText } from '../../objects/judged-cluster.ts';
import { baselineOf } from '../../objects/object-name.ts';
import { readingViewOf } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';
import type { ExplainedEnd, ExplainedPolicy, ExplainedPort, Explanation } from './explanation-schema.ts';
import type { JudgedPort } from './judged-port.ts';
import type { KnownEnd } from './known-end.ts';

/** The explanation of all ports between two ends. Pure. */
export function explanationOf(
  judged: JudgedCluster,
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
  ports: readonly JudgedPort[],
): Explanation {
  const kinds = [...new Set(ports.map(({ kind }) => kind))];
  const [only] = kinds;
  return {
    apiVersion: OUTPUT_API_VERSION,
    kind: 'Explanation',
    from: { asked: ends.from.asked, title: ends.from.title },
    to: { asked: ends.to.asked, title: ends.to.title },
    verdict: kinds.length === 1 && only !== undefined ? only : 'mixed',
    ports: ports.map((port) => explainedPort(judged, port, ends)),
    reading: readingViewOf(judged),
  };
}

function explainedPort(
  judged: JudgedCluster,
  { asked, kind, reason, counts, shown }: JudgedPort,
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
): ExplainedPort {
  return {
    ...asked,
    verdict: kind,
    ...(reason === undefined ? {} : { reason }),
    pairs: { ...counts },
    ...(shown === undefined ? {} : explainedPair(judged, shown, ends)),
    warnings: (shown?.warnings ?? []).map(({ code, message, policy }) => ({
      code,
      message,
      ...(policy === undefined ? {} : { policy }),
    })),
  };
}

function explainedPair(
  judged: JudgedCluster,
  pair: PairVerdict,
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
) {
  const from = nameOf(pair.from, ends.from);
  const to = nameOf(pair.to, ends.to);
  return {
    from,
    to,
    ...('port' in pair.traffic ? { toPort: pair.traffic.port } : {}),
    egress: explainedEnd(judged, pair.egress, from),
    ingress: explainedEnd(judged, pair.ingress, to),
  };
}

/** The internet is hundreds of blocks: it goes by what it was asked as. */
function nameOf({ kind, text }: EndName, end: KnownEnd): string {
  return kind === 'addresses' && text.includes(', ') ? end.title : text;
}

function explainedEnd(judged: JudgedCluster, end: EndExplanation, name: string): ExplainedEnd {
  return {
    end: name,
    outcome: end.outcome,
    decidedBy: end.decidedBy,
    policies: end.policies.map((policy) => explainedPolicy(judged, policy, end.direction)),
  };
}

function explainedPolicy(judged: JudgedCluster, explained: PolicyExplanation, direction: Direction): ExplainedPolicy {
  const { policy, matches, match, nearestMiss } = explained;
  const found = policyObject(judged, policy);
  const rule = (match ?? nearestMiss)?.rule;
  const place = placeText(found?.origin, rule === undefined ? '' : `spec.${direction}[${rule}]`).replace(/: $/, '');
  const baseline = baselineOf(found?.object);
  return {
    policy: { ...policy },
    ...(baseline === '' ? {} : { baselinePolicy: baseline }),
    ...(place === '' ? {} : { source: place }),
    matches,
    ...(match === undefined ? {} : { match: { ...match } }),
    ...(nearestMiss === undefined
      ? {}
      : {
          nearestMiss: {
            ...nearestMiss,
            lacks: nearestMiss.lacks.map((lack) =>
              'wanted' in lack && typeof lack.wanted !== 'string' ? { ...lack, wanted: [...lack.wanted] } : { ...lack },
            ),
          },
        }),
  } as ExplainedPolicy;
}

/** The object of a policy that the engine names, and where it was read. */
export function policyObject(judged: JudgedCluster, { kind, namespace, name }: PolicyName) {
  return objectWith(judged.read, `${kind}/${namespace ?? ''}/${name}`);
}
