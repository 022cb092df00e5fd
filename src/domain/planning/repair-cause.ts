import { isMarkedBy } from '../marks.ts';
import type { Ownership } from '../ownership.ts';
import type { RenderedPart } from '../rendering/rendering.ts';
import {
  type BaselinePolicyFacts,
  type ObservedNetworkPolicy,
  type RecordedEntry,
  type RecordedReport,
  recordedEntry,
  type World,
} from '../world.ts';

/** A change that another client made to one of our objects. */
export type Drift = 'deleted' | 'spec' | 'labels';

/**
 * Why an object is overwritten: drift that is undone (R6, repair), a new generation of the policy, another rendering of the
 * same generation, or an object that the operator takes over from another owner (R5 ownership, R8 deletion).
 */
export type RepairCause = Exclude<Drift, 'deleted'> | 'rollout' | 'rewrite' | 'adoption' | 'takeover';

/**
 * If the policy's generation has changed since the last report, the difference is a rollout. If only the operator has
 * written the object, it is a rewrite: discovery found something new, a webhook changes what we write, or another version
 * of the operator rendered it. The same holds when the spec is still the one that the last report had in place, even if
 * another client has changed labels or annotations since. Anything else is drift. A purpose that only the operator has
 * written is the text of another version.
 */
export function causeOf(
  difference: 'spec' | 'labels' | 'purpose',
  ownership: Ownership,
  facts: {
    readonly observed: ObservedNetworkPolicy;
    readonly policy: BaselinePolicyFacts;
    readonly report: RecordedReport | undefined;
  },
): RepairCause {
  if (ownership === 'foreign') {
    return 'adoption';
  }
  if (ownership === 'other-policy') {
    return 'takeover';
  }
  if (difference === 'labels' && !facts.observed.isKept) {
    return 'labels';
  }
  if (isNewGeneration(facts.policy, facts.report)) {
    return 'rollout';
  }
  if (difference === 'purpose') {
    return facts.observed.otherManager === '' ? 'rewrite' : 'labels';
  }
  return facts.observed.otherManager === '' || isAsReported(facts) ? 'rewrite' : difference;
}

/** Whether the last report had the object in place with the spec that it has now (R6, repair). */
function isAsReported(facts: {
  readonly observed: ObservedNetworkPolicy;
  readonly policy: BaselinePolicyFacts;
  readonly report: RecordedReport | undefined;
}): boolean {
  const { observed, policy, report } = facts;
  const entry = recordedEntry(report, policy.name);
  return entry?.phase === 'Protected' && !observed.isKept && isListedAsItIs(observed, entry);
}

/** Whether an entry lists the object with the spec that it has now. */
function isListedAsItIs(observed: ObservedNetworkPolicy, { managed }: RecordedEntry): boolean {
  return observed.hash !== '' && managed.some(({ uid, hash }) => uid === observed.uid && hash === observed.hash);
}

/** How an object differs from its declaration, or undefined when it does not (R2, the rendered set). */
export function differenceOf(facts: {
  observed: ObservedNetworkPolicy;
  part: RenderedPart;
  policy: BaselinePolicyFacts;
  world: World;
}): 'spec' | 'labels' | 'purpose' | undefined {
  const { observed, part, policy, world } = facts;
  const isAsRendered =
    observed.hash === part.hash || world.isEquivalent({ rendered: part.hash, observed: observed.hash });
  const isOfNewer = wasRenderedByNewer(world, policy, observed);
  if (!isAsRendered && !isOfNewer) {
    return 'spec';
  }
  if (!isMarkedBy(observed, policy)) {
    return 'labels';
  }
  return observed.purpose === part.purpose || isOfNewer ? undefined : 'purpose';
}

/**
 * R15 (one writer): whether a newer version of the operator rendered the object for this generation, and no client has
 * changed it since. An older version does not undo that.
 */
export function wasRenderedByNewer(
  { hasNewerLed, report }: World,
  policy: BaselinePolicyFacts,
  observed: ObservedNetworkPolicy,
): boolean {
  if (!hasNewerLed || !isMarkedBy(observed, policy)) {
    return false;
  }
  const entry = recordedEntry(report, policy.name);
  return entry?.generation === policy.generation && isListedAsItIs(observed, entry);
}

function isNewGeneration(policy: BaselinePolicyFacts, report: RecordedReport | undefined): boolean {
  const generation = recordedEntry(report, policy.name)?.generation;
  return generation !== undefined && generation !== policy.generation;
}
