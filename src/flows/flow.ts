/** Labels of a pod: only keys and values that Kubernetes takes as labels, all of them own properties. */
export type Labels = Readonly<Record<string, string>>;

/** A workload by its controller: a Deployment, StatefulSet, DaemonSet, CronJob and so on. */
export interface WorkloadName {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * A pod. `name` is `*` where the source leaves it out, and ends with `*` where the source names a set of pods by its
 * `generateName` (Goldmane). `labels` is empty where the source has none, which says nothing about the pod itself.
 */
export interface PodEnd {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly workload?: Pick<WorkloadName, 'kind' | 'name'>;
}

/** A Service before translation: the port of the flow is then a port of the Service, which no NetworkPolicy sees. */
export interface ServiceEnd {
  readonly kind: 'service';
  readonly namespace: string;
  readonly name: string;
}

/**
 * An end outside the cluster. `address` is an IP address or, once many were seen, a block in CIDR notation; it is not
 * there where the source keeps none (Goldmane's `pub` and `pvt`).
 */
export interface ExternalEnd {
  readonly kind: 'external';
  readonly address?: string;
}

/**
 * A node, a pod in the network of its node, or the agent of the network plugin: nothing that a NetworkPolicy can
 * select.
 */
export interface HostEnd {
  readonly kind: 'host';
  readonly name?: string;
  readonly address?: string;
}

/** The API server of the cluster. */
export interface ApiServerEnd {
  readonly kind: 'apiserver';
  readonly address?: string;
}

/** An address of which the source does not say whose it is; only the cluster can. */
export interface AddressEnd {
  readonly kind: 'address';
  readonly address: string;
}

/** One end of a flow. */
export type FlowEnd = PodEnd | ServiceEnd | ExternalEnd | HostEnd | ApiServerEnd | AddressEnd;

/**
 * The protocol. NetworkPolicies know TCP, UDP and SCTP
 * (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/); the others are kept so
 * that a report can name them.
 */
export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'other';

/**
 * `denied`: a policy refused it. `unknown`: the source saw the attempt and does not say how it ended.
 */
export type Verdict = 'allowed' | 'denied' | 'unknown';

/**
 * All records of one conversation: `from` opened it, `to` listens on `port` (0 for protocols without ports). Times are
 * milliseconds since the Unix epoch, undefined where the source has none. `count` is the number of connections where
 * the source counts them, otherwise of records; where both ends report, it is the larger of the two.
 */
export interface Flow {
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: Verdict;
  readonly firstSeenMs: number | undefined;
  readonly lastSeenMs: number | undefined;
  readonly count: number;
  /** The name of the format that it was read from. */
  readonly source: string;
  /** Whether a record said which end opened the connection. Otherwise the ports were compared, which can be wrong. */
  readonly isOpenerKnown: boolean;
}
