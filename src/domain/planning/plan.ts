import { isManaged, managedName, type Ownership, ownershipOf } from '../ownership.ts';
import type { RenderedPart } from '../rendering/rendering.ts';
import { isSelected } from '../selection.ts';
import type { BaselinePolicyFacts, Contest, Hold, ObservedNetworkPolicy, RecordedReport, World } from '../world.ts';

/** What somebody did to an object of ours. */
export type Drift = 'deleted' | 'spec' | 'labels';

/** Why an object is written over: what somebody did to it, what was declared anew, or whose it was before (R5, R8). */
export type RepairCause = Exclude<Drift, 'deleted'> | 'rollout' | 'rewrite' | 'adoption' | 'takeover';

/** What shall happen to one NetworkPolicy on behalf of one BaselinePolicy. */
export type Action =
  /** In place as declared. */
  | { readonly kind: 'keep'; readonly part: RenderedPart; readonly observed: ObservedNetworkPolicy }
  /** `isRestoring` when the last NamespaceBaseline listed it, so that somebody deleted it. */
  | { readonly kind: 'create'; readonly part: RenderedPart; readonly isRestoring: boolean }
  /** Write the whole of it again over the object of this uid. */
  | {
      readonly kind: 'repair';
      readonly part: RenderedPart;
      readonly observed: ObservedNetworkPolicy;
      readonly cause: RepairCause;
    }
  /** Somebody else's object stands under the name (R5). */
  | { readonly kind: 'refuse'; readonly part: RenderedPart; readonly observed: ObservedNetworkPolicy }
  /** It differs, but somebody keeps changing it back and it is not its time yet (R6). */
  | { readonly kind: 'wait'; readonly part: RenderedPart; readonly contest: Contest }
  /** Where it carries the uid of a former policy of this name, it is taken over first (R8). */
  | { readonly kind: 'remove'; readonly observed: ObservedNetworkPolicy }
  /** Opted out with onOptOut Keep: mark it as left behind (R4). */
  | { readonly kind: 'leave'; readonly observed: ObservedNetworkPolicy };

/** Why a policy's objects are left as they are. */
export type Frozen = 'DryRun' | 'Paused' | 'Invalid' | Hold;

/** What one BaselinePolicy wants of one namespace. */
export interface PolicyPlan {
  readonly policy: BaselinePolicyFacts;
  readonly isSelected: boolean;
  /** When set, the actions are what Enforce would do and none of them is carried out (R7, R9, R11). */
  readonly frozen: Frozen | undefined;
  /** Its removal here waits for a confirmation, and until then it is kept up as if the namespace were still selected (R9). */
  readonly isRemovalHeld: boolean;
  readonly actions: readonly Action[];
  /** The operator's objects that stand here for this policy, whether wanted or not. */
  readonly existing: readonly ObservedNetworkPolicy[];
}

/**
 * What is to be done in one namespace: an entry for each BaselinePolicy that selects it or still has objects in it,
 * by name. A terminating namespace gets no plan (R12). Nothing foreign is ever repaired or removed. What carries the uid
 * of a former policy of the same name is taken over where this one selects the namespace, also where it is no part any
 * more and so goes; elsewhere it is left (R5, R8).
 */
export function planFor(world: World): readonly PolicyPlan[] {
  if (world.namespace.isTerminating) {
    return [];
  }
  return world.baselinePolicies.flatMap((policy) => {
    const plan = policyPlan(world, policy);
    return plan.isSelected || plan.existing.length > 0 ? [plan] : [];
  });
}

/** The default-deny of the operator that stands for this policy, be it one that is taken over. */
export function standingDeny(plan: PolicyPlan): ObservedNetworkPolicy | undefined {
  const name = `${plan.policy.name}.default-deny`;
  const takenOver = plan.actions.flatMap((action) =>
    action.kind === 'keep' || action.kind === 'repair' ? [action.observed] : [],
  );
  return [...plan.existing, ...takenOver].find((observed) => observed.name === name);
}

/** Whether carrying the plans out needs any write. */
export function isSettled(plans: readonly PolicyPlan[]): boolean {
  return plans.every(
    (plan) =>
      plan.frozen !== undefined || plan.actions.every((action) => ['keep', 'refuse', 'wait'].includes(action.kind)),
  );
}

/** The name of the NetworkPolicy that an action is about. */
export function nameOf(action: Action): string {
  return action.kind === 'remove' || action.kind === 'leave' ? action.observed.name : action.part.name;
}

function policyPlan(world: World, policy: BaselinePolicyFacts): PolicyPlan {
  const named = world.observed.filter(({ name }) => managedName(name)?.policy === policy.name);
  const standing = named.filter((observed) => ownershipOf(observed, policy, world.report) === 'ours');
  const hold = world.holds.get(policy.name);
  const isWanted = !policy.isDeleting && policy.selector !== undefined && isSelected(policy.selector, world.namespace);
  const isRemovalHeld = hold === 'RemovalHeld';
  // Held back from leaving, it is kept up; held back from an edit, the old set is unknown and is left as it is.
  const keptUp = isRemovalHeld ? keptUpParts(policy, world.observed, isWanted) : undefined;
  const frozen =
    frozenBy(policy, standing.length > 0 || wasRecorded(policy, world.report)) ??
    (keptUp === undefined ? hold : undefined);
  const changingActions = (): readonly Action[] =>
    isWanted
      ? wantedActions(world, policy, [
          ...standing.filter((observed) => isRemovable(observed, policy)),
          ...named.filter((observed) => isOfNobody(observed, world)),
        ])
      : leavingActions(policy, standing);
  const actions = keptUp === undefined ? changingActions() : keptUpActions(world, { ...policy, parts: keptUp });
  return { policy, isSelected: isWanted || keptUp !== undefined, frozen, isRemovalHeld, actions, existing: standing };
}

/** A set that isolates all that is isolated now: the present one, or that of the generation before when an edit is what is held. */
function keptUpParts(
  policy: BaselinePolicyFacts,
  observed: readonly ObservedNetworkPolicy[],
  isWanted: boolean,
): BaselinePolicyFacts['parts'] {
  const candidates = isWanted ? [policy.formerParts] : [policy.parts, policy.formerParts];
  return candidates.find(
    (parts) =>
      parts !== undefined &&
      isolatesAllOf(
        parts,
        observed.filter(({ name }) => name === `${policy.name}.default-deny`),
      ),
  );
}

function isolatesAllOf(parts: readonly RenderedPart[], denies: readonly ObservedNetworkPolicy[]): boolean {
  const isolated = parts.find(({ part }) => part === 'default-deny')?.spec.policyTypes ?? [];
  return denies.every(({ isolates }) => isolates.every((direction) => isolated.includes(direction)));
}

/** While it is held nothing goes, not even what the set has no more. */
function keptUpActions(world: World, policy: BaselinePolicyFacts): readonly Action[] {
  return wantedActions(world, policy, []);
}

function wasRecorded(policy: BaselinePolicyFacts, record: RecordedReport | undefined): boolean {
  return record?.entries.some((entry) => entry.policy === policy.name && entry.managed.length > 0) === true;
}

/** R11: an invalid policy keeps the last good set where one stands, and starts nothing where none does. */
function frozenBy(policy: BaselinePolicyFacts, hasSet: boolean): Frozen | undefined {
  if (policy.mode !== 'Enforce') {
    return policy.mode;
  }
  return !policy.isAccepted && (policy.parts === undefined || !hasSet) ? 'Invalid' : undefined;
}

/** `removable` are the objects that go unless they are wanted. */
function wantedActions(
  world: World,
  policy: BaselinePolicyFacts,
  removable: readonly ObservedNetworkPolicy[],
): readonly Action[] {
  const parts = policy.parts ?? [];
  const wantedNames = new Set(parts.map((part) => part.name));
  const wanted = parts.map((part) => actionFor(world, policy, part));
  const unwanted = removable.filter(
    (observed) => !wantedNames.has(observed.name) && !isNewersWork(world, policy, observed),
  );
  return [...wanted, ...unwanted.map((observed): Action => ({ kind: 'remove', observed }))];
}

/** What a former policy left: an allow among it would otherwise stay for ever, although nothing declares it. */
function isOfNobody(observed: ObservedNetworkPolicy, { baselinePolicies: policies }: World): boolean {
  return isManaged(observed) && !policies.some(({ uid }) => uid === observed.policyUid);
}

function leavingActions(policy: BaselinePolicyFacts, standing: readonly ObservedNetworkPolicy[]): readonly Action[] {
  const mine = standing.filter((observed) => isRemovable(observed, policy) && !observed.isKept);
  if (policy.isDeleting) {
    // A set of which some objects were left already is left whole: its default-deny needs its allow-dns (R3).
    const isPartlyLeft = standing.some((observed) => isRemovable(observed, policy) && observed.isKept);
    return policy.isRemoving ? mine.map((observed) => ({ kind: isPartlyLeft ? 'leave' : 'remove', observed })) : [];
  }
  if (!policy.isAccepted || policy.selector === undefined) {
    return [];
  }
  return mine.map((observed) => ({ kind: policy.keepsOnOptOut ? 'leave' : 'remove', observed }));
}

/** R8: the live policy's uid must be on the object itself; a record of ours is not enough for a deletion. */
function isRemovable(observed: ObservedNetworkPolicy, policy: BaselinePolicyFacts): boolean {
  return observed.policyUid === policy.uid;
}

function actionFor(world: World, policy: BaselinePolicyFacts, part: RenderedPart): Action {
  const observed = world.observed.find((candidate) => candidate.name === part.name);
  const contest = earlyContest(world, part);
  if (observed === undefined) {
    return missingAction(
      part,
      contest,
      isRecordedName(part.name, policy, world.report) || world.contests.has(part.name),
    );
  }
  const ownership = ownershipOf(observed, policy, world.report);
  if (ownership === 'foreign' && !observed.isAdoptable) {
    return { kind: 'refuse', part, observed };
  }
  const difference = differenceOf({ observed, part, policy, world });
  if (difference === undefined) {
    return { kind: 'keep', part, observed };
  }
  const cause = causeOf(difference, ownership, { observed, policy, record: world.report });
  // What was declared anew goes at once; what comes back altered from our own write waits like any other quarrel.
  const isDeclaredAnew = cause === 'rollout' || cause === 'adoption' || cause === 'takeover';
  return contest !== undefined && !isDeclaredAnew
    ? { kind: 'wait', part, contest }
    : { kind: 'repair', part, observed, cause };
}

/** R15: what a newer version rendered for this very generation, and nobody has touched since, is not for us to take back. */
function isNewersWork(
  { isNewerAtWork, report: record }: World,
  policy: BaselinePolicyFacts,
  observed: ObservedNetworkPolicy,
): boolean {
  if (!isNewerAtWork || !isMarkedBy(observed, policy)) {
    return false;
  }
  const entry = record?.entries.find(
    (candidate) => candidate.policy === policy.name && candidate.generation === policy.generation,
  );
  return (
    entry?.managed.some(({ uid, hash }) => uid === observed.uid && observed.hash !== '' && hash === observed.hash) ===
    true
  );
}

/** Once it waited, the NamespaceBaseline lists it no more: what is contested is restored, and waits, all the same (R6). */
function missingAction(part: RenderedPart, contest: Contest | undefined, isRestoring: boolean): Action {
  return contest !== undefined ? { kind: 'wait', part, contest } : { kind: 'create', part, isRestoring };
}

/** The quarrel over a part, while it is not the time yet for its next repair. */
function earlyContest(world: World, part: RenderedPart): Contest | undefined {
  const contest = world.contests.get(part.name);
  return contest !== undefined && contest.waitMs > 0 ? contest : undefined;
}

function isNewGeneration(policy: BaselinePolicyFacts, record: RecordedReport | undefined): boolean {
  const generation = record?.entries.find((entry) => entry.policy === policy.name)?.generation;
  return generation !== undefined && generation !== policy.generation;
}

/**
 * A difference from before this generation is our own new declaration. One on an object that nobody else has written is our
 * own too: after a discovery, but also when a webhook or another version of the operator has its way with it.
 */
function causeOf(
  difference: 'spec' | 'labels',
  ownership: Ownership,
  facts: {
    readonly observed: ObservedNetworkPolicy;
    readonly policy: BaselinePolicyFacts;
    readonly record: RecordedReport | undefined;
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
  if (isNewGeneration(facts.policy, facts.record)) {
    return 'rollout';
  }
  return facts.observed.otherManager === '' ? 'rewrite' : difference;
}

function isRecordedName(name: string, policy: BaselinePolicyFacts, record: RecordedReport | undefined): boolean {
  return (
    record?.entries.some(
      (entry) => entry.policy === policy.name && entry.managed.some((managed) => managed.name === name),
    ) === true
  );
}

/** How an object differs from its declaration, or undefined when it does not (R2). */
function differenceOf(facts: {
  observed: ObservedNetworkPolicy;
  part: RenderedPart;
  policy: BaselinePolicyFacts;
  world: World;
}): 'spec' | 'labels' | undefined {
  const { observed, part, policy, world } = facts;
  const isAsRendered =
    observed.hash === part.hash || world.isEquivalent({ rendered: part.hash, observed: observed.hash });
  if (!isAsRendered && !isNewersWork(world, policy, observed)) {
    return 'spec';
  }
  return isMarkedBy(observed, policy) ? undefined : 'labels';
}

function isMarkedBy(observed: ObservedNetworkPolicy, policy: BaselinePolicyFacts): boolean {
  return (
    observed.isLabelled && observed.policyLabel === policy.name && observed.policyUid === policy.uid && !observed.isKept
  );
}
