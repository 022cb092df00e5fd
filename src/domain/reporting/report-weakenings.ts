import { BOUNDS } from '../../api/bounds.ts';
import type { NamespaceBaselineStatus, Phase } from '../../api/namespace-baseline.ts';
import type { Reason } from '../../api/reasons.ts';
import { cutText } from '../../base/text.ts';
import type { Outcomes } from '../planning/outcome.ts';
import type { PolicyPlan } from '../planning/plan.ts';
import { isolatedBy } from '../rendering/rendering.ts';
import { type NamespacesAtHand, NO_NAMESPACES } from '../weakening/reach.ts';
import { type Weakening, weakeningsIn } from '../weakening/weakening.ts';
import type { ObservedNetworkPolicy } from '../world.ts';

/** The state of one policy in one namespace, as its report tells it. */
export interface Verdict {
  readonly phase: Phase;
  readonly reason: Reason;
  readonly message?: string;
}

/**
 * R17 (weakening): what opens a direction which a policy isolates here. Only a declared part that is in place as declared
 * is exempt, whatever labels the others carry: also an object that is being removed counts as long as it exists.
 */
export function weakeningsOf(facts: {
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  readonly observed: readonly ObservedNetworkPolicy[];
  readonly namespaces?: NamespacesAtHand;
}): readonly Weakening[] {
  const { plans, outcomes, observed, namespaces = NO_NAMESPACES } = facts;
  const open = observed.flatMap(({ name, openness }) => (openness === undefined ? [] : [{ name, openness }]));
  if (open.length === 0) {
    return [];
  }
  const enforced = plans.filter(isEnforced);
  const declared = new Set(enforced.flatMap((plan) => namesInPlace(plan, outcomes)));
  return weakeningsIn({
    networkPolicies: open.filter(({ name }) => !declared.has(name)),
    isolated: new Set(enforced.flatMap(({ policy }) => isolatedBy(policy.parts))),
    namespaces,
  });
}

function isEnforced({ isSelected, frozen }: PolicyPlan): boolean {
  return isSelected && frozen !== 'DryRun' && frozen !== 'Paused';
}

function namesInPlace({ actions }: PolicyPlan, outcomes: Outcomes): readonly string[] {
  return actions.flatMap((action) =>
    action.kind !== 'remove' && action.kind !== 'leave' && outcomes.get(action.part.name)?.kind === 'inPlace'
      ? [action.part.name]
      : [],
  );
}

/** What a report lists of the weakenings: the worst first, then by name. */
export function listedWeakenings(weakenings: readonly Weakening[]): NonNullable<NamespaceBaselineStatus['weakenedBy']> {
  return weakenings
    .map(({ names, why, grade }) => {
      const [name = '', ...others] = names;
      const text = others.length === 0 ? why : `together with ${others.join(', ')}: ${why}`;
      return { name, why: cutText(text, BOUNDS.messageLength), grade };
    })
    .sort((a, b) => (`${a.grade} ${a.name}` < `${b.grade} ${b.name}` ? -1 : 1))
    .slice(0, BOUNDS.weakenedBy);
}

/** A weakening shows only where the set is in place: everything that is missing is worse. */
export function withWeakening(verdict: Verdict, plan: PolicyPlan, weakenings: readonly Weakening[]): Verdict {
  const weakened = verdict.phase === 'Protected' ? weakenedVerdict(plan, weakenings) : undefined;
  const isShown = weakened?.phase === 'Weakened' || verdict.reason === 'Protected';
  return weakened !== undefined && isShown ? weakened : verdict;
}

/** R17 (weakening): a set that is in place protects nothing where another client's NetworkPolicy undoes its isolation. */
function weakenedVerdict(plan: PolicyPlan, weakenings: readonly Weakening[]): Verdict | undefined {
  const isolated = isEnforced(plan) ? isolatedBy(plan.policy.parts) : [];
  const mine = weakenings.filter(({ direction }) => isolated.includes(direction));
  const worst = mine.find(({ grade }) => grade === 'open') ?? mine[0];
  if (worst === undefined) {
    return undefined;
  }
  const message = `${worst.names.join(', ')} ${worst.why}`;
  return worst.grade === 'open'
    ? { phase: 'Weakened', reason: 'Weakened', message }
    : { phase: 'Protected', reason: 'Wide', message };
}
