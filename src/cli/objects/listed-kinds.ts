import type { JsonObject } from '../../base/json.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../operator/watch/resources.ts';
import { slimObject, slimPod, slimWorkload } from './slim-object.ts';

/** A kind that is listed to judge a cluster, and what is kept of each object. */
export interface ListedKind {
  readonly type: ResourceType;
  readonly labelSelector?: string;
  readonly slim: (object: unknown) => JsonObject;
}

/**
 * The EndpointSlices of Services with a selector, most of them, say nothing that the pods do not: their controller's are
 * left out (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management).
 */
const OTHER_SLICES = 'endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io';

function core(plural: string, kind: string, isNamespaced = true): ResourceType {
  return { group: '', version: 'v1', plural, kind, isNamespaced };
}

function workload(group: 'apps' | 'batch', plural: string, kind: string): ListedKind {
  return { type: { group, version: 'v1', plural, kind, isNamespaced: true }, slim: slimWorkload };
}

/** https://network-policy-api.sigs.k8s.io/reference/spec/ */
export const CLUSTER_NETWORK_POLICIES: ResourceType = {
  group: 'policy.networking.k8s.io',
  version: 'v1alpha2',
  plural: 'clusternetworkpolicies',
  kind: 'ClusterNetworkPolicy',
  isNamespaced: false,
};

/**
 * Everything that verdicts rest on. ReplicaSets are left out: a Deployment keeps ten old ones, and the name of a pod's
 * ReplicaSet says which Deployment it belongs to.
 */
export const LISTED_KINDS: readonly ListedKind[] = [
  { type: core('pods', 'Pod'), slim: slimPod },
  { type: NAMESPACES, slim: slimObject },
  { type: NETWORK_POLICIES, slim: slimObject },
  { type: SERVICES, slim: slimObject },
  workload('apps', 'deployments', 'Deployment'),
  workload('apps', 'statefulsets', 'StatefulSet'),
  workload('apps', 'daemonsets', 'DaemonSet'),
  workload('batch', 'jobs', 'Job'),
  workload('batch', 'cronjobs', 'CronJob'),
  { type: core('replicationcontrollers', 'ReplicationController'), slim: slimWorkload },
  { type: ENDPOINT_SLICES, labelSelector: OTHER_SLICES, slim: slimObject },
  { type: CLUSTER_NETWORK_POLICIES, slim: slimObject },
  { type: BASELINE_POLICIES, slim: slimObject },
  { type: core('nodes', 'Node', false), slim: slimObject },
];
