import { failure, type Result, success } from '../../../src/base/result.ts';
import { type ApiFailure, statusFailure } from './api-status.ts';
import { claimedFields, fieldComparison, type Member, membersOf } from './field-comparison.ts';
import { type FieldSchema, isLeaf } from './field-schema.ts';
import { FieldSet } from './field-set.ts';
import { isEmptyContainer, isJsonObject, type Json, type JsonObject } from './json.ts';
import { afterWrite, type Manager, type Ownership } from './managed-fields.ts';

/** An apply, with who owns what before it. `live` and `applied` carry no fields that apply never owns. */
export interface ApplyInput {
  readonly live: JsonObject;
  readonly applied: JsonObject;
  readonly schema: FieldSchema;
  readonly owners: Ownership;
  readonly manager: Manager;
  readonly isForced: boolean;
}

/** The object and its owners after an apply. */
export interface ApplyOutput {
  readonly object: JsonObject;
  readonly owners: Ownership;
}

/**
 * Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/): what is applied wins, what the
 * same manager applied before and now leaves out goes unless somebody else owns it too, and everything else stays. An
 * apply that is not forced gives a conflict where another manager's value would change.
 */
export function applied({
  live,
  applied: config,
  schema,
  owners,
  manager,
  isForced,
}: ApplyInput): Result<ApplyOutput, ApiFailure> {
  const claimed = claimedFields(config, schema);
  const claims = new Map(owners).set(manager.key, { manager, fields: claimed });
  const owned = [...claims.values()].reduce((all, { fields }) => all.union(fields), new FieldSet());
  const dropped = (owners.get(manager.key)?.fields ?? new FieldSet()).difference(owned);
  const object = asObject(withoutDropped(merged(live, config, schema), { dropped, owned }, schema));
  const comparison = fieldComparison(live, object, schema);
  const conflicts = conflictsIn(claims, manager.key, comparison.added.union(comparison.modified));
  if (conflicts.length > 0 && !isForced) {
    return failure(applyConflict(conflicts));
  }
  return success({ object, owners: afterWrite(claims, manager.key, comparison) });
}

function merged(live: Json | undefined, config: Json, schema: FieldSchema): Json {
  if (live === undefined || live === null || config === null || isLeaf(schema, config)) {
    return config;
  }
  const members = new Map(membersOf(live, schema).map((member) => [member.segment, member]));
  for (const member of membersOf(config, schema)) {
    members.set(member.segment, {
      ...member,
      member: merged(members.get(member.segment)?.member, member.member, member.memberOf),
    });
  }
  return assembled(config, members.values());
}

/** A value out of its members: a list when the pattern is one, else an object. */
function assembled(pattern: Json, members: Iterable<Member>): Json {
  const all = [...members];
  return Array.isArray(pattern)
    ? all.map(({ member }) => member)
    : Object.fromEntries(all.map(({ segment, member }) => [segment.slice(2), member]));
}

interface Pruning {
  readonly dropped: FieldSet;
  readonly owned: FieldSet;
}

function withoutDropped(value: Json, { dropped, owned }: Pruning, schema: FieldSchema): Json | undefined {
  if (dropped.isEmpty()) {
    return value;
  }
  if (isLeaf(schema, value)) {
    return undefined;
  }
  const kept: Member[] = [];
  for (const member of membersOf(value, schema)) {
    const below = {
      dropped: dropped.children.get(member.segment) ?? none,
      owned: owned.children.get(member.segment) ?? none,
    };
    const left = withoutDropped(member.member, below, member.memberOf);
    if (left !== undefined) {
      kept.push({ ...member, member: left });
    }
  }
  const isGone = (kept.length === 0 || isBareItem(dropped, owned)) && !owned.isMember;
  return isGone ? undefined : assembled(value, kept);
}

/** An item of a keyed list that its only owner let go: its key alone is no reason to stay. */
function isBareItem(dropped: FieldSet, owned: FieldSet): boolean {
  return dropped.isMember && owned.isEmpty();
}

const none = new FieldSet();

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) && !isEmptyContainer(value) ? value : {};
}

interface Conflict {
  readonly manager: Manager;
  readonly path: string;
}

function conflictsIn(owners: Ownership, acting: string, changed: FieldSet): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, { manager, fields }] of owners) {
    if (key !== acting) {
      conflicts.push(...[...fields.intersection(changed).paths()].map((path) => ({ manager, path })));
    }
  }
  return conflicts;
}

function applyConflict(conflicts: readonly Conflict[]): ApiFailure {
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
  const messages = conflicts.map(({ manager, path }) => ({
    path,
    message: `conflict with "${manager.name}" using ${manager.apiVersion}`,
  }));
  return statusFailure({
    code: 409,
    message: `Apply failed with ${count}: ${messages.map(({ path, message }) => `${message}: ${path}`).join(', ')}`,
    reason: 'Conflict',
    details: {
      causes: messages.map(({ path, message }) => ({ reason: 'FieldManagerConflict', message, field: path })),
    },
  });
}
