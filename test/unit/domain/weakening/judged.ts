import { opennessOf } from '../../../../src/domain/weakening/openness.ts';
import { type Grade, type NamespacesAtHand, NO_NAMESPACES } from '../../../../src/domain/weakening/reach.ts';
import { type Weakening, weakeningsIn } from '../../../../src/domain/weakening/weakening.ts';

/** What NetworkPolicies with these specs, named a, b and so on, weaken together. */
export function weakenings(
  specs: readonly unknown[],
  namespaces: NamespacesAtHand = NO_NAMESPACES,
): readonly Weakening[] {
  const networkPolicies = specs.flatMap((spec, index) => {
    const openness = opennessOf(spec);
    return openness === undefined ? [] : [{ name: 'abcdef'[index] ?? '', openness }];
  });
  return weakeningsIn({ networkPolicies, isolated: new Set(['Ingress', 'Egress']), namespaces });
}

/** What one spec weakens by that grade, as a sentence for each direction; undefined when nothing. */
export function weakeningOf(
  spec: unknown,
  grade: Grade = 'open',
): { readonly ingress?: string; readonly egress?: string } | undefined {
  const found = weakenings([spec]).filter((weakening) => weakening.grade === grade);
  const sentences = found.map(({ direction, why }) => [direction.toLowerCase(), why] as const);
  return found.length === 0 ? undefined : Object.fromEntries<string>(sentences);
}
