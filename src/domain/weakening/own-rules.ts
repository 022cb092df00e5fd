import { DIRECTIONS } from '../../api/network-policy.ts';
import { BUILT_IN_PARTS } from '../../api/parts.ts';
import { namesText } from '../../base/text.ts';
import type { RenderedPart } from '../rendering/rendering.ts';
import { opennessOf } from './openness.ts';
import { NO_NAMESPACES } from './reach.ts';
import { type Weakening, weakeningsIn } from './weakening.ts';

/** How many of them a message names. */
const NAMED = 10;
const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_PARTS);

/** Rules of a BaselinePolicy that open a direction for everyone, by the same judgement as of a foreign NetworkPolicy. */
export type OpenRules = Weakening;

/**
 * The rules of a BaselinePolicy that undo the isolation which it declares (R17, weakening), each for itself and several
 * together. Those that `acknowledged` names were opened on purpose; of several that open only together all must be
 * named. Parts under `allow` are not judged, and what depends on how the namespaces of a cluster are labelled now does
 * not count, so the answer changes with the spec only.
 */
export function openRulesOf(
  parts: readonly RenderedPart[],
  acknowledged: readonly string[] | undefined = [],
): readonly OpenRules[] {
  const networkPolicies = parts.flatMap(({ part, spec }) => {
    const openness = BUILT_IN.has(part) ? undefined : opennessOf(spec);
    return openness === undefined ? [] : [{ name: part, openness }];
  });
  // A rule is rendered in the isolated directions only.
  return weakeningsIn({ networkPolicies, isolated: new Set(DIRECTIONS), namespaces: NO_NAMESPACES }).filter(
    ({ grade, names }) => grade === 'open' && !names.every((name) => acknowledged.includes(name)),
  );
}

/** What the rules open, and what to write. */
export function openRulesMessage(open: readonly OpenRules[]): string {
  const told = open.slice(0, NAMED).map(({ names, why }) => {
    const [first = '', ...others] = names;
    const together = others.length === 0 ? '' : `, together with ${namesText(others, NAMED)},`;
    return `rule ${first}${together} ${why}`;
  });
  const more = open.length > NAMED ? `; and ${open.length - NAMED} more` : '';
  const names = [...new Set(open.flatMap((rules) => rules.names))].sort();
  return `${told.join('; ')}${more}. Name the peers or the ports that are meant, or accept it with spec.acknowledge: [${names.join(', ')}].`;
}
