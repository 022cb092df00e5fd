import type { KubeObject } from '../client/kube-object.ts';
import { type Named, NamespacedStore } from './namespaced-store.ts';
import type { ReflectorSink } from './reflector-sink.ts';
import { isOlderVersion, resourceVersionOrder } from './resource-version.ts';

/** The fields that every cached object has; `namespace` is empty for cluster-scoped objects. */
export interface CachedObject {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly resourceVersion: string;
}

/**
 * One change of one name: added (`current` only), deleted (`old` only), updated, or replaced by an object with another
 * uid (both).
 */
export interface Change<T> {
  readonly old?: T;
  readonly current?: T;
}

/** The options of a cache. */
export interface ObjectCacheOptions<T> {
  /**
   * The form to keep, as client-go's transform. It may throw on an object that does not have the expected shape. `known` is
   * the form of an earlier version of the same object. It is absent during a list, since after an etcd restore another
   * object may have the same uid and generation.
   */
  readonly project: (object: KubeObject, known?: CachedObject) => T;
  /**
   * Called after each change from a list or an event is in the cache; never for our own writes and deletions. If it
   * throws, the cache reverts the change and rethrows, so that the next list repeats it.
   */
  readonly onChange: (change: Change<T>) => void;
  /** Called for each object that `project` refused. The last good form stays, unless the object has another uid. */
  readonly onRefused?: (object: KubeObject, thrown: unknown) => void;
  /** Called when the server is reachable again after the cache was stale. It must not throw. */
  readonly onReconnected?: () => void;
}

/**
 * The objects of one type, in the newest version of three sources: lists, watch events and the responses to our own
 * writes. An older version never replaces a newer one, so the cache shows our writes at once even if the watch lags
 * behind (versions are comparable: https://github.com/kubernetes/enhancements/issues/5504). There is one exception: a
 * complete list that began after a write always wins, because an etcd restore resets all versions.
 */
export class ObjectCache<T extends CachedObject> implements ReflectorSink {
  readonly #options: ObjectCacheOptions<T>;
  readonly #store = new NamespacedStore<T>();
  /** The entries that the current list has named; `undefined` between lists. */
  #listed: Set<T> | undefined;
  /** The entries that we wrote during the current list, which may not contain them. */
  #writtenDuringList = new Set<T>();
  /** The uids that we deleted and whose deletion the watch has not shown yet. */
  readonly #pendingDeletes = new Set<string>();
  /** The newest version that a list or the watch has shown: the cache knows all changes up to it. */
  #observedVersion: string | undefined;
  /** The newest version of our own writes since the last list. */
  #writtenVersion: string | undefined;
  #isStale = false;

  constructor(options: ObjectCacheOptions<T>) {
    this.#options = options;
  }

  /**
   * Whether the server is unreachable. While it is, this cache may be older than others, so remove nothing because of
   * it (R13).
   */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** The entry with the newest version. It walks through all entries. */
  get newest(): T | undefined {
    let newest: T | undefined;
    for (const entry of this.#store.values()) {
      if (newest === undefined || isOlderVersion(newest.resourceVersion, entry.resourceVersion)) {
        newest = entry;
      }
    }
    return newest;
  }

  get size(): number {
    return this.#store.size;
  }

  get hasUnobservedWrites(): boolean {
    return this.#pendingDeletes.size > 0 || isOlderVersion(this.#observedVersion, this.#writtenVersion);
  }

  get(key: Named): T | undefined {
    return this.#store.get(key);
  }

  /** The current entries of a namespace. The array never changes afterwards. */
  inNamespace(namespace: string): readonly T[] {
    return this.#store.inNamespace(namespace);
  }

  /** All entries, in no order. */
  values(): Iterable<T> {
    return this.#store.values();
  }

  /**
   * Stores the server's response to our write (or to a read of one object) at once, unless the watch has already passed
   * it: client-go's AssumeCache. Returns the projected response; undefined if `project` refused it.
   */
  assume(object: KubeObject): T | undefined {
    const written = this.#projected(object);
    if (written !== undefined) {
      this.#storeWritten(written);
    }
    return written;
  }

  #storeWritten(written: T): void {
    const order = resourceVersionOrder(written.resourceVersion, this.#observedVersion);
    // A list or the watch has shown this write and everything after it, perhaps its deletion.
    if (order !== undefined && order <= 0) {
      return;
    }
    const stored = this.#store.get(written);
    if (
      stored !== undefined &&
      (isSameVersion(stored, written) || isOlderVersion(written.resourceVersion, stored.resourceVersion))
    ) {
      return;
    }
    this.#store.put(written);
    if (!isOlderVersion(written.resourceVersion, this.#writtenVersion)) {
      this.#writtenVersion = written.resourceVersion;
    }
    if (this.#listed !== undefined) {
      this.#writtenDuringList.add(written);
    }
  }

  /** Removes an object whose deletion the server has accepted: older versions of it no longer count. */
  assumeDeleted({ namespace, name, uid }: Named & { readonly uid: string }): void {
    const stored = this.#store.get({ namespace, name });
    // The watch was faster, so no older version of this object can follow.
    if (stored?.uid !== uid) {
      return;
    }
    this.#pendingDeletes.add(uid);
    this.#store.delete(stored);
  }

  listStarted(): void {
    this.#listed = new Set();
    this.#writtenDuringList = new Set();
    this.#pendingDeletes.clear();
  }

  upsert(object: KubeObject): void {
    this.#noteVersion(object.metadata.resourceVersion);
    if (this.#isPendingDelete(object)) {
      return;
    }
    const stored = this.#store.get(keyOf(object));
    const entry =
      stored !== undefined && this.#isOutdated(object.metadata.resourceVersion, stored)
        ? stored
        : this.#update(stored, object);
    if (entry !== undefined) {
      this.#listed?.add(entry);
    }
  }

  remove(object: KubeObject): void {
    const { uid, resourceVersion } = object.metadata;
    this.#noteVersion(resourceVersion);
    if (uid !== undefined) {
      this.#pendingDeletes.delete(uid);
    }
    const stored = this.#store.get(keyOf(object));
    // The deletion of an earlier object of that name does not affect a later one.
    if (stored === undefined || (stored.uid !== uid && !isOlderVersion(stored.resourceVersion, resourceVersion))) {
      return;
    }
    this.#delete(stored);
  }

  listEnded(resourceVersion: string): void {
    const listed = this.#listed ?? new Set();
    for (const entry of [...this.#store.values()]) {
      const isTooNewForList =
        this.#writtenDuringList.has(entry) && isOlderVersion(resourceVersion, entry.resourceVersion);
      if (!listed.has(entry) && !isTooNewForList) {
        this.#delete(entry);
      }
    }
    this.#listed = undefined;
    this.#writtenDuringList = new Set();
    this.#observedVersion = resourceVersion;
    this.#writtenVersion = undefined;
    this.reconnected();
  }

  disconnected(): void {
    this.#isStale = true;
  }

  reconnected(): void {
    const wasStale = this.#isStale;
    this.#isStale = false;
    if (wasStale) {
      this.#options.onReconnected?.();
    }
  }

  /**
   * During a watch, every older version is outdated. During a list, only an older version of an object that we wrote
   * since the list began.
   */
  #isOutdated(resourceVersion: string | undefined, stored: T): boolean {
    const mayBeBehind = this.#listed === undefined || this.#writtenDuringList.has(stored);
    return mayBeBehind && isOlderVersion(resourceVersion, stored.resourceVersion);
  }

  #isPendingDelete({ metadata }: KubeObject): boolean {
    if (metadata.uid === undefined || !this.#pendingDeletes.has(metadata.uid)) {
      return false;
    }
    if (metadata.deletionTimestamp === undefined) {
      return true;
    }
    // The object waits for its finalizers: this version is newer than our deletion.
    this.#pendingDeletes.delete(metadata.uid);
    return false;
  }

  #noteVersion(resourceVersion: string | undefined): void {
    if (this.#listed === undefined && !isOlderVersion(resourceVersion, this.#observedVersion)) {
      this.#observedVersion = resourceVersion;
    }
  }

  #projected(object: KubeObject, stored?: T): T | undefined {
    const isKnown = this.#listed === undefined && stored?.uid === object.metadata.uid;
    try {
      return this.#options.project(object, isKnown ? stored : undefined);
    } catch (thrown) {
      this.#options.onRefused?.(object, thrown);
      return undefined;
    }
  }

  /** Returns the entry that is stored afterwards. An object that cannot be projected keeps its last good form. */
  #update(stored: T | undefined, object: KubeObject): T | undefined {
    // The watch repeats every write of ours; the cache has it already.
    if (stored !== undefined && isSameVersion(stored, object.metadata)) {
      return stored;
    }
    const current = this.#projected(object, stored);
    if (current !== undefined) {
      return this.#put(stored, current);
    }
    if (stored === undefined || stored.uid === object.metadata.uid) {
      return stored;
    }
    this.#delete(stored);
    return undefined;
  }

  /** Returns the entry that is stored afterwards: the same object as before if nothing changed. */
  #put(stored: T | undefined, current: T): T {
    if (stored !== undefined && isSameVersion(stored, current)) {
      return stored;
    }
    this.#store.put(current);
    try {
      this.#options.onChange(stored === undefined ? { current } : { old: stored, current });
    } catch (thrown) {
      if (stored === undefined) {
        this.#store.delete(current);
      } else {
        this.#store.put(stored);
      }
      throw thrown;
    }
    return current;
  }

  #delete(stored: T): void {
    this.#store.delete(stored);
    try {
      this.#options.onChange({ old: stored });
    } catch (thrown) {
      this.#store.put(stored);
      throw thrown;
    }
  }
}

function isSameVersion(first: CachedObject, second: Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>): boolean {
  return first.resourceVersion === second.resourceVersion && first.uid === second.uid;
}

function keyOf({ metadata }: KubeObject): Named {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
