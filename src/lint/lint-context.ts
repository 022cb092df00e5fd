import type { Cluster, Direction, NetworkPolicyModel, ObjectName, Peer, PodModel, Rule } from '../policy/index.ts';
import { type Selector, selects } from '../policy/index.ts';

/** A NetworkPolicy with what checks ask of it again and again. */
export interface LintedNetworkPolicy {
  readonly model: NetworkPolicyModel;
  /** As it was written; checks of style read fields that the model does not keep. */
  readonly written: unknown;
  readonly name: ObjectName;
  /** The live pods that it selects, without host network pods, which it may not apply to. */
  readonly pods: readonly PodModel[];
}

/** Everything that checks look at, made once. */
export interface LintContext {
  readonly cluster: Cluster;
  readonly networkPolicies: readonly LintedNetworkPolicy[];
  /** The live pods of a namespace, host network pods too. */
  readonly podsIn: (namespace: string) => readonly PodModel[];
  readonly networkPoliciesIn: (namespace: string) => readonly LintedNetworkPolicy[];
  /** The live pods that a peer means for a NetworkPolicy of that namespace; undefined when the peer is no selector. */
  readonly podsOfPeer: (peer: Peer, namespace: string) => readonly PodModel[] | undefined;
  /** Whether the objects say which pods there are: without any, nothing can be said of selectors that select nothing. */
  readonly hasPods: boolean;
  /** Whether all namespaces of the cluster are known, which files alone do not say. */
  readonly isWholeCluster: boolean;
}

/** Both directions, in the order of the API. */
export const DIRECTIONS = ['ingress', 'egress'] as const satisfies readonly Direction[];

/** What the context is made from. */
export interface LintInput {
  readonly cluster: Cluster;
  /** Whether the objects are those of a whole cluster, and not of some files. */
  readonly isWholeCluster: boolean;
  /** A NetworkPolicy as it was written; undefined where that is not known. */
  readonly writtenOf: (namespace: string, name: string) => unknown;
}

/** Makes what the checks look at. */
export function lintContext({ cluster, isWholeCluster, writtenOf }: LintInput): LintContext {
  const live = cluster.pods.filter(({ phase }) => phase === 'live');
  const podsByNamespace = Map.groupBy(live, ({ namespace }) => namespace);
  const podsIn = (namespace: string): readonly PodModel[] => podsByNamespace.get(namespace) ?? [];
  const networkPolicies = cluster.networkPolicies.map((model): LintedNetworkPolicy => {
    const { namespace, name, podSelector } = model;
    return {
      model,
      written: writtenOf(namespace, name),
      name: { kind: 'NetworkPolicy', namespace, name },
      pods: podsIn(namespace).filter((pod) => !pod.isHostNetwork && selects(podSelector, pod.labels)),
    };
  });
  const policiesByNamespace = Map.groupBy(networkPolicies, ({ model }) => model.namespace);
  return {
    cluster,
    networkPolicies,
    podsIn,
    networkPoliciesIn: (namespace) => policiesByNamespace.get(namespace) ?? [],
    podsOfPeer: peerPods(cluster, live, podsIn),
    hasPods: live.length > 0,
    isWholeCluster,
  };
}

/** The rules of a direction with their paths; none where the NetworkPolicy does not isolate the direction. */
export function rulesOf(
  { model }: LintedNetworkPolicy,
  direction: Direction,
): readonly { readonly rule: Rule; readonly path: string }[] {
  return (model[direction] ?? []).map((rule, index) => ({ rule, path: `spec.${direction}[${index}]` }));
}

/** The field of a rule that holds its peers. */
export function peersField(direction: Direction): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to';
}

/** Whether every pod of its namespace is selected. */
export function selectsAll(selector: Selector): boolean {
  return selector.requirements.length === 0;
}

/** Whether a peer is every pod of every namespace. */
export function isEveryPod(peer: Peer): boolean {
  return (
    peer.kind === 'pods' &&
    peer.namespaceSelector !== undefined &&
    selectsAll(peer.namespaceSelector) &&
    selectsAll(peer.podSelector)
  );
}

/** Remembers what equal selectors select, since thousands of rules have the same few. */
function peerPods(
  cluster: Cluster,
  live: readonly PodModel[],
  podsIn: (namespace: string) => readonly PodModel[],
): LintContext['podsOfPeer'] {
  const known = new Map<string, readonly PodModel[]>();
  const labelsOf = (namespace: string): ReadonlyMap<string, string> =>
    cluster.namespaces.get(namespace)?.labels ?? new Map<string, string>();
  return (peer, namespace) => {
    if (peer.kind !== 'pods') {
      return undefined;
    }
    const { namespaceSelector, podSelector } = peer;
    const where = namespaceSelector === undefined ? `in ${namespace}` : `where ${namespaceSelector.text}`;
    const key = `${where}\n${podSelector.text}`;
    const before = known.get(key);
    if (before !== undefined) {
      return before;
    }
    const candidates =
      namespaceSelector === undefined
        ? podsIn(namespace)
        : live.filter((pod) => selects(namespaceSelector, labelsOf(pod.namespace)));
    const pods = candidates.filter((pod) => selects(podSelector, pod.labels));
    known.set(key, pods);
    return pods;
  };
}
