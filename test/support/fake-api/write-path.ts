import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/base/clock.ts';
import { failure, type Result, success } from '../../../src/base/result.ts';
import { apiVersionOf } from '../../../src/kube/client/resource-type.ts';
import { type ApiFailure, alreadyExists, conflict, internalError, invalid, notFound } from './api-status.ts';
import { fieldComparison } from './field-comparison.ts';
import { type JsonObject, listAt, objectAt, textAt, valueAt, withFields } from './json.ts';
import {
  afterUpdate,
  type Manager,
  managedFieldsFor,
  managerFor,
  type Ownership,
  ownablePart,
  ownersIn,
} from './managed-fields.ts';
import { type Cause, labelCauses, nameCauses } from './name-validation.ts';
import { creationRefusal } from './namespace-lifecycle.ts';
import {
  applicablePart,
  applyRefusal,
  carriedOver,
  identityOf,
  isSpecChanged,
  isUnchanged,
  isZeroVersion,
  lateFinalizerCauses,
  updateRefusal,
  withoutEmptyMetadata,
} from './object-identity.ts';
import type { ObjectStore } from './object-store.ts';
import type { Target } from './request-path.ts';
import { NAMESPACES, type Resource } from './resource-registry.ts';
import { applied } from './server-side-apply.ts';
import { parsedObject, type StoredObject } from './stored-object.ts';

/** What a test may refuse, as a quota or a foreign webhook does; it gives the failure, or nothing to let it pass. */
export type Admission = (review: AdmissionReview) => ApiFailure | undefined;

/** A write that is about to happen. */
export interface AdmissionReview {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly object: JsonObject;
}

/** Rules for one plural that only a hook knows, such as CEL rules of a CRD. */
export type ExtraCauses = (resource: Resource, object: JsonObject) => readonly Cause[];

/** Who writes, and how. */
export interface WriteContext {
  readonly target: Target;
  readonly fieldManager: string;
  readonly isDryRun: boolean;
}

/** The object after a write, and whether it is new. */
export interface Written {
  readonly object: JsonObject;
  readonly isNew: boolean;
}

/** What the write path works with. */
export interface WritePathOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly extraCauses: ExtraCauses;
  readonly newUid?: () => string;
}

/** An object on its way into the store. */
interface Pending {
  readonly context: WriteContext;
  readonly before: StoredObject | undefined;
  readonly old: JsonObject | undefined;
  readonly object: JsonObject;
  readonly owners: Ownership;
}

/** Creates, updates and applies, from a decoded body to the stored object. */
export class WritePath {
  readonly #options: WritePathOptions;

  constructor(options: WritePathOptions) {
    this.#options = options;
  }

  /** POST. */
  create(body: JsonObject, context: WriteContext): Result<Written, ApiFailure> {
    const { resource, namespace = '' } = context.target;
    const metadata = objectAt(body, 'metadata');
    const name = textAt(metadata, 'name') ?? generatedName(metadata);
    const refusal = creationRefusal(this.#options.store, resource.type, { namespace, name });
    if (refusal !== undefined) {
      return failure(refusal);
    }
    if (!isZeroVersion(valueAt(metadata, 'resourceVersion'))) {
      return failure(internalError('resourceVersion should not be set on objects to be created'));
    }
    const existing = this.#options.store.read(resource.type, namespace, name);
    const object = this.#newObject(
      resource,
      withFields(body, { metadata: withFields(metadata, { name: name === '' ? undefined : name }) }),
    );
    if (existing !== undefined) {
      return failure(alreadyExists(resource.type, name, existing.isTerminating));
    }
    const manager = this.#manager(context, 'Update');
    const unowned =
      resource === NAMESPACES
        ? { spec: valueAt(object, 'spec'), status: valueAt(object, 'status') }
        : { status: resource.hasStatus ? valueAt(object, 'status') : undefined };
    const comparison = fieldComparison(
      withFields(resource.zero, { ...unowned, metadata: {} }),
      ownablePart(resource.stored(object)),
      resource.fields,
    );
    return this.#finish({
      context,
      before: undefined,
      old: undefined,
      object,
      owners: afterUpdate(new Map(), manager, comparison),
    });
  }

  /** PUT, and what a merge patch comes to. */
  update(body: JsonObject, context: WriteContext): Result<Written, ApiFailure> {
    const { resource, namespace = '', name = '', subresource } = context.target;
    const before = this.#options.store.read(resource.type, namespace, name);
    if (before === undefined) {
      return failure(notFound(resource.type, name));
    }
    const refusal = updateRefusal(resource, before, objectAt(body, 'metadata'));
    if (refusal !== undefined) {
      return failure(refusal);
    }
    const old = parsedObject(resource.type, before);
    const object = carriedOver(old, resource.defaulted(body), resource, subresource);
    const comparison = fieldComparison(ownablePart(old), ownablePart(resource.stored(object)), resource.fields);
    const owners = afterUpdate(
      ownersIn(listAt(objectAt(old, 'metadata'), 'managedFields')),
      this.#manager(context, 'Update'),
      comparison,
    );
    return this.#finish({ context, before, old, object, owners });
  }

  /** PATCH by server-side apply. */
  apply(body: JsonObject, context: WriteContext, isForced: boolean): Result<Written, ApiFailure> {
    const { resource, namespace = '', name = '', subresource } = context.target;
    const before = this.#options.store.read(resource.type, namespace, name);
    const metadata = objectAt(body, 'metadata');
    const refusal =
      before === undefined
        ? this.#creatingApplyRefusal(context, textAt(metadata, 'uid'))
        : applyRefusal(resource, before, { metadata, subresource });
    return refusal === undefined ? this.#merge({ body, context, isForced, before }) : failure(refusal);
  }

  #creatingApplyRefusal({ target }: WriteContext, uid: string | undefined): ApiFailure | undefined {
    const { resource, namespace = '', name = '', subresource } = target;
    if (subresource !== undefined) {
      return notFound(resource.type, name);
    }
    const refusal = creationRefusal(this.#options.store, resource.type, { namespace, name });
    return (
      refusal ??
      (uid === undefined
        ? undefined
        : conflict(
            resource.type,
            name,
            `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
          ))
    );
  }

  #merge({ body, context, isForced, before }: Merging): Result<Written, ApiFailure> {
    const { resource, namespace = '', name = '', subresource } = context.target;
    const old = before === undefined ? undefined : parsedObject(resource.type, before);
    const outcome = applied({
      live: old === undefined ? {} : ownablePart(old),
      applied: applicablePart(body, resource, subresource),
      schema: resource.fields,
      owners: ownersIn(listAt(objectAt(old, 'metadata'), 'managedFields')),
      manager: this.#manager(context, 'Apply'),
      isForced,
    });
    if (!outcome.ok) {
      return outcome;
    }
    const { object: content, owners } = outcome.value;
    const { type } = resource;
    const identity =
      old === undefined
        ? { name, namespace: namespace === '' ? undefined : namespace }
        : identityOf(objectAt(old, 'metadata'));
    const merged = {
      ...content,
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: withFields(objectAt(content, 'metadata'), identity),
    };
    const object =
      old === undefined
        ? this.#newObject(resource, merged)
        : carriedOver(old, resource.defaulted(merged), resource, subresource);
    return this.#finish({ context, before, old, object, owners });
  }

  #newObject(resource: Resource, body: JsonObject): JsonObject {
    const metadata = withFields(objectAt(body, 'metadata'), {
      uid: (this.#options.newUid ?? randomUUID)(),
      creationTimestamp: this.#now(),
      generation: resource.hasGeneration ? 1 : undefined,
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
      selfLink: undefined,
      resourceVersion: undefined,
      managedFields: undefined,
    });
    const defaultStatus =
      resource.openApi === undefined
        ? undefined
        : valueAt(objectAt(objectAt(resource.openApi, 'properties'), 'status'), 'default');
    const object = resource.defaulted({ ...body, metadata });
    return resource.hasStatus && resource.isCustom ? withFields(object, { status: defaultStatus }) : object;
  }

  #finish(pending: Pending): Result<Written, ApiFailure> {
    const { context, before, old } = pending;
    const { resource, namespace = '' } = context.target;
    const metadata = objectAt(pending.object, 'metadata');
    const name = textAt(metadata, 'name') ?? '';
    const causes = [
      ...nameCauses(name, resource.isNameDnsLabel),
      ...labelCauses(objectAt(metadata, 'labels'), 'metadata.labels'),
      ...lateFinalizerCauses(objectAt(old, 'metadata'), metadata),
      ...resource.causes(pending.object),
      ...this.#options.extraCauses(resource, pending.object),
    ];
    if (causes.length > 0) {
      return failure(invalid(resource.type, name, causes));
    }
    const denied = this.#options.admission({
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      resource,
      namespace,
      name,
      object: pending.object,
    });
    if (denied !== undefined) {
      return failure(denied);
    }
    const object = this.#storable(pending, resource);
    if (old !== undefined && isUnchanged(old, object)) {
      return success({ object: old, isNew: false });
    }
    return success({ object: this.#commit(object, resource, before, context.isDryRun), isNew: old === undefined });
  }

  #storable({ object, old, owners }: Pending, resource: Resource): JsonObject {
    const isRaised = old !== undefined && resource.hasGeneration && isSpecChanged(old, object, resource);
    const metadata = withFields(objectAt(object, 'metadata'), {
      ...(isRaised ? { generation: Number(valueAt(objectAt(old, 'metadata'), 'generation') ?? 0) + 1 } : {}),
      managedFields: managedFieldsFor(owners, this.#now()),
    });
    return resource.stored({ ...object, metadata: withoutEmptyMetadata(metadata) });
  }

  #commit(object: JsonObject, resource: Resource, before: StoredObject | undefined, isDryRun: boolean): JsonObject {
    if (isDryRun) {
      return object;
    }
    const { store } = this.#options;
    const metadata = objectAt(object, 'metadata');
    if (
      before !== undefined &&
      valueAt(metadata, 'deletionTimestamp') !== undefined &&
      listAt(metadata, 'finalizers').length === 0 &&
      resource !== NAMESPACES
    ) {
      store.remove(resource.type, before, object);
      return object;
    }
    return parsedObject(resource.type, store.put(resource.type, before, object));
  }

  #manager({ target, fieldManager }: WriteContext, operation: Manager['operation']): Manager {
    return managerFor({
      name: fieldManager,
      operation,
      apiVersion: apiVersionOf(target.resource.type),
      subresource: target.subresource,
    });
  }

  #now(): string {
    return `${this.#options.clock.wallTime().toISOString().slice(0, 19)}Z`;
  }
}

interface Merging {
  readonly body: JsonObject;
  readonly context: WriteContext;
  readonly isForced: boolean;
  readonly before: StoredObject | undefined;
}

function generatedName(metadata: JsonObject): string {
  const prefix = textAt(metadata, 'generateName') ?? '';
  return prefix === '' ? '' : `${prefix}${randomUUID().slice(0, 5)}`;
}
