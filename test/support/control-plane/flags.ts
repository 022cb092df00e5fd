/**
 * What our kube-apiserver is told beyond the defaults of envtest. The advertised address is one of TEST-NET-1
 * (https://www.rfc-editor.org/rfc/rfc5737): nobody ever dials it, but only with an address that is not loopback does
 * the API server publish itself in the EndpointSlice `default/kubernetes`, which discovery reads.
 */
export const KUBE_API_SERVER_FLAGS: Readonly<Record<string, string>> = {
  'advertise-address': '192.0.2.10',
};

/**
 * Whose requests are noted, and how: those of the operator's namespace, once each when they are over. Deletions are noted
 * when they arrive, too, so that one that was carried out by an API server that is killed the next moment is not missed.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [
    {
      level: 'Metadata',
      userGroups: ['system:serviceaccounts:nsbaseline-system'],
      verbs: ['delete', 'deletecollection'],
    },
    { level: 'Metadata', userGroups: ['system:serviceaccounts:nsbaseline-system'], omitStages: ['RequestReceived'] },
    { level: 'None' },
  ],
};

/** Where the API server finds its audit policy and notes requests; what a long run notes is cut off at some 200 MB. */
export function auditFlags({
  policyPath,
  logPath,
}: {
  readonly policyPath: string;
  readonly logPath: string;
}): Readonly<Record<string, string>> {
  return {
    'audit-policy-file': policyPath,
    'audit-log-path': logPath,
    'audit-log-maxsize': '100',
    'audit-log-maxbackup': '1',
  };
}

/** The address under which a control plane publishes its API server in `default/kubernetes`. */
export const ADVERTISED_ADDRESS = '192.0.2.10';

/** The controllers that tests need: namespaces end, owned objects are collected, aggregated roles and quotas are kept. */
const CONTROLLERS = [
  'namespace-controller',
  'garbage-collector-controller',
  'clusterrole-aggregation-controller',
  'resourcequota-controller',
];

/**
 * What our kube-controller-manager is told. It opens no port, and its controllers use their own service accounts, as in a
 * real cluster, so that admission policies that let these accounts pass can be tested.
 */
export function controllerManagerFlags(kubeconfigPath: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigPath}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--secure-port=0',
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    '--concurrent-namespace-syncs=20',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}
