import type { BaselinePolicySpec } from '../../../src/api/baseline-policy.ts';
import { ANNOTATIONS, API_VERSION, FIELD_MANAGER, LABELS } from '../../../src/api/names.ts';
import { fieldOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { KubeObject, ObjectMeta } from '../../../src/kube/client/kube-object.ts';
import { namespacedPath, objectPath } from '../../../src/kube/client/request-path.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { LEASES } from '../../../src/kube/lease/lease-record.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../../src/operator/watch/resources.ts';
import { clusterDns } from '../control-plane/cluster-dns.ts';
import type { FakeCluster } from '../fake-api/fake-cluster.ts';
import { kubeObjectIn, type StoredObject } from '../fake-api/stored-object.ts';

/** Which of the operator's marks a tenant puts on their own NetworkPolicy: none, some, or all with the right uid. */
export type Marks = 'none' | 'label' | 'uid' | 'label and a made-up uid' | 'label and the live uid' | 'adopt';

interface Key {
  readonly namespace?: string;
  readonly name: string;
}

const OPEN_SPEC = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] };
const FOREIGN_SPEC = { podSelector: { matchLabels: { app: 'theirs' } }, policyTypes: ['Ingress'], ingress: [{}] };

/** What people other than the operator do with a cluster; where a thing cannot be done, nothing happens. */
export class FakeClusterActor {
  readonly #cluster: FakeCluster;

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  /** The object as it is stored. */
  read(type: ResourceType, { namespace = '', name }: Key): KubeObject | undefined {
    const stored = this.#cluster.store.read(type, namespace, name);
    return stored === undefined ? undefined : asObject(type, stored);
  }

  /** All objects of a type, of one namespace or of all. */
  all(type: ResourceType, namespace?: string): readonly KubeObject[] {
    return this.#cluster.store.all(type, namespace).map((stored) => asObject(type, stored));
  }

  /**
   * Installs the cluster's DNS, or changes it: pods with the usual labels on port 53, and no address of a Service, so that
   * allow-dns is the same as where nothing was found. `isReady` says whether any pod is ready.
   */
  installDns({ isReady = true }: { readonly isReady?: boolean } = {}): void {
    for (const object of clusterDns({ address: 'None', ...(isReady ? {} : { podAddresses: [] }) })) {
      const type = object.kind === SERVICES.kind ? SERVICES : ENDPOINT_SLICES;
      const { name = '', namespace = '' } = object.metadata;
      const standing = this.read(type, { namespace, name });
      if (standing === undefined) {
        this.#send('POST', type, { namespace, name: '' }, object);
      } else {
        this.#send('PUT', type, { namespace, name }, { ...object, metadata: standing.metadata });
      }
    }
  }

  createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.#send('POST', NAMESPACES, { name: '' }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }

  /** Sets a label of a namespace, or with `undefined` takes it away. */
  label(name: string, label: string, value: string | undefined): void {
    this.#edit(NAMESPACES, { name }, ({ metadata }) => ({ labels: changed(metadata.labels, label, value) }));
  }

  declare(name: string, spec: BaselinePolicySpec): void {
    const standing = this.read(BASELINE_POLICIES, { name });
    if (standing === undefined) {
      this.#send(
        'POST',
        BASELINE_POLICIES,
        { name: '' },
        { apiVersion: API_VERSION, kind: 'BaselinePolicy', metadata: { name }, spec },
      );
    } else {
      this.#send('PUT', BASELINE_POLICIES, { name }, { ...standing, spec });
    }
  }

  remove(type: ResourceType, key: Key): void {
    this.#send('DELETE', type, key, undefined);
  }

  putForeign(namespace: string, name: string, marks: Marks): void {
    const owner = name.split('.')[0] ?? '';
    const liveUid = this.read(BASELINE_POLICIES, { name: owner })?.metadata.uid ?? 'none';
    const hasLabel = marks.startsWith('label');
    const knownUid = marks === 'uid' || marks === 'label and the live uid' ? liveUid : undefined;
    const uid = marks === 'label and a made-up uid' ? 'made-up' : knownUid;
    const labels = {
      owner: 'tenant',
      ...(hasLabel ? { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.policy]: owner } : {}),
    };
    const annotations = {
      ...(uid === undefined ? {} : { [ANNOTATIONS.policyUid]: uid }),
      ...(marks === 'adopt' ? { [ANNOTATIONS.adopt]: 'true' } : {}),
    };
    this.#send(
      'POST',
      NETWORK_POLICIES,
      { namespace, name: '' },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace, labels, annotations },
        spec: FOREIGN_SPEC,
      },
    );
  }

  /**
   * Creates the object of this name as it is in another namespace, with all its marks; where there is none, one with the
   * marks of the live policy.
   */
  putCopy({ namespace, name }: Required<Key>): void {
    const original = this.all(NETWORK_POLICIES).find(
      ({ metadata }) => metadata.name === name && metadata.namespace !== namespace,
    );
    if (original === undefined) {
      this.putForeign(namespace, name, 'label and the live uid');
    } else {
      this.putAgain({ ...original, metadata: { ...original.metadata, namespace } });
    }
  }

  /** Creates a NetworkPolicy with the labels, annotations and spec of this one, under another uid. */
  putAgain({ metadata, spec }: KubeObject): void {
    const { name, namespace, labels, annotations } = metadata;
    this.#send(
      'POST',
      NETWORK_POLICIES,
      { namespace: namespace ?? '', name: '' },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace, labels, annotations },
        spec,
      },
    );
  }

  /** Creates an object as it is written, or replaces the one that stands. */
  put(type: ResourceType, key: Required<Key>, object: object): void {
    if (this.read(type, key) === undefined) {
      this.#send('POST', type, { ...key, name: '' }, object);
    } else {
      this.#send('PUT', type, key, object);
    }
  }

  tamper(key: Key): void {
    const standing = this.read(NETWORK_POLICIES, key);
    if (standing !== undefined) {
      this.#send('PUT', NETWORK_POLICIES, key, { ...standing, spec: OPEN_SPEC });
    }
  }

  stripLabel(key: Key): void {
    this.#edit(NETWORK_POLICIES, key, ({ metadata }) => ({
      labels: changed(metadata.labels, LABELS.managedBy, undefined),
    }));
  }

  stripAll(key: Key): void {
    this.#edit(NETWORK_POLICIES, key, () => ({ labels: {}, annotations: {} }));
  }

  annotate(
    type: ResourceType,
    key: Key,
    change: { readonly annotation: string; readonly value: string | undefined },
  ): void {
    this.#edit(type, key, ({ metadata }) => ({
      annotations: changed(metadata.annotations, change.annotation, change.value),
    }));
  }

  /** Writes into the NamespaceBaseline that every NetworkPolicy of the namespace is the operator's. */
  forgeRecord(namespace: string): void {
    const managed = this.all(NETWORK_POLICIES, namespace).map(({ metadata }) => ({
      name: metadata.name,
      uid: metadata.uid,
    }));
    const policies = this.all(BASELINE_POLICIES).map(({ metadata }) => ({
      policy: metadata.name,
      generation: 1,
      mode: 'Enforce',
      phase: 'Protected',
      inPlace: true,
      managed,
    }));
    const status = { phase: 'Protected', policies, conditions: [] };
    const key = { namespace, name: 'baseline' };
    const standing = this.read(NAMESPACE_BASELINES, key);
    const forged = {
      ...(standing ?? { apiVersion: API_VERSION, kind: 'NamespaceBaseline', metadata: { ...key } }),
      status,
    };
    if (standing === undefined) {
      this.#send('POST', NAMESPACE_BASELINES, { namespace, name: '' }, forged);
    } else {
      this.#send('PUT', NAMESPACE_BASELINES, key, forged);
    }
  }

  /** Writes into a Lease that somebody else holds it. */
  takeLease(lease: Key, holder: string): void {
    const standing = this.read(LEASES, lease);
    if (standing === undefined) {
      return;
    }
    const spec = { ...(standing.spec as object), holderIdentity: holder };
    this.#send('PUT', LEASES, lease, { ...standing, spec });
  }

  /** Does what the policy's conditions say confirms what is held; gives back what was confirmed. */
  confirm(name: string): readonly { readonly uid: string; readonly generation: number; readonly annotation: string }[] {
    const policy = this.read(BASELINE_POLICIES, { name });
    const conditions = itemsOf(fieldOf(policy?.status, 'conditions')).filter((condition) =>
      ['RemovalHeld', 'IsolationHeld'].includes(textOf(fieldOf(condition, 'type'))),
    );
    return conditions.flatMap((condition) => {
      const line = /--overwrite (\S+)=(\S+)$/.exec(textOf(fieldOf(condition, 'message')));
      const [, annotation = '', value = ''] = line ?? [];
      if (annotation === '') {
        return [];
      }
      this.annotate(BASELINE_POLICIES, { name }, { annotation, value });
      return [{ uid: policy?.metadata.uid ?? '', generation: policy?.metadata.generation ?? 0, annotation }];
    });
  }

  #edit(type: ResourceType, key: Key, edit: (standing: KubeObject) => Partial<ObjectMeta>): void {
    const standing = this.read(type, key);
    if (standing !== undefined) {
      this.#send('PUT', type, key, { ...standing, metadata: { ...standing.metadata, ...edit(standing) } });
    }
  }

  /** The status code; a refusal is an answer like any other. */
  #send(method: string, type: ResourceType, key: Key, body: unknown): number {
    const path =
      key.name === ''
        ? namespacedPath(type, key.namespace)
        : objectPath({ type, namespace: key.namespace, name: key.name });
    if (!path.ok) {
      throw new Error(path.error.message);
    }
    const answer = this.#cluster.handle({
      method,
      path: path.value,
      query: new URLSearchParams(),
      contentType: 'application/json',
      body: body === undefined ? '' : JSON.stringify(body),
      token: undefined,
      userAgent: 'kubectl/1',
    });
    return answer.kind === 'body' ? answer.status : 200;
  }
}

function changed(
  map: Readonly<Record<string, string>> | undefined,
  key: string,
  value: string | undefined,
): Record<string, string> {
  const entries = Object.entries(map ?? {}).filter(([name]) => name !== key);
  return Object.fromEntries(value === undefined ? entries : [...entries, [key, value]]);
}

/** What was read once; objects are never changed where they are. */
const objects = new WeakMap<StoredObject, KubeObject>();

function asObject(type: ResourceType, stored: StoredObject): KubeObject {
  const known = objects.get(stored);
  if (known !== undefined) {
    return known;
  }
  const object = kubeObjectIn(type, stored);
  objects.set(stored, object);
  return object;
}
