import type { z } from 'zod';

/**
 * One rule about a value, written twice: in CEL for the API server and in TypeScript for offline validation. The two
 * must agree on every value; a test over `test/fixtures/policies` checks that they do.
 */
export interface SchemaRule<Value> {
  /** True when the value is valid; `self` is the value (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules). */
  readonly cel: string;
  /** The same in TypeScript. The fields of `value` have the right types and bounds, but may break rules of their own. */
  readonly holds: (value: Value) => boolean;
  /** The problem, and what to write instead. */
  readonly message: string;
  /** Appended to `message` offline only: the API server's cost limit leaves no room for computed messages. */
  readonly suggestion?: (value: Value) => string;
  /** The field of the value that has the problem, with dots between names; absent: the value itself. */
  readonly field?: string;
  /** `FieldValueRequired` for a field that is missing; absent: `FieldValueInvalid`. */
  readonly reason?: 'FieldValueRequired';
}

/** The key of a CRD schema that holds its CEL rules. */
export const CEL_RULES = 'x-kubernetes-validations';

/**
 * The schema with rules added, in both languages. Like the API server, zod checks them only on values whose types and
 * bounds are right, and checks all of them, so that all problems are reported at once.
 */
export function withRules<Schema extends z.ZodType>(
  schema: Schema,
  ...rules: readonly SchemaRule<z.output<Schema>>[]
): Schema {
  const before = schema.meta()?.[CEL_RULES];
  const checked = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (rule.holds(value)) {
        continue;
      }
      context.addIssue({
        code: 'custom',
        message: rule.suggestion === undefined ? rule.message : `${rule.message}: ${rule.suggestion(value)}`,
        path: rule.field?.split('.') ?? [],
      });
    }
  });
  return checked.meta({
    [CEL_RULES]: [...(Array.isArray(before) ? (before as unknown[]) : []), ...rules.map(celRule)],
  });
}

function celRule(rule: SchemaRule<never>): Readonly<Record<string, string>> {
  return {
    rule: rule.cel,
    message: rule.message,
    ...(rule.field === undefined ? {} : { fieldPath: `.${rule.field}` }),
    ...(rule.reason === undefined ? {} : { reason: rule.reason }),
  };
}

/** A CEL list literal of plain strings. */
export function celList(texts: readonly string[]): string {
  return `[${texts.map(celText).join(', ')}]`;
}

/** A CEL string literal of printable ASCII text. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
