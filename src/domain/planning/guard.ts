import { createHash } from 'node:crypto';
import type { Direction } from '../../api/network-policy.ts';
import { isManaged, managedName } from '../ownership.ts';
import type { ObservedNetworkPolicy, World } from '../world.ts';
import { type Action, nameOf, type PolicyPlan } from './plan.ts';

/** One direction of one namespace that a policy's plan would leave without any managed default-deny (R9). */
export interface Unprotection {
  readonly policy: string;
  readonly direction: Direction;
}

const DIRECTIONS: readonly Direction[] = ['Ingress', 'Egress'];

/**
 * What carrying out the plans of one namespace would unprotect (R9): the directions that have a managed default-deny now
 * and would have none. One that was recorded and that somebody has just deleted counts as there, for it would be put
 * back. A move from one policy to another unprotects nothing, nor does a namespace that is going.
 */
export function unprotectionsIn(world: World, plans: readonly PolicyPlan[]): readonly Unprotection[] {
  if (world.namespace.isTerminating) {
    return [];
  }
  const denies = world.observed.filter(isManagedDeny);
  const live = plans.filter(({ frozen }) => frozen === undefined);
  const changes = live.flatMap((plan) =>
    plan.actions.filter(isAboutDeny).map((action) => ({ policy: plan.policy.name, action })),
  );
  const losses = [
    ...changes.map(({ policy, action }) => ({ policy, directions: isolatedBefore(action) })),
    ...live.flatMap((plan) => missingDeny(world, plan)),
  ];
  const touched = new Set(changes.map(({ action }) => nameOf(action)));
  const before = new Set([
    ...denies.flatMap(({ isolates }) => isolates),
    ...losses.flatMap(({ directions }) => directions),
  ]);
  const after = new Set([
    ...denies.filter(({ name }) => !touched.has(name)).flatMap(({ isolates }) => isolates),
    ...changes.flatMap(({ action }) => isolatedAfter(action)),
  ]);
  return DIRECTIONS.filter((direction) => before.has(direction) && !after.has(direction)).flatMap((direction) => {
    const loser = losses.find(({ directions }) => directions.includes(direction));
    return loser === undefined ? [] : [{ policy: loser.policy, direction }];
  });
}

/** A default-deny that was recorded and is gone, with what it isolated as far as is known. */
function missingDeny(
  world: World,
  plan: PolicyPlan,
): readonly { readonly policy: string; readonly directions: readonly Direction[] }[] {
  const { name, parts, formerParts } = plan.policy;
  const deny = `${name}.default-deny`;
  const isRecorded =
    world.report?.entries.some(
      (entry) => entry.policy === name && entry.managed.some((managed) => managed.name === deny),
    ) === true;
  if (!isRecorded || world.observed.some((observed) => observed.name === deny)) {
    return [];
  }
  const isLeaving = plan.actions.every(({ kind }) => kind === 'remove');
  const isolated = [...(formerParts ?? []), ...(isLeaving ? (parts ?? []) : [])].filter(
    ({ part }) => part === 'default-deny',
  );
  return [{ policy: name, directions: isolated.flatMap(({ spec }) => spec.policyTypes) }];
}

/** The directions in which a namespace has a managed default-deny now. */
export function isolatedDirections(observed: readonly ObservedNetworkPolicy[]): readonly Direction[] {
  const denies = observed.filter(isManagedDeny);
  return DIRECTIONS.filter((direction) => denies.some(({ isolates }) => isolates.includes(direction)));
}

function isManagedDeny(observed: ObservedNetworkPolicy): boolean {
  return isManaged(observed) && managedName(observed.name)?.part === 'default-deny';
}

function isAboutDeny(action: Action): boolean {
  return managedName(nameOf(action))?.part === 'default-deny';
}

function isolatedBefore(action: Action): readonly Direction[] {
  return action.kind === 'remove' || action.kind === 'repair' ? action.observed.isolates : [];
}

function isolatedAfter(action: Action): readonly Direction[] {
  switch (action.kind) {
    case 'keep':
    case 'create':
    case 'repair':
      return action.part.spec.policyTypes;
    case 'leave':
      return action.observed.isolates;
    case 'refuse':
    case 'remove':
    case 'wait':
      return [];
  }
}

/** How much may change without a word from anybody: `count`, or `percent` of the whole if that is more. */
export interface GuardLimit {
  readonly count: number;
  readonly percent: number;
}

/** The limit for a whole of so many. */
export function allowance(limit: GuardLimit, whole: number): number {
  return Math.max(limit.count, Math.floor((whole * limit.percent) / 100));
}

/**
 * What confirms a change that is held (R9): the number of namespaces and 8 hex digits of the SHA-256 of the policy's uid,
 * its generation and the sorted names, so that a confirmation fits one generation and one set of names only.
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
