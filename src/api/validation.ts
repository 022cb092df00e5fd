import { z } from 'zod';
import type { BaselinePolicySpec } from './baseline-policy.ts';
import { BOUNDS } from './bounds.ts';
import { type FieldPath, type Problem, pathText, quotable, structureProblem } from './plain-value.ts';
import { baselinePolicySchema } from './resources.ts';

export { type FieldPath, type Problem, pathText } from './plain-value.ts';

/** A valid spec, or all problems with it. */
export type Validation =
  | { readonly ok: true; readonly spec: BaselinePolicySpec }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const MAX_PROBLEMS = 20;

/**
 * Validates a BaselinePolicy as the API server does with our CRD, but offline: for stored policies that an older CRD
 * accepted (R11, invalid policy), and for files. It refuses unknown fields, as the API server does for kubectl. Any
 * value is safe to pass; it is never changed, and at most 20 problems are reported. Only the size of the whole spec
 * (`BOUNDS.specSize`) is not asked by the API server.
 */
export function validateBaselinePolicy(name: string, spec: unknown): Validation {
  const blocked = structureProblem(spec, ['spec']) ?? sizeProblem(spec);
  if (blocked !== undefined) {
    return { ok: false, problems: [blocked] };
  }
  const outcome = baselinePolicySchema.safeParse(
    { metadata: { name }, spec: spec ?? undefined },
    { error: messageFor },
  );
  if (outcome.success && outcome.data.spec !== undefined) {
    return { ok: true, spec: outcome.data.spec };
  }
  return { ok: false, problems: (outcome.error?.issues ?? []).flatMap(problemsOf).slice(0, MAX_PROBLEMS) };
}

/** A longer text is refused by its own field. */
const LONGEST_COUNTED = 1024;

/** The API server has no rule for this: CEL cannot measure an object. */
function sizeProblem(spec: unknown): Problem | undefined {
  return sizeOf(spec) <= BOUNDS.specSize
    ? undefined
    : {
        path: 'spec',
        message: `is larger than ${BOUNDS.specSize / 1024} KiB as JSON; write several BaselinePolicies instead, as their rules add up`,
      };
}

/** About as many characters as the value has as JSON. The value must have passed {@link structureProblem}. */
function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? Math.min(value.length, LONGEST_COUNTED) + 2 : 4;
  }
  return Object.entries(value).reduce(
    (size, [key, inner]) => size + 1 + (Array.isArray(value) ? 0 : key.length + 3) + sizeOf(inner),
    2,
  );
}

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: issue.message }));
  }
  // The rules on the whole object are about its name.
  const path: FieldPath = issue.path.length === 0 ? ['metadata', 'name'] : issue.path;
  return [{ path: pathText(path), message: issue.message }];
}

/** Our message for a finding of zod; undefined keeps zod's own. */
function messageFor(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return typeMessage(issue.expected, issue.input);
  }
  if (issue.code === 'invalid_value') {
    return `must be one of ${issue.values.map(String).join(', ')}, not ${described(issue.input)}`;
  }
  if (issue.code === 'too_big') {
    return `is too long; at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'} are possible`;
  }
  if (issue.code === 'unrecognized_keys') {
    return `is no field here${fieldsHint(issue.inst)}`;
  }
  return undefined;
}

function typeMessage(expected: string, input: unknown): string {
  if (input === undefined) {
    return 'is missing; it must be there';
  }
  return `must be ${TYPES_IN_WORDS.get(expected) ?? 'a map of fields'}, not ${described(input)}${quoteHint(expected, input)}`;
}

const TYPES_IN_WORDS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['boolean', 'true or false'],
  ['int', 'a whole number'],
  ['number', 'a whole number'],
  ['array', 'a list'],
]);

function fieldsHint(schema: unknown): string {
  return schema instanceof z.ZodObject ? `; the fields are ${Object.keys(schema.shape).join(', ')}` : '';
}

function described(value: unknown): string {
  if (value === null) {
    return 'empty (null)';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  if (typeof value === 'string') {
    return `the text ${JSON.stringify(quotable(value))}`;
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a map';
}

/** A hint for unquoted YAML in place of text, the most common mistake. It cannot repeat the value, which may have been written as `no` or `1e3`. */
function quoteHint(expected: string, input: unknown): string {
  if (input === null) {
    return '; write a value, or take the field out';
  }
  return expected === 'string' && (typeof input === 'boolean' || typeof input === 'number')
    ? '; put what you wrote in quotes'
    : '';
}
