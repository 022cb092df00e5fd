import type { FlowEnd, Labels, PodEnd, Protocol, WorkloadName } from './flow.ts';

/** A workload of the cluster. */
export interface Workload extends WorkloadName {
  /** `spec.selector.matchLabels` of the workload; empty for one without a selector of its own, such as a CronJob. */
  readonly matchLabels: Labels;
  /** The labels of its pods: `spec.template.metadata.labels`. */
  readonly podLabels: Labels;
  /** Restarts of its containers by the status of its pods, when that was looked up. */
  readonly restarts?: number;
}

/** A place that a Service sends a connection to: a pod with its workload, the API server, or an address outside. */
export interface ServiceTarget {
  readonly end: FlowEnd;
  /** The port of the pod, after translation. */
  readonly port: number;
}

/**
 * The questions of a recommendation to the cluster. All answers may be "not known" (undefined or empty): then less can
 * be proposed, and the report says so.
 */
export interface ClusterLookup {
  /** The workload that owns the pod; for a name that ends with `*`, the one whose pods are called so. */
  workloadOf(pod: PodEnd): Workload | undefined;
  workloadsIn(namespace: string): readonly Workload[];
  /** Every workload that a Service's port leads to, with its `targetPort`. */
  targetsOf(service: {
    readonly namespace: string;
    readonly name: string;
    readonly port: number;
    readonly protocol: Protocol;
  }): readonly ServiceTarget[];
  /** The pod, Service, node or API server that has the address. */
  endAt(address: string): FlowEnd | undefined;
  /** Whether the address is one of the cluster's own ranges: then, without an end, it is that of a pod that is gone. */
  isInCluster(address: string): boolean | undefined;
  /** Whether pods of the workload declare or serve the port, so that a high number is no client's. */
  isServed(workload: WorkloadName, port: { readonly protocol: Protocol; readonly port: number }): boolean | undefined;
}

/** Without a cluster: everything is as the flows say. */
export const NO_CLUSTER: ClusterLookup = {
  workloadOf: () => undefined,
  workloadsIn: () => [],
  targetsOf: () => [],
  endAt: () => undefined,
  isInCluster: () => undefined,
  isServed: () => undefined,
};
