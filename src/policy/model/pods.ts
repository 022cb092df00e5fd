import { addressOf, FAMILIES, familyOf } from '../intervals/addresses.ts';
import { isPortNumber, PROTOCOLS } from '../intervals/ports.ts';
import type { ContainerPort, PodModel, WorkloadName } from './cluster.ts';
import { readLabels } from './selector.ts';
import { fieldOf, itemsOf, textOf } from './untrusted.ts';

/** The kinds that own pods and hold a template of them, with the way to it. */
const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Deployment', ['spec', 'template']],
  ['StatefulSet', ['spec', 'template']],
  ['DaemonSet', ['spec', 'template']],
  ['ReplicaSet', ['spec', 'template']],
  ['ReplicationController', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
]);

/** Whether objects of that kind are read as workloads. */
export function isWorkloadKind(kind: string): boolean {
  return TEMPLATES.has(kind);
}

/** An object with the namespace that it is in. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** A workload as it was read. */
export interface Workload extends Named {
  readonly kind: string;
  readonly object: unknown;
  /** The workload that controls it, when it is not the outermost. */
  readonly owner?: WorkloadName;
}

/** The controlling owner of an object, where there is one. */
export function controllerOf(object: unknown): WorkloadName | undefined {
  for (const reference of itemsOf(fieldOf(object, 'metadata', 'ownerReferences'))) {
    const kind = textOf(reference, 'kind');
    const name = textOf(reference, 'name');
    if (fieldOf(reference, 'controller') === true && kind !== undefined && name !== undefined) {
      return { kind, name };
    }
  }
  return undefined;
}

/**
 * The workload that people know, as far as the names tell: a ReplicaSet whose name ends with the hash of the pod's template
 * is one of a Deployment.
 */
export function workloadByName(owner: WorkloadName, pod: unknown): WorkloadName {
  const hash = textOf(pod, 'metadata', 'labels', 'pod-template-hash');
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) }
    : owner;
}

/** Reads a Pod; `workload` is the outermost workload that it belongs to. */
export function readPod(object: unknown, name: Named, workload: WorkloadName | undefined): PodModel {
  const phase = fieldOf(object, 'status', 'phase');
  const node = textOf(object, 'spec', 'nodeName');
  return {
    ...name,
    labels: readLabels(fieldOf(object, 'metadata', 'labels')),
    ports: containerPorts(fieldOf(object, 'spec')),
    addresses: podAddresses(object),
    isHostNetwork: fieldOf(object, 'spec', 'hostNetwork') === true,
    ...(node === undefined ? {} : { node }),
    phase: phase === 'Succeeded' || phase === 'Failed' ? 'finished' : 'live',
    ...(workload === undefined ? {} : { workload }),
    isRepresentative: false,
    hasSiblings: false,
  };
}

/** The pod that stands for all those which a workload will make; undefined when it has no template. */
export function representativeOf(workload: Workload): PodModel | undefined {
  const template = fieldOf(workload.object, ...(TEMPLATES.get(workload.kind) ?? []));
  if (template === undefined) {
    return undefined;
  }
  const replicas = fieldOf(workload.object, 'spec', 'replicas') ?? fieldOf(workload.object, 'spec', 'parallelism');
  return {
    namespace: workload.namespace,
    name: workload.name,
    labels: readLabels(fieldOf(template, 'metadata', 'labels')),
    ports: containerPorts(fieldOf(template, 'spec')),
    addresses: [],
    isHostNetwork: fieldOf(template, 'spec', 'hostNetwork') === true,
    phase: 'live',
    workload: { kind: workload.kind, name: workload.name },
    isRepresentative: true,
    hasSiblings: workload.kind === 'DaemonSet' || (typeof replicas === 'number' && replicas > 1),
  };
}

/** The ports of containers and of sidecars, which are init containers that go on running; in no other can a port be named. */
function containerPorts(spec: unknown): readonly ContainerPort[] {
  const sidecars = itemsOf(fieldOf(spec, 'initContainers')).filter(
    (container) => fieldOf(container, 'restartPolicy') === 'Always',
  );
  return [...itemsOf(fieldOf(spec, 'containers')), ...sidecars]
    .flatMap((container) => itemsOf(fieldOf(container, 'ports')))
    .flatMap((item) => {
      const port = fieldOf(item, 'containerPort');
      const protocol = PROTOCOLS.find((known) => known === (fieldOf(item, 'protocol') ?? 'TCP'));
      const name = textOf(item, 'name');
      if (!isPortNumber(port) || protocol === undefined) {
        return [];
      }
      return [{ ...(name === undefined ? {} : { name }), protocol, port }];
    });
}

/** At most one of each family, as the API has it; a host network pod without one has its node's. */
function podAddresses(object: unknown): readonly bigint[] {
  const status = fieldOf(object, 'status');
  const own = addressesOf([fieldOf(status, 'podIP'), ...ipsOf(fieldOf(status, 'podIPs'))]);
  if (own.length > 0 || fieldOf(object, 'spec', 'hostNetwork') !== true) {
    return own;
  }
  return addressesOf([fieldOf(status, 'hostIP'), ...ipsOf(fieldOf(status, 'hostIPs'))]);
}

function ipsOf(list: unknown): readonly unknown[] {
  return itemsOf(list).map((item) => fieldOf(item, 'ip'));
}

function addressesOf(texts: readonly unknown[]): readonly bigint[] {
  const known = texts.flatMap((text) => (typeof text === 'string' ? (addressOf(text) ?? []) : []));
  return FAMILIES.flatMap((family) => known.find((address) => familyOf(address) === family) ?? []);
}
