import { isJsonObject, type Json, type JsonObject, listAt, objectAt, textAt, valueAt } from './json.ts';

/**
 * How server-side apply looks at a field (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy):
 * as one leaf, as fields with names (`others` for those that the fake does not know), as a map with free keys, as a list keyed by fields of its items, or as a set.
 */
export type FieldSchema =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'struct'; readonly fields: Readonly<Record<string, FieldSchema>>; readonly others?: FieldSchema }
  | { readonly kind: 'map'; readonly values: FieldSchema }
  | { readonly kind: 'keyedList'; readonly keys: readonly string[]; readonly items: FieldSchema }
  | { readonly kind: 'set' }
  /** No schema: objects are maps, all else is a leaf. */
  | { readonly kind: 'deduced' };

const atomic: FieldSchema = { kind: 'atomic' };
const texts: FieldSchema = { kind: 'map', values: atomic };

/** What every object's metadata is. */
const metadataSchema: FieldSchema = {
  kind: 'struct',
  fields: {
    name: atomic,
    generateName: atomic,
    namespace: atomic,
    uid: atomic,
    resourceVersion: atomic,
    generation: atomic,
    creationTimestamp: atomic,
    deletionTimestamp: atomic,
    deletionGracePeriodSeconds: atomic,
    selfLink: atomic,
    labels: texts,
    annotations: texts,
    finalizers: { kind: 'set' },
    ownerReferences: { kind: 'keyedList', keys: ['uid'], items: { kind: 'deduced' } },
    managedFields: atomic,
  },
};

/** An object whose schema is not known to the fake: only metadata is. */
export const unknownObjectSchema: FieldSchema = {
  kind: 'struct',
  fields: { metadata: metadataSchema },
  others: { kind: 'deduced' },
};

/** A NetworkPolicy: selectors and all lists are atomic. */
export const networkPolicySchema: FieldSchema = {
  kind: 'struct',
  fields: {
    apiVersion: atomic,
    kind: atomic,
    metadata: metadataSchema,
    spec: { kind: 'struct', fields: { podSelector: atomic, policyTypes: atomic, ingress: atomic, egress: atomic } },
  },
};

/** A custom resource, by its CRD's structural schema. */
export function customResourceSchema(openApi: JsonObject): FieldSchema {
  const object = fieldSchemaFor(openApi);
  const fields = object.kind === 'struct' ? object.fields : {};
  return { kind: 'struct', fields: { ...fields, apiVersion: atomic, kind: atomic, metadata: metadataSchema } };
}

function fieldSchemaFor(openApi: JsonObject): FieldSchema {
  if (valueAt(openApi, 'x-kubernetes-map-type') === 'atomic') {
    return atomic;
  }
  if (textAt(openApi, 'type') === 'array') {
    return listSchemaFor(openApi);
  }
  const properties = valueAt(openApi, 'properties');
  if (isJsonObject(properties)) {
    return {
      kind: 'struct',
      fields: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, fieldSchemaFor(asObject(field))]),
      ),
    };
  }
  const additional = valueAt(openApi, 'additionalProperties');
  if (isJsonObject(additional)) {
    return { kind: 'map', values: fieldSchemaFor(additional) };
  }
  return valueAt(openApi, 'x-kubernetes-preserve-unknown-fields') === true ? { kind: 'deduced' } : atomic;
}

function listSchemaFor(openApi: JsonObject): FieldSchema {
  switch (textAt(openApi, 'x-kubernetes-list-type')) {
    case 'map':
      return {
        kind: 'keyedList',
        keys: listAt(openApi, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string'),
        items: fieldSchemaFor(objectAt(openApi, 'items')),
      };
    case 'set':
      return { kind: 'set' };
    default:
      return atomic;
  }
}

function asObject(value: Json): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The schema of a value under a name: undefined when the struct has no such field. */
export function memberSchema(schema: FieldSchema, name: string): FieldSchema | undefined {
  switch (schema.kind) {
    case 'struct':
      return Object.hasOwn(schema.fields, name) ? schema.fields[name] : schema.others;
    case 'map':
      return schema.values;
    case 'deduced':
      return schema;
    case 'keyedList':
      return schema.items;
    case 'atomic':
    case 'set':
      return undefined;
  }
}

/** Whether the value is one leaf to server-side apply. */
export function isLeaf(schema: FieldSchema, value: Json | undefined): boolean {
  return schema.kind === 'atomic' || (schema.kind === 'deduced' && !isJsonObject(value));
}
