import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { about, text } from '../../../src/api/bounded.ts';
import { crdFor, RESOURCE_DEFINITIONS } from '../../../src/api/crd/crd.ts';
import { type StructuralSchema, structuralSchema } from '../../../src/api/crd/structural-schema.ts';
import { withRules } from '../../../src/api/schema-rule.ts';

interface Crd {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: StructuralSchema } }[] };
}

/** Every schema inside a CRD with its path, the fields that the API server fills left out. */
function fieldsOf(schema: StructuralSchema, path: string): readonly (readonly [string, StructuralSchema])[] {
  const below = [
    ...Object.entries(schema.properties ?? {}).filter(([name]) => !['apiVersion', 'kind', 'metadata'].includes(name)),
    ...(schema.items === undefined ? [] : [['[]', schema.items] as const]),
    ...(schema.additionalProperties === undefined ? [] : [['{}', schema.additionalProperties] as const]),
  ];
  return [[path, schema], ...below.flatMap(([name, inner]) => fieldsOf(inner, `${path}.${name}`))];
}

const fields = RESOURCE_DEFINITIONS.flatMap((definition) => {
  const crd = crdFor(definition) as unknown as Crd;
  return crd.spec.versions.flatMap((version) => fieldsOf(version.schema.openAPIV3Schema, definition.kind));
});
const pathsWhere = (isMeant: (schema: StructuralSchema, path: string) => boolean): readonly string[] =>
  fields.flatMap(([path, schema]) => (isMeant(schema, path) ? [path] : []));

describe('every field of a CRD', () => {
  test('is described, in sentences', () => {
    expect(fields.length).toBeGreaterThan(200);
    expect(
      pathsWhere((schema, path) => !path.endsWith('{}') && !/^[A-Z{].*[.]$/.test(schema.description ?? '')),
    ).toEqual([]);
  });

  test('says what it means when it is absent, in a spec', () => {
    const optional = fields.flatMap(([path, schema]) =>
      Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
        path.startsWith('BaselinePolicy.spec') && !(schema.required ?? []).includes(name)
          ? [[`${path}.${name}`, property] as const]
          : [],
      ),
    );
    const mayBeSilent = /\.(values|podSelector|namespaceSelector|ipBlock)$/;
    expect(
      optional.flatMap(([path, property]) =>
        mayBeSilent.test(path) || property.description?.includes(' Default: ') === true ? [] : [path],
      ),
    ).toEqual([]);
  });

  test('is bounded, or the CEL cost limit would refuse the CRD', () => {
    const isNumberOrText = (schema: StructuralSchema): boolean => schema['x-kubernetes-int-or-string'] === true;
    expect(
      pathsWhere(
        (schema) =>
          (schema.type === 'string' || isNumberOrText(schema)) &&
          schema.enum === undefined &&
          schema.maxLength === undefined,
      ),
    ).toEqual([]);
    expect(pathsWhere((schema) => schema.type === 'array' && schema.maxItems === undefined)).toEqual([]);
    expect(
      pathsWhere((schema) => schema.additionalProperties !== undefined && schema.maxProperties === undefined),
    ).toEqual([]);
  });

  test('has a type and none of our own keywords', () => {
    expect(pathsWhere((schema) => schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true)).toEqual(
      [],
    );
    expect(pathsWhere((schema) => Object.keys(schema).some((keyword) => keyword.startsWith('x-nsbaseline')))).toEqual(
      [],
    );
  });

  test('is filled in by nobody in a spec, and observedGeneration is -1 until somebody looks', () => {
    expect(pathsWhere((schema) => 'default' in schema)).toEqual(['BaselinePolicy.status']);
    expect(fields.find(([path]) => path === 'BaselinePolicy.status')?.[1].default).toEqual({ observedGeneration: -1 });
  });
});

describe('the structural schema of a zod schema', () => {
  test('has the CEL rules of its twin, and those of the schema that it was made from', () => {
    const never = { cel: 'false', holds: () => false, message: 'never' };
    const schema = about(withRules(withRules(text(3), never), { ...never, message: 'at all' }), 'What it is.');
    expect(structuralSchema(schema.optional())).toEqual({
      description: 'What it is.',
      type: 'string',
      maxLength: 3,
      'x-kubernetes-validations': [
        { rule: 'false', message: 'never' },
        { rule: 'false', message: 'at all' },
      ],
    });
    expect(schema.safeParse('abc').error?.issues.map(({ message }) => message)).toEqual(['never', 'at all']);
  });

  test('drops what a CRD must not say and cannot need', () => {
    expect(structuralSchema(z.strictObject({ count: z.int() }))).toEqual({
      type: 'object',
      properties: { count: { type: 'integer' } },
      required: ['count'],
    });
  });

  test('is refused for a schema that the API server could not check', () => {
    expect(() => structuralSchema(z.union([z.string(), z.boolean()]))).toThrow('anyOf');
    expect(() => structuralSchema(z.strictObject({ inner: z.tuple([z.string()]) }))).toThrow('a structural schema');
  });
});
