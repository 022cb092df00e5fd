import { type JsonObject, listAt, objectAt, textAt, valueAt, withFields } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import { CRDS, type Resource, type ResourceRegistry, resourcesOf } from './resource-registry.ts';
import { parsedObject } from './stored-object.ts';
import type { WatchHub } from './watch-stream.ts';

/** What the controller works with. */
export interface CustomResourceOptions {
  readonly store: ObjectStore;
  readonly registry: ResourceRegistry;
  readonly watches: WatchHub;
  readonly remove: (resource: Resource, name: { readonly namespace: string; readonly name: string }) => void;
}

/**
 * Serves a custom resource as soon as its CRD is stored, and ends that with the CRD: the objects go, the watches end
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
 */
export function serveCustomResources(options: CustomResourceOptions): void {
  const { store, registry } = options;
  const definitions = new Map<string, JsonObject>();
  store.onCommit((type, event) => {
    if (type.plural !== CRDS.type.plural) {
      return;
    }
    const { name } = event.object;
    const crd = parsedObject(CRDS.type, event.object);
    const previous = definitions.get(name);
    if (event.type === 'DELETED') {
      definitions.delete(name);
      resourcesOf(crd).forEach((resource) => {
        unserve(options, resource);
      });
      return;
    }
    definitions.set(name, crd);
    const versions = new Set(resourcesOf(crd).map((resource) => resource.type.version));
    if (previous !== undefined) {
      resourcesOf(previous)
        .filter((resource) => !versions.has(resource.type.version))
        .forEach((resource) => {
          registry.unserve(resource.type);
        });
    }
    for (const resource of resourcesOf(crd)) {
      if (registry.find(`${resource.type.group}/${resource.type.version}`, resource.type.plural) === undefined) {
        store.beginHistory(resource.type);
      }
      registry.serve(resource);
    }
    establish(store, name, crd);
  });
}

function unserve({ store, registry, watches, remove }: CustomResourceOptions, resource: Resource): void {
  for (const object of store.all(resource.type)) {
    remove(resource, object);
  }
  registry.unserve(resource.type);
  watches.end('end', resource);
}

function establish(store: ObjectStore, name: string, crd: JsonObject): void {
  const stored = store.read(CRDS.type, '', name);
  if (stored === undefined || listAt(objectAt(crd, 'status'), 'conditions').length > 0) {
    return;
  }
  const time = textAt(objectAt(crd, 'metadata'), 'creationTimestamp') ?? '';
  const conditions = ['NamesAccepted', 'Established'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    lastTransitionTime: time,
  }));
  store.put(
    CRDS.type,
    stored,
    withFields(crd, {
      status: { conditions, acceptedNames: valueAt(objectAt(crd, 'spec'), 'names') ?? {}, storedVersions: [] },
    }),
  );
}
