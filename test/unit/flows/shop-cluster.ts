import type { ClusterLookup, Workload } from '../../../src/flows/cluster-lookup.ts';
import type { FlowEnd, PodEnd } from '../../../src/flows/flow.ts';

function deployment(namespace: string, name: string, extra: Partial<Workload> = {}): Workload {
  const labels = { app: name };
  return { namespace, kind: 'Deployment', name, matchLabels: labels, podLabels: labels, restarts: 1, ...extra };
}

/** The workloads of a small shop, with a CronJob that never ran. */
export const WORKLOADS: readonly Workload[] = [
  deployment('shop', 'web'),
  deployment('shop', 'api'),
  deployment('data', 'db', { kind: 'StatefulSet' }),
  deployment('kube-system', 'coredns', {
    matchLabels: { 'k8s-app': 'kube-dns' },
    podLabels: { 'k8s-app': 'kube-dns' },
  }),
  { namespace: 'shop', kind: 'CronJob', name: 'report', matchLabels: {}, podLabels: { app: 'report' } },
];

function pod(namespace: string, workload: string): PodEnd {
  const found = WORKLOADS.find((each) => each.namespace === namespace && each.name === workload);
  return {
    kind: 'pod',
    namespace,
    name: `${workload}-0`,
    labels: found?.podLabels ?? {},
    workload: { kind: found?.kind ?? 'Deployment', name: workload },
  };
}

const ADDRESSES: ReadonlyMap<string, FlowEnd> = new Map<string, FlowEnd>([
  ['10.244.1.10', pod('shop', 'web')],
  ['10.244.2.20', pod('shop', 'api')],
  ['10.244.3.30', pod('data', 'db')],
  ['10.244.9.90', pod('kube-system', 'coredns')],
  ['10.96.12.34', { kind: 'service', namespace: 'shop', name: 'api' }],
  ['10.0.0.2', { kind: 'apiserver', address: '10.0.0.2' }],
  ['10.0.0.5', { kind: 'host', name: 'node-2' }],
]);

/** The cluster of the sample captures. */
export const SHOP: ClusterLookup = {
  workloadOf: ({ namespace, name, workload }) =>
    WORKLOADS.find(
      (each) =>
        each.namespace === namespace &&
        (workload === undefined ? name.startsWith(`${each.name}-`) : each.name === workload.name),
    ),
  workloadsIn: (namespace) => WORKLOADS.filter((each) => each.namespace === namespace),
  targetsOf: ({ namespace, name, port, protocol }) => {
    if (namespace === 'shop' && name === 'api' && port === 80 && protocol === 'TCP') {
      return [{ end: pod('shop', 'api'), port: 8080 }];
    }
    return namespace === 'default' && name === 'kubernetes'
      ? [{ end: { kind: 'apiserver', address: '10.0.0.2' }, port: 6443 }]
      : [];
  },
  endAt: (address) => ADDRESSES.get(address),
  isInCluster: (address) => /^10\.(244|96|0)\./.test(address),
  isServed: () => undefined,
};
