import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { EventLog, type StoredEvent } from './event-log.ts';
import type { JsonObject } from './json.ts';
import { type StoredObject, storedObject } from './stored-object.ts';

/** Called after every commit, in order. */
export type CommitListener = (type: ResourceType, event: StoredEvent) => void;

/** Everything that the store held at one moment; give it back to {@link ObjectStore.restore}. */
export interface StoreSnapshot {
  readonly version: number;
  readonly objects: readonly { readonly key: string; readonly objects: readonly StoredObject[] }[];
}

/** The objects of one type in one namespace. */
interface Bucket {
  readonly objects: Map<string, StoredObject>;
  /** The same, sorted by name; absent when it must be sorted anew. */
  sorted: readonly StoredObject[] | undefined;
}

interface Table {
  readonly buckets: Map<string, Bucket>;
  readonly log: EventLog;
  /** Namespaces in the order of their keys; absent when it must be sorted anew. */
  namespaces: readonly string[] | undefined;
}

/** One key per type, as etcd has it. */
export function tableKeyFor(type: ResourceType): string {
  return `${type.group}/${type.plural}`;
}

/**
 * What etcd is to an API server: objects under type, namespace and name, and one version that grows with every change
 * to any of them (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). It knows no rules.
 */
export class ObjectStore {
  readonly #tables = new Map<string, Table>();
  readonly #listeners: CommitListener[] = [];
  readonly #historyLength: number;
  #version = 100;
  #floor = 0;

  /** `historyLength`: how many events of each type a watch can be started from. */
  constructor(historyLength: number) {
    this.#historyLength = historyLength;
  }

  /** The version of the newest change. */
  get version(): number {
    return this.#version;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  read(type: ResourceType, namespace: string, name: string): StoredObject | undefined {
    return this.#table(type).buckets.get(namespace)?.objects.get(name);
  }

  /** The objects of a type in key order, of one namespace or of all. The list is a snapshot: later changes are not in it. */
  all(type: ResourceType, namespace?: string): readonly StoredObject[] {
    const table = this.#table(type);
    if (namespace !== undefined) {
      return sortedObjects(table.buckets.get(namespace));
    }
    table.namespaces ??= [...table.buckets.keys()]
      .map((key) => `${key}/`)
      .sort()
      .map((key) => key.slice(0, -1));
    const [only, ...others] = table.namespaces;
    if (others.length === 0) {
      return only === undefined ? [] : sortedObjects(table.buckets.get(only));
    }
    const objects: StoredObject[] = [];
    for (const key of table.namespaces) {
      for (const object of sortedObjects(table.buckets.get(key))) {
        objects.push(object);
      }
    }
    return objects;
  }

  /** How many objects of a type there are. */
  count(type: ResourceType): number {
    let count = 0;
    for (const bucket of this.#table(type).buckets.values()) {
      count += bucket.objects.size;
    }
    return count;
  }

  log(type: ResourceType): EventLog {
    return this.#table(type).log;
  }

  /** Stores an object under the next version, records the event and tells the listeners. `before` is what it replaces. */
  put(type: ResourceType, before: StoredObject | undefined, object: JsonObject): StoredObject {
    this.#version += 1;
    const stored = storedObject(object, this.#version);
    const bucket = bucketFor(this.#table(type), stored.namespace);
    bucket.objects.set(stored.name, stored);
    bucket.sorted = undefined;
    this.#publish(type, {
      type: before === undefined ? 'ADDED' : 'MODIFIED',
      version: this.#version,
      object: stored,
      before,
    });
    return stored;
  }

  /** Takes an object away; `last` is how it looked at the end, and what the event shows. */
  remove(type: ResourceType, before: StoredObject, last: JsonObject): void {
    this.#version += 1;
    const object = storedObject(last, this.#version);
    this.#drop(type, before);
    this.#publish(type, { type: 'DELETED', version: this.#version, object, before });
  }

  /** Forgets all events, as a compaction does: no watch can start before the present version. */
  compact(): void {
    for (const table of this.#tables.values()) {
      table.log.forget(this.#version);
    }
  }

  /** Begins a type's history at the present version, as installing its CRD does. */
  beginHistory(type: ResourceType): void {
    this.#table(type).log.forget(this.#version);
  }

  snapshot(): StoreSnapshot {
    const objects = [...this.#tables].map(([key, table]) => ({
      key,
      objects: [...table.buckets.values()].flatMap((bucket) => [...bucket.objects.values()]),
    }));
    return { version: this.#version, objects };
  }

  /** Puts everything back as it was, the version too, and forgets all events. Nobody is told. */
  restore(snapshot: StoreSnapshot): void {
    this.#version = snapshot.version;
    this.#floor = snapshot.version;
    this.#tables.clear();
    for (const { key, objects } of snapshot.objects) {
      const table = this.#tableFor(key);
      for (const object of objects) {
        bucketFor(table, object.namespace).objects.set(object.name, object);
      }
    }
  }

  #drop(type: ResourceType, stored: StoredObject): void {
    const table = this.#table(type);
    const bucket = bucketFor(table, stored.namespace);
    bucket.objects.delete(stored.name);
    bucket.sorted = undefined;
    if (bucket.objects.size === 0) {
      table.buckets.delete(stored.namespace);
      table.namespaces = undefined;
    }
  }

  #publish(type: ResourceType, event: StoredEvent): void {
    this.#table(type).log.append(event);
    for (const listener of this.#listeners) {
      listener(type, event);
    }
  }

  #table(type: ResourceType): Table {
    return this.#tableFor(tableKeyFor(type));
  }

  #tableFor(key: string): Table {
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = { buckets: new Map(), log: new EventLog(this.#historyLength, this.#floor), namespaces: undefined };
      this.#tables.set(key, table);
    }
    return table;
  }
}

function bucketFor(table: Table, namespace: string): Bucket {
  let bucket = table.buckets.get(namespace);
  if (bucket === undefined) {
    bucket = { objects: new Map(), sorted: undefined };
    table.buckets.set(namespace, bucket);
    table.namespaces = undefined;
  }
  return bucket;
}

function sortedObjects(bucket: Bucket | undefined): readonly StoredObject[] {
  if (bucket === undefined) {
    return [];
  }
  bucket.sorted ??= [...bucket.objects.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return bucket.sorted;
}
