import { createHash } from 'node:crypto';
import { DIRECTIONS, type Direction } from '../../api/network-policy.ts';
import { denyNameOf, isManaged, roleIn } from '../ownership.ts';
import { isolatedBy } from '../rendering/rendering.ts';
import { isRecordedName, type ObservedNetworkPolicy, type World } from '../world.ts';
import { type Action, nameOf, type PolicyPlan } from './plan.ts';

/** One direction of one namespace that a policy's plan would leave without any managed default-deny (R9, the guards). */
export interface Unprotection {
  readonly policy: string;
  readonly direction: Direction;
}

/**
 * The directions that the plans of one namespace would unprotect (R9, the guards): those that a managed
 * default-deny isolates now and that none would isolate afterwards. A recorded default-deny that another client has just
 * deleted counts as present, since a repair would restore it. A move from one policy to another unprotects nothing, nor
 * does a namespace that is terminating. `plans` must be those of `world`.
 */
export function unprotectionsIn(world: World, plans: readonly PolicyPlan[]): readonly Unprotection[] {
  if (world.namespace.isTerminating) {
    return NOTHING_LOST;
  }
  const lost: Unprotection[] = [];
  for (const direction of DIRECTIONS) {
    const policy = policyGivingUp(direction, world, plans);
    if (policy !== undefined && !willBeIsolated(direction, world, plans)) {
      lost.push({ policy, direction });
    }
  }
  return lost.length === 0 ? NOTHING_LOST : lost;
}

const NOTHING_LOST: readonly Unprotection[] = [];

/**
 * The first policy whose default-deny isolates a direction now and whose plan may change that: it removes or rewrites the
 * object, or does not restore one that was deleted.
 */
function policyGivingUp(direction: Direction, world: World, plans: readonly PolicyPlan[]): string | undefined {
  const isChanged = (action: Action): boolean =>
    (action.kind === 'remove' || action.kind === 'repair') &&
    action.observed.isolates.includes(direction) &&
    isAboutDeny(action);
  const giving =
    plans.find((plan) => plan.frozen === undefined && plan.actions.some(isChanged)) ??
    plans.find((plan) => plan.frozen === undefined && wasIsolatedByMissing(direction, world, plan));
  return giving?.policy.name;
}

/** Whether a managed default-deny isolates a direction after the plans: one that no plan touches, or one that a plan leaves or writes. */
function willBeIsolated(direction: Direction, world: World, plans: readonly PolicyPlan[]): boolean {
  const isByPlan = plans.some(
    (plan) =>
      plan.frozen === undefined &&
      plan.actions.some((action) => isolatesAfterwards(action, direction) && isAboutDeny(action)),
  );
  return (
    isByPlan ||
    world.observed.some(
      (observed) =>
        observed.isolates.includes(direction) && isManagedDeny(observed) && !isTouched(observed.name, plans),
    )
  );
}

function isTouched(name: string, plans: readonly PolicyPlan[]): boolean {
  return plans.some((plan) => plan.frozen === undefined && plan.actions.some((action) => nameOf(action) === name));
}

/** Whether a recorded default-deny of this policy is gone and isolated the direction, as far as is known. */
function wasIsolatedByMissing(direction: Direction, world: World, plan: PolicyPlan): boolean {
  const { name, parts, formerParts } = plan.policy;
  const deny = denyNameOf(name);
  if (!isRecordedName(deny, plan.policy, world.report) || world.observed.some((observed) => observed.name === deny)) {
    return false;
  }
  const isLeaving = plan.actions.every(({ kind }) => kind === 'remove');
  return isolatedBy(formerParts).includes(direction) || (isLeaving && isolatedBy(parts).includes(direction));
}

/** The directions in which a namespace has a managed default-deny now. */
export function isolatedDirections(observed: readonly ObservedNetworkPolicy[]): readonly Direction[] {
  return DIRECTIONS.filter((direction) =>
    observed.some((candidate) => candidate.isolates.includes(direction) && isManagedDeny(candidate)),
  );
}

function isManagedDeny(observed: ObservedNetworkPolicy): boolean {
  return isManaged(observed) && roleIn(observed.name) === 'deny';
}

function isAboutDeny(action: Action): boolean {
  return roleIn(nameOf(action)) === 'deny';
}

function isolatesAfterwards(action: Action, direction: Direction): boolean {
  switch (action.kind) {
    case 'keep':
    case 'create':
    case 'repair':
    // No other default-deny goes before the one that is deferred is in place.
    case 'defer':
      return action.part.spec.policyTypes.includes(direction);
    case 'leave':
      return action.observed.isolates.includes(direction);
    case 'refuse':
    case 'remove':
    case 'wait':
      return false;
  }
}

/** How much may change without a confirmation: `count`, or `percent` of the whole if that is more. */
export interface GuardLimit {
  readonly count: number;
  readonly percent: number;
}

/** The limit for a whole of this size. */
export function allowance(limit: GuardLimit, whole: number): number {
  return Math.max(limit.count, Math.floor((whole * limit.percent) / 100));
}

/**
 * The confirmation of a held change (R9, the guards): the number of namespaces and 8 hex digits of the SHA-256 of the policy's
 * uid, its generation and the sorted names, so that a confirmation fits one generation and one set of names only.
 */
export function confirmationFor(held: {
  readonly uid: string;
  readonly generation: number;
  readonly namespaces: Iterable<string>;
}): string {
  const names = [...new Set(held.namespaces)].sort();
  const digest = createHash('sha256')
    .update([held.uid, String(held.generation), ...names].join('\n'))
    .digest('hex');
  return `${names.length}-${digest.slice(0, 8)}`;
}

/** The kubectl line that confirms a held change. */
export function confirmationLine(policy: string, annotation: string, confirmation: string): string {
  return `kubectl annotate baselinepolicy ${policy} --overwrite ${annotation}=${confirmation}`;
}
