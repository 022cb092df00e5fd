/** The key of an entry; `namespace` is empty for cluster-scoped objects. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Up to this length, searching a list is as fast as a Map, for a fraction of its memory. */
const LARGEST_LIST = 16;

/** A bucket with one entry is that entry. */
type Bucket<T> = T | readonly T[] | Map<string, T>;

/**
 * Entries by namespace and name, in little memory: a namespace with one entry stores only that entry, one with few
 * entries an array of that length, one with many (or a whole cluster-scoped type) a Map. Arrays are replaced and never
 * changed, so a result of `inNamespace` stays valid.
 */
export class NamespacedStore<T extends Named> {
  readonly #buckets = new Map<string, Bucket<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ namespace, name }: Named): T | undefined {
    const bucket = this.#buckets.get(namespace);
    if (bucket instanceof Map) {
      return bucket.get(name);
    }
    if (isList(bucket)) {
      return bucket.find((entry) => entry.name === name);
    }
    return bucket?.name === name ? bucket : undefined;
  }

  inNamespace(namespace: string): readonly T[] {
    return listOf(this.#buckets.get(namespace));
  }

  *values(): Generator<T, void, undefined> {
    for (const bucket of this.#buckets.values()) {
      if (bucket instanceof Map || isList(bucket)) {
        yield* bucket.values();
      } else {
        yield bucket;
      }
    }
  }

  /** Stores the entry, and replaces the one with the same namespace and name. */
  put(entry: T): void {
    const bucket = this.#buckets.get(entry.namespace);
    if (bucket instanceof Map) {
      if (!bucket.has(entry.name)) {
        this.#size += 1;
      }
      bucket.set(entry.name, entry);
      return;
    }
    const list = listOf(bucket);
    const at = list.findIndex(({ name }) => name === entry.name);
    if (at === -1) {
      this.#size += 1;
    }
    this.#keep(entry.namespace, at === -1 ? list.concat(entry) : list.with(at, entry));
  }

  /** Deletes the entry; does nothing if there is none. */
  delete({ namespace, name }: Named): void {
    const bucket = this.#buckets.get(namespace);
    if (bucket instanceof Map) {
      if (bucket.delete(name)) {
        this.#size -= 1;
      }
      if (bucket.size === 0) {
        this.#buckets.delete(namespace);
      }
      return;
    }
    const list = listOf(bucket);
    const left = list.filter((entry) => entry.name !== name);
    this.#size -= list.length - left.length;
    this.#keep(namespace, left);
  }

  #keep(namespace: string, list: readonly T[]): void {
    const [first] = list;
    if (first === undefined) {
      this.#buckets.delete(namespace);
    } else if (list.length === 1) {
      this.#buckets.set(namespace, first);
    } else {
      this.#buckets.set(namespace, list.length > LARGEST_LIST ? new Map(list.map((each) => [each.name, each])) : list);
    }
  }
}

function isList<T extends Named>(bucket: Bucket<T> | undefined): bucket is readonly T[] {
  return Array.isArray(bucket);
}

function listOf<T extends Named>(bucket: Bucket<T> | undefined): readonly T[] {
  if (bucket === undefined) {
    return [];
  }
  if (bucket instanceof Map) {
    return [...bucket.values()];
  }
  return isList(bucket) ? bucket : [bucket];
}
