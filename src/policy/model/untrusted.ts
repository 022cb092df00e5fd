/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object: neither null nor a list. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own field of that name, undefined when it is not there or null: the API takes both for the same. Never something inherited. */
export function fieldOf(value: unknown, ...names: readonly string[]): unknown {
  let current: unknown = value;
  for (const name of names) {
    current = isJson(current) && Object.hasOwn(current, name) ? current[name] : undefined;
  }
  return current ?? undefined;
}

/** The items of a list; of anything else, none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text of a field; undefined when it is no text or an empty one. */
export function textOf(value: unknown, ...names: readonly string[]): string | undefined {
  const text = fieldOf(value, ...names);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** Untrusted text cut to a length that fits into a sentence, without control characters. */
export function quotable(value: unknown): string {
  const text = typeof value === 'string' ? value : shortJson(value);
  const printable = text.slice(0, 64).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > 64 ? `${printable}…` : printable;
}

function shortJson(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
  return String(value);
}

/** Mistakes that people make often: a label value that YAML reads as no text, and an `endPort` without `port`. */
export type ProblemCode = 'unquotedLabel' | 'endPortAlone';

/** Takes what is wrong with one field of the object being read. */
export type Complain = (path: string, message: string, code?: ProblemCode) => void;
