import { fieldOf, itemsOf, textFieldsOf } from '../../../base/json.ts';
import type { Endpoint } from '../../../policy/index.ts';
import { kindOf, nameOf, namespaceOf } from '../../objects/object-name.ts';
import type { ObjectsRead } from '../../objects/objects-read.ts';

/** Where the cluster's resolver is. */
export interface ResolverEnd {
  readonly endpoint: Endpoint;
  /** A pod that stands for those of a resolver which were not among the objects; none where they were. */
  readonly assumed: readonly unknown[];
}

type Labels = Readonly<Record<string, string>>;

/** Namespaces and names of the Service of cluster DNS, as distributions have them; the first that is there counts. */
const PLACES: readonly (readonly [string, string])[] = [
  ['kube-system', 'kube-dns'],
  ['kube-system', 'coredns'],
  ['kube-system', 'rke2-coredns-rke2-coredns'],
  ['openshift-dns', 'dns-default'],
];
const USUAL_LABELS: Labels = { 'k8s-app': 'kube-dns' };

/**
 * The Service of the cluster's DNS among the objects. Where its pods are not there too, as for a tenant, a pod as it
 * selects them is assumed; without a Service, a pod as most clusters have it (kube-system, k8s-app=kube-dns).
 */
export function resolverIn(read: ObjectsRead): ResolverEnd {
  for (const [namespace, name] of PLACES) {
    const service = read.together.find(
      ({ object }) =>
        kindOf(object) === 'Service' &&
        nameOf(object) === name &&
        namespaceOf(object, read.defaultNamespace) === namespace,
    )?.object;
    const selector = textFieldsOf(fieldOf(fieldOf(service, 'spec'), 'selector'));
    if (Object.keys(selector).length > 0) {
      return hasPods(read, namespace, selector)
        ? { endpoint: { kind: 'service', namespace, name }, assumed: [] }
        : assumedPod(namespace, selector, targetPortOf(service));
    }
  }
  return assumedPod('kube-system', USUAL_LABELS, 53);
}

function hasPods(read: ObjectsRead, namespace: string, selector: Labels): boolean {
  return read.together.some(({ object }) => {
    const template = kindOf(object) === 'Pod' ? object : fieldOf(fieldOf(object, 'spec'), 'template');
    const labels = fieldOf(fieldOf(template, 'metadata'), 'labels');
    return (
      namespaceOf(object, read.defaultNamespace) === namespace &&
      Object.entries(selector).every(([key, value]) => fieldOf(labels, key) === value)
    );
  });
}

/** OpenShift's DNS pods listen on another port than 53. */
function targetPortOf(service: unknown): number {
  const ports = itemsOf(fieldOf(fieldOf(service, 'spec'), 'ports'));
  const target = ports.map((port) => fieldOf(port, 'targetPort')).find((port) => typeof port === 'number');
  return target ?? 53;
}

function assumedPod(namespace: string, labels: Labels, port: number): ResolverEnd {
  const name = 'cluster-dns';
  const ports = ['UDP', 'TCP'].map((protocol) => ({ containerPort: port, protocol }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'dns', ports }] },
  };
  return { endpoint: { kind: 'pod', namespace, name }, assumed: [pod] };
}
