import type { ModelProblem, ObjectName } from './cluster.ts';
import { isWorkloadKind } from './pods.ts';
import { fieldOf, isJson, itemsOf, quotable, textOf } from './untrusted.ts';

/** An object that was read, with its name. */
export interface ShelvedObject {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly object: unknown;
}

/** All objects that matter, by kind; of two with one name the later. */
export interface ObjectShelf {
  readonly byKind: ReadonlyMap<string, ReadonlyMap<string, ShelvedObject>>;
  readonly problems: readonly ModelProblem[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** API groups by kind; the workload kinds are served by old groups too. */
const GROUPS: ReadonlyMap<string, RegExp> = new Map([
  ['Namespace', /^v1$/],
  ['Node', /^v1$/],
  ['Pod', /^v1$/],
  ['Service', /^v1$/],
  ['EndpointSlice', /^discovery\.k8s\.io\//],
  ['NetworkPolicy', /^(?:networking\.k8s\.io|extensions)\//],
  ['ClusterNetworkPolicy', /^policy\.networking\.k8s\.io\/v1alpha2$/],
]);
const WORKLOAD_GROUP = /^(?:v1$|apps\/|batch\/|extensions\/)/;
const CLUSTER_SCOPED = new Set(['Namespace', 'Node', 'ClusterNetworkPolicy']);
const MAX_LIST_DEPTH = 4;

/** Sorts untrusted objects by kind; Lists are opened. A namespaced object without a namespace is in `defaultNamespace`. */
export function shelfOf(objects: Iterable<unknown>, defaultNamespace: string): ObjectShelf {
  const byKind = new Map<string, Map<string, ShelvedObject>>();
  const problems: ModelProblem[] = [];
  const skipped = new Map<string, number>();

  function skip(kind: string): void {
    skipped.set(kind, (skipped.get(kind) ?? 0) + 1);
  }

  function put(object: unknown, kind: string): void {
    const name = textOf(object, 'metadata', 'name');
    if (name === undefined) {
      const unnamed = { kind, name: '' };
      problems.push({ object: unnamed, path: 'metadata.name', message: 'must be set', isLeftOut: true });
      return;
    }
    const isClusterScoped = CLUSTER_SCOPED.has(kind);
    const namespace = isClusterScoped ? '' : (textOf(object, 'metadata', 'namespace') ?? defaultNamespace);
    const ofKind = byKind.get(kind) ?? new Map<string, ShelvedObject>();
    byKind.set(kind, ofKind);
    const key = `${namespace}/${name}`;
    if (ofKind.has(key)) {
      const message = 'is there more than once; the last one counts';
      problems.push({ object: nameOf({ kind, namespace, name }), path: '', message, isLeftOut: false });
    }
    ofKind.set(key, { namespace, name, kind, object });
  }

  function take(object: unknown, depth: number): void {
    const kind = textOf(object, 'kind');
    if (!isJson(object) || kind === undefined) {
      skip('no Kubernetes object');
      return;
    }
    if (kind.endsWith('List') && Array.isArray(object.items) && depth < MAX_LIST_DEPTH) {
      const itemKind = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
      for (const item of itemsOf(object.items)) {
        take(withKind(item, itemKind, fieldOf(object, 'apiVersion')), depth + 1);
      }
      return;
    }
    if (isRead(kind, textOf(object, 'apiVersion') ?? '')) {
      put(object, kind);
    } else {
      skip(quotable(kind));
    }
  }

  for (const object of objects) {
    take(object, 0);
  }
  return { byKind, problems, skipped };
}

/** The name for a report: cluster-scoped objects have no namespace. */
export function nameOf(object: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): ObjectName {
  return {
    kind: object.kind,
    ...(object.namespace === '' ? {} : { namespace: object.namespace }),
    name: object.name,
  };
}

/** Items of a typed list, as the API server sends it, do not repeat what the list says. */
function withKind(item: unknown, kind: string | undefined, apiVersion: unknown): unknown {
  return kind === undefined || !isJson(item) || fieldOf(item, 'kind') !== undefined
    ? item
    : { ...item, kind, apiVersion };
}

function isRead(kind: string, apiVersion: string): boolean {
  return GROUPS.get(kind)?.test(apiVersion) ?? (isWorkloadKind(kind) && WORKLOAD_GROUP.test(apiVersion));
}
