import type { KubeObject } from '../client/kube-object.ts';
import type { VersionedObject } from './reflector-sink.ts';

/**
 * Detects an etcd restore. After a restore the server's versions may have caught up with ours, so versions alone prove
 * nothing. But a version counts for all of etcd: no two histories have the same object in the same version. So the
 * newest object that was seen before the connection dropped tells two histories apart.
 */
export class RestoreCheck {
  #isSuspect = false;
  #probe: VersionedObject | undefined;
  #wasDeletionLast = false;

  /** The object to read back from the server; undefined if no restore is suspected or no object was known. */
  get probe(): VersionedObject | undefined {
    return this.#probe;
  }

  /**
   * The connection dropped. It remembers `newest`, the newest object known now: anything written after this point may
   * belong to a restored server. Calls before the next {@link trust} change nothing.
   */
  suspect(newest: VersionedObject | undefined): void {
    if (this.#isSuspect) {
      return;
    }
    this.#isSuspect = true;
    this.#probe = newest;
  }

  /** The server has proved that it lost nothing. */
  trust(): void {
    this.#isSuspect = false;
    this.#probe = undefined;
  }

  /** A complete list was read, so the history before it no longer matters. */
  noteList(): void {
    this.trust();
    this.#wasDeletionLast = false;
  }

  /** The newest event was a deletion: no object in the server can prove that it happened. */
  noteDeletion(): void {
    this.#wasDeletionLast = true;
  }

  /** The newest event was an object. */
  noteObject(): void {
    this.#wasDeletionLast = false;
  }

  /** Whether the objects, read from the server by the {@link probe}, prove that no restore happened. */
  matches(found: readonly KubeObject[]): boolean {
    if (!this.#isSuspect) {
      return true;
    }
    if (this.#wasDeletionLast) {
      return false;
    }
    const probe = this.#probe;
    return (
      probe === undefined ||
      found.some(({ metadata }) => metadata.uid === probe.uid && metadata.resourceVersion === probe.resourceVersion)
    );
  }
}
