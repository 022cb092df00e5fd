import { BOUNDS } from '../../api/bounds.ts';
import { ANNOTATIONS, CONDITIONS, FIELD_MANAGER, FINALIZER } from '../../api/names.ts';
import { PHASES } from '../../api/namespace-baseline.ts';
import { DIRECTIONS, type Direction } from '../../api/network-policy.ts';
import { fieldOf, fieldsOf, itemsOf, textFieldsOf, textOf } from '../../base/json.ts';
import { keptText } from '../../base/text.ts';
import type { ServiceFacts, SliceFacts } from '../../domain/discovery/sources.ts';
import { isTerminatingNamespace, type Marks, marksOf } from '../../domain/marks.ts';
import { roleIn } from '../../domain/ownership.ts';
import { statusHash } from '../../domain/reporting/report.ts';
import { type Exclusion, isExcluded } from '../../domain/selection.ts';
import type { RecordedEntry } from '../../domain/world.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import { CachedNamespace, CachedNetworkPolicy, CachedReport, type Identity } from './cached-objects.ts';
import { InternPool } from './intern-pool.ts';
import { neededFields } from './needed-fields.ts';
import { type CrdProblem, crdProblemIn } from './served-crds.ts';
import { isLargeSpec, rememberedHash, rememberedOpenness } from './spec-facts.ts';

/** A BaselinePolicy as the cache keeps it: with spec and status, as there are few. */
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
/** A Service as the cache keeps it. */
export interface CachedService extends Identity, ServiceFacts {}
/** An EndpointSlice as the cache keeps it. */
export interface CachedSlice extends Identity, SliceFacts {}

/** A CRD as the cache keeps it. */
export interface CachedCrd extends Identity {
  readonly problem: CrdProblem | undefined;
}

/** A list has the objects of one namespace in a row, so its name is stored once for all of them. */
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

/** The transform function for Namespaces; it also decides whether one is excluded. */
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

/**
 * The transform function for NetworkPolicies. It keeps a digest of the spec, and only for objects with a label or annotation
 * of the operator. It judges a large spec once for each generation, which the API server raises whenever a spec changes:
 * `known` is what the cache keeps of an earlier version of the same object.
 */
export function networkPolicyProjection(object: KubeObject, known?: Identity): CachedNetworkPolicy {
  const marks = marksOf(object.metadata);
  const mayBeOurs = hasAnyMark(marks);
  const { generation = NOT_LARGE, deletionTimestamp } = object.metadata;
  const judged =
    known instanceof CachedNetworkPolicy && known.largeGeneration === generation && generation !== NOT_LARGE
      ? known
      : undefined;
  return new CachedNetworkPolicy(identityOf(object), {
    ...marks,
    isTerminating: deletionTimestamp !== undefined,
    // Looked at whatever the labels say, since anybody can put ours on his own.
    openness: judged === undefined ? rememberedOpenness(object.spec) : judged.openness,
    hash: mayBeOurs ? hashOf(object.spec, judged) : '',
    isolates: isolatedBy(object),
    otherManager: mayBeOurs ? otherManagerOf(object) : '',
    largeGeneration: judged !== undefined || isLargeSpec(object.spec) ? generation : NOT_LARGE,
  });
}

/** The API server counts generations from 1. */
const NOT_LARGE = 0;

function hasAnyMark({ isLabelled, isAdoptable, policyUid, policyLabel }: Marks): boolean {
  return isLabelled || isAdoptable || policyUid !== '' || policyLabel !== '';
}

/** An object that nothing marked as ours has no digest yet. */
function hashOf(spec: unknown, judged: CachedNetworkPolicy | undefined): string {
  return judged === undefined || judged.hash === '' ? rememberedHash(spec) : judged.hash;
}

/** Characters of a field manager's name (https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers). */
const LONGEST_MANAGER = 128;

function isolatedBy(object: KubeObject): readonly Direction[] {
  if (roleIn(textOf(object.metadata.name)) !== 'deny') {
    return [];
  }
  const types = itemsOf(fieldOf(object.spec, 'policyTypes'));
  return DIRECTIONS.filter((direction) => types.includes(direction));
}

/** The field manager that wrote after us, by the whole seconds in managedFields; empty when none did (R6, repair). */
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
  return keptText(last?.manager ?? '', LONGEST_MANAGER);
}

/** The transform function for NamespaceBaselines: what a later plan depends on, and a digest of the whole status. */
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

/** The transform function for BaselinePolicies. */
export function baselinePolicyProjection(object: KubeObject): CachedBaselinePolicy {
  const { annotations, generation, deletionTimestamp, finalizers } = object.metadata;
  return {
    ...identityOf(object),
    generation: generation ?? 0,
    isDeleting: deletionTimestamp !== undefined,
    hasFinalizer: itemsOf(finalizers).includes(FINALIZER),
    confirmedRemoval: keptText(textOf(fieldOf(annotations, ANNOTATIONS.confirmRemoval)), BOUNDS.labelLength),
    confirmedIsolation: keptText(textOf(fieldOf(annotations, ANNOTATIONS.confirmIsolation)), BOUNDS.labelLength),
    spec: object.spec,
    status: object.status,
  };
}

/** The transform function for Services. */
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

/** The transform function for EndpointSlices. */
export function sliceProjection(object: KubeObject): CachedSlice {
  const endpoints = itemsOf(object.endpoints);
  return {
    ...identityOf(object),
    service: textOf(fieldOf(object.metadata.labels, 'kubernetes.io/service-name')),
    addresses: endpoints.flatMap(addressesOf),
    readyAddresses: endpoints.filter(isReady).flatMap(addressesOf),
    ports: itemsOf(object.ports).map(namedPort),
  };
}

function addressesOf(endpoint: unknown): readonly string[] {
  return itemsOf(fieldOf(endpoint, 'addresses')).map(textOf);
}

/** An endpoint that says nothing about `ready` is ready (https://pkg.go.dev/k8s.io/api/discovery/v1#EndpointConditions). */
function isReady(endpoint: unknown): boolean {
  return fieldOf(fieldOf(endpoint, 'conditions'), 'ready') !== false;
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

/** The transform function for the operator's own CRDs, which keeps of each only what is wrong with it. */
export function crdProjection(object: KubeObject): CachedCrd {
  return { ...identityOf(object), problem: crdProblemIn(object, neededFields()) };
}
