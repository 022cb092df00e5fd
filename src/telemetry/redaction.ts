import { cutText } from '../base/text.ts';

const MAX_DEPTH = 6;
const MAX_VALUES = 500;
const MAX_STRING_LENGTH = 4_096;
const REDACTED = '[redacted]';
const CUT = '[cut]';

const SECRET_KEY =
  /authorization|password|passphrase|secret|credential|cookie|bearer|(?:^|[a-z_-])token$|^token|private.?key|client.?key|key.?data/i;
const SECRETS_IN_TEXT: readonly RegExp[] = [
  /\b(?:Bearer|Basic)\s+[\w.~+/-]{8,}=*/gi,
  /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g,
  /(?<=:\/\/)[^\s/:@]+:[^\s/@]+(?=@)/g,
];

/**
 * A copy of `fields` for a log. Values that look like credentials, by their key or form, become `[redacted]` at any
 * depth; long strings and deep, large or circular structures are cut; errors become plain objects. It never changes
 * its argument.
 */
export function redacted(fields: object): Record<string, unknown> {
  return redactedFields(fields, { depth: 0, budget: { values: MAX_VALUES } });
}

/** The text without anything that looks like a credential, cut to 4096 characters. */
function redactedText(text: string): string {
  const cut =
    text.length > MAX_STRING_LENGTH ? `${cutText(text, MAX_STRING_LENGTH)}… (${text.length} characters)` : text;
  return SECRETS_IN_TEXT.reduce((clean, secret) => clean.replace(secret, REDACTED), cut);
}

/** The whole line shares one budget: with a limit per level, a wide structure could still multiply. */
interface Place {
  readonly depth: number;
  readonly budget: { values: number };
}

function redactedValue(value: unknown, place: Place): unknown {
  if (typeof value === 'string') {
    return redactedText(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (place.depth >= MAX_DEPTH || place.budget.values <= 0) {
    return CUT;
  }
  return redactedObject(value, { ...place, depth: place.depth + 1 });
}

function redactedObject(value: object, place: Place): unknown {
  if (value instanceof Error) {
    return redactedError(value, place);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (Array.isArray(value) || value instanceof Set) {
    return redactedItems([...(value as Iterable<unknown>)], place);
  }
  return redactedFields(value instanceof Map ? (Object.fromEntries(value) as object) : value, place);
}

function redactedItems(items: readonly unknown[], place: Place): readonly unknown[] {
  const kept = items.slice(0, Math.max(0, place.budget.values));
  place.budget.values -= kept.length;
  return [...kept.map((item) => redactedValue(item, place)), ...(kept.length < items.length ? [CUT] : [])];
}

function redactedFields(fields: object, place: Place): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, Math.max(0, place.budget.values));
  place.budget.values -= entries.length;
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      SECRET_KEY.test(key) && value !== undefined ? REDACTED : redactedValue(value, place),
    ]),
  );
}

function redactedError(error: Error, place: Place): Readonly<Record<string, unknown>> {
  const { cause } = error;
  return {
    type: error.name,
    message: redactedText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactedText(error.stack) }),
    ...(cause === undefined ? {} : { cause: redactedValue(cause, place) }),
  };
}
