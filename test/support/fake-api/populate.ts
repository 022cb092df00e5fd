import { randomUUID } from 'node:crypto';
import { fieldOf } from '../../../src/base/json.ts';
import { isKubeObject, type KubeObject } from '../../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../../../src/operator/watch/resources.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { JsonObject } from './json.ts';
import { parsedObject } from './stored-object.ts';

/**
 * Puts namespaces into a fake cluster that look as the operator left the namespace `model`: its labels, its
 * NetworkPolicies, its NamespaceBaseline, with uids of their own. Nothing goes over HTTP, so that a hundred thousand take
 * seconds.
 */
export function populate(
  cluster: FakeCluster,
  { model, names }: { readonly model: string; readonly names: readonly string[] },
): void {
  const modelNamespace = whole(cluster, NAMESPACES, { namespace: '', name: model });
  const modelPolicies = cluster.store
    .all(NETWORK_POLICIES, model)
    .map(({ name }) => whole(cluster, NETWORK_POLICIES, { namespace: model, name }));
  const modelRecord = whole(cluster, NAMESPACE_BASELINES, { namespace: model, name: 'baseline' });
  for (const name of names) {
    const labels = { ...modelNamespace.metadata.labels, 'kubernetes.io/metadata.name': name };
    put(cluster, NAMESPACES, {
      ...modelNamespace,
      metadata: { ...modelNamespace.metadata, name, labels, uid: randomUUID() },
    });
    const newUids = new Map<string, string>();
    for (const policy of modelPolicies) {
      const uid = randomUUID();
      newUids.set(policy.metadata.uid ?? '', uid);
      put(cluster, NETWORK_POLICIES, { ...policy, metadata: { ...policy.metadata, namespace: name, uid } });
    }
    const status: unknown = JSON.parse(JSON.stringify(modelRecord.status), (key, value: unknown) =>
      key === 'uid' && typeof value === 'string' ? (newUids.get(value) ?? value) : value,
    );
    put(cluster, NAMESPACE_BASELINES, {
      ...modelRecord,
      status,
      metadata: { ...modelRecord.metadata, namespace: name, uid: randomUUID() },
    });
  }
}

/** Stores an object as if somebody had just written it, without any check. Another spec is another generation. */
export function put(cluster: FakeCluster, type: ResourceType, object: KubeObject): void {
  const { namespace = '', name = '' } = object.metadata;
  const before = cluster.store.read(type, namespace, name);
  const generation =
    before === undefined ? object.metadata.generation : generationAfter(parsedObject(type, before), object);
  const written = { ...object, metadata: { ...object.metadata, generation } };
  cluster.store.put(type, before, JSON.parse(JSON.stringify(written)) as JsonObject);
}

function generationAfter(before: JsonObject, { metadata, spec }: KubeObject): number | undefined {
  const last = fieldOf(before.metadata, 'generation');
  const isChanged = JSON.stringify(before.spec) !== JSON.stringify(spec);
  return typeof last === 'number' && isChanged ? Math.max(last + 1, metadata.generation ?? 0) : metadata.generation;
}

/** An object that is there. */
export function whole(
  cluster: FakeCluster,
  type: ResourceType,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): KubeObject {
  const stored = cluster.store.read(type, namespace, name);
  const object: unknown = stored === undefined ? undefined : parsedObject(type, stored);
  if (!isKubeObject(object)) {
    throw new Error(`there is no ${type.kind} ${namespace}/${name}`);
  }
  return object;
}
