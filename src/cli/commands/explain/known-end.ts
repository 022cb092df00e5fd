import { failure, type Result, success } from '../../../base/result.ts';
import { namesText } from '../../../base/text.ts';
import {
  addressText,
  type CompiledCluster,
  type Endpoint,
  INTERNET,
  type PodModel,
  type PortOf,
  podsBehind,
  type ServiceModel,
  selects,
} from '../../../policy/index.ts';
import type { AskedPort } from '../../objects/asked-port.ts';
import type { AskedEnd } from './asked-end.ts';
import { parsedSelector } from './label-selector-text.ts';

/** An end that was found: what people call it, and what the engine is asked about. */
export interface KnownEnd {
  /** As it was asked. */
  readonly asked: string;
  /** What was found, such as `shop/web (Deployment, 2 pods)`. */
  readonly title: string;
  readonly endpoints: readonly Endpoint[];
  /** Where connections come from, where that differs: a Service is only connected to, what is behind it connects. */
  readonly sources?: readonly Endpoint[];
  /** The pods among them; none for addresses. */
  readonly pods: readonly PodModel[];
  /** The ports to ask about when none is given. */
  readonly ports: readonly AskedPort[];
}

const HTTPS: AskedPort = { protocol: 'TCP', port: 443 };
const DNS_PORTS: readonly AskedPort[] = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];

/** Finds an end among the objects; the error says what there is instead. `dns` is where the cluster's resolver is. */
export function knownEnd(
  compiled: CompiledCluster,
  end: AskedEnd,
  at: { readonly asked: string; readonly dns: Endpoint },
): Result<KnownEnd, string> {
  const { asked } = at;
  switch (end.kind) {
    case 'internet':
      return success({ asked, title: 'the internet', endpoints: [INTERNET], pods: [], ports: [HTTPS] });
    case 'address':
      return success({
        asked,
        title: end.address,
        endpoints: [{ kind: 'address', address: end.address }],
        pods: [],
        ports: [HTTPS],
      });
    case 'block':
      return success({
        asked,
        title: end.cidr,
        endpoints: [{ kind: 'addresses', cidrs: [end.cidr] }],
        pods: [],
        ports: [HTTPS],
      });
    case 'dns': {
      const found = endpointEnd(compiled, asked, at.dns);
      const ports = at.dns.kind === 'pod' ? declaredPorts(found.pods) : DNS_PORTS;
      return success({ ...found, title: 'the cluster DNS', ports });
    }
    case 'apiserver':
      return serviceEnd(compiled, asked, { namespace: 'default', name: 'kubernetes' });
    case 'service':
      return serviceEnd(compiled, asked, end);
    case 'labels':
      return labelsEnd(compiled, asked, end);
    case 'pod':
    case 'workload':
    case 'name':
      return namedEnd(compiled, asked, end);
  }
}

/** The end as one that connections come from. */
export function asSource(end: KnownEnd): KnownEnd {
  return end.sources === undefined ? end : { ...end, endpoints: end.sources };
}

/** The pod as an endpoint. */
export function podEndpoint({ namespace, name }: PodModel): Endpoint {
  return { kind: 'pod', namespace, name };
}

function endpointEnd(compiled: CompiledCluster, asked: string, endpoint: Endpoint): KnownEnd {
  if (endpoint.kind === 'service') {
    const found = serviceEnd(compiled, asked, endpoint);
    return found.ok ? found.value : { asked, title: asked, endpoints: [endpoint], pods: [], ports: [] };
  }
  const pods = endpoint.kind === 'pod' ? (compiled.podsByName.get(`${endpoint.namespace}/${endpoint.name}`) ?? []) : [];
  return { asked, title: asked, endpoints: [endpoint], pods, ports: [] };
}

function serviceEnd(
  compiled: CompiledCluster,
  asked: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Result<KnownEnd, string> {
  const services = compiled.cluster.services.filter((service) => service.namespace === namespace);
  const service = services.find((one) => one.name === name);
  if (service === undefined) {
    return failure(
      notFoundText(
        `Service ${name}`,
        namespace,
        services.map((one) => one.name),
      ),
    );
  }
  const pods = podsBehind(compiled, service);
  const addresses = service.backends.map(
    ({ address }): Endpoint => ({ kind: 'address', address: addressText(address) }),
  );
  return success({
    asked,
    title: `${namespace}/${name} (Service)`,
    endpoints: [{ kind: 'service', namespace, name }],
    sources: service.selector === undefined ? addresses : pods.map(podEndpoint),
    pods,
    ports: servicePorts(service),
  });
}

function servicePorts({ ports }: ServiceModel): readonly AskedPort[] {
  return ports.map(({ protocol, port }) => ({ protocol, port }));
}

function labelsEnd(
  compiled: CompiledCluster,
  asked: string,
  { namespace, selector: text }: { readonly namespace: string; readonly selector: string },
): Result<KnownEnd, string> {
  const selector = parsedSelector(text);
  if (selector === undefined) {
    return failure(`"${text}" is no label selector; write app=web, or "tier in (a,b)"`);
  }
  const pods = livePodsIn(compiled, namespace).filter(({ labels }) => selects(selector, labels));
  return pods.length === 0
    ? failure(`no pod in namespace ${namespace} has the labels ${text}`)
    : success(podsEnd(asked, `${namespace}/${text} (${podCount(pods)})`, pods));
}

function namedEnd(
  compiled: CompiledCluster,
  asked: string,
  end: Extract<AskedEnd, { readonly kind: 'pod' | 'workload' | 'name' }>,
): Result<KnownEnd, string> {
  const { namespace, name } = end;
  const pods = compiled.cluster.pods.filter((pod) => pod.namespace === namespace);
  const pod = end.kind === 'workload' ? undefined : pods.find((one) => one.name === name && !one.isRepresentative);
  if (pod !== undefined) {
    return success(podsEnd(asked, `${namespace}/${name} (Pod)`, [pod]));
  }
  const ofWorkload = end.kind === 'pod' ? [] : workloadPods(pods, end);
  const [first] = ofWorkload;
  if (first !== undefined) {
    const kind = first.workload?.kind ?? 'Pod';
    return success(podsEnd(asked, `${namespace}/${name} (${kind}, ${podCount(ofWorkload)})`, ofWorkload));
  }
  if (end.kind === 'name') {
    const service = serviceEnd(compiled, asked, end);
    if (service.ok) {
      return service;
    }
  }
  const what = end.kind === 'workload' ? `${end.workloadKind} ${name}` : `pod ${name}`;
  return failure(notFoundText(what, namespace, [...new Set(pods.map((one) => one.workload?.name ?? one.name))]));
}

/** Live pods before finished ones: of a Job that is done only the latter are left. */
function workloadPods(
  pods: readonly PodModel[],
  end: Extract<AskedEnd, { readonly kind: 'pod' | 'workload' | 'name' }>,
): readonly PodModel[] {
  const own = pods.filter(
    ({ workload }) => workload?.name === end.name && (end.kind !== 'workload' || workload.kind === end.workloadKind),
  );
  const kind = own[0]?.workload?.kind;
  const ofKind = own.filter(({ workload }) => workload?.kind === kind);
  const live = ofKind.filter(({ phase }) => phase === 'live');
  return live.length > 0 ? live : ofKind;
}

function livePodsIn(compiled: CompiledCluster, namespace: string): readonly PodModel[] {
  return compiled.cluster.pods.filter((pod) => pod.namespace === namespace && pod.phase === 'live');
}

function podsEnd(asked: string, title: string, pods: readonly PodModel[]): KnownEnd {
  return { asked, title, endpoints: pods.map(podEndpoint), pods, ports: declaredPorts(pods) };
}

/** The ports that containers declare, each once. */
export function declaredPorts(pods: readonly PodModel[]): readonly PortOf[] {
  const known = new Map<string, PortOf>();
  for (const { protocol, port } of pods.flatMap((pod) => pod.ports)) {
    known.set(`${protocol}/${port}`, { protocol, port });
  }
  return [...known.values()];
}

function podCount(pods: readonly PodModel[]): string {
  if (pods.some(({ isRepresentative }) => isRepresentative)) {
    return 'its template';
  }
  return pods.length === 1 ? '1 pod' : `${pods.length} pods`;
}

function notFoundText(what: string, namespace: string, names: readonly string[]): string {
  const there = names.length === 0 ? 'nothing there is known' : `there are ${namesText(names.toSorted(), 8)}`;
  return `there is no ${what} in namespace ${namespace}; ${there}`;
}
