import type { KubeObject } from '../client/kube-object.ts';

/** One object in one version; `namespace` is empty for cluster-scoped objects. */
export interface Marker {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * What a reflector fills. Calls come one after another, never at once:
 * `listStarted`, then an `upsert` for each listed object, then `listEnded`; after that an `upsert` or a `remove` for each
 * event. A list that fails midway never reaches `listEnded`, and the next `listStarted` forgets what it named: so an
 * incomplete list removes nothing.
 */
export interface ReflectorSink {
  /** A complete list begins; whatever an unfinished one before it had named no longer counts. */
  listStarted(): void;
  /** This object exists in this state. The same state may come again, and an older one after a newer. */
  upsert(object: KubeObject): void;
  /** This object, in this last state, is gone. It may never have been known. */
  remove(object: KubeObject): void;
  /** The list is complete: what it did not name is gone. */
  listEnded(resourceVersion: string): void;
  /** The server is out of sight: until the next `confirmed` or `listEnded`, what is held may be of another time than what other sinks hold. */
  doubted?(): void;
  /** The server has got at least as far as what is held. */
  confirmed?(): void;
  /** The object held in the newest version, by which a server that was out of sight shows that it still has all it had; undefined where nothing is held. */
  readonly newest?: Marker | undefined;
  /** How many objects are held now. */
  readonly size: number;
  /** Whether it knows of changes, as from the answers to own writes, that no list or event has shown yet; never when absent. */
  readonly isAhead?: boolean;
}
