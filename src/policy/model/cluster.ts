import type { AddressSet, Family } from '../intervals/addresses.ts';
import type { Protocol } from '../intervals/ports.ts';
import type { Labels, Selector } from './selector.ts';
import type { ProblemCode } from './untrusted.ts';

/** Names an object of the cluster; `namespace` is absent for cluster-scoped ones. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** What is wrong with an object that was read. */
export interface ModelProblem {
  readonly object: ObjectName;
  /** Where, as the API server would say it, such as `spec.ingress[0].from[1].ipBlock.cidr`; empty for the whole object. */
  readonly path: string;
  readonly message: string;
  /** Set for some mistakes that people make often. */
  readonly code?: ProblemCode;
  /** Whether the object was left out of the model, as the API server would refuse it; otherwise it was read as the message says. */
  readonly isLeftOut: boolean;
}

/** A namespace with its labels, among them `kubernetes.io/metadata.name`, which the API server sets. */
export interface NamespaceModel {
  readonly name: string;
  readonly labels: Labels;
  /** Whether no Namespace object was read and only other objects name it. */
  readonly isImplied: boolean;
}

/** A port that a container declares. */
export interface ContainerPort {
  readonly name?: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** The controller that pods belong to: of several that own each other, the outermost. */
export interface WorkloadName {
  readonly kind: string;
  readonly name: string;
}

/** A pod, or the template of a workload of which no pod was read. */
export interface PodModel {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  /** Its own addresses, the first of each family that it has; empty when none is known yet. */
  readonly addresses: readonly bigint[];
  readonly isHostNetwork: boolean;
  /** Name of the node that it runs on. */
  readonly node?: string;
  /** `finished` is Succeeded or Failed: no end of any connection any more. */
  readonly phase: 'live' | 'finished';
  readonly workload?: WorkloadName;
  /** Whether it stands for all pods of its workload, made from the template. */
  readonly isRepresentative: boolean;
  /** Whether it stands for more than one pod: then it may connect to another one like itself. */
  readonly hasSiblings: boolean;
}

/** A node with the addresses of its status. */
export interface NodeModel {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: AddressSet;
}

/** A port of a Service. */
export interface ServicePort {
  readonly name?: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** Number, or name of a container port of the pods behind it. */
  readonly targetPort: number | string;
}

/** One end behind a Service without a selector, from its EndpointSlices. */
export interface ServiceBackend {
  readonly address: bigint;
  /** Ports by the name of the Service's port; the empty text for one without a name. */
  readonly ports: ReadonlyMap<string, number>;
}

/** A Service. */
export interface ServiceModel {
  readonly namespace: string;
  readonly name: string;
  /** Absent when the Service has none: then EndpointSlices name its backends. */
  readonly selector?: Selector;
  readonly ports: readonly ServicePort[];
  readonly clusterAddresses: readonly bigint[];
  /** Whether `clusterIP: None`: clients connect to the pods themselves and no port is translated. */
  readonly isHeadless: boolean;
  readonly type: string;
  readonly backends: readonly ServiceBackend[];
}

/** One item of `ports` of a rule. */
export type RulePort =
  | {
      readonly kind: 'numbers';
      readonly protocol: Protocol;
      readonly first: number;
      readonly last: number;
    }
  | {
      readonly kind: 'named';
      /** Absent: whatever protocol the container port of that name has (ClusterNetworkPolicy). */
      readonly protocol?: Protocol;
      readonly name: string;
    };

/** One item of `from` or `to` of a rule. */
export type Peer =
  | {
      readonly kind: 'pods';
      /** Absent: the namespace of the policy. */
      readonly namespaceSelector?: Selector;
      readonly podSelector: Selector;
    }
  | { readonly kind: 'block'; readonly text: string; readonly addresses: AddressSet }
  | { readonly kind: 'nodes'; readonly selector: Selector }
  | { readonly kind: 'domains'; readonly names: readonly string[] };

/** What a rule does with the traffic that it matches; all rules of a NetworkPolicy accept. */
export type Action = 'Accept' | 'Deny' | 'Pass';

/** One rule: it matches what one of its peers and one of its ports match. */
export interface Rule {
  readonly name?: string;
  readonly action: Action;
  /** Absent: every peer. An empty list: no peer. */
  readonly peers?: readonly Peer[];
  /** Absent: every port, and every protocol. */
  readonly ports?: readonly RulePort[];
  /** The addresses of all `block` peers together. */
  readonly blocks: AddressSet;
  /** Set when a peer has no field that this version knows: the rule was read as one that accepts nothing, or denies everything. */
  readonly failsClosed?: true;
}

/** A direction, seen from the pod that a policy selects. */
export type Direction = 'egress' | 'ingress';

/** A NetworkPolicy that the API server would take. */
export interface NetworkPolicyModel {
  readonly kind: 'NetworkPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: Selector;
  /** The rules of a direction; absent when the policy does not isolate it. */
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** Where a ClusterNetworkPolicy stands: before all NetworkPolicies, or after them. */
export type Tier = 'Admin' | 'Baseline';

/** A ClusterNetworkPolicy that the API server would take. */
export interface ClusterNetworkPolicyModel {
  readonly kind: 'ClusterNetworkPolicy';
  readonly name: string;
  readonly tier: Tier;
  /** 0 to 1000; the lower is looked at first. */
  readonly priority: number;
  readonly namespaceSelector: Selector;
  readonly podSelector: Selector;
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}

/** Everything about a cluster that verdicts rest on. */
export interface Cluster {
  readonly namespaces: ReadonlyMap<string, NamespaceModel>;
  /** Live and finished pods, and the representatives of workloads without live pods. */
  readonly pods: readonly PodModel[];
  readonly nodes: readonly NodeModel[];
  readonly services: readonly ServiceModel[];
  readonly networkPolicies: readonly NetworkPolicyModel[];
  readonly clusterPolicies: readonly ClusterNetworkPolicyModel[];
  readonly problems: readonly ModelProblem[];
  /** How many objects of each kind were skipped, since no verdict rests on them. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Where a pod whose address is not known may have one, by family; a family that is absent is not used by pods. */
  readonly podSpace: Readonly<Partial<Record<Family, AddressSet>>>;
}
