import { BoundedMap } from '../../base/bounded-map.ts';
import { specHash } from '../../domain/rendering/comparison.ts';
import { type Openness, opennessOf } from '../../domain/weakening/openness.ts';

/** What is kept of the spec of a NetworkPolicy. */
export interface SpecFacts {
  /** Its digest. */
  readonly hash: string;
  /** What it lets through that may undo an isolation (R17). */
  readonly openness: Openness | undefined;
}

/** How many specs are remembered. */
const REMEMBERED = 256;
/** A longer one is worked out each time, so that tenants cannot fill our memory. */
const LONGEST_TEXT = 16_384;

const remembered = new BoundedMap<string, SpecFacts>(REMEMBERED);

/**
 * The facts of a spec. Nearly all specs in a cluster are one of a few, letter by letter, so these are worked out once:
 * the answer depends on nothing but the text.
 */
export function specFactsOf(spec: unknown): SpecFacts {
  const text = JSON.stringify(spec) as string | undefined;
  if (text === undefined || text.length > LONGEST_TEXT) {
    return workedOut(spec);
  }
  const known = remembered.get(text);
  if (known !== undefined) {
    return known;
  }
  const facts = workedOut(spec);
  remembered.set(text, facts);
  return facts;
}

function workedOut(spec: unknown): SpecFacts {
  return { hash: specHash(spec), openness: opennessOf(spec) };
}
