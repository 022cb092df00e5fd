import {
  ADDRESS_SPACE,
  type AddressSet,
  addresses,
  addressRangeOf,
  FAMILIES,
  type Family,
  familyOf,
} from '../intervals/addresses.ts';
import type {
  Cluster,
  ModelProblem,
  NamespaceModel,
  PodModel,
  ServiceBackend,
  ServiceModel,
  WorkloadName,
} from './cluster.ts';
import { readClusterNetworkPolicy } from './cluster-network-policy.ts';
import { readNetworkPolicy } from './network-policy.ts';
import { nameOf, type ObjectShelf, type ShelvedObject, shelfOf } from './object-shelf.ts';
import { controllerOf, isWorkloadKind, readPod, representativeOf, type Workload, workloadByName } from './pods.ts';
import { readLabels } from './selector.ts';
import { readEndpointSlice, readNode, readService } from './services.ts';
import { type Complain, fieldOf, textOf } from './untrusted.ts';

/** How to read a cluster. */
export interface ClusterOptions {
  /** The namespace of namespaced objects that name none; `default` when absent. */
  readonly defaultNamespace?: string;
  /**
   * The blocks from which pods get their addresses, such as `10.244.0.0/16`. They decide about pods whose address is not
   * known, where a policy has IP blocks. Without them it may be any address of the families that the cluster's pods and
   * Services use, or of both when none is known.
   */
  readonly podCidrs?: readonly string[];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';
const SERVICE_LABEL = 'kubernetes.io/service-name';

/**
 * Reads the objects of a cluster, of manifests, or of both: values that were parsed from JSON or YAML, of which nothing
 * is trusted. It never throws, and leaves the objects alone. What cannot be used is in `problems`, and kinds that no
 * verdict rests on are counted in `skipped`.
 */
export function clusterOf(objects: Iterable<unknown>, options: ClusterOptions = {}): Cluster {
  const shelf = shelfOf(objects, options.defaultNamespace ?? 'default');
  const problems: ModelProblem[] = [...shelf.problems];
  const pods = readPods(shelf);
  const services = readServices(shelf);
  const networkPolicies = readValid(shelf.byKind.get('NetworkPolicy'), problems, readPolicyObject);
  const clusterPolicies = readValid(shelf.byKind.get('ClusterNetworkPolicy'), problems, readClusterPolicyObject);
  const inNamespaces = [...pods, ...services, ...networkPolicies].map(({ namespace }) => namespace);
  return {
    namespaces: readNamespaces(shelf, inNamespaces),
    pods,
    nodes: [...(shelf.byKind.get('Node')?.values() ?? [])].map(({ object, name }) => readNode(object, name)),
    services,
    networkPolicies,
    clusterPolicies,
    problems,
    skipped: shelf.skipped,
    podSpace: podSpaceOf(options.podCidrs, [
      ...pods.flatMap((pod) => (pod.isHostNetwork ? [] : pod.addresses)),
      ...services.flatMap(({ clusterAddresses }) => clusterAddresses),
    ]),
  };
}

function readPolicyObject({ object, namespace, name }: ShelvedObject, complain: Complain) {
  return readNetworkPolicy(object, { namespace, name }, complain);
}

function readClusterPolicyObject({ object, name }: ShelvedObject, complain: Complain) {
  return readClusterNetworkPolicy(object, name, complain);
}

/** What the API server would take; anything else goes to `problems`. */
function readValid<Model>(
  shelved: ReadonlyMap<string, ShelvedObject> | undefined,
  problems: ModelProblem[],
  read: (object: ShelvedObject, complain: Complain) => Model,
): readonly Model[] {
  return [...(shelved?.values() ?? [])].flatMap((object) => {
    const before = problems.length;
    const model = read(object, (path, message, code) => {
      problems.push({
        object: nameOf(object),
        path,
        message,
        isLeftOut: true,
        ...(code === undefined ? {} : { code }),
      });
    });
    return problems.length === before ? [model] : [];
  });
}

function readNamespaces(shelf: ObjectShelf, mentioned: readonly string[]): ReadonlyMap<string, NamespaceModel> {
  const namespaces = new Map<string, NamespaceModel>();
  for (const { object, name } of shelf.byKind.get('Namespace')?.values() ?? []) {
    const labels = readLabels(fieldOf(object, 'metadata', 'labels'));
    labels.set(NAME_LABEL, name);
    namespaces.set(name, { name, labels, isImplied: false });
  }
  for (const name of mentioned) {
    if (!namespaces.has(name)) {
      namespaces.set(name, { name, labels: new Map([[NAME_LABEL, name]]), isImplied: true });
    }
  }
  return namespaces;
}

function readPods(shelf: ObjectShelf): readonly PodModel[] {
  const workloads = workloadsOf(shelf);
  const pods = [...(shelf.byKind.get('Pod')?.values() ?? [])].map(({ object, namespace, name }) => {
    const owner = controllerOf(object);
    const workload = owner === undefined ? undefined : outermost(namespace, owner, workloads, object);
    return readPod(object, { namespace, name }, workload);
  });
  const alive = new Set(
    pods.flatMap(({ namespace, workload, phase }) =>
      workload === undefined || phase === 'finished' ? [] : [keyOf(namespace, workload)],
    ),
  );
  const representatives = [...workloads.values()].flatMap((workload) => {
    const { namespace, owner } = workload;
    const hasOwner = owner !== undefined && workloads.has(keyOf(namespace, owner));
    return hasOwner || alive.has(keyOf(namespace, workload)) ? [] : (representativeOf(workload) ?? []);
  });
  return [...pods, ...representatives];
}

function workloadsOf(shelf: ObjectShelf): ReadonlyMap<string, Workload> {
  const workloads = new Map<string, Workload>();
  for (const [kind, shelved] of shelf.byKind) {
    if (isWorkloadKind(kind)) {
      for (const { object, namespace, name } of shelved.values()) {
        const owner = controllerOf(object);
        const workload = { kind, namespace, name, object, ...(owner === undefined ? {} : { owner }) };
        workloads.set(keyOf(namespace, workload), workload);
      }
    }
  }
  return workloads;
}

function keyOf(namespace: string, workload: WorkloadName): string {
  return `${namespace}/${workload.kind}/${workload.name}`;
}

/** From a pod's owner to the workload that people know. */
function outermost(
  namespace: string,
  owner: WorkloadName,
  workloads: ReadonlyMap<string, Workload>,
  pod: unknown,
): WorkloadName {
  const known = workloads.get(keyOf(namespace, owner));
  if (known !== undefined) {
    return known.owner ?? owner;
  }
  return workloadByName(owner, pod);
}

function readServices(shelf: ObjectShelf): readonly ServiceModel[] {
  const backends = new Map<string, ServiceBackend[]>();
  for (const { object, namespace } of shelf.byKind.get('EndpointSlice')?.values() ?? []) {
    const service = textOf(object, 'metadata', 'labels', SERVICE_LABEL);
    if (service !== undefined) {
      const key = `${namespace}/${service}`;
      backends.set(key, [...(backends.get(key) ?? []), ...readEndpointSlice(object)]);
    }
  }
  return [...(shelf.byKind.get('Service')?.entries() ?? [])].map(([key, { object, namespace, name }]) =>
    readService(object, { namespace, name }, backends.get(key) ?? [], () => undefined),
  );
}

function podSpaceOf(podCidrs: readonly string[] | undefined, known: readonly bigint[]): Cluster['podSpace'] {
  if (podCidrs !== undefined) {
    const set = addresses.setOf(podCidrs.flatMap((cidr) => addressRangeOf(cidr) ?? []));
    return spaceBy((family) => addresses.intersection(set, [ADDRESS_SPACE[family]]));
  }
  const families = new Set<Family>(known.map(familyOf));
  return spaceBy((family) => (families.size === 0 || families.has(family) ? [ADDRESS_SPACE[family]] : []));
}

function spaceBy(spaceOf: (family: Family) => AddressSet): Cluster['podSpace'] {
  const space: Partial<Record<Family, AddressSet>> = {};
  for (const family of FAMILIES) {
    const set = spaceOf(family);
    if (set.length > 0) {
      space[family] = set;
    }
  }
  return space;
}
