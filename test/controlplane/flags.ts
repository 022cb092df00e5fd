/**
 * What our kube-apiserver is told beyond the defaults of envtest. The advertised address is one of TEST-NET-1
 * (https://www.rfc-editor.org/rfc/rfc5737): nobody ever dials it, but only with an address that is not loopback does
 * the API server publish itself in the EndpointSlice `default/kubernetes`, which discovery reads.
 */
export const KUBE_API_SERVER_FLAGS: Readonly<Record<string, string>> = {
  'advertise-address': '192.0.2.10',
};

/** The address under which a control plane publishes its API server in `default/kubernetes`. */
export const ADVERTISED_ADDRESS = '192.0.2.10';

/** The controllers that tests need: namespaces end, owned objects are collected, aggregated roles and quotas are kept. */
const CONTROLLERS = ['namespace-controller', 'garbage-collector-controller', 'clusterrole-aggregation-controller', 'resourcequota-controller'];

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
