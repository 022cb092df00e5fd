import type { KubeObject } from '../client/kube-object.ts';

/** One object in one version; `namespace` is empty for cluster-scoped objects. */
export interface VersionedObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * The store that a reflector fills. Calls never overlap and come in this order: `listStarted`, an `upsert` for each
 * listed object, `listEnded`, then an `upsert` or a `remove` for each event. A list that fails midway never reaches
 * `listEnded`, and the next `listStarted` discards what it named. So an incomplete list removes nothing (R13).
 */
export interface ReflectorSink {
  /** A list begins. Discard what an unfinished list before it had named. */
  listStarted(): void;
  /** The object exists in this version. The same version may come again, and an older one after a newer one. */
  upsert(object: KubeObject): void;
  /** The object, last seen in this version, is gone. The sink may never have had it. */
  remove(object: KubeObject): void;
  /** The list is complete: every object that it did not name is gone. */
  listEnded(resourceVersion: string): void;
  /** The connection to the server is lost. Until `reconnected` or `listEnded` this sink may be older than others. */
  disconnected?(): void;
  /** The server is reachable again and has reached at least the version of this sink. */
  reconnected?(): void;
  /** The stored object with the newest version, by which the server proves that it lost nothing; undefined if empty. */
  readonly newest?: VersionedObject | undefined;
  /** The number of stored objects. */
  readonly size: number;
  /** Whether the sink knows of changes, such as our own writes, that no list or event has shown yet; false when absent. */
  readonly hasUnobservedWrites?: boolean;
}
