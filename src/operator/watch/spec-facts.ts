import { BOUNDS } from '../../api/bounds.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import { specHash, textDigest } from '../../domain/rendering/comparison.ts';
import { type Openness, opennessOf } from '../../domain/weakening/openness.ts';

/** How many specs are remembered by their text. */
const REMEMBERED = 256;
/** How many values a small spec has at most. Only small ones are remembered by their text, so that tenants cannot fill the operator's memory. */
const MOST_VALUES = 512;
/** No spec that the operator renders is longer as JSON, since no spec of a BaselinePolicy is half as long. */
const LONGEST_RENDERED = 2 * BOUNDS.specSize;

const openings = new BoundedMap<string, { readonly openness: Openness | undefined }>(REMEMBERED);
const digests = new BoundedMap<string, string>(REMEMBERED);

/**
 * Whether the facts of a spec cost so much that they are worth keeping from one version of its object to the next. It
 * looks at {@link MOST_VALUES} values of the spec at most.
 */
export function isLargeSpec(spec: unknown): boolean {
  return valuesLeft(spec, MOST_VALUES) < 0;
}

function valuesLeft(value: unknown, allowed: number): number {
  let left = allowed - 1;
  if (typeof value !== 'object' || value === null) {
    return left;
  }
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (left < 0) {
      return left;
    }
    left = valuesLeft(inner, left);
  }
  return left;
}

/** What a spec lets through. Most small specs in a cluster are one of a few identical texts, so each of them is judged once. */
export function rememberedOpenness(spec: unknown): Openness | undefined {
  if (isLargeSpec(spec)) {
    return opennessOf(spec);
  }
  const text = textOfSpec(spec);
  const known = openings.get(text) ?? { openness: opennessOf(spec) };
  openings.set(text, known);
  return known.openness;
}

/**
 * The digest of a spec. That of a large one is remembered by the digest of its text; a text that is too long for anything
 * the operator renders is not brought into the normal form, so its digest equals that of no rendered spec.
 */
export function rememberedHash(spec: unknown): string {
  const text = textOfSpec(spec);
  const key = textDigest(text);
  if (text.length > LONGEST_RENDERED) {
    return key;
  }
  const known = digests.get(key) ?? specHash(spec);
  digests.set(key, known);
  return known;
}

/** The spec as JSON; empty for an object without one. */
function textOfSpec(spec: unknown): string {
  return spec === undefined ? '' : JSON.stringify(spec);
}
