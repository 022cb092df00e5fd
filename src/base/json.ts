/** A JSON object from an untrusted source: any key may be present, with any value. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own field of that name; `undefined` for anything else. It never returns an inherited property. */
export function fieldOf(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The object's own field of that name if it is a string. */
export function stringFieldOf(value: unknown, name: string): string | undefined {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : undefined;
}

/** The parsed value, or `undefined` if the text is not JSON. No JSON text has the value `undefined`. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object itself; an empty object for anything else. */
export function fieldsOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The list itself; an empty list for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The string itself; an empty string for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Those fields of the object whose values are strings. */
export function textFieldsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A copy without the fields that are `undefined`, as `exactOptionalPropertyTypes` demands. */
export function present<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

/** Whether the API treats the value as an absent field: `undefined` or `null`. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Whether the list is absent or has no items. */
export function isAbsentOrEmpty(list: unknown): boolean {
  return isAbsent(list) || (Array.isArray(list) && list.length === 0);
}

/** Whether the map is absent or has no entries. */
export function isEmptyMap(value: unknown): boolean {
  return isAbsent(value) || (isJsonObject(value) && Object.keys(value).length === 0);
}
