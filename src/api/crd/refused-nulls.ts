import { DEFAULT_IN_WORDS } from '../bounded.ts';
import { CEL_RULES } from '../schema-rule.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** A field of an object, and its schema. */
type Field = readonly [name: string, property: StructuralSchema];

/**
 * The schema with every optional field refused where it is null, at any depth; an empty value in YAML is null. Without
 * `nullable` the API server drops such a field before any rule sees it
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable),
 * and the field then means its default: every port, every pod, Enforce. The API server checks no rule on a null itself,
 * so the object around it has the rule. A required field needs none: it is dropped, and then missing.
 */
export function refusingNulls(schema: StructuralSchema): StructuralSchema {
  const { properties, items } = schema;
  if (items !== undefined) {
    return { ...schema, items: refusingNulls(items) };
  }
  if (properties === undefined) {
    return schema;
  }
  const required = new Set(schema.required);
  const optional = Object.entries(properties).filter(([name]) => !required.has(name));
  const rules = (schema[CEL_RULES] ?? []) as readonly unknown[];
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        { ...refusingNulls(property), ...(required.has(name) ? {} : { nullable: true }) },
      ]),
    ),
    [CEL_RULES]: [...(optional.length === 0 ? [] : [nullRule(optional, required.size)]), ...rules],
  };
}

/**
 * CEL calls a null field absent (`has` is false), but counts it in the size of its object; unknown fields are pruned
 * before. An enum without null in it refuses null by itself, in the words of the API server, and then no rule is checked.
 */
function nullRule(optional: readonly Field[], requiredFields: number): Readonly<Record<string, string>> {
  const present = optional.map(([name]) => `(has(self.${name}) ? 1 : 0)`);
  const told = optional.filter(([, property]) => property.enum === undefined);
  const [only] = told;
  return {
    rule: `size(dyn(self)) == ${[...(requiredFields === 0 ? [] : [requiredFields]), ...present].join(' + ')}`,
    ...(told.length === 1 && only !== undefined
      ? { message: `has no value (null); ${REMEDY} (${absent(only)})`, fieldPath: `.${only[0]}` }
      : { message: `has a field without a value (null); ${REMEDY}: ${told.map(described).join(', ')}` }),
  };
}

/** As offline validation says it. */
const REMEDY = 'write a value, or take the field out';

function described(field: Field): string {
  return `${field[0]} (${absent(field)})`;
}

function absent([, property]: Field): string {
  return `absent: ${property[DEFAULT_IN_WORDS] ?? 'none'}`;
}
