type Json = Readonly<Record<string, unknown>>;

/**
 * A JSON value as text with the keys of every object in order, so that equal values give equal texts. Fields that are
 * `undefined`, and those called `without`, are left out wherever they are. It makes no copy of the value: a digest of this is
 * taken of every object that comes in.
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
