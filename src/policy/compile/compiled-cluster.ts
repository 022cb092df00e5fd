import { type AddressSet, addresses } from '../intervals/addresses.ts';
import type {
  Cluster,
  ClusterNetworkPolicyModel,
  Direction,
  NetworkPolicyModel,
  PodModel,
  ServiceModel,
  Tier,
} from '../model/cluster.ts';
import { type Labels, type Selector, selects } from '../model/selector.ts';

/** The ClusterNetworkPolicies of a tier and direction that have rules, by priority; those of one priority together. */
export type TierGroups = readonly (readonly ClusterNetworkPolicyModel[])[];

/** A cluster with the indexes that verdicts need. Make it once for many verdicts. */
export interface CompiledCluster {
  readonly cluster: Cluster;
  /** Live and finished pods and representatives by `namespace/name`; a pod and a representative may share one. */
  readonly podsByName: ReadonlyMap<string, readonly PodModel[]>;
  /** Live pods of the pod network by their addresses. */
  readonly podByAddress: ReadonlyMap<bigint, PodModel>;
  /** Services by their cluster addresses. */
  readonly serviceByAddress: ReadonlyMap<bigint, ServiceModel>;
  /** The NetworkPolicies of a namespace that isolate the direction. */
  readonly policiesIn: (namespace: string, direction: Direction) => readonly NetworkPolicyModel[];
  readonly tierGroups: (tier: Tier, direction: Direction) => TierGroups;
  readonly namespaceLabels: (namespace: string) => Labels;
  /** The addresses of all nodes that the selector selects. */
  readonly nodeAddresses: (selector: Selector) => AddressSet;
  /** The name of the node with that address. */
  readonly nodeAt: (address: bigint) => string | undefined;
}

const NO_LABELS: Labels = new Map();

/** Indexes a cluster. It takes time linear in its objects, and the cluster must not change afterwards. */
export function compile(cluster: Cluster): CompiledCluster {
  const policies = policiesByNamespace(cluster.networkPolicies);
  const tiers = {
    Admin: { egress: groupsOf(cluster, 'Admin', 'egress'), ingress: groupsOf(cluster, 'Admin', 'ingress') },
    Baseline: { egress: groupsOf(cluster, 'Baseline', 'egress'), ingress: groupsOf(cluster, 'Baseline', 'ingress') },
  };
  const nodeSets = new Map<string, AddressSet>();
  const nodes = nodesByAddress(cluster);
  return {
    cluster,
    podsByName: podsByName(cluster.pods),
    podByAddress: podsByAddress(cluster.pods),
    serviceByAddress: new Map(
      cluster.services.flatMap((service) => service.clusterAddresses.map((address) => [address, service])),
    ),
    policiesIn: (namespace, direction) => policies[direction].get(namespace) ?? [],
    tierGroups: (tier, direction) => tiers[tier][direction],
    namespaceLabels: (namespace) => cluster.namespaces.get(namespace)?.labels ?? NO_LABELS,
    nodeAddresses: (selector) => {
      const known = nodeSets.get(selector.text);
      const set =
        known ??
        addresses.union(
          ...cluster.nodes.filter(({ labels }) => selects(selector, labels)).map((node) => node.addresses),
        );
      nodeSets.set(selector.text, set);
      return set;
    },
    nodeAt: (address) => nodes.get(address),
  };
}

function policiesByNamespace(
  policies: readonly NetworkPolicyModel[],
): Readonly<Record<Direction, ReadonlyMap<string, readonly NetworkPolicyModel[]>>> {
  const egress = new Map<string, NetworkPolicyModel[]>();
  const ingress = new Map<string, NetworkPolicyModel[]>();
  for (const policy of policies) {
    if (policy.egress !== undefined) {
      addTo(egress, policy.namespace, policy);
    }
    if (policy.ingress !== undefined) {
      addTo(ingress, policy.namespace, policy);
    }
  }
  return { egress, ingress };
}

function groupsOf(cluster: Cluster, tier: Tier, direction: Direction): TierGroups {
  const byPriority = new Map<number, ClusterNetworkPolicyModel[]>();
  for (const policy of cluster.clusterPolicies) {
    if (policy.tier === tier && policy[direction].length > 0) {
      addTo(byPriority, policy.priority, policy);
    }
  }
  return [...byPriority].sort(([one], [other]) => one - other).map(([, policies]) => policies);
}

function podsByName(pods: readonly PodModel[]): ReadonlyMap<string, readonly PodModel[]> {
  const byName = new Map<string, PodModel[]>();
  for (const pod of pods) {
    addTo(byName, `${pod.namespace}/${pod.name}`, pod);
  }
  return byName;
}

function podsByAddress(pods: readonly PodModel[]): ReadonlyMap<bigint, PodModel> {
  const byAddress = new Map<bigint, PodModel>();
  for (const pod of pods) {
    if (pod.phase === 'live' && !pod.isHostNetwork) {
      for (const address of pod.addresses) {
        byAddress.set(address, pod);
      }
    }
  }
  return byAddress;
}

/** From Node objects, and from host network pods, which have the address of their node. */
function nodesByAddress({ nodes, pods }: Cluster): ReadonlyMap<bigint, string> {
  const byAddress = new Map<bigint, string>();
  for (const pod of pods) {
    if (pod.isHostNetwork && pod.node !== undefined) {
      for (const address of pod.addresses) {
        byAddress.set(address, pod.node);
      }
    }
  }
  for (const node of nodes) {
    for (const { first } of node.addresses) {
      byAddress.set(first, node.name);
    }
  }
  return byAddress;
}

function addTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) {
    map.set(key, [value]);
  } else {
    values.push(value);
  }
}
