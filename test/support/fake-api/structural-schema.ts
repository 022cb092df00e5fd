import { isJsonObject, type Json, type JsonObject, listAt, textAt, valueAt } from './json.ts';

/** A place in an object where the value does not fit its schema. */
export interface Misfit {
  readonly path: string;
  readonly problem: 'unknown' | 'type' | 'required' | 'enum';
  /** The type or the values that the schema wants. */
  readonly wanted: string;
  readonly value: Json;
}

/**
 * Where an object does not fit a structural schema
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema):
 * unknown fields, types, required fields and enums. Bounds, patterns and CEL are not looked at.
 */
export function misfits(value: Json, schema: JsonObject, path = ''): Misfit[] {
  const wanted = textAt(schema, 'type') ?? '';
  if (value === null || valueAt(schema, 'x-kubernetes-int-or-string') === true || wanted === '') {
    return [];
  }
  if (!isOfType(value, wanted)) {
    return [{ path, problem: 'type', wanted, value }];
  }
  if (Array.isArray(value)) {
    const items = schemaAt(schema, 'items');
    return value.flatMap((item, index) => misfits(item, items, `${path}[${index}]`));
  }
  return isJsonObject(value)
    ? [...missing(value, schema, path), ...fieldMisfits(value, schema, path)]
    : enumMisfits(value, schema, path);
}

function fieldMisfits(value: JsonObject, schema: JsonObject, path: string): Misfit[] {
  return Object.entries(value).flatMap(([key, field]) => {
    const below = fieldSchema(schema, key);
    const place = path === '' ? key : `${path}.${key}`;
    return below === undefined
      ? [{ path: place, problem: 'unknown' as const, wanted: '', value: field }]
      : misfits(field, below, place);
  });
}

function missing(value: JsonObject, schema: JsonObject, path: string): Misfit[] {
  const absent = listAt(schema, 'required').filter(
    (key) => typeof key === 'string' && valueAt(value, key) === undefined,
  ) as string[];
  return absent.map((key) => ({
    path: path === '' ? key : `${path}.${key}`,
    problem: 'required',
    wanted: '',
    value: null,
  }));
}

function enumMisfits(value: Json, schema: JsonObject, path: string): Misfit[] {
  const allowed = listAt(schema, 'enum');
  return allowed.length === 0 || allowed.includes(value)
    ? []
    : [{ path, problem: 'enum', wanted: allowed.map((word) => JSON.stringify(word)).join(', '), value }];
}

/** The object without unknown fields and without nulls, and with the schema's defaults. */
export function fitted(value: Json, schema: JsonObject): Json {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, 'items');
    return value.map((item) => fitted(item, items));
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const entries: [string, Json][] = [];
  for (const [key, field] of Object.entries(value)) {
    const below = fieldSchema(schema, key);
    if (below !== undefined && field !== null) {
      entries.push([key, fitted(field, below)]);
    }
  }
  for (const [key, below] of Object.entries(schemaAt(schema, 'properties'))) {
    const fallback = isJsonObject(below) ? valueAt(below, 'default') : undefined;
    if (fallback !== undefined && valueAt(value, key) === undefined) {
      entries.push([key, fallback]);
    }
  }
  return Object.fromEntries(entries);
}

/** The schema of a field: undefined when there is no such field. Metadata has rules of its own and fits always. */
function fieldSchema(schema: JsonObject, key: string): JsonObject | undefined {
  const property = valueAt(schemaAt(schema, 'properties'), key);
  if (isJsonObject(property)) {
    return key === 'metadata' && Object.keys(property).length === 1 ? anything : property;
  }
  const additional = valueAt(schema, 'additionalProperties');
  if (isJsonObject(additional)) {
    return additional;
  }
  return isOpen(schema) ? anything : undefined;
}

const anything: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };

function isOpen(schema: JsonObject): boolean {
  return valueAt(schema, 'x-kubernetes-preserve-unknown-fields') === true;
}

function schemaAt(schema: JsonObject, key: string): JsonObject {
  const value = valueAt(schema, key);
  if (isJsonObject(value)) {
    return value;
  }
  return isOpen(schema) ? anything : {};
}

function isOfType(value: Json, wanted: string): boolean {
  switch (wanted) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === wanted;
  }
}
