import { kubectl, namespaces, type ProbePod, resolverAddress, startPods } from '../e2e-cluster.ts';
import { OUTSIDE, setOutside } from './outside.ts';

/** The namespace that asks for one recipe after the other, none of which takes isolation away that the one before gave: the operator holds that when it is much (R9). */
export const TEAM = 'recipes';
/** The one that asks for those that isolate what goes out only. */
export const OUTWARD_TEAM = 'recipes-outward';
const ELSEWHERE = 'recipes-elsewhere';
const NAMESPACES = [TEAM, OUTWARD_TEAM, ELSEWHERE, 'monitoring', 'ingress-nginx', 'pci-scanner'];

const tcp = [21, 443, 5432, 8080, 9090, 9443, 31999, 32000, 32767, 32768].map((port) => `tcp:${port}`);
const udp = [5432, 8080, 9090, 9443, 32000].map((port) => `udp:${port}`);
const serving = ['serve', ...tcp, ...udp];
const prometheusLabels = { 'app.kubernetes.io/name': 'prometheus' };

/** The pods of the namespaces that ask for recipes, and those around them. */
const PODS = {
  client: { namespace: TEAM },
  server: { namespace: TEAM, args: serving },
  api: { namespace: TEAM, labels: { app: 'api' }, args: serving },
  ftp: { namespace: TEAM, labels: { app: 'ftp' }, args: serving },
  webhook: { namespace: TEAM, labels: { app: 'webhook' }, args: serving },
  web: { namespace: TEAM, labels: { tier: 'web', app: 'frontend' }, args: serving },
  app: { namespace: TEAM, labels: { tier: 'app' }, args: serving },
  database: { namespace: TEAM, labels: { tier: 'database' }, args: serving },
  helper: { namespace: TEAM, labels: prometheusLabels },
  caller: { namespace: OUTWARD_TEAM },
  callee: { namespace: OUTWARD_TEAM, args: serving },
  backend: { namespace: OUTWARD_TEAM, labels: { app: 'api' } },
  stranger: { namespace: ELSEWHERE, args: serving },
  impostor: { namespace: ELSEWHERE, labels: prometheusLabels },
  prometheus: { namespace: 'monitoring', labels: prometheusLabels },
  visitor: { namespace: 'monitoring' },
  controller: { namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
  bystander: { namespace: 'ingress-nginx' },
  scanner: { namespace: 'pci-scanner' },
} satisfies Readonly<Record<string, Omit<ProbePod, 'name'>>>;

/** A pod by its name. */
export type PodName = keyof typeof PODS;
/** Who asks: a pod, or somebody outside the cluster. */
export type Person = PodName | 'outside';
/** Who is asked: besides pods the resolver, the Kubernetes API by its Service, the node, and addresses outside the cluster. */
type Place = PodName | 'resolver' | 'kubernetes' | 'node' | keyof typeof OUTSIDE;
/** The address of every place. */
export type AddressBook = Readonly<Record<Place, string>>;

/** Starts everybody anew and finds everything. */
export async function podsStarted(node: string): Promise<AddressBook> {
  await podsRemoved();
  await namespaces(...NAMESPACES.map((name) => [name] as const));
  const pods = Object.entries<Omit<ProbePod, 'name'>>(PODS).map(([name, pod]) => ({ name, ...pod }));
  const [addresses, resolver, kubernetes, nodeAddress] = await Promise.all([
    startPods(...pods),
    resolverAddress(),
    kubectl('get', 'service', 'kubernetes', '--namespace=default', '--output=jsonpath={.spec.clusterIP}'),
    kubectl('get', 'nodes', '--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'),
    setOutside(node),
  ]);
  const byName = Object.fromEntries(pods.map(({ name }, index) => [name, addresses[index] ?? ''])) as Record<
    PodName,
    string
  >;
  return { ...OUTSIDE, ...byName, resolver, kubernetes, node: nodeAddress };
}

/** Takes everybody away; other tests use some of the namespaces too, and they are gone when it resolves. */
export async function podsRemoved(): Promise<void> {
  await kubectl('delete', 'namespaces', '--ignore-not-found', ...NAMESPACES);
}

/** The namespace of a pod. */
export function homeOf(pod: PodName): string {
  return PODS[pod].namespace;
}
