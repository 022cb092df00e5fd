import { type FieldSchema, isLeaf, memberSchema } from './field-schema.ts';
import { FieldSet } from './field-set.ts';
import { isEmptyContainer, isEqualJson, isJsonObject, type Json, type JsonObject, valueAt } from './json.ts';

/** What became of an object's fields from one version to the next. */
export interface FieldComparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The fields that an applied object claims: its leaves, its empty maps, and every entry of a map or item of a keyed list. */
export function claimedFields(value: Json, schema: FieldSchema): FieldSet {
  const set = new FieldSet();
  if (isLeaf(schema, value)) {
    set.isMember = true;
    return set;
  }
  for (const { segment, member, memberOf } of membersOf(value, schema)) {
    const below = claimedFields(member, memberOf);
    below.isMember ||=
      schema.kind !== 'struct' || member === null || (isJsonObject(member) && isEmptyContainer(member));
    if (!below.isEmpty()) {
      set.put(segment, below);
    }
  }
  return set;
}

/** Compares two versions of an object, or of a field of it. */
export function fieldComparison(
  before: Json | undefined,
  after: Json | undefined,
  schema: FieldSchema,
): FieldComparison {
  const comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compare(before, after, schema, comparison);
  return comparison;
}

function compare(before: Json | undefined, after: Json | undefined, schema: FieldSchema, into: FieldComparison): void {
  if (isComparedWhole(before, after, schema)) {
    if (before === undefined) {
      into.added.isMember = after !== undefined;
    } else if (after === undefined) {
      into.removed.isMember = true;
    } else {
      into.modified.isMember = !isEqualJson(before, after);
    }
    return;
  }
  into.added.isMember = before === undefined;
  into.removed.isMember = after === undefined;
  const members = new Map<string, { before?: Json; after?: Json; schema: FieldSchema }>();
  for (const { segment, member, memberOf } of membersOf(before, schema)) {
    members.set(segment, { before: member, schema: memberOf });
  }
  for (const { segment, member, memberOf } of membersOf(after, schema)) {
    members.set(segment, { ...members.get(segment), after: member, schema: memberOf });
  }
  for (const [segment, member] of members) {
    compare(member.before, member.after, member.schema, {
      added: into.added.child(segment),
      modified: into.modified.child(segment),
      removed: into.removed.child(segment),
    });
  }
}

function isComparedWhole(before: Json | undefined, after: Json | undefined, schema: FieldSchema): boolean {
  return (isLeaf(schema, before) && isLeaf(schema, after)) || (hasNothing(before) && hasNothing(after));
}

function hasNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || isEmptyContainer(value);
}

/** One member of a map, struct, keyed list or set, under its path segment. */
export interface Member {
  readonly segment: string;
  readonly member: Json;
  readonly memberOf: FieldSchema;
}

const leaf: FieldSchema = { kind: 'atomic' };

/** The members of a value that is not a leaf; fields that a struct does not have are left out. */
export function membersOf(value: Json | undefined, schema: FieldSchema): Member[] {
  if (Array.isArray(value)) {
    return listMembers(value, schema);
  }
  if (!isJsonObject(value)) {
    return [];
  }
  const members: Member[] = [];
  for (const [name, member] of Object.entries(value)) {
    const memberOf = memberSchema(schema, name);
    if (memberOf !== undefined) {
      members.push({ segment: `f:${name}`, member, memberOf });
    }
  }
  return members;
}

function listMembers(items: readonly Json[], schema: FieldSchema): Member[] {
  if (schema.kind === 'keyedList') {
    return items
      .filter(isJsonObject)
      .map((item) => ({ segment: keySegment(item, schema.keys), member: item, memberOf: schema.items }));
  }
  return schema.kind === 'set'
    ? items.map((item) => ({ segment: `v:${JSON.stringify(item)}`, member: item, memberOf: leaf }))
    : [];
}

function keySegment(item: JsonObject, keys: readonly string[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, valueAt(item, key) ?? null])))}`;
}
