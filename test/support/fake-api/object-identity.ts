import { type ApiFailure, conflict, invalid, staleVersion } from './api-status.ts';
import {
  isEmptyContainer,
  isEqualJson,
  isJsonObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
  valueAt,
  withFields,
} from './json.ts';
import { ownablePart } from './managed-fields.ts';
import { type Cause, forbiddenValue, invalidValue } from './name-validation.ts';
import type { Resource } from './resource-registry.ts';
import type { StoredObject } from './stored-object.ts';

/** What no client can change of an object's metadata. */
const FIXED_METADATA = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'resourceVersion',
] as const;

/** The part of metadata that stays whatever a write says. */
export function identityOf(metadata: JsonObject): Readonly<Record<string, Json | undefined>> {
  return Object.fromEntries(FIXED_METADATA.map((key) => [key, valueAt(metadata, key)]));
}

/** The updated object with what an update cannot change: the identity, and status or all but status. */
export function carriedOver(
  old: JsonObject,
  updated: JsonObject,
  resource: Resource,
  subresource: string | undefined,
): JsonObject {
  if (subresource === 'status') {
    return withFields(old, { status: valueAt(updated, 'status') });
  }
  const metadata = withFields(objectAt(updated, 'metadata'), identityOf(objectAt(old, 'metadata')));
  return withFields(updated, { metadata, ...(resource.hasStatus ? { status: valueAt(old, 'status') } : {}) });
}

/** The part of an apply's body that its resource, or its status subresource, takes. */
export function applicablePart(body: JsonObject, resource: Resource, subresource: string | undefined): JsonObject {
  if (subresource === 'status') {
    return withFields({}, { status: valueAt(body, 'status') });
  }
  const content = ownablePart(body);
  const metadata = objectAt(content, 'metadata');
  return withFields(content, {
    ...(resource.hasStatus ? { status: undefined } : {}),
    metadata: isEmptyContainer(metadata) ? undefined : metadata,
  });
}

/** Why a PUT is refused for the uid or the version that it names. */
export function updateRefusal(resource: Resource, before: StoredObject, metadata: JsonObject): ApiFailure | undefined {
  const { type } = resource;
  const uid = textAt(metadata, 'uid') ?? '';
  if (uid !== '' && uid !== before.uid) {
    return conflict(
      type,
      before.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.uid}`,
    );
  }
  const version = valueAt(metadata, 'resourceVersion');
  if (isZeroVersion(version)) {
    const causes = [invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')];
    return resource.needsVersionOnUpdate ? invalid({ ...type, kind: type.plural }, before.name, causes) : undefined;
  }
  return version === String(before.version) ? undefined : staleVersion(type, before.name);
}

/** Why an apply onto an existing object is refused: another object's uid is invalid, a version that is no longer current a conflict. Of a subresource only the version counts. */
export function applyRefusal(
  resource: Resource,
  before: StoredObject,
  { metadata, subresource }: { readonly metadata: JsonObject; readonly subresource: string | undefined },
): ApiFailure | undefined {
  const version = valueAt(metadata, 'resourceVersion');
  if (!isZeroVersion(version) && version !== String(before.version)) {
    return staleVersion(resource.type, before.name);
  }
  const uid = textAt(metadata, 'uid');
  if (uid === undefined || uid === before.uid || subresource !== undefined) {
    return undefined;
  }
  const cause = invalidValue('metadata.uid', uid, 'field is immutable');
  return invalid(resource.type, before.name, [cause, cause]);
}

/** What is wrong with a finalizer that comes when its object is already being deleted. */
export function lateFinalizerCauses(old: JsonObject, updated: JsonObject): Cause[] {
  const before = listAt(old, 'finalizers');
  const late =
    valueAt(old, 'deletionTimestamp') === undefined
      ? []
      : listAt(updated, 'finalizers').filter((finalizer) => !before.includes(finalizer));
  return late.length === 0
    ? []
    : [
        forbiddenValue(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(late)}`,
        ),
      ];
}

/** Whether a resourceVersion says nothing. */
export function isZeroVersion(version: Json | undefined): boolean {
  return version === undefined || version === '' || version === '0';
}

/**
 * Whether an update raises the generation. `updated` still has its empty lists: Go tells an empty list from a missing
 * one, the store does not, so that every write of `ingress: []` counts as a change of spec.
 */
export function isSpecChanged(old: JsonObject, updated: JsonObject, resource: Resource): boolean {
  const ignored = resource.hasStatus ? { metadata: undefined, status: undefined } : { metadata: undefined };
  return !isEqualJson(withFields(old, ignored), withFields(updated, ignored));
}

/** Whether a write would store what is there already; when managers wrote does not count. */
export function isUnchanged(old: JsonObject, updated: JsonObject): boolean {
  return isEqualJson(withoutTimes(old), withoutTimes(updated));
}

function withoutTimes(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const managedFields = listAt(metadata, 'managedFields').map((entry) =>
    isJsonObject(entry) ? withFields(entry, { time: undefined }) : entry,
  );
  return withFields(object, { metadata: withFields(metadata, { managedFields }) });
}

/** Metadata without empty maps and lists, as Go's `omitempty` leaves it. */
export function withoutEmptyMetadata(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null && !isEmptyContainer(value)));
}
