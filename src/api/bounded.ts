import { z } from 'zod';
import { withRules } from './schema-rule.ts';

/** The key of a schema's metadata that holds the default in words, for the reference docs; never part of a CRD. */
export const DEFAULT_IN_WORDS = 'x-nsbaseline-default';

/**
 * The schema with the description that `kubectl explain` and the reference docs show. `byDefault` describes the meaning
 * of an absent field. Nothing is ever defaulted: a server that changes a spec causes an endless diff in a GitOps tool.
 */
export function about<Schema extends z.ZodType>(schema: Schema, meaning: string, byDefault?: string): Schema {
  if (byDefault === undefined) {
    return schema.meta({ description: meaning });
  }
  return schema.meta({ description: `${meaning} Default: ${byDefault}.`, [DEFAULT_IN_WORDS]: byDefault });
}

/** Text of at most `maxLength` characters. No further rule reads longer text. */
export function text(maxLength: number): z.ZodString {
  return z.string().max(maxLength, { abort: true });
}

/** A list of at most `maxItems`, an empty one included. */
export function list<Item extends z.ZodType>(item: Item, maxItems: number): z.ZodArray<Item> {
  return z.array(item).max(maxItems, { abort: true });
}

/** A list of 1 to `maxItems`; `whenEmpty` is the message that refuses an empty one. */
export function filledList<Item extends z.ZodType>(item: Item, maxItems: number, whenEmpty: string): z.ZodArray<Item> {
  return withRules(list(item, maxItems), {
    cel: 'self.size() > 0',
    holds: (items) => items.length > 0,
    message: whenEmpty,
  });
}

/** The list, refused when two items have the same `key`; server-side apply merges it by that key. */
export function keyedBy<Item extends z.ZodObject>(
  items: z.ZodArray<Item>,
  key: string & keyof z.output<Item>,
): z.ZodArray<Item> {
  const checked = items.superRefine((values, context) => {
    addRepeats(
      values.map((value) => (value as Record<string, unknown>)[key]),
      context,
    );
  });
  return checked.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
}

/** The list, refused if an item occurs twice; server-side apply merges it as a set. */
export function unique<Item extends z.ZodType<string>>(items: z.ZodArray<Item>): z.ZodArray<Item> {
  return items.superRefine(addRepeats).meta({ 'x-kubernetes-list-type': 'set' });
}

function addRepeats(values: readonly unknown[], context: z.RefinementCtx): void {
  values.forEach((value, index) => {
    if (values.indexOf(value) === index) {
      return;
    }
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(value)} is there twice; each may be there once`,
      path: [index],
    });
  });
}

/** A map from text to text of at most `maxProperties` entries. */
export function textMap<Value extends z.ZodType<string, string>>(
  value: Value,
  maxProperties: number,
): z.ZodRecord<z.ZodString, Value> {
  const checked = z.record(z.string(), value).superRefine((map, context) => {
    const count = Object.keys(map).length;
    if (count > maxProperties) {
      context.addIssue({
        code: 'custom',
        message: `has ${count} entries; at most ${maxProperties} are possible`,
        continue: false,
      });
    }
  });
  return checked.meta({ maxProperties });
}
