import type { KubeObject } from '../client/kube-object.ts';
import { type Named, NamespacedStore } from './namespaced-store.ts';
import type { ReflectorSink } from './reflector-sink.ts';
import { isOlderVersion, resourceVersionOrder } from './resource-version.ts';

/** What every cached object keeps of itself; `namespace` is empty for cluster-scoped objects. */
export interface CachedObject {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly resourceVersion: string;
}

/** One change of one name: appeared (`current` only), gone (`old` only), changed, or replaced by an object with another uid (both). */
export interface Change<T> {
  readonly old?: T;
  readonly current?: T;
}

/** How a cache is set up. */
export interface ObjectCacheOptions<T> {
  /** The slim form to keep. It may throw on an object that is not what it should be. */
  readonly project: (object: KubeObject) => T;
  /** Told of each change that somebody else made, after it is in the cache; of our own writes and removals it hears nothing. If it throws, the cache takes the change back and throws too, so that the next list brings it again. */
  readonly onChange: (change: Change<T>) => void;
  /** Told of each object that `project` refused. The last good form under that name stays, unless it was of another uid. */
  readonly onRefused?: (object: KubeObject, thrown: unknown) => void;
  /** Told when the server is in sight again after it was not. It must not throw. */
  readonly onCertain?: () => void;
}

/**
 * Objects of one type, slim, as the newest of three sources has them: lists, watch events and the answers to our own
 * writes. An older state never replaces a newer one, so that what we wrote is seen at once and stays seen although the
 * watch lags behind (https://github.com/kubernetes/enhancements/issues/5504 makes versions comparable). The exception is
 * a complete list that was begun after: it always wins, as after an etcd restore all versions go back.
 */
export class ObjectCache<T extends CachedObject> implements ReflectorSink {
  readonly #options: ObjectCacheOptions<T>;
  readonly #store = new NamespacedStore<T>();
  /** Entries that the list under way has named; `undefined` between lists. */
  #named: Set<T> | undefined;
  /** Entries of our own writes that were answered while the list was under way: it may not know them. */
  #writtenDuringList = new Set<T>();
  /** Our own removals that the watch has not shown yet, by uid. */
  readonly #removedUids = new Set<string>();
  /** The newest version that the watch has shown: everything up to it is known. */
  #seenVersion: string | undefined;
  /** The newest version of a write of ours. */
  #writtenVersion: string | undefined;
  #hasSynced = false;
  #isDoubtful = false;

  constructor(options: ObjectCacheOptions<T>) {
    this.#options = options;
  }

  /** Whether a list was ever complete. Before that, what is missing here may well exist. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Whether the server is out of sight: then nothing is to be taken away on the word of this cache and another (R13). */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** Looks at every entry. */
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

  get isAhead(): boolean {
    return this.#removedUids.size > 0 || isOlderVersion(this.#seenVersion, this.#writtenVersion);
  }

  get(key: Named): T | undefined {
    return this.#store.get(key);
  }

  /** The entries of a namespace as they are now; the array never changes afterwards. */
  inNamespace(namespace: string): readonly T[] {
    return this.#store.inNamespace(namespace);
  }

  /** All entries, in no order. */
  values(): Iterable<T> {
    return this.#store.values();
  }

  /** Takes in the server's answer to a write of ours (or to a read of a single object), and gives its slim form: it is the entry at once, unless the watch has been further already. */
  assume(object: KubeObject): T | undefined {
    const written = this.#projected(object);
    if (written !== undefined) {
      this.#takeWritten(written);
    }
    return written;
  }

  #takeWritten(written: T): void {
    const order = resourceVersionOrder(written.resourceVersion, this.#seenVersion);
    // The watch or a list has shown this write and all that came of it, perhaps its deletion.
    if (order !== undefined && order <= 0) {
      return;
    }
    const held = this.#store.get(written);
    if (
      held !== undefined &&
      (isSameState(held, written) || isOlderVersion(written.resourceVersion, held.resourceVersion))
    ) {
      return;
    }
    this.#store.put(written);
    if (!isOlderVersion(written.resourceVersion, this.#writtenVersion)) {
      this.#writtenVersion = written.resourceVersion;
    }
    if (this.#named !== undefined) {
      this.#writtenDuringList.add(written);
    }
  }

  /** Takes in that a removal of ours was accepted: older states of that object no longer count. */
  assumeDeleted({ namespace, name, uid }: Named & { readonly uid: string }): void {
    const held = this.#store.get({ namespace, name });
    // Not held any more: the watch was faster, and nothing stale can follow.
    if (held?.uid !== uid) {
      return;
    }
    this.#removedUids.add(uid);
    this.#store.delete(held);
  }

  listStarted(): void {
    this.#named = new Set();
    this.#writtenDuringList = new Set();
    this.#removedUids.clear();
  }

  upsert(object: KubeObject): void {
    this.#see(object.metadata.resourceVersion);
    if (this.#isRemovedByUs(object)) {
      return;
    }
    const held = this.#store.get(keyOf(object));
    const kept =
      held !== undefined && this.#isOutdated(object.metadata.resourceVersion, held) ? held : this.#takeIn(held, object);
    if (kept !== undefined) {
      this.#named?.add(kept);
    }
  }

  remove(object: KubeObject): void {
    const { uid, resourceVersion } = object.metadata;
    this.#see(resourceVersion);
    if (uid !== undefined) {
      this.#removedUids.delete(uid);
    }
    const held = this.#store.get(keyOf(object));
    // A deletion of an earlier object of that name says nothing about a later one.
    if (held === undefined || (held.uid !== uid && !isOlderVersion(held.resourceVersion, resourceVersion))) {
      return;
    }
    this.#take(held);
  }

  listEnded(resourceVersion: string): void {
    const named = this.#named ?? new Set();
    for (const entry of [...this.#store.values()]) {
      const isTooNewForList =
        this.#writtenDuringList.has(entry) && isOlderVersion(resourceVersion, entry.resourceVersion);
      if (!named.has(entry) && !isTooNewForList) {
        this.#take(entry);
      }
    }
    this.#named = undefined;
    this.#writtenDuringList = new Set();
    this.#seenVersion = resourceVersion;
    this.#writtenVersion = undefined;
    this.#hasSynced = true;
    this.confirmed();
  }

  doubted(): void {
    this.#isDoubtful = true;
  }

  confirmed(): void {
    const wasDoubtful = this.#isDoubtful;
    this.#isDoubtful = false;
    if (wasDoubtful) {
      this.#options.onCertain?.();
    }
  }

  /** Between lists whatever is older; in a list only what was begun before our own write was answered. */
  #isOutdated(resourceVersion: string | undefined, held: T): boolean {
    const mayBeBehind = this.#named === undefined || this.#writtenDuringList.has(held);
    return mayBeBehind && isOlderVersion(resourceVersion, held.resourceVersion);
  }

  #isRemovedByUs({ metadata }: KubeObject): boolean {
    if (metadata.uid === undefined || !this.#removedUids.has(metadata.uid)) {
      return false;
    }
    if (metadata.deletionTimestamp === undefined) {
      return true;
    }
    // It waits for its finalizers: that is later than our removal.
    this.#removedUids.delete(metadata.uid);
    return false;
  }

  #see(resourceVersion: string | undefined): void {
    if (this.#named === undefined && !isOlderVersion(resourceVersion, this.#seenVersion)) {
      this.#seenVersion = resourceVersion;
    }
  }

  #projected(object: KubeObject): T | undefined {
    try {
      return this.#options.project(object);
    } catch (thrown) {
      this.#options.onRefused?.(object, thrown);
      return undefined;
    }
  }

  /** Gives what is held afterwards. What cannot be projected leaves the last good form of that same object standing. */
  #takeIn(held: T | undefined, object: KubeObject): T | undefined {
    // As with the echo of every write of ours: there is nothing to read in it.
    if (held !== undefined && isSameState(held, object.metadata)) {
      return held;
    }
    const current = this.#projected(object);
    if (current !== undefined) {
      return this.#put(held, current);
    }
    if (held === undefined || held.uid === object.metadata.uid) {
      return held;
    }
    this.#take(held);
    return undefined;
  }

  /** Gives what is held afterwards: the same object as before where nothing changed. */
  #put(held: T | undefined, current: T): T {
    if (held !== undefined && isSameState(held, current)) {
      return held;
    }
    this.#store.put(current);
    try {
      this.#options.onChange(held === undefined ? { current } : { old: held, current });
    } catch (thrown) {
      if (held === undefined) {
        this.#store.delete(current);
      } else {
        this.#store.put(held);
      }
      throw thrown;
    }
    return current;
  }

  #take(held: T): void {
    this.#store.delete(held);
    try {
      this.#options.onChange({ old: held });
    } catch (thrown) {
      this.#store.put(held);
      throw thrown;
    }
  }
}

function isSameState(first: CachedObject, second: Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>): boolean {
  return first.resourceVersion === second.resourceVersion && first.uid === second.uid;
}

function keyOf({ metadata }: KubeObject): Named {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
