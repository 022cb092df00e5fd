import { denyNameOf } from '../ownership.ts';
import { isolatedBy, type RenderedPart } from '../rendering/rendering.ts';
import type { BaselinePolicyFacts, World } from '../world.ts';

/**
 * The set that a held removal keeps up (R9, the guards): it must isolate every direction that is isolated now. That is the
 * present set, or the set of the previous generation if the held change is an edit of the spec.
 */
export function keptUpParts(
  policy: BaselinePolicyFacts,
  observed: World['observed'],
  isWanted: boolean,
): BaselinePolicyFacts['parts'] {
  const candidates = isWanted ? [policy.formerParts] : [policy.parts, policy.formerParts];
  const deny = denyNameOf(policy.name);
  const denies = observed.filter(({ name }) => name === deny);
  return candidates.find((parts) => parts !== undefined && isolatesAllOf(parts, denies));
}

function isolatesAllOf(parts: readonly RenderedPart[], denies: World['observed']): boolean {
  const isolated = isolatedBy(parts);
  return denies.every(({ isolates }) => isolates.every((direction) => isolated.includes(direction)));
}
