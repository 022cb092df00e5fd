import fc from 'fast-check';
import type { Raw } from './brute-force.ts';

/** Few names and values, so that selectors meet pods and policies meet each other. */
const NAMESPACES = ['a', 'b', 'c'] as const;
const PORT_NAMES = ['http', 'dns'] as const;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const PORTS = [53, 80, 81, 8080] as const;
const NODES = ['n1', 'n2'] as const;
const BLOCKS = [
  '10.0.0.0/8',
  '10.0.0.0/30',
  '10.0.0.4/30',
  '0.0.0.0/0',
  '192.168.0.0/24',
  'fd00::/64',
  '::/0',
  'fd00::2/127',
] as const;

const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('x', 'y', ''), { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom('x', 'y', ''), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: fc.constantFrom('app', 'tier'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);

const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels }),
  fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) }),
);

const namespaceSelector = fc.oneof(
  selector,
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);

const block = fc.constantFrom(
  { cidr: '10.0.0.0/8' },
  { cidr: '10.0.0.0/29', except: ['10.0.0.2/31'] },
  { cidr: '0.0.0.0/0', except: ['10.0.0.0/30', '192.168.0.0/16'] },
  { cidr: '::/0' },
  { cidr: 'fd00::/64', except: ['fd00::2/127'] },
  { cidr: '192.168.0.1/32' },
);

const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector: selector }),
  fc.record({ ipBlock: block }),
);

const port = fc.oneof(
  fc.constant({}),
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS) }),
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port: fc.constantFrom(...PORTS, ...PORT_NAMES) }),
  fc.record({ port: fc.constantFrom(53, 80), endPort: fc.constantFrom(80, 81, 9000) }),
);

function ruleWith(peers: 'from' | 'to'): fc.Arbitrary<Raw> {
  return fc.record(
    { [peers]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
    { requiredKeys: [] },
  );
}

const networkPolicySpec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress'], []),
    ingress: fc.array(ruleWith('from'), { maxLength: 2 }),
    egress: fc.array(ruleWith('to'), { maxLength: 2 }),
  },
  { requiredKeys: ['podSelector'] },
);

/** A NetworkPolicy with that name. */
export function networkPolicy(name: string): fc.Arbitrary<Raw> {
  return fc
    .record({ namespace: fc.constantFrom(...NAMESPACES), spec: networkPolicySpec })
    .map(({ namespace, spec }) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace },
      spec,
    }));
}

const destinationPort = fc.oneof(
  fc.constantFrom(...PORTS).map((number) => ({ number })),
  fc.constant({ range: { start: 53, end: 81 } }),
);

const protocolItem = fc.oneof(
  destinationPort.map((value) => ({ tcp: { destinationPort: value } })),
  destinationPort.map((value) => ({ udp: { destinationPort: value } })),
  destinationPort.map((value) => ({ sctp: { destinationPort: value } })),
);

const podPeer = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({ pods: fc.record({ namespaceSelector, podSelector: selector }) }),
);

function tierRules(peers: 'from' | 'to'): fc.Arbitrary<readonly Raw[]> {
  const action = fc.constantFrom('Accept', 'Deny', 'Pass');
  const named = fc.constantFrom(...PORT_NAMES).map((name) => ({ destinationNamedPort: name }));
  const outside = fc.oneof(
    fc.uniqueArray(fc.constantFrom(...BLOCKS), { minLength: 1, maxLength: 2 }).map((networks) => ({ networks })),
    selector.map((nodes) => ({ nodes })),
  );
  const rule = fc.oneof(
    fc.record(
      {
        action,
        [peers]: fc.array(podPeer, { minLength: 1, maxLength: 2 }),
        protocols: fc.array(fc.oneof(protocolItem, named), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['action', peers] },
    ),
    ...(peers === 'to'
      ? [
          fc.record(
            {
              action,
              to: fc.array(fc.oneof(podPeer, outside), { minLength: 1, maxLength: 2 }),
              protocols: fc.array(protocolItem, { minLength: 1, maxLength: 2 }),
            },
            { requiredKeys: ['action', 'to'] },
          ),
        ]
      : []),
  );
  return fc.array(rule, { maxLength: 2 });
}

function clusterPolicy(name: string): fc.Arbitrary<Raw> {
  return fc
    .record({
      tier: fc.constantFrom('Admin', 'Baseline'),
      priority: fc.constantFrom(1, 1, 2, 3),
      subject: podPeer,
      ingress: tierRules('from'),
      egress: tierRules('to'),
    })
    .map((spec) => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name },
      spec,
    }));
}

const containerPort = fc.record(
  {
    name: fc.constantFrom(...PORT_NAMES),
    protocol: fc.constantFrom(...PROTOCOLS),
    containerPort: fc.constantFrom(...PORTS),
  },
  { requiredKeys: ['containerPort'] },
);

const podShape = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  ports: fc.array(containerPort, { maxLength: 2 }),
  families: fc.constantFrom('v4', 'v4', 'v6', 'dual'),
  isHost: fc.constantFrom(false, false, false, false, true),
  node: fc.constantFrom(0, 1),
});

function podOf(shape: typeof podShape extends fc.Arbitrary<infer Shape> ? Shape : never, index: number): Raw {
  const own = {
    v4: [`10.0.0.${index + 1}`],
    v6: [`fd00::${index + 1}`],
    dual: [`10.0.0.${index + 1}`, `fd00::${index + 1}`],
  };
  const ips = shape.isHost ? [`192.168.0.${shape.node + 1}`] : own[shape.families];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace: shape.namespace, labels: shape.labels },
    spec: {
      nodeName: NODES[shape.node],
      ...(shape.isHost ? { hostNetwork: true } : {}),
      containers: [{ name: 'main', ports: shape.ports }],
    },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })), podIP: ips[0] },
  };
}

function numbered(
  make: (name: string) => fc.Arbitrary<Raw>,
  prefix: string,
  most: number,
): fc.Arbitrary<readonly Raw[]> {
  return fc
    .integer({ min: 0, max: most })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => make(`${prefix}${index}`))));
}

/** A small cluster; all addresses are known and all objects valid. */
export const generatedCluster: fc.Arbitrary<readonly Raw[]> = fc
  .record({
    namespaceLabels: fc.tuple(labels, labels, labels),
    pods: fc.array(podShape, { minLength: 2, maxLength: 5 }),
    policies: numbered(networkPolicy, 'np', 4),
    clusterPolicies: fc.oneof(fc.constant<readonly Raw[]>([]), numbered(clusterPolicy, 'cnp', 4)),
    nodeLabels: fc.tuple(labels, labels),
  })
  .map(({ namespaceLabels, pods, policies, clusterPolicies, nodeLabels }) => [
    ...NAMESPACES.map((name, index) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: namespaceLabels[index] },
    })),
    ...NODES.map((name, index) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: nodeLabels[index] },
      status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${index + 1}` }] },
    })),
    ...pods.map(podOf),
    ...policies,
    ...clusterPolicies,
  ]);

/** Ports that pods declare, that rules name, and that nothing does. */
export const ASKED: readonly { readonly protocol: (typeof PROTOCOLS)[number]; readonly port: number }[] = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 53 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'SCTP', port: 81 },
  { protocol: 'TCP', port: 9999 },
];
