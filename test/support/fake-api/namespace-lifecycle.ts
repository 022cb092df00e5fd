import type { Clock } from '../../../src/base/clock.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { type ApiFailure, forbidden, namespaceTerminating, notFound } from './api-status.ts';
import { listAt, objectAt } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import { NAMESPACES, type Resource, type ResourceRegistry } from './resource-registry.ts';
import { parsedObject, type StoredObject } from './stored-object.ts';

/** Namespaces that every cluster has. */
export const FIRST_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Why nothing can be created in a namespace, if so. */
export function creationRefusal(
  store: ObjectStore,
  type: ResourceType,
  object: { readonly namespace: string; readonly name: string },
): ApiFailure | undefined {
  if (!type.isNamespaced) {
    return undefined;
  }
  const namespace = store.read(NAMESPACES.type, '', object.namespace);
  if (namespace === undefined) {
    return notFound(NAMESPACES.type, object.namespace);
  }
  return namespace.isTerminating ? namespaceTerminating(type, object.name, object.namespace) : undefined;
}

/** Why an object cannot be deleted, if so: some namespaces never go. */
export function deletionRefusal(resource: Resource, name: string): ApiFailure | undefined {
  return resource === NAMESPACES && IMMORTAL.has(name)
    ? forbidden(NAMESPACES.type, name, 'this namespace may not be deleted')
    : undefined;
}

/** How an object is taken away, as any client would: finalizers are respected. */
export type Remover = (resource: Resource, stored: StoredObject) => void;

/** What the controller works with. */
export interface NamespaceControllerOptions {
  readonly store: ObjectStore;
  readonly registry: ResourceRegistry;
  readonly clock: Clock;
  readonly remove: Remover;
}

/**
 * Empties namespaces that are being deleted and lets them go, as kube-controller-manager does: pods first, an object
 * with a finalizer holds its namespace. While `isPaused`, namespaces stay Terminating.
 */
export class NamespaceController {
  isPaused = false;
  readonly #options: NamespaceControllerOptions;
  readonly #terminating = new Set<string>();

  constructor(options: NamespaceControllerOptions) {
    this.#options = options;
    options.store.onCommit((type, event) => {
      if (type.plural === NAMESPACES.type.plural && event.type === 'MODIFIED' && event.object.isTerminating) {
        this.#note(event.object.name);
      } else if (event.type === 'DELETED' && this.#terminating.has(event.object.namespace)) {
        this.#note(event.object.namespace);
      }
    });
  }

  /** Looks again at every namespace that is being deleted; call it after `isPaused` was set back. */
  resume(): void {
    this.isPaused = false;
    for (const name of this.#terminating) {
      this.#empty(name);
    }
  }

  #note(name: string): void {
    this.#terminating.add(name);
    this.#options.clock.after(0, () => {
      this.#empty(name);
    });
  }

  #empty(name: string): void {
    const { store, registry, remove } = this.#options;
    const namespace = store.read(NAMESPACES.type, '', name);
    if (this.isPaused || namespace?.isTerminating !== true) {
      return;
    }
    let left = 0;
    for (const resource of namespacedResources(registry)) {
      for (const stored of store.all(resource.type, name)) {
        if (!stored.isTerminating) {
          remove(resource, stored);
        }
      }
      left += store.all(resource.type, name).length;
    }
    if (left === 0) {
      this.#terminating.delete(name);
      this.#finish(namespace);
    }
  }

  #finish(namespace: StoredObject): void {
    const { store } = this.#options;
    const object = parsedObject(NAMESPACES.type, namespace);
    if (listAt(objectAt(object, 'metadata'), 'finalizers').length > 0) {
      return;
    }
    store.remove(NAMESPACES.type, namespace, object);
  }
}

function namespacedResources(registry: ResourceRegistry): Resource[] {
  const resources = registry.all().filter(({ type }) => type.isNamespaced);
  return [
    ...resources.filter(({ type }) => type.plural === 'pods'),
    ...resources.filter(({ type }) => type.plural !== 'pods'),
  ];
}
