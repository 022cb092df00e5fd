import { z } from 'zod';
import { DEFAULT_IN_WORDS } from '../bounded.ts';

/** A structural schema in a CRD (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema). */
export interface StructuralSchema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  /** What an absent field means, in words; never part of a CRD. */
  readonly [DEFAULT_IN_WORDS]?: string;
  readonly [keyword: string]: unknown;
}

const KEYWORDS = new Set([
  'description',
  'type',
  'format',
  'nullable',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'maxItems',
  'maxProperties',
  'default',
  'items',
  'additionalProperties',
  'properties',
  'required',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
  DEFAULT_IN_WORDS,
]);

/**
 * The structural schema of a zod schema: zod's OpenAPI 3.0 output without the keywords that the API server refuses. It
 * throws on an unknown keyword, since the API server would silently lack that rule.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }));
}

function structural(node: Readonly<Record<string, unknown>>): StructuralSchema {
  const entries = Object.entries(node).filter(([keyword, value]) => !isImplied(node, keyword, value));
  const unknown = entries.find(([keyword]) => !KEYWORDS.has(keyword));
  if (unknown !== undefined) {
    throw new Error(`a structural schema has no keyword ${unknown[0]}`);
  }
  const order = [...KEYWORDS];
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([keyword, value]) => [keyword, nested(keyword, value)]),
  );
}

function nested(keyword: string, value: unknown): unknown {
  if (keyword === 'items' || keyword === 'additionalProperties') {
    return structural(asObject(value));
  }
  if (keyword !== 'properties') {
    return value;
  }
  return Object.fromEntries(
    Object.entries(asObject(value)).map(([name, property]) => [name, structural(asObject(property))]),
  );
}

/** Whether the API server implies the keyword, or uses another one instead. */
function isImplied(node: Readonly<Record<string, unknown>>, keyword: string, value: unknown): boolean {
  switch (keyword) {
    case 'additionalProperties':
      return value === false || Object.keys(asObject(value)).length === 0;
    case 'minimum':
      return value === Number.MIN_SAFE_INTEGER;
    case 'maximum':
      return value === Number.MAX_SAFE_INTEGER;
    case 'anyOf':
      return node['x-kubernetes-int-or-string'] === true;
    default:
      return false;
  }
}

/** The schema without some of its own keywords; nested schemas stay unchanged. */
export function withoutKeywords(schema: StructuralSchema, ...keywords: readonly string[]): StructuralSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)));
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('a schema was expected');
  }
  return value as Readonly<Record<string, unknown>>;
}
