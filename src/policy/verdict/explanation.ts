import type { Action, Direction, PodModel, Tier, WorkloadName } from '../model/cluster.ts';
import type { DecidedBy } from './end-outcome.ts';

/** The three answers there are; `undefined` is what the API leaves to implementations, or what the objects do not tell. */
export type VerdictKind = 'allowed' | 'denied' | 'undefined';

/** Names an end of a connection in a result. */
export interface EndName {
  readonly kind: 'pod' | 'addresses';
  /** `namespace/name`, one address, or blocks. */
  readonly text: string;
  readonly workload?: WorkloadName;
  /** Whether the pod stands for all pods of its workload. */
  readonly isRepresentative?: true;
}

/** Why one end lets a connection through or not: plain data, ready for JSON. */
export interface EndExplanation {
  readonly direction: Direction;
  /** The end whose policies were asked. */
  readonly end: EndName;
  readonly outcome: VerdictKind;
  /** `notSelectable`: the end is no pod, or a host network pod that is seen as its node. `self`: a pod always reaches itself. */
  readonly decidedBy: DecidedBy | 'notSelectable' | 'self';
  /** Every policy that selects the end for this direction, in the order in which they count. */
  readonly policies: readonly PolicyExplanation[];
}

/** What one policy that selects the end has to say. */
export interface PolicyExplanation {
  readonly policy: PolicyName;
  /** Whether one of its rules matches; `perhaps` where an address is not known or only some of many match. */
  readonly matches: 'yes' | 'perhaps' | 'no';
  /** The first rule that matches. */
  readonly match?: RuleMatch;
  /** When none matches for sure: what comes closest. */
  readonly nearestMiss?: NearestMiss;
}

/** Names a policy; `tier` and `priority` are a ClusterNetworkPolicy's. */
export interface PolicyName {
  readonly kind: 'NetworkPolicy' | 'ClusterNetworkPolicy';
  readonly namespace?: string;
  readonly name: string;
  readonly tier?: Tier;
  readonly priority?: number;
}

/** The part of a policy that matched; all positions count from 0 as in the YAML. */
export interface RuleMatch {
  readonly rule: number;
  readonly ruleName?: string;
  readonly action: Action;
  /** The item of `from` or `to`; absent when the rule has none and so matches every peer. */
  readonly peer?: number;
  /** The item of `ports` (`protocols` of a ClusterNetworkPolicy); absent when the rule has none. */
  readonly port?: number;
}

/** The part of a policy that came closest, and what the connection lacks for it. */
export interface NearestMiss {
  /** Absent when the policy has no rules for the direction. */
  readonly rule?: number;
  readonly ruleName?: string;
  readonly peer?: number;
  readonly port?: number;
  readonly lacks: readonly Lack[];
}

/** One thing that keeps a rule from matching. */
export type Lack =
  /** The policy has no rule at all for the direction. */
  | { readonly kind: 'rule' }
  /** The rule is for other port numbers; `wanted` such as `TCP 80` or `TCP 8000-8080`. */
  | { readonly kind: 'port'; readonly wanted: string }
  /** The rule has the port number, for another protocol. */
  | { readonly kind: 'protocol'; readonly wanted: string }
  /** The rule names a port; the pod has no port of that name and protocol, or `is` another number. */
  | { readonly kind: 'portName'; readonly wanted: string; readonly is?: number }
  /** Labels that the namespace of the other end lacks, in kubectl's spelling. */
  | { readonly kind: 'namespaceLabels'; readonly namespace: string; readonly wanted: readonly string[] }
  /** Labels that the pod at the other end lacks. */
  | { readonly kind: 'podLabels'; readonly wanted: readonly string[] }
  /** A podSelector without namespaceSelector selects pods of this namespace only. */
  | { readonly kind: 'namespace'; readonly wanted: string }
  /** The other end is no pod, and selectors select nothing else. */
  | { readonly kind: 'pod' }
  /** The block, or the addresses of nodes, that the other end is not in, or not for sure. */
  | { readonly kind: 'address'; readonly wanted: string };

/** Names a pod as an end. */
export function podName(pod: PodModel): EndName {
  return {
    kind: 'pod',
    text: `${pod.namespace}/${pod.name}`,
    ...(pod.workload === undefined ? {} : { workload: pod.workload }),
    ...(pod.isRepresentative ? { isRepresentative: true } : {}),
  };
}
