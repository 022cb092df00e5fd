/** What a store finds its entries by. `namespace` is empty for cluster-scoped objects. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Up to here a search through a list is as fast as a Map, at a fraction of its memory. */
const LARGEST_LIST = 16;

type Bucket<T> = readonly T[] | Map<string, T>;

/**
 * Entries by namespace and name, in little memory: a namespace with few entries is one array of exactly their number,
 * a crowded one (or the whole of a cluster-scoped type) a Map. Arrays are replaced, never changed, so that what
 * `inNamespace` gave stays as it was.
 */
export class NamespacedStore<T extends Named> {
  readonly #buckets = new Map<string, Bucket<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ namespace, name }: Named): T | undefined {
    const bucket = this.#buckets.get(namespace);
    return bucket instanceof Map ? bucket.get(name) : bucket?.find((entry) => entry.name === name);
  }

  inNamespace(namespace: string): readonly T[] {
    const bucket = this.#buckets.get(namespace) ?? [];
    return bucket instanceof Map ? [...bucket.values()] : bucket;
  }

  *values(): Generator<T, void, undefined> {
    for (const bucket of this.#buckets.values()) yield* bucket.values();
  }

  /** Puts the entry in place of the one of that name. */
  put(entry: T): void {
    const bucket = this.#buckets.get(entry.namespace);
    if (bucket === undefined) {
      this.#buckets.set(entry.namespace, [entry]);
      this.#size += 1;
    } else if (bucket instanceof Map) {
      if (!bucket.has(entry.name)) this.#size += 1;
      bucket.set(entry.name, entry);
    } else {
      this.#putInList(bucket, entry);
    }
  }

  /** Takes the entry of that name away; harmless when there is none. */
  delete({ namespace, name }: Named): void {
    const bucket = this.#buckets.get(namespace);
    if (bucket === undefined) return;
    const before = bucket instanceof Map ? bucket.size : bucket.length;
    const left = without(bucket, name);
    const after = left instanceof Map ? left.size : left.length;
    this.#size -= before - after;
    if (after === 0) this.#buckets.delete(namespace);
    else this.#buckets.set(namespace, left);
  }

  #putInList(list: readonly T[], entry: T): void {
    const at = list.findIndex(({ name }) => name === entry.name);
    if (at !== -1) {
      this.#buckets.set(entry.namespace, list.with(at, entry));
      return;
    }
    this.#size += 1;
    const longer = list.concat(entry);
    this.#buckets.set(entry.namespace, longer.length > LARGEST_LIST ? new Map(longer.map((each) => [each.name, each])) : longer);
  }
}

function without<T extends Named>(bucket: Bucket<T>, name: string): Bucket<T> {
  if (!(bucket instanceof Map)) return bucket.filter((entry) => entry.name !== name);
  bucket.delete(name);
  return bucket;
}
