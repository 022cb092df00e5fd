type Json = Readonly<Record<string, unknown>>;

/**
 * A JSON value as text with the keys of every object in order, so that equal values give equal texts. Fields that are
 * `undefined` and fields named `without` are left out at every depth. It makes no copy of the value, since a digest of this
 * text is made for every incoming object.
 */
export function canonicalText(value: unknown, without?: string): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalText(item, without)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value ?? null);
  }
  const object = value as Json;
  const keys = Object.keys(object)
    .filter((key) => key !== without && object[key] !== undefined)
    .sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalText(object[key], without)}`).join(',')}}`;
}
