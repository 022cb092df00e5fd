import { INTERNET, type PodModel, type VerdictKind } from '../../../policy/index.ts';
import { type AskedPort, portText } from '../../objects/asked-port.ts';
import type { JudgedCluster } from '../../objects/judged-cluster.ts';
import { readingViewOf } from '../../objects/reading-view.ts';
import { OUTPUT_API_VERSION } from '../../views/output-version.ts';
import type { ReachList } from './explanation-schema.ts';
import { judgedPort } from './judged-port.ts';
import { declaredPorts, type KnownEnd, podEndpoint } from './known-end.ts';

/** Who can reach one end, or what one end can reach: every workload of the cluster, and the internet. */
export interface ReachQuestion {
  readonly direction: 'whoCanReach' | 'whatCan';
  readonly end: KnownEnd;
  /** Absent: the ports that the destination has. */
  readonly ports: readonly AskedPort[] | undefined;
}

/** Judges every workload of the cluster and the internet against one end. Pure. */
export function reachListOf(judged: JudgedCluster, { direction, end, ports }: ReachQuestion): ReachList {
  const others = [...workloadsOf(judged), INTERNET_END];
  return {
    apiVersion: OUTPUT_API_VERSION,
    kind: 'ReachList',
    direction,
    of: { asked: end.asked, title: end.title },
    items: others.flatMap((other) => {
      const ends = direction === 'whoCanReach' ? { from: other, to: end } : { from: end, to: other };
      const found: Record<VerdictKind, string[]> = { allowed: [], denied: [], undefined: [] };
      const asked = ports ?? ends.to.ports;
      for (const port of asked) {
        const { kind, counts } = judgedPort(judged, ends, port, { isSelfLeftOut: true });
        if (counts.allowed + counts.denied + counts.undefined > 0) {
          found[kind].push(portText(port));
        }
      }
      // A single pod to itself is no pair.
      const isNoPair = asked.length > 0 && Object.values(found).every((list) => list.length === 0);
      return isNoPair ? [] : [{ workload: other.asked, kind: other.title, pods: other.pods.length, ...found }];
    }),
    reading: readingViewOf(judged),
  };
}

const INTERNET_END: KnownEnd = {
  asked: 'internet',
  title: '',
  endpoints: [INTERNET],
  pods: [],
  ports: [{ protocol: 'TCP', port: 443 }],
};

/** Live pods by workload; a pod without one is by itself. */
function workloadsOf({ compiled }: JudgedCluster): readonly KnownEnd[] {
  const live = compiled.cluster.pods.filter(({ phase }) => phase === 'live');
  return [...Map.groupBy(live, workloadKey)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, pods]) => {
      const [asked = '', kind = ''] = key.split(' ');
      return { asked, title: kind, endpoints: pods.map(podEndpoint), pods, ports: declaredPorts(pods) };
    });
}

/** `namespace/name Kind`; a blank is in none of the three. */
function workloadKey({ namespace, name, workload }: PodModel): string {
  return `${namespace}/${workload?.name ?? name} ${workload?.kind ?? 'Pod'}`;
}
