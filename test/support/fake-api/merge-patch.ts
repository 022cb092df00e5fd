import { isJsonObject, type Json, type JsonObject, valueAt } from './json.ts';

/** An object after a JSON merge patch (https://www.rfc-editor.org/rfc/rfc7386). */
export function mergePatched(object: JsonObject, patch: JsonObject): JsonObject {
  const entries: [string, Json][] = Object.entries(object).filter(([key]) => !Object.hasOwn(patch, key));
  for (const [key, change] of Object.entries(patch)) {
    if (isJsonObject(change)) {
      const before = valueAt(object, key);
      entries.push([key, mergePatched(isJsonObject(before) ? before : {}, change)]);
    } else if (change !== null) {
      entries.push([key, change]);
    }
  }
  return Object.fromEntries(entries);
}
