import type { Clock } from '../../../src/base/clock.ts';
import { failure, type Result, success } from '../../../src/base/result.ts';
import { type ApiFailure, conflict, kindNameOf, notFound } from './api-status.ts';
import { type JsonObject, listAt, objectAt, textAt, valueAt, withFields } from './json.ts';
import { deletionRefusal } from './namespace-lifecycle.ts';
import type { ObjectStore } from './object-store.ts';
import type { Target } from './request-path.ts';
import { NAMESPACES, type Resource } from './resource-registry.ts';
import { parsedObject, type StoredObject } from './stored-object.ts';
import type { Admission } from './write-path.ts';

/** What removal works with. */
export interface RemovalOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** DELETE: preconditions, finalizers, namespaces (https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/). */
export class Removal {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** The body of the response: the object while it is still there, else a Status that says success. */
  remove(
    { resource, namespace = '', name = '' }: Target,
    options: JsonObject,
    isDryRun: boolean,
  ): Result<JsonObject, ApiFailure> {
    const stored = this.#options.store.read(resource.type, namespace, name);
    if (stored === undefined) {
      return failure(notFound(resource.type, name));
    }
    const object = parsedObject(resource.type, stored);
    const refusal =
      preconditionFailure(resource, stored, objectAt(options, 'preconditions')) ??
      deletionRefusal(resource, name) ??
      this.#options.admission({ operation: 'DELETE', resource, namespace, name, object });
    if (refusal !== undefined) {
      return failure(refusal);
    }
    return success(stored.isTerminating ? object : this.#taken(resource, stored, object, isDryRun));
  }

  #taken(resource: Resource, stored: StoredObject, object: JsonObject, isDryRun: boolean): JsonObject {
    if (isHeld(resource, object)) {
      const marked = this.#marked(resource, object);
      return isDryRun ? marked : parsedObject(resource.type, this.#options.store.put(resource.type, stored, marked));
    }
    if (!isDryRun) {
      this.#options.store.remove(resource.type, stored, object);
    }
    return successStatus(resource, stored);
  }

  /** Removes an object as a controller of the cluster does, past all admission. */
  removeNow(resource: Resource, stored: StoredObject): void {
    const object = parsedObject(resource.type, stored);
    if (isHeld(resource, object)) {
      this.#options.store.put(resource.type, stored, this.#marked(resource, object));
    } else {
      this.#options.store.remove(resource.type, stored, object);
    }
  }

  #marked(resource: Resource, object: JsonObject): JsonObject {
    const metadata = objectAt(object, 'metadata');
    const deletionTimestamp = `${this.#options.clock.wallTime().toISOString().slice(0, 19)}Z`;
    if (resource === NAMESPACES) {
      return withFields(object, {
        metadata: withFields(metadata, { deletionTimestamp }),
        status: withFields(objectAt(object, 'status'), { phase: 'Terminating' }),
      });
    }
    const generation = resource.hasGeneration ? Number(valueAt(metadata, 'generation') ?? 0) + 1 : undefined;
    return withFields(object, {
      metadata: withFields(metadata, {
        deletionTimestamp,
        deletionGracePeriodSeconds: 0,
        ...(generation === undefined ? {} : { generation }),
      }),
    });
  }
}

function isHeld(resource: Resource, object: JsonObject): boolean {
  return resource === NAMESPACES || listAt(objectAt(object, 'metadata'), 'finalizers').length > 0;
}

function preconditionFailure(
  resource: Resource,
  stored: StoredObject,
  preconditions: JsonObject,
): ApiFailure | undefined {
  // A refused DELETE names the kind where every other refusal names the resource.
  const type = resource === NAMESPACES ? resource.type : { ...resource.type, plural: resource.type.kind };
  const uid = textAt(preconditions, 'uid') ?? stored.uid;
  const version = textAt(preconditions, 'resourceVersion') ?? String(stored.version);
  if (uid !== stored.uid) {
    return conflict(
      type,
      stored.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${stored.uid}). The object might have been deleted and then recreated`,
    );
  }
  return version === String(stored.version)
    ? undefined
    : conflict(
        type,
        stored.name,
        `the ResourceVersion in the precondition (${version}) does not match the ResourceVersion in record (${stored.version}). The object might have been modified`,
      );
}

function successStatus({ type }: Resource, { name, uid }: StoredObject): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(kindNameOf(type) === type.kind ? {} : { group: type.group }), kind: type.plural, uid },
  };
}
