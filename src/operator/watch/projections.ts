import { ANNOTATIONS, CONDITIONS, FIELD_MANAGER, FINALIZER } from '../../api/names.ts';
import { PHASES } from '../../api/namespace-baseline.ts';
import { DIRECTIONS, type Direction } from '../../api/network-policy.ts';
import { fieldOf, fieldsOf, itemsOf, textFieldsOf, textOf } from '../../base/json.ts';
import type { ServiceFacts, SliceFacts } from '../../domain/discovery.ts';
import { isTerminatingNamespace, marksOf } from '../../domain/marks.ts';
import { roleIn } from '../../domain/ownership.ts';
import { statusHash } from '../../domain/reporting/report.ts';
import { type Exclusion, isExcluded } from '../../domain/selection.ts';
import type { RecordedEntry } from '../../domain/world.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import { CachedNamespace, CachedNetworkPolicy, CachedReport, type Identity } from './cached-objects.ts';
import { InternPool } from './intern-pool.ts';
import { specFactsOf } from './spec-facts.ts';

/** A BaselinePolicy. There are few, so they are kept whole. */
export interface CachedBaselinePolicy extends Identity {
  readonly generation: number;
  readonly isDeleting: boolean;
  /** Whether it carries our finalizer. */
  readonly hasFinalizer: boolean;
  readonly confirmedRemoval: string;
  readonly confirmedIsolation: string;
  readonly spec: unknown;
  readonly status: unknown;
}
/** A Service, slim. */
export interface CachedService extends Identity, ServiceFacts {}
/** An EndpointSlice, slim. */
export interface CachedSlice extends Identity, SliceFacts {}

/** What is in one namespace comes one after the other, as in a list, and has its name once. */
const namespaceNames = new InternPool<string>();

function identityOf({ metadata }: KubeObject): Identity {
  const namespace = textOf(metadata.namespace);
  return {
    name: textOf(metadata.name),
    namespace: namespaceNames.interned(namespace, () => namespace),
    uid: textOf(metadata.uid),
    resourceVersion: textOf(metadata.resourceVersion),
  };
}

/** How Namespaces are kept; whether one is excluded is decided here, once. */
export function namespaceProjection(exclusion: Exclusion): (object: KubeObject) => CachedNamespace {
  return (object) => {
    const identity = identityOf(object);
    const isTerminating = isTerminatingNamespace(object);
    return new CachedNamespace({
      ...identity,
      labels: textFieldsOf(object.metadata.labels),
      isTerminating,
      isExcluded: isExcluded(identity.name, exclusion),
    });
  };
}

/** How NetworkPolicies are kept: a spec only as its digest, and only where it carries a mark of ours. */
export function networkPolicyProjection(object: KubeObject): CachedNetworkPolicy {
  const marks = marksOf(object.metadata);
  const mayBeOurs = marks.isLabelled || marks.isAdoptable || marks.policyUid !== '' || marks.policyLabel !== '';
  // Looked at whatever the labels say, since anybody can put ours on his own.
  const { weakens, hash } = specFactsOf(object.spec);
  const otherManager = mayBeOurs ? otherManagerOf(object) : '';
  return new CachedNetworkPolicy(identityOf(object), {
    ...marks,
    weakens,
    hash: mayBeOurs ? hash : '',
    isolates: isolatedBy(object),
    otherManager,
  });
}

function isolatedBy(object: KubeObject): readonly Direction[] {
  if (roleIn(textOf(object.metadata.name)) !== 'deny') {
    return [];
  }
  const types = itemsOf(fieldOf(object.spec, 'policyTypes'));
  return DIRECTIONS.filter((direction) => types.includes(direction));
}

/** Whoever wrote it after us, by the times in managedFields, which are in whole seconds; empty when nobody did (R6). */
function otherManagerOf({ metadata }: KubeObject): string {
  const writes = itemsOf(metadata.managedFields).map((entry) => ({
    manager: textOf(fieldOf(entry, 'manager')),
    time: textOf(fieldOf(entry, 'time')),
  }));
  const ourTime = writes
    .filter(({ manager }) => manager === FIELD_MANAGER)
    .reduce((latest, { time }) => (time > latest ? time : latest), '');
  const last = writes
    .filter(({ manager, time }) => manager !== FIELD_MANAGER && (time === '' || time >= ourTime))
    .sort((a, b) => (a.time < b.time ? 1 : -1))[0];
  return last?.manager.slice(0, 128) ?? '';
}

/** How NamespaceBaselines are kept: what a later plan depends on, and a digest of all they say. */
export function reportProjection(object: KubeObject): CachedReport {
  const status = object.status;
  const ready = itemsOf(fieldOf(status, 'conditions')).find(
    (condition) => fieldOf(condition, 'type') === CONDITIONS.ready,
  );
  const entries = itemsOf(fieldOf(status, 'policies')).map(recordedEntry);
  return new CachedReport(identityOf(object), {
    hash: statusHash(status ?? {}),
    entries,
    readyStatus: textOf(fieldOf(ready, 'status')),
    readySince: textOf(fieldOf(ready, 'lastTransitionTime')),
  });
}

function recordedEntry(entry: unknown): RecordedEntry {
  const phase = fieldOf(entry, 'phase');
  return {
    policy: textOf(fieldOf(entry, 'policy')),
    generation: Number(fieldOf(entry, 'generation') ?? 0),
    phase: PHASES.find((known) => known === phase) ?? 'Pending',
    inPlace: fieldOf(entry, 'inPlace') === true,
    managed: itemsOf(fieldOf(entry, 'managed')).map((managed) => ({
      name: textOf(fieldOf(managed, 'name')),
      uid: textOf(fieldOf(managed, 'uid')),
      hash: textOf(fieldOf(managed, 'hash')),
    })),
  };
}

/** How BaselinePolicies are kept. */
export function baselinePolicyProjection(object: KubeObject): CachedBaselinePolicy {
  const { annotations, generation, deletionTimestamp, finalizers } = object.metadata;
  return {
    ...identityOf(object),
    generation: generation ?? 0,
    isDeleting: deletionTimestamp !== undefined,
    hasFinalizer: itemsOf(finalizers).includes(FINALIZER),
    confirmedRemoval: textOf(fieldOf(annotations, ANNOTATIONS.confirmRemoval)),
    confirmedIsolation: textOf(fieldOf(annotations, ANNOTATIONS.confirmIsolation)),
    spec: object.spec,
    status: object.status,
  };
}

/** How Services are kept. */
export function serviceProjection(object: KubeObject): CachedService {
  const spec = fieldsOf(object.spec);
  const clusterIps = [...itemsOf(spec.clusterIPs), spec.clusterIP]
    .map(textOf)
    .filter((address) => address !== '' && address !== 'None');
  return {
    ...identityOf(object),
    labels: textFieldsOf(object.metadata.labels),
    selector: textFieldsOf(spec.selector),
    clusterIps: [...new Set(clusterIps)],
    ports: itemsOf(spec.ports).map((port) => ({ ...namedPort(port), targetPort: targetPortOf(port) })),
  };
}

/** How EndpointSlices are kept. */
export function sliceProjection(object: KubeObject): CachedSlice {
  return {
    ...identityOf(object),
    service: textOf(fieldOf(object.metadata.labels, 'kubernetes.io/service-name')),
    addresses: itemsOf(object.endpoints).flatMap((endpoint) => itemsOf(fieldOf(endpoint, 'addresses')).map(textOf)),
    ports: itemsOf(object.ports).map(namedPort),
  };
}

function namedPort(port: unknown): { name: string; port: number; protocol: string } {
  return {
    name: textOf(fieldOf(port, 'name')),
    port: Number(fieldOf(port, 'port') ?? 0),
    protocol: textOf(fieldOf(port, 'protocol')) || 'TCP',
  };
}

function targetPortOf(port: unknown): number | string {
  const target = fieldOf(port, 'targetPort');
  return typeof target === 'number' ? target : textOf(target);
}
