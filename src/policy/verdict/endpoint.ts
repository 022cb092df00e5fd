import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import { addresses, addressOf, addressRangeOf, EVERY_ADDRESS } from '../intervals/addresses.ts';
import type { PodModel, ServiceModel, WorkloadName } from '../model/cluster.ts';
import { selects } from '../model/selector.ts';
import type { End } from './side.ts';

/** What a person asks about: one end of a connection, or several at once. */
export type Endpoint =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  /** All live pods of a workload, or its template when it has none. */
  | { readonly kind: 'workload'; readonly namespace: string; readonly workload: WorkloadName }
  /** One address. A pod's is that pod, and a Service's that Service. */
  | { readonly kind: 'address'; readonly address: string }
  /** Each address of these blocks, whoever has it; pods and nodes are not looked up. */
  | { readonly kind: 'addresses'; readonly cidrs: readonly string[]; readonly except?: readonly string[] }
  /** The pods behind a Service; only to connect to. The port of the connection is the Service's. */
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string };

/** What an endpoint stands for. */
export type Resolved =
  | { readonly kind: 'ends'; readonly ends: readonly End[] }
  | { readonly kind: 'service'; readonly service: ServiceModel }
  | { readonly kind: 'nothing' };

const NOTHING: Resolved = { kind: 'nothing' };

/**
 * The addresses of neither the cluster nor any private network, as an endpoint: all of both families but the private,
 * shared, loopback, link-local and multicast ones
 * (https://www.iana.org/assignments/iana-ipv4-special-registry/, https://www.iana.org/assignments/iana-ipv6-special-registry/).
 */
export const INTERNET: Endpoint = {
  kind: 'addresses',
  cidrs: ['0.0.0.0/0', '::/0'],
  except: [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '224.0.0.0/3',
    '::/127',
    'fc00::/7',
    'fe80::/10',
    'ff00::/8',
  ],
};

/** Finds what an endpoint stands for. */
export function resolveEndpoint(compiled: CompiledCluster, endpoint: Endpoint): Resolved {
  switch (endpoint.kind) {
    case 'pod':
      return podsResolved(podsNamed(compiled, endpoint));
    case 'workload':
      return podsResolved(podsOfWorkload(compiled, endpoint));
    case 'address':
      return resolveAddress(compiled, endpoint.address);
    case 'addresses':
      return resolveAddresses(endpoint);
    case 'service': {
      const service = compiled.cluster.services.find(
        ({ namespace, name }) => namespace === endpoint.namespace && name === endpoint.name,
      );
      return service === undefined ? NOTHING : { kind: 'service', service };
    }
  }
}

/** A pod of that name; where a workload has the same one, the pod. */
function podsNamed(
  compiled: CompiledCluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): readonly PodModel[] {
  const named = compiled.podsByName.get(`${namespace}/${name}`) ?? [];
  const pod = named.find(({ isRepresentative }) => !isRepresentative) ?? named[0];
  return pod === undefined ? [] : [pod];
}

/** Live pods before finished ones: of a Job that is done only the latter are left. */
function podsOfWorkload(
  compiled: CompiledCluster,
  { namespace, workload }: Endpoint & { readonly kind: 'workload' },
): readonly PodModel[] {
  const pods = compiled.cluster.pods.filter(
    (pod) => pod.namespace === namespace && pod.workload?.kind === workload.kind && pod.workload.name === workload.name,
  );
  const live = pods.filter(({ phase }) => phase === 'live');
  return live.length > 0 ? live : pods;
}

/** The live pods that a Service with a selector sends connections to. */
export function podsBehind(compiled: CompiledCluster, { namespace, selector }: ServiceModel): readonly PodModel[] {
  return selector === undefined
    ? []
    : compiled.cluster.pods.filter(
        (pod) => pod.namespace === namespace && pod.phase === 'live' && selects(selector, pod.labels),
      );
}

function podsResolved(pods: readonly PodModel[]): Resolved {
  return pods.length === 0 ? NOTHING : { kind: 'ends', ends: pods.map((pod) => ({ kind: 'pod', pod })) };
}

function resolveAddress(compiled: CompiledCluster, text: string): Resolved {
  const address = addressOf(text);
  if (address === undefined) {
    return NOTHING;
  }
  const service = compiled.serviceByAddress.get(address);
  return service === undefined ? { kind: 'ends', ends: [endAt(compiled, address)] } : { kind: 'service', service };
}

/** The pod with that address, or the address itself. */
export function endAt(compiled: CompiledCluster, address: bigint): End {
  const pod = compiled.podByAddress.get(address);
  if (pod !== undefined) {
    return { kind: 'pod', pod };
  }
  const node = compiled.nodeAt(address);
  return { kind: 'addresses', addresses: [{ first: address, last: address }], ...(node === undefined ? {} : { node }) };
}

function resolveAddresses({ cidrs, except }: Endpoint & { readonly kind: 'addresses' }): Resolved {
  const rangesOf = (texts: readonly string[]) => addresses.setOf(texts.flatMap((text) => addressRangeOf(text) ?? []));
  const set = addresses.intersection(addresses.difference(rangesOf(cidrs), rangesOf(except ?? [])), EVERY_ADDRESS);
  return set.length === 0 ? NOTHING : { kind: 'ends', ends: [{ kind: 'addresses', addresses: set }] };
}
