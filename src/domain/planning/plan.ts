import type { DnsDoubt } from '../discovery/dns-doubt.ts';
import { denyNameOf, isListed, isManaged, isNameOfPart, ownershipFor } from '../ownership.ts';
import type { RenderedPart } from '../rendering/rendering.ts';
import { isSelected } from '../selection.ts';
import {
  type BaselinePolicyFacts,
  type Contest,
  type Hold,
  isRecordedName,
  type ObservedNetworkPolicy,
  type OptOutWait,
  type RecordedReport,
  recordedEntry,
  type World,
} from '../world.ts';
import { awaitedDns, hasOwnDeny, withoutEgress } from './dns-wait.ts';
import { keptUpParts } from './kept-up-parts.ts';
import { causeOf, differenceOf, type RepairCause, wasRenderedByNewer } from './repair-cause.ts';

export type { Drift, RepairCause } from './repair-cause.ts';

/** The desired write of one NetworkPolicy on behalf of one BaselinePolicy. */
export type Action =
  /** In place as declared: nothing to write. Not to be confused with `isKept`, which follows from `leave`. */
  | { readonly kind: 'keep'; readonly part: RenderedPart; readonly observed: ObservedNetworkPolicy }
  /** `isRestoring` when the last NamespaceBaseline listed the object, so that another client has deleted it. */
  | { readonly kind: 'create'; readonly part: RenderedPart; readonly isRestoring: boolean }
  /** Overwrite the whole object of this uid. */
  | {
      readonly kind: 'repair';
      readonly part: RenderedPart;
      readonly observed: ObservedNetworkPolicy;
      readonly cause: RepairCause;
    }
  /** A foreign object has the name (R5, ownership). */
  | { readonly kind: 'refuse'; readonly part: RenderedPart; readonly observed: ObservedNetworkPolicy }
  /** It differs, but it is contested and its next repair is not due yet (R6, repair). */
  | { readonly kind: 'wait'; readonly part: RenderedPart; readonly contest: Contest }
  /** It would newly isolate, and waits until the cluster's DNS is believed (R14, discovery). */
  | { readonly kind: 'defer'; readonly part: RenderedPart }
  /** Delete the object. One with the uid of a former policy of this name is taken over first (R8, deletion). */
  | {
      readonly kind: 'remove';
      readonly observed: ObservedNetworkPolicy;
      /** Set when another client creates it again after each removal: the next one waits (R6, repair). */
      readonly contest?: Contest;
    }
  /** Opted out with onOptOut Keep: mark the object as kept (R4, opting out). */
  | { readonly kind: 'leave'; readonly observed: ObservedNetworkPolicy };

/** Why a policy's objects are left as they are. */
export type Frozen = 'DryRun' | 'Paused' | 'Invalid' | 'OptingOut' | Hold;

/** The actions of one BaselinePolicy in one namespace. */
export interface PolicyPlan {
  readonly policy: BaselinePolicyFacts;
  readonly isSelected: boolean;
  /** When set, the actions are what Enforce would do and none is carried out (R7 DryRun and Paused, R9 guards, R11 invalid policy). */
  readonly frozen: Frozen | undefined;
  /** How long its opt-out of this namespace still waits; undefined when it does not wait (R4, opting out). */
  readonly optOutWait: OptOutWait | undefined;
  /** Its removal here waits for a confirmation; until then it is kept up as if the namespace were still selected (R9, the guards). */
  readonly isRemovalHeld: boolean;
  /** Why it may not isolate egress here yet: nothing is taken away meanwhile either (R14, discovery). */
  readonly awaitedDns: DnsDoubt | undefined;
  readonly actions: readonly Action[];
  /** The operator's objects that exist here for this policy, wanted or not, copies excepted (R5, ownership). */
  readonly existing: readonly ObservedNetworkPolicy[];
}

/**
 * The plans of one namespace: one for each BaselinePolicy that selects it or still has objects in it, in the order of
 * names. A terminating namespace gets no plan (R12, one namespace's failure). Nothing foreign is ever repaired or
 * removed. An object with the uid of a former policy of the same name is taken over where this policy selects the
 * namespace, even if the policy no longer renders it and the plan removes it; elsewhere it stays (R5 ownership,
 * R8 deletion). Where no selector matches, only an object that the NamespaceBaseline lists is an opt-out; any other
 * object with our marks is a copy, and no plan has it.
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

/** The operator's default-deny for this policy as it exists now, one that is taken over included. */
export function existingDeny(plan: PolicyPlan): ObservedNetworkPolicy | undefined {
  const name = denyNameOf(plan.policy.name);
  const takenOver = plan.actions.flatMap((action) =>
    action.kind === 'keep' || action.kind === 'repair' ? [action.observed] : [],
  );
  return [...plan.existing, ...takenOver].find((observed) => observed.name === name);
}

/** The name of the NetworkPolicy that an action is about. */
export function nameOf(action: Action): string {
  return action.kind === 'remove' || action.kind === 'leave' ? action.observed.name : action.part.name;
}

/** How a policy treats a namespace: it wants its set there, at once or once DNS is believed, keeps an old set up while a removal is held, or leaves. */
type Stance =
  | { readonly kind: 'wanted' }
  | { readonly kind: 'awaitingDns'; readonly doubt: DnsDoubt }
  | { readonly kind: 'keptUp'; readonly parts: readonly RenderedPart[] }
  | { readonly kind: 'leaving' };

function stanceOf(policy: BaselinePolicyFacts, world: World): Stance {
  const isWithinSelector = isSelecting(policy, world);
  const isWanted = !policy.isDeleting && isWithinSelector;
  const mayKeepUp = isWithinSelector || isRecordedAtAll(policy, world.report);
  const keptUp =
    mayKeepUp && world.holds.get(policy.name) === 'RemovalHeld'
      ? keptUpParts(policy, world.observed, isWanted)
      : undefined;
  const doubt = awaitedDns(policy, world);
  if (keptUp !== undefined) {
    return { kind: 'keptUp', parts: doubt === undefined ? keptUp : withoutEgress(keptUp) };
  }
  if (!isWanted) {
    return LEAVING;
  }
  return doubt === undefined ? WANTED : { kind: 'awaitingDns', doubt };
}

/** Whether the policy's selector matches the namespace, also while the policy is being deleted. */
function isSelecting({ selector }: BaselinePolicyFacts, { namespace }: World): boolean {
  return selector !== undefined && isSelected(selector, namespace);
}

const WANTED: Stance = { kind: 'wanted' };
const LEAVING: Stance = { kind: 'leaving' };

function policyPlan(world: World, policy: BaselinePolicyFacts): PolicyPlan {
  const named = world.observed.filter(({ name }) => isNameOfPart(name, policy.name));
  const ownershipOf = ownershipFor(policy, world.report);
  const ours = named.filter((observed) => ownershipOf(observed) === 'ours');
  // Our marks can be copied, so where the policy does not select only what the report lists was an opt-in.
  const existing = isSelecting(policy, world) ? ours : ours.filter((observed) => isListed(observed, world.report));
  const stance = stanceOf(policy, world);
  const hold = world.holds.get(policy.name);
  // A held removal for which no set is known, and a held isolation, leave everything as it is.
  const heldBy = stance.kind === 'keptUp' ? undefined : hold;
  const optOutWait = stance.kind === 'leaving' ? world.optOutWaits.get(policy.name) : undefined;
  const waiting = optOutWait === undefined ? undefined : 'OptingOut';
  return {
    policy,
    isSelected: stance.kind !== 'leaving',
    frozen: frozenBy(policy, existing.length > 0 || isRecordedAtAll(policy, world.report)) ?? heldBy ?? waiting,
    optOutWait,
    isRemovalHeld: hold === 'RemovalHeld',
    awaitedDns: stance.kind === 'awaitingDns' ? stance.doubt : undefined,
    actions: actionsFor(stance, { world, policy, named, existing }),
    existing,
  };
}

function actionsFor(
  stance: Stance,
  facts: {
    readonly world: World;
    readonly policy: BaselinePolicyFacts;
    readonly named: readonly ObservedNetworkPolicy[];
    readonly existing: readonly ObservedNetworkPolicy[];
  },
): readonly Action[] {
  const { world, policy, named, existing } = facts;
  switch (stance.kind) {
    case 'wanted':
      return [
        ...wantedActions(world, policy, policy.parts ?? []),
        ...unwantedActions(world, policy, [
          ...existing.filter((observed) => isRemovable(observed, policy)),
          ...named.filter((observed) => isOfFormerPolicy(observed, world)),
        ]),
      ];
    case 'awaitingDns':
      return actionsAwaitingDns(world, policy);
    case 'keptUp':
      // While a removal is held nothing is removed, not even what the kept set does not contain.
      return wantedActions(world, policy, stance.parts);
    case 'leaving':
      return leavingActions(world, policy, existing);
  }
}

function isRecordedAtAll(policy: BaselinePolicyFacts, report: RecordedReport | undefined): boolean {
  return (recordedEntry(report, policy.name)?.managed.length ?? 0) > 0;
}

/** R11 (invalid policy): it keeps the last good set where one exists, and starts nothing where none does. */
function frozenBy(policy: BaselinePolicyFacts, hasSet: boolean): Frozen | undefined {
  if (policy.mode !== 'Enforce') {
    return policy.mode;
  }
  return !policy.isAccepted && (policy.parts === undefined || !hasSet) ? 'Invalid' : undefined;
}

function wantedActions(world: World, policy: BaselinePolicyFacts, parts: readonly RenderedPart[]): readonly Action[] {
  const ownershipOf = ownershipFor(policy, world.report);
  return parts.map((part) => actionFor(part, { world, policy, ownershipOf }));
}

/** R14 (discovery): an ingress that is isolated stays so and is repaired; elsewhere the whole set waits, but for repairs. */
function actionsAwaitingDns(world: World, policy: BaselinePolicyFacts): readonly Action[] {
  const parts = policy.parts ?? [];
  return hasOwnDeny(policy, world)
    ? wantedActions(world, policy, withoutEgress(parts))
    : wantedActions(world, policy, parts).map((action) =>
        action.kind === 'create' || (action.kind === 'repair' && action.part.spec.policyTypes.includes('Egress'))
          ? { kind: 'defer', part: action.part }
          : action,
      );
}

/** `removable` are the objects that go unless the policy renders them. */
function unwantedActions(
  world: World,
  policy: BaselinePolicyFacts,
  removable: readonly ObservedNetworkPolicy[],
): readonly Action[] {
  return removable
    .filter(({ name }) => policy.parts?.some((part) => part.name === name) !== true)
    .filter((observed) => !wasRenderedByNewer(world, policy, observed))
    .map((observed): Action => removeAction(world, observed));
}

/** Whether the policy of an object is gone. Its allow would otherwise stay for ever, although no policy declares it. */
function isOfFormerPolicy(observed: ObservedNetworkPolicy, { baselinePolicies }: World): boolean {
  return isManaged(observed) && !baselinePolicies.some(({ uid }) => uid === observed.policyUid);
}

/** R6 (repair): a removal is paced like a repair, since another client may create the object again each time. */
function removeAction({ removalContests }: World, observed: ObservedNetworkPolicy): Action {
  const contest = removalContests.get(observed.name);
  return { kind: 'remove', observed, ...(contest === undefined ? {} : { contest }) };
}

/** Whether a plan would give up what the policy has in a namespace that it no longer selects (R4, opting out). */
export function isOptOut({ isSelected: isWanted, frozen, policy, actions }: PolicyPlan): boolean {
  return !isWanted && frozen === undefined && !policy.isDeleting && actions.length > 0;
}

function leavingActions(
  world: World,
  policy: BaselinePolicyFacts,
  existing: readonly ObservedNetworkPolicy[],
): readonly Action[] {
  const removable = existing.filter((observed) => isRemovable(observed, policy) && !observed.isKept);
  // A set of which some objects were left already is left whole: its default-deny needs its allow-dns (R3, order of writes).
  const isPartlyLeft = existing.some((observed) => isRemovable(observed, policy) && observed.isKept);
  if (policy.isDeleting) {
    return policy.isRemoving
      ? removable.map((observed) => (isPartlyLeft ? { kind: 'leave', observed } : removeAction(world, observed)))
      : [];
  }
  if (!policy.isAccepted || policy.selector === undefined) {
    return [];
  }
  return removable.map((observed) =>
    policy.keepsOnOptOut || isPartlyLeft ? { kind: 'leave', observed } : removeAction(world, observed),
  );
}

/** R8 (deletion): the object itself must carry the live policy's uid; our own report is not enough for a removal. */
function isRemovable(observed: ObservedNetworkPolicy, policy: BaselinePolicyFacts): boolean {
  return observed.policyUid === policy.uid;
}

function actionFor(
  part: RenderedPart,
  facts: {
    readonly world: World;
    readonly policy: BaselinePolicyFacts;
    readonly ownershipOf: ReturnType<typeof ownershipFor>;
  },
): Action {
  const { world, policy } = facts;
  const observed = world.observed.find((candidate) => candidate.name === part.name);
  const contest = earlyContest(world, part);
  if (observed === undefined) {
    return contest === undefined ? createAction(world, policy, part) : { kind: 'wait', part, contest };
  }
  const ownership = facts.ownershipOf(observed);
  if (ownership === 'foreign' && !observed.isAdoptable) {
    return { kind: 'refuse', part, observed };
  }
  const difference = differenceOf({ observed, part, policy, world });
  if (difference === undefined) {
    return { kind: 'keep', part, observed };
  }
  const cause = causeOf(difference, ownership, { observed, policy, report: world.report });
  // A new declaration is written at once; what comes back altered from our own write waits like any other contest.
  const isDeclared = cause === 'rollout' || cause === 'adoption' || cause === 'takeover';
  return contest !== undefined && !isDeclared
    ? { kind: 'wait', part, contest }
    : { kind: 'repair', part, observed, cause };
}

/** A contested object that waits is no longer listed in the NamespaceBaseline, but is restored all the same (R6, repair). */
function createAction(world: World, policy: BaselinePolicyFacts, part: RenderedPart): Action {
  const isRestoring = isRecordedName(part.name, policy, world.report) || world.contests.has(part.name);
  return { kind: 'create', part, isRestoring };
}

/** The contest over a part, while its next repair is not due yet. */
function earlyContest(world: World, part: RenderedPart): Contest | undefined {
  const contest = world.contests.get(part.name);
  return contest !== undefined && contest.waitMs > 0 ? contest : undefined;
}
