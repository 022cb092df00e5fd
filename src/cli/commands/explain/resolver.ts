import { fieldOf } from '../../../base/json.ts';
import type { Endpoint } from '../../../policy/index.ts';
import { kindOf, nameOf, namespaceOf } from '../../objects/object-name.ts';
import type { ObjectsRead } from '../../objects/objects-read.ts';

/** Where the cluster's resolver is: a Service that was found, or what most clusters have. */
export interface ResolverEnd {
  readonly endpoint: Endpoint;
  /** Objects that stand for a resolver that was not among those that were read. */
  readonly assumed: readonly unknown[];
}

/** Namespaces and names of the Service of cluster DNS, as distributions have them; the first that is there counts. */
const PLACES: readonly (readonly [string, string])[] = [
  ['kube-system', 'kube-dns'],
  ['kube-system', 'coredns'],
  ['kube-system', 'rke2-coredns-rke2-coredns'],
  ['openshift-dns', 'dns-default'],
];

const POD = { name: 'cluster-dns', namespace: 'kube-system' };

/** The Service of the cluster's DNS among the objects; else a pod as the usual resolver is (kube-system, k8s-app=kube-dns). */
export function resolverIn(read: ObjectsRead): ResolverEnd {
  for (const [namespace, name] of PLACES) {
    const isThere = read.together.some(
      ({ object }) =>
        kindOf(object) === 'Service' &&
        nameOf(object) === name &&
        namespaceOf(object, read.defaultNamespace) === namespace &&
        fieldOf(fieldOf(object, 'spec'), 'selector') !== undefined,
    );
    if (isThere) {
      return { endpoint: { kind: 'service', namespace, name }, assumed: [] };
    }
  }
  const ports = ['UDP', 'TCP'].map((protocol) => ({ containerPort: 53, protocol }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...POD, labels: { 'k8s-app': 'kube-dns' } },
    spec: { containers: [{ name: 'dns', ports }] },
  };
  return { endpoint: { kind: 'pod', ...POD }, assumed: [pod] };
}
