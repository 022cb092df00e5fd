import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { type ObjectStore, tableKeyFor } from './object-store.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * What watches and lists of any age see: the store as it is, or, after `freeze`, as it was then. That is an API server
 * whose watch cache lags: others' and one's own writes are accepted and not visible yet.
 */
export class ReadCache {
  readonly #store: ObjectStore;
  #frozen: { readonly version: number; readonly objects: ReadonlyMap<string, readonly StoredObject[]> } | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** The newest version that can be seen. */
  get version(): number {
    return this.#frozen?.version ?? this.#store.version;
  }

  all(type: ResourceType, namespace: string | undefined): readonly StoredObject[] {
    if (this.#frozen === undefined) {
      return this.#store.all(type, namespace);
    }
    const objects = this.#frozen.objects.get(tableKeyFor(type)) ?? [];
    return namespace === undefined ? objects : objects.filter((object) => object.namespace === namespace);
  }

  freeze(types: readonly ResourceType[]): void {
    this.#frozen ??= {
      version: this.#store.version,
      objects: new Map(types.map((type) => [tableKeyFor(type), this.#store.all(type)])),
    };
  }

  thaw(): void {
    this.#frozen = undefined;
  }
}
