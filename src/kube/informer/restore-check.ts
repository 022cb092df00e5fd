import type { KubeObject } from '../client/kube-object.ts';
import type { Marker } from './reflector-sink.ts';

/**
 * Whether the server that answers now is known to be in the history that was watched. After an etcd restore versions
 * may have caught up, so that they alone prove nothing. But they count for all of etcd: no two histories have one object
 * in one version, so that the newest object held tells them apart.
 */
export class RestoreCheck {
  #isLost = false;
  #marker: Marker | undefined;
  #hasDeletedLast = false;

  /** The object to look for; undefined while the server was never out of sight, or nothing was held then. */
  get marker(): Marker | undefined {
    return this.#marker;
  }

  /** From now on anything may have happened to the server. What is written later may be in another history already, so `newest` is what is held now. */
  lose(newest: Marker | undefined): void {
    if (this.#isLost) {
      return;
    }
    this.#isLost = true;
    this.#marker = newest;
  }

  /** The server has shown that it is the same, or all of it was read anew. */
  regain(): void {
    this.#isLost = false;
    this.#marker = undefined;
  }

  /** What the newest event was: a deletion leaves nothing to go by, until the next list. */
  note(newest: 'deletion' | 'object' | 'list'): void {
    this.#hasDeletedLast = newest === 'deletion';
  }

  /** Whether these objects, found by the {@link marker}, leave no doubt. */
  isProvenBy(found: readonly KubeObject[]): boolean {
    const marker = this.#marker;
    if (!this.#isLost) {
      return true;
    }
    if (this.#hasDeletedLast) {
      return false;
    }
    return (
      marker === undefined ||
      found.some(({ metadata }) => metadata.uid === marker.uid && metadata.resourceVersion === marker.resourceVersion)
    );
  }
}
