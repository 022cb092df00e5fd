/** Any value that JSON can say. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
/** An object as JSON has it. Read keys that people choose through {@link valueAt} only. */
export interface JsonObject {
  [key: string]: Json;
}

/** Whether a value is an object, so neither a list nor null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own value under a key; never something inherited, whatever the key is called. */
export function valueAt(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The object under a key, or an empty one when there is none. */
export function objectAt(object: JsonObject | undefined, key: string): JsonObject {
  const value = valueAt(object, key);
  return isJsonObject(value) ? value : {};
}

/** The text under a key, or nothing when it is no text. */
export function textAt(object: JsonObject | undefined, key: string): string | undefined {
  const value = valueAt(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** The list under a key, or an empty one when there is none. */
export function listAt(object: JsonObject | undefined, key: string): readonly Json[] {
  const value = valueAt(object, key);
  return Array.isArray(value) ? value : [];
}

/** The object with some keys set; a key given as undefined is left out of the result. */
export function withFields(object: JsonObject, fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept: [string, Json][] = Object.entries(object).filter(([key]) => !Object.hasOwn(fields, key));
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) {
      kept.push([key, value]);
    }
  }
  return Object.fromEntries(kept);
}

/** Whether two values say the same; the order of an object's keys does not count, a missing and an empty list differ. */
export function isEqualJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) {
    return true;
  }
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => isEqualJson(item, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) {
    return false;
  }
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqualJson(left[key], right[key]))
  );
}

/** The value without nulls, empty lists and empty maps under the named keys: what Go's `omitempty` leaves of it. */
export function withoutEmptyFields(value: Json, keys: ReadonlySet<string>): Json {
  if (Array.isArray(value)) {
    return value.map((item) => withoutEmptyFields(item, keys));
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const entries: [string, Json][] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field !== null && !(keys.has(key) && isEmptyContainer(field))) {
      entries.push([key, withoutEmptyFields(field, keys)]);
    }
  }
  return Object.fromEntries(entries);
}

/** Whether a value is a list or an object with nothing in it. */
export function isEmptyContainer(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}
