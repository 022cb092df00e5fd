import { EVENT_ID, type Event, getScalarValue } from 'js-yaml';

/** The steps to a field: names of fields and positions in lists, from 0. */
export type FieldSteps = readonly (string | number)[];

/** Where each line of a text begins. */
export function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1);
  }
  return starts;
}

/** The line of an offset, from 1. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low + 1;
}

/** Of each document, the position of the event with which its content begins. */
export function contentEvents(events: readonly Event[]): readonly number[] {
  return events.flatMap((event, at) => (event.type === EVENT_ID.DOCUMENT ? [at + 1] : []));
}

/** The offset of a field within the content that begins at `at`; of one that is not there, of the last step that is. */
export function offsetOf(text: string, events: readonly Event[], at: number, steps: FieldSteps): number {
  let offset = startOf(events[at]);
  let node = at;
  for (const step of steps) {
    const found = stepInto(text, events, node, step);
    if (found === undefined) {
      return offset;
    }
    offset = startOf(events[found.named]);
    node = found.value;
  }
  return offset;
}

/** The event that names the field, and the one with which its value begins. */
function stepInto(
  text: string,
  events: readonly Event[],
  at: number,
  step: string | number,
): { readonly named: number; readonly value: number } | undefined {
  switch (events[at]?.type) {
    case EVENT_ID.MAPPING:
      return keyNamed(text, events, at, String(step));
    case EVENT_ID.SEQUENCE:
      return itemAt(events, at, Number(step));
    default:
      return undefined;
  }
}

function keyNamed(text: string, events: readonly Event[], at: number, name: string) {
  let named = at + 1;
  for (let key = events[named]; key !== undefined && key.type !== EVENT_ID.POP; key = events[named]) {
    const value = endOf(events, named);
    if (key.type === EVENT_ID.SCALAR && getScalarValue(text, key) === name) {
      return { named, value };
    }
    named = endOf(events, value);
  }
  return undefined;
}

function itemAt(events: readonly Event[], at: number, wanted: number) {
  let item = at + 1;
  for (let index = 0; events[item] !== undefined && events[item]?.type !== EVENT_ID.POP; index += 1) {
    if (index === wanted) {
      return { named: item, value: item };
    }
    item = endOf(events, item);
  }
  return undefined;
}

/** The position after the node that begins at `at`. */
function endOf(events: readonly Event[], at: number): number {
  let depth = 0;
  for (let position = at; position < events.length; position += 1) {
    const type = events[position]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE || type === EVENT_ID.DOCUMENT) {
      depth += 1;
    } else if (type === EVENT_ID.POP) {
      depth -= 1;
    }
    if (depth === 0) {
      return position + 1;
    }
  }
  return events.length;
}

function startOf(event: Event | undefined): number {
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      return Math.max(event.valueStart, 0);
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return Math.max(event.start, 0);
    case EVENT_ID.ALIAS:
      return Math.max(event.anchorStart, 0);
    default:
      return 0;
  }
}
