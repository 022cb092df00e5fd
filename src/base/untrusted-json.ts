/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object: neither null nor a list. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own field of that name when the value is an object that has it: never something inherited. */
export function fieldOf(value: unknown, name: string): unknown {
  return isJson(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The items of a list; of anything else, none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether it is what the API takes for a field that is not there. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Whether there is no list, or nothing in it. */
export function isAbsentOrEmpty(list: unknown): boolean {
  return isAbsent(list) || (Array.isArray(list) && list.length === 0);
}

/** Whether there is no map, or nothing in it. */
export function isEmptyMap(value: unknown): boolean {
  return isAbsent(value) || (isJson(value) && Object.keys(value).length === 0);
}
