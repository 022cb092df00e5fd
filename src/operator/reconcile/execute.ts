import type { Direction } from '../../api/network-policy.ts';
import { managedName } from '../../domain/ownership.ts';
import type { Outcome } from '../../domain/planning/outcome.ts';
import { type Action, nameOf, type PolicyPlan, standingDeny } from '../../domain/planning/plan.ts';
import { specHash } from '../../domain/rendering/comparison.ts';
import { contestText } from '../../domain/reporting/report.ts';
import { foreignObject, type NetworkPolicyWriter } from '../write/network-policy-writer.ts';

const DIRECTIONS: readonly Direction[] = ['Ingress', 'Egress'];

/** An action together with the plan it belongs to. */
interface Step {
  readonly plan: PolicyPlan;
  readonly action: Action;
}

/**
 * Carries out the plans of one namespace in the order that never leaves it isolated without name resolution (R3): first
 * every allow-dns, then everything else in one flight; then removals in one flight, allow-dns last. A part that fails
 * holds nothing up, but for a missing allow-dns, which holds back what would isolate. A removal waits while something
 * that is to take over could not be written yet, and with `mayTakeAway: false` for another time (R13). Frozen plans are
 * not touched (R7, R11). It never throws.
 */
export async function execute(
  plans: readonly PolicyPlan[],
  namespace: string,
  writer: NetworkPolicyWriter,
  options: { readonly mayTakeAway?: boolean } = {},
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const steps = plans.flatMap((plan) => plan.actions.map((action): Step => ({ plan, action })));
  const attempt = async (step: Step): Promise<Outcome> =>
    options.mayTakeAway === false && isTakingAway(step)
      ? outOfSight(nameOf(step.action))
      : carriedOut(step, namespace, writer);
  const fly = async (flight: readonly Step[]): Promise<void> => {
    await Promise.all(flight.map(async (step) => outcomes.set(nameOf(step.action), await attempt(step))));
  };
  for (const step of steps.filter(({ plan }) => plan.frozen !== undefined)) {
    outcomes.set(nameOf(step.action), frozenOutcome(step.action));
  }

  const live = steps.filter(({ plan }) => plan.frozen === undefined);
  const wanted = live.filter((step) => !isFarewell(step));
  await bringIn(wanted, { outcomes, fly });
  if (wanted.every((step) => isDoneOrNotAwaited(step, outcomes))) {
    await takeOut(live.filter(isFarewell), { outcomes, fly });
  }
  for (const { action } of live) {
    if (!outcomes.has(nameOf(action))) {
      outcomes.set(nameOf(action), { kind: 'held', name: nameOf(action) });
    }
  }
  return outcomes;
}

/** What came of the steps so far, and how steps are carried out at once. */
interface Flights {
  readonly outcomes: Map<string, Outcome>;
  readonly fly: (flight: readonly Step[]) => Promise<void>;
}

async function bringIn(wanted: readonly Step[], { outcomes, fly }: Flights): Promise<void> {
  await fly(wanted.filter(isDns));
  const ready = wanted.filter((step) => !isDns(step) && !isHeld(step, outcomes));
  const shifting = ready.filter(isShifting);
  await fly([...ready.filter((step) => !isNarrowing(step)), ...shifting.map(onBothSides)]);
  const mayNarrow = wanted.every(
    (step) => (isNarrowing(step) && !isShifting(step)) || isDoneOrNotAwaited(step, outcomes),
  );
  for (const { action } of shifting) {
    if (outcomes.get(nameOf(action))?.kind === 'inPlace') {
      outcomes.delete(nameOf(action));
    }
  }
  if (mayNarrow) {
    await fly(ready.filter(isNarrowing));
  }
}

async function takeOut(removals: readonly Step[], { outcomes, fly }: Flights): Promise<void> {
  await fly(removals.filter((step) => !isDns(step)));
  if (removals.every((step) => isDns(step) || isOver(outcomes.get(nameOf(step.action))))) {
    await fly(removals.filter(isDns));
  }
}

function isDns({ plan, action }: Step): boolean {
  return nameOf(action) === `${plan.policy.name}.allow-dns`;
}

/**
 * What was counted on to isolate the namespace from now on stands, and nothing else is still being tried: only then does
 * anything go. A default-deny that was known to be in the way of somebody else's object was never counted on (R9).
 */
function isDoneOrNotAwaited({ action }: Step, outcomes: ReadonlyMap<string, Outcome>): boolean {
  const kind = outcomes.get(nameOf(action))?.kind;
  const isCountedOn = managedName(nameOf(action))?.part === 'default-deny' && action.kind !== 'refuse';
  return isCountedOn ? kind === 'inPlace' : kind !== 'retry';
}

/** A default-deny that gives up a direction, which may be another policy's from now on: as with a removal, what takes over comes first. */
function isNarrowing({ action }: Step): boolean {
  return (
    action.kind === 'repair' &&
    action.observed.isolates.some((direction) => !action.part.spec.policyTypes.includes(direction))
  );
}

/** A default-deny that gives up one direction for another. */
function isShifting(step: Step): boolean {
  const { action } = step;
  return (
    isNarrowing(step) &&
    action.kind === 'repair' &&
    action.part.spec.policyTypes.some((direction) => !action.observed.isolates.includes(direction))
  );
}

/** Where policies exchange directions, each holds both until all do: otherwise none could go first (R9). */
function onBothSides({ plan, action }: Step): Step {
  if (action.kind !== 'repair') {
    return { plan, action };
  }
  const spec = { ...action.part.spec, policyTypes: DIRECTIONS };
  return { plan, action: { ...action, part: { ...action.part, spec, hash: specHash(spec) } } };
}

/** What is done with objects that are no longer wanted. */
function isFarewell({ action }: Step): boolean {
  return action.kind === 'remove' || action.kind === 'leave';
}

function isTakingAway(step: Step): boolean {
  return isFarewell(step) || isNarrowing(step);
}

function isOver(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'removed' || outcome?.kind === 'left';
}

/** Without allow-dns as declared nothing is written that isolates pods anew (R3). */
function isHeld({ plan, action }: Step, outcomes: ReadonlyMap<string, Outcome>): boolean {
  const dns = plan.actions.find((candidate) => isDns({ plan, action: candidate }));
  return (
    dns !== undefined &&
    !isFarewell({ plan, action: dns }) &&
    isIsolatingAnew({ plan, action }) &&
    outcomes.get(nameOf(dns))?.kind !== 'inPlace'
  );
}

/** Any policy that selects a pod for a direction isolates it there, an allow too. Undoing what somebody did (R6) is nothing new. */
function isIsolatingAnew({ plan, action }: Step): boolean {
  if (action.kind !== 'create' && action.kind !== 'repair') {
    return false;
  }
  const deny = standingDeny(plan);
  if (action.kind === 'create' && deny === undefined) {
    return true;
  }
  const isDrift = action.kind === 'repair' && (action.cause === 'spec' || action.cause === 'labels');
  return !isDrift && action.part.spec.policyTypes.includes('Egress') && deny?.isolates.includes('Egress') !== true;
}

function outOfSight(name: string): Outcome {
  return { kind: 'retry', name, message: 'nothing is taken away while a watch is being begun anew' };
}

function frozenOutcome(action: Action): Outcome {
  return action.kind === 'keep'
    ? { kind: 'inPlace', name: action.part.name, uid: action.observed.uid, hash: action.observed.hash }
    : { kind: 'frozen', name: nameOf(action) };
}

async function carriedOut({ plan, action }: Step, namespace: string, writer: NetworkPolicyWriter): Promise<Outcome> {
  const target = { namespace, policy: plan.policy };
  switch (action.kind) {
    case 'keep':
      return { kind: 'inPlace', name: action.part.name, uid: action.observed.uid, hash: action.observed.hash };
    case 'refuse':
      return foreignObject(action.part.name);
    case 'create':
      return writer.create(action.part, target, action);
    case 'repair':
      return writer.repair(action.part, target, {
        uid: action.observed.uid,
        cause: action.cause,
        manager: action.observed.otherManager,
        isKept: action.observed.isKept,
      });
    case 'wait':
      return {
        kind: 'refused',
        name: action.part.name,
        reason: 'Contested',
        message: contestText(action.part.name, action.contest),
        recheckMs: action.contest.waitMs,
      };
    case 'remove':
      return writer.remove(action.observed, target);
    case 'leave':
      return writer.leave(action.observed, target);
  }
}
