import type { KubeObject } from '../../../src/kube/client/kube-object.ts';

/** The address that {@link clusterDns} gives the DNS Service; inside the Service range of our control planes. */
export const CLUSTER_DNS_ADDRESS = '10.0.0.10';

/**
 * The egress rules that the operator must discover for {@link clusterDns} of pods that listen on 53: to the pods, and to the
 * Service's address for CNIs that judge before the address is translated.
 */
export const CLUSTER_DNS_EGRESS = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
  { ipBlock: { cidr: `${CLUSTER_DNS_ADDRESS}/32` } },
].map((peer) => ({ to: [peer], ports: (['UDP', 'TCP'] as const).map((protocol) => ({ protocol, port: 53 })) }));

/** What tests vary about the cluster's resolver. */
export interface ClusterDnsOptions {
  /** Addresses of the DNS pods; an empty list is a resolver with nothing behind it. */
  readonly podAddresses?: readonly string[];
  /** The clusterIP of the Service; `None` for a Service without one. {@link CLUSTER_DNS_ADDRESS} when absent. */
  readonly address?: string;
  /** The port that the DNS pods listen on; OpenShift's use 5353. */
  readonly targetPort?: number;
}

/** A resolver as kubeadm, kind and most others install it: Service kube-dns in kube-system with its EndpointSlice, no pods. */
export function clusterDns(options: ClusterDnsOptions = {}): readonly KubeObject[] {
  const { podAddresses = ['10.244.0.2', '10.244.0.3'], address = CLUSTER_DNS_ADDRESS, targetPort = 53 } = options;
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: {
        clusterIP: address,
        selector: { 'k8s-app': 'kube-dns' },
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53, targetPort },
          { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort },
        ],
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'kube-dns-1',
        namespace: 'kube-system',
        labels: { ...labels, 'kubernetes.io/service-name': 'kube-dns' },
      },
      addressType: 'IPv4',
      endpoints: podAddresses.map((pod) => ({ addresses: [pod], conditions: { ready: true } })),
      ports: [
        { name: 'dns', protocol: 'UDP', port: targetPort },
        { name: 'dns-tcp', protocol: 'TCP', port: targetPort },
      ],
    },
  ];
}
