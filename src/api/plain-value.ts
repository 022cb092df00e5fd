/** A problem with one field, and what to write instead. */
export interface Problem {
  /** The path of the field in the API server's spelling, such as `spec.rules[2].egress[0].to`. */
  readonly path: string;
  readonly message: string;
}

/** The steps to a field: names of fields and positions in lists. */
export type FieldPath = readonly PropertyKey[];

const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;

/** A path in the API server's spelling; keys that are not plain field names are in brackets. */
export function pathText(path: FieldPath): string {
  return path.reduce<string>((before, step) => {
    if (typeof step === 'number') {
      return `${before}[${step}]`;
    }
    const name = quotable(String(step));
    return /^[A-Za-z][A-Za-z0-9]*$/.test(name) ? `${before}${before === '' ? '' : '.'}${name}` : `${before}[${name}]`;
  }, '');
}

/** Untrusted text, cut to the length of a quotation and without control characters. */
export function quotable(text: string): string {
  const printable = text.slice(0, 64).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > 64 ? `${printable}…` : printable;
}

/**
 * Why a value is refused unread: it is nested too deep (YAML aliases can form a cycle), it has too many values (a few
 * kilobytes of aliases can mean billions), or it has a key `__proto__`, which no field and no label has and which schemas
 * silently drop. Undefined for any other value that JSON can hold.
 */
export function structureProblem(value: unknown, path: FieldPath): Problem | undefined {
  const budget = { values: MAX_VALUES };
  return problemIn(value, path, budget);
}

function problemIn(value: unknown, path: FieldPath, budget: { values: number }): Problem | undefined {
  budget.values -= 1;
  if (budget.values < 0) {
    return {
      path: pathText(path.slice(0, 1)),
      message: `has more than ${MAX_VALUES} values, more than the API server would take`,
    };
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (path.length > MAX_DEPTH) {
    return { path: pathText(path.slice(0, 4)), message: 'is nested too deep; no field of this resource is' };
  }
  for (const key of Object.keys(value)) {
    const inner: FieldPath = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === '__proto__') {
      return { path: pathText(inner), message: 'is neither a field nor a label key; take it out' };
    }
    const problem = problemIn((value as Readonly<Record<string, unknown>>)[key], inner, budget);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}
