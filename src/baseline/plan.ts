import { ownershipOf, managedName } from './ownership.ts';
import type { RenderedPart } from './rendering.ts';
import { isSelected } from './selection.ts';
import type { NamespaceRecord, ObservedPolicy, PolicyFacts, World } from './world.ts';

/** How an object of ours differs from what is declared. */
export type Drift = 'deleted' | 'spec' | 'labels';

/** What shall happen to one NetworkPolicy on behalf of one BaselinePolicy. */
export type Action =
  /** In place as declared. */
  | { readonly kind: 'keep'; readonly part: RenderedPart; readonly observed: ObservedPolicy }
  /** `isRestoring` when the last NamespaceBaseline listed it, so that somebody deleted it. */
  | { readonly kind: 'create'; readonly part: RenderedPart; readonly isRestoring: boolean }
  /** Write the whole of it again over the object of this uid. */
  | { readonly kind: 'repair'; readonly part: RenderedPart; readonly observed: ObservedPolicy; readonly drift: Drift }
  /** Somebody else's object stands under the name (R5). */
  | { readonly kind: 'refuse'; readonly part: RenderedPart; readonly observed: ObservedPolicy }
  | { readonly kind: 'remove'; readonly observed: ObservedPolicy };

/** Why a policy's objects are left as they are. */
export type Frozen = 'DryRun' | 'Paused' | 'Invalid';

/** What one BaselinePolicy wants of one namespace. */
export interface PolicyPlan {
  readonly policy: PolicyFacts;
  readonly isSelected: boolean;
  /** When set, the actions are what Enforce would do and none of them is carried out (R7, R11). */
  readonly frozen: Frozen | undefined;
  readonly actions: readonly Action[];
  /** The operator's objects that stand here for this policy, whether wanted or not. */
  readonly standing: readonly ObservedPolicy[];
}

/**
 * What is to be done in one namespace: an entry for each BaselinePolicy that selects it or still has objects in it,
 * by name. A terminating namespace gets no plan (R12). Nothing foreign is ever repaired or removed, and nothing is
 * removed that does not carry the live policy's uid (R5, R8).
 */
export function planFor(world: World): readonly PolicyPlan[] {
  if (world.namespace.isTerminating) return [];
  return world.policies.flatMap((policy) => {
    const plan = policyPlan(world, policy);
    return plan.isSelected || plan.standing.length > 0 ? [plan] : [];
  });
}

/** Whether carrying the plans out needs any write. */
export function isSettled(plans: readonly PolicyPlan[]): boolean {
  return plans.every((plan) => plan.frozen !== undefined || plan.actions.every((action) => action.kind === 'keep' || action.kind === 'refuse'));
}

function policyPlan(world: World, policy: PolicyFacts): PolicyPlan {
  const standing = world.observed.filter((observed) => managedName(observed.name)?.policy === policy.name && ownershipOf(observed, policy, world.record) === 'ours');
  const isChosen = policy.selector !== undefined && isSelected(policy.selector, world.namespace);
  const frozen = frozenBy(policy, standing);
  const actions = isChosen && !policy.isDeleting ? wantedActions(world, policy, standing) : leavingActions(policy, standing);
  return { policy, isSelected: isChosen, frozen, actions, standing };
}

/** R11: an invalid policy keeps the last good set where one stands, and starts nothing where none does. */
function frozenBy(policy: PolicyFacts, standing: readonly ObservedPolicy[]): Frozen | undefined {
  if (policy.mode !== 'Enforce') return policy.mode;
  const hasNothingToStandOn = policy.parts === undefined || standing.length === 0;
  return !policy.isAccepted && hasNothingToStandOn ? 'Invalid' : undefined;
}

function wantedActions(world: World, policy: PolicyFacts, standing: readonly ObservedPolicy[]): readonly Action[] {
  const parts = policy.parts ?? [];
  const wantedNames = new Set(parts.map((part) => part.name));
  const wanted = parts.map((part) => actionFor(world, policy, part));
  const unwanted = standing.filter((observed) => !wantedNames.has(observed.name) && isRemovable(observed, policy));
  return [...wanted, ...unwanted.map((observed): Action => ({ kind: 'remove', observed }))];
}

function leavingActions(policy: PolicyFacts, standing: readonly ObservedPolicy[]): readonly Action[] {
  const stays = policy.keepsOnOptOut || policy.isDeleting || !policy.isAccepted || policy.selector === undefined;
  return stays ? [] : standing.filter((observed) => isRemovable(observed, policy)).map((observed) => ({ kind: 'remove', observed }));
}

/** R8: the live policy's uid must be on the object itself; a record of ours is not enough for a deletion. */
function isRemovable(observed: ObservedPolicy, policy: PolicyFacts): boolean {
  return observed.policyUid === policy.uid;
}

function actionFor(world: World, policy: PolicyFacts, part: RenderedPart): Action {
  const observed = world.observed.find((candidate) => candidate.name === part.name);
  if (observed === undefined) return { kind: 'create', part, isRestoring: isRecordedName(part.name, policy, world.record) };
  const isOurs = ownershipOf(observed, policy, world.record) !== 'foreign';
  if (!isOurs && !observed.isAdoptable) return { kind: 'refuse', part, observed };
  const drift = driftOf({ observed, part, policy, isEquivalent: world.isEquivalent });
  return drift === undefined ? { kind: 'keep', part, observed } : { kind: 'repair', part, observed, drift };
}

function isRecordedName(name: string, policy: PolicyFacts, record: NamespaceRecord | undefined): boolean {
  return record?.entries.some((entry) => entry.policy === policy.name && entry.managed.some((managed) => managed.name === name)) === true;
}

/** How an object of ours differs from its declaration, or undefined when it does not (R2). */
function driftOf(facts: { observed: ObservedPolicy; part: RenderedPart; policy: PolicyFacts; isEquivalent: World['isEquivalent'] }): Drift | undefined {
  const { observed, part, policy } = facts;
  if (observed.hash !== part.hash && !facts.isEquivalent({ rendered: part.hash, observed: observed.hash })) return 'spec';
  const isMarked = observed.isLabelled && observed.policyLabel === policy.name && observed.policyUid === policy.uid;
  return isMarked ? undefined : 'labels';
}
