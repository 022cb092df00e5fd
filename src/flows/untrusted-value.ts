import { fieldOf, isJsonObject } from '../base/json.ts';
import type { Labels } from './flow.ts';

/**
 * The longest text that is taken from a record; longer ones are treated as missing. Names and addresses are far
 * shorter.
 */
const MAX_TEXT_LENGTH = 512;
/** Labels of one pod that are read; a pod has a dozen or two. */
const MAX_LABELS = 64;

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The text of a field; the empty string where there is none, or none of a sensible length. */
export function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name);
  return typeof text === 'string' && text.length <= MAX_TEXT_LENGTH ? text : '';
}

/** A whole number of zero or more, also when JSON has it as text, as protobuf's 64-bit integers are. */
export function integerOf(value: unknown, name: string): number | undefined {
  const field = fieldOf(value, name);
  const number = typeof field === 'string' && /^\d{1,15}$/.test(field) ? Number(field) : field;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** The port of a field; undefined for anything outside of 1 to 65535. */
export function portOf(value: unknown, name: string): number | undefined {
  const port = integerOf(value, name);
  return port !== undefined && port >= 1 && port <= 65_535 ? port : undefined;
}

/** Milliseconds since the Unix epoch of an RFC 3339 time; undefined for anything else. */
export function timeMsOf(value: unknown, name: string): number | undefined {
  const timeMs = Date.parse(textOf(value, name));
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Pairs `key=value` as labels. Pairs that no Kubernetes label can be are left out. */
export function labelsOfPairs(pairs: Iterable<unknown>): Labels {
  const entries: [string, string][] = [];
  for (const pair of pairs) {
    const split = typeof pair === 'string' ? pair.indexOf('=') : -1;
    if (typeof pair !== 'string' || split <= 0) {
      continue;
    }
    entries.push([pair.slice(0, split).trim(), pair.slice(split + 1).trim()]);
  }
  return labelsOfEntries(entries);
}

/** Entries as labels, with the same care as {@link labelsOfPairs}. */
function labelsOfEntries(entries: readonly (readonly [string, unknown])[]): Labels {
  const taken: [string, string][] = [];
  for (const [key, value] of entries) {
    if (typeof value === 'string' && LABEL_KEY.test(key) && LABEL_VALUE.test(value)) {
      taken.push([key, value]);
    }
  }
  return Object.fromEntries(taken.slice(0, MAX_LABELS).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Labels as a JSON object or as one text `a=b,c=d`, whichever the source writes. */
export function labelsOfValue(value: unknown): Labels {
  if (typeof value === 'string') {
    return labelsOfPairs(value.slice(0, 16_384).split(/\s*[,|]\s*/));
  }
  return isJsonObject(value) ? labelsOfEntries(Object.entries(value)) : {};
}
