import type { FieldComparison } from './field-comparison.ts';
import { FieldSet } from './field-set.ts';
import { isJsonObject, type Json, type JsonObject, textAt, withFields } from './json.ts';

/** Who wrote: two entries of one name are two managers when one of them applied and the other updated. */
export interface Manager {
  readonly key: string;
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

/** A manager and what it owns. */
export interface Owner {
  readonly manager: Manager;
  readonly fields: FieldSet;
  /** When its entry last changed; absent for an entry that this write makes. */
  readonly time?: string;
}

/** All owners of an object, by manager key. */
export type Ownership = ReadonlyMap<string, Owner>;

/** The manager that a request names. */
export function managerFor(manager: Omit<Manager, 'key'>): Manager {
  return {
    ...manager,
    key: [manager.operation, manager.name, manager.apiVersion, manager.subresource ?? ''].join('\n'),
  };
}

/** The owners that an object's metadata.managedFields lists. */
export function ownersIn(managedFields: readonly Json[]): Ownership {
  const owners = new Map<string, Owner>();
  for (const entry of managedFields.filter(isJsonObject)) {
    const manager = managerFor({
      name: textAt(entry, 'manager') ?? '',
      operation: textAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
      apiVersion: textAt(entry, 'apiVersion') ?? '',
      subresource: textAt(entry, 'subresource'),
    });
    owners.set(manager.key, { manager, fields: FieldSet.parse(entry.fieldsV1), time: textAt(entry, 'time') ?? '' });
  }
  return owners;
}

/** metadata.managedFields for these owners; entries without a time get `now`. */
export function managedFieldsFor(owners: Ownership, now: string): JsonObject[] {
  return [...owners.values()]
    .sort((left, right) => (left.manager.key < right.manager.key ? -1 : 1))
    .map(({ manager, fields, time }) =>
      withFields(
        {
          manager: manager.name,
          operation: manager.operation,
          apiVersion: manager.apiVersion,
          time: time ?? now,
          fieldsType: 'FieldsV1',
          fieldsV1: fields.toJson(),
        },
        { subresource: manager.subresource },
      ),
    );
}

/** The owners after the acting manager's write: who had a value that changed loses the field, nobody owns what is gone. */
export function afterWrite(
  owners: Ownership,
  acting: string,
  { added, modified, removed }: FieldComparison,
): Ownership {
  const changed = added.union(modified);
  const after = new Map<string, Owner>();
  for (const [key, owner] of owners) {
    const fields = key === acting ? owner.fields : owner.fields.difference(changed).difference(removed);
    if (!fields.isEmpty()) {
      after.set(key, { ...owner, fields });
    }
  }
  return after;
}

/** The owners after a create, an update or a patch that is no apply: the manager owns all that it changed. */
export function afterUpdate(owners: Ownership, manager: Manager, comparison: FieldComparison): Ownership {
  const { added, modified, removed } = comparison;
  const before = owners.get(manager.key)?.fields ?? new FieldSet();
  const fields = before.difference(removed).union(added).union(modified);
  return afterWrite(new Map(owners).set(manager.key, { manager, fields }), manager.key, comparison);
}

/** An object without what nobody owns: the fields that apply and update never record. Its metadata is always there. */
export function ownablePart(object: JsonObject): JsonObject {
  const { metadata } = object;
  const owned = isJsonObject(metadata) ? Object.entries(metadata).filter(([key]) => !UNOWNED_METADATA.has(key)) : [];
  return withFields(object, { apiVersion: undefined, kind: undefined, metadata: Object.fromEntries(owned) });
}

const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]);
