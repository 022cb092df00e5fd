import { BoundedMap } from '../../base/bounded-map.ts';
import { specHash } from '../../domain/rendering/comparison.ts';
import { type Openness, opennessOf } from '../../domain/weakening/openness.ts';

/** What the cache keeps of the spec of a NetworkPolicy. */
export interface SpecFacts {
  /** Its digest. */
  readonly hash: string;
  /** What it lets through that may undo an isolation (R17). */
  readonly openness: Openness | undefined;
}

/** How many specs are cached. */
const REMEMBERED = 256;
/** Longer specs are not cached, so that tenants cannot fill the operator's memory. */
const LONGEST_TEXT = 16_384;

const remembered = new BoundedMap<string, SpecFacts>(REMEMBERED);

/**
 * The facts of a spec. Most specs in a cluster are one of a few identical texts, and the facts depend on the text alone, so
 * they are computed once for each.
 */
export function specFactsOf(spec: unknown): SpecFacts {
  const text = JSON.stringify(spec) as string | undefined;
  if (text === undefined || text.length > LONGEST_TEXT) {
    return computedFacts(spec);
  }
  const known = remembered.get(text);
  if (known !== undefined) {
    return known;
  }
  const facts = computedFacts(spec);
  remembered.set(text, facts);
  return facts;
}

function computedFacts(spec: unknown): SpecFacts {
  return { hash: specHash(spec), openness: opennessOf(spec) };
}
