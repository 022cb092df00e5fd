import { DIRECTIONS } from '../../api/network-policy.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { roleIn } from '../../domain/ownership.ts';
import type { Outcome } from '../../domain/planning/outcome.ts';
import { type Action, existingDeny, nameOf, type PolicyPlan } from '../../domain/planning/plan.ts';
import { specHash } from '../../domain/rendering/comparison.ts';
import { contestText } from '../../domain/reporting/report.ts';
import type { Contest } from '../../domain/world.ts';
import { foreignObject, type NetworkPolicyWriter, type WriteTarget } from '../write/network-policy-writer.ts';

/** An action together with the plan it belongs to. All steps of a plan have one target. */
interface Step {
  readonly plan: PolicyPlan;
  readonly action: Action;
  readonly target: WriteTarget;
}

/** The outcomes of the steps that have been carried out so far. */
type Results = ReadonlyMap<Step, Outcome>;

/** Steps that are carried out together, once everything before them allows it. */
interface Stage {
  readonly steps: readonly Step[];
  /** Whether one reconcile may leave some of them to the next, and carries them out a few at a time. */
  readonly isPaced?: boolean;
  readonly mayStart: (results: Results) => boolean;
}

const always = (): boolean => true;
/** How many removals of one namespace are in flight at once, so that the API server has time for the others. */
export const REMOVALS_AT_ONCE = 2;

/**
 * Carries out the plans of one namespace in an order that never leaves its pods isolated without DNS (R3, order of
 * writes): allow-dns first, then everything else at once, then removals, and allow-dns last when all others are done. A
 * part that fails delays no other, with two exceptions: nothing that would isolate is written while DNS is missing, and
 * nothing is taken away while a write that replaces it is still to be tried. With `mayTakeAway: false` nothing is taken
 * away at all (R13, doubtful caches); `takeRemoval` is asked before each removal whether it may be carried out now. Frozen
 * plans are not carried out (R7 DryRun and Paused, R11 invalid policy). It never throws.
 */
export async function execute(
  plans: readonly PolicyPlan[],
  namespace: string,
  writer: NetworkPolicyWriter,
  options: { readonly mayTakeAway?: boolean; readonly takeRemoval?: () => boolean } = {},
): Promise<Map<string, Outcome>> {
  const steps = plans.flatMap((plan) => {
    const target = { namespace, policy: plan.policy };
    return plan.actions.map((action): Step => ({ plan, action, target }));
  });
  const live = steps.filter(({ plan }) => plan.frozen === undefined);
  const results = new Map<Step, Outcome>();
  const run = async (step: Step): Promise<void> => {
    const isDeferred = options.mayTakeAway === false && isTakingAway(step);
    results.set(step, isDeferred ? deferredWhileStale(nameOf(step.action)) : await outcomeOf(step, writer));
  };
  const { stages, dns, widen } = stagesOf(live);
  for (const { steps: batch, mayStart, isPaced } of stages) {
    if (batch.length === 0 || !mayStart(results)) {
      continue;
    }
    if (isPaced === true && options.mayTakeAway !== false) {
      await runRemovals(batch, { run, takeRemoval: options.takeRemoval ?? always }, results);
    } else {
      await Promise.all(batch.filter((step) => !isBlockedByDns(step, dns, results)).map(run));
    }
  }
  return outcomesOf(steps, results, widen);
}

function outcomesOf(steps: readonly Step[], results: Results, widen: readonly Step[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const { plan, action } of steps) {
    const name = nameOf(action);
    outcomes.set(name, plan.frozen === undefined ? { kind: 'blocked', name } : frozenOutcome(action));
  }
  for (const [step, outcome] of results) {
    // A widened default-deny is not as declared yet: until it is narrowed again it counts as blocked.
    if (outcome.kind !== 'inPlace' || !widen.includes(step)) {
      outcomes.set(nameOf(step.action), outcome);
    }
  }
  return outcomes;
}

/**
 * Carries out what `takeRemoval` allows; the next reconciles do the rest. If nothing that was tried succeeded, the rest waits
 * for the same.
 */
async function runRemovals(
  steps: readonly Step[],
  { run, takeRemoval }: { readonly run: (step: Step) => Promise<void>; readonly takeRemoval: () => boolean },
  results: Map<Step, Outcome>,
): Promise<void> {
  const tried: Step[] = [];
  const left: Step[] = [];
  await inParallel(steps, REMOVALS_AT_ONCE, async (step) => {
    if (!makesRequest(step)) {
      await run(step);
    } else if (takeRemoval()) {
      tried.push(step);
      await run(step);
    } else {
      left.push(step);
    }
  });
  if (tried.length === 0 || tried.some((step) => isOver(results.get(step)))) {
    for (const step of left) {
      results.set(step, { kind: 'postponed', name: nameOf(step.action) });
    }
  }
}

/**
 * R3 (order of writes). A default-deny that gives up a direction may leave it to another policy, so it is narrowed
 * only when the others are in place; policies that swap directions isolate both until all do (R9, the guards).
 */
function stagesOf(live: readonly Step[]): {
  readonly stages: readonly Stage[];
  readonly dns: readonly Step[];
  readonly widen: readonly Step[];
} {
  const wanted = live.filter((step) => !isRemoval(step));
  const removed = live.filter(isRemoval);
  const dns = wanted.filter(isDns);
  const narrow = wanted.filter((step) => !isDns(step) && isNarrowing(step));
  const rest = wanted.filter((step) => !isDns(step) && !isNarrowing(step));
  const widen = narrow.filter(swapsDirections).map(withBothDirections);
  const removals = removed.filter((step) => !isDns(step));
  const dnsRemovals = removed.filter(isDns);
  const areDone =
    (...batches: readonly (readonly Step[])[]): Stage['mayStart'] =>
    (results) =>
      batches.every((batch) => batch.every((step) => isDoneOrNotAwaited(step, results)));
  const mayRemove = areDone(dns, rest, narrow);
  const stages = [
    { steps: dns, mayStart: always },
    { steps: rest, mayStart: always },
    { steps: widen, mayStart: always },
    { steps: narrow, mayStart: areDone(dns, rest, widen) },
    { steps: removals, mayStart: mayRemove, isPaced: true },
    {
      steps: dnsRemovals,
      mayStart: (results: Results) => mayRemove(results) && removals.every((step) => isRemoved(results.get(step))),
    },
  ];
  return { stages, dns, widen };
}

function isDns({ action }: Step): boolean {
  return roleIn(nameOf(action)) === 'dns';
}

/**
 * Removals start only when every new default-deny is in place and no other write is waiting for a retry. A default-deny
 * that a foreign object blocks is not waited for (R9, the guards).
 */
function isDoneOrNotAwaited(step: Step, results: Results): boolean {
  const { action } = step;
  const kind = results.get(step)?.kind;
  const isAwaited = roleIn(nameOf(action)) === 'deny' && action.kind !== 'refuse';
  return isAwaited ? kind === 'inPlace' : kind !== 'retry';
}

/** Whether a default-deny gives up a direction. */
function isNarrowing({ action }: Step): boolean {
  return (
    action.kind === 'repair' &&
    action.observed.isolates.some((direction) => !action.part.spec.policyTypes.includes(direction))
  );
}

/** Whether a default-deny that gives up one direction isolates the other from now on. */
function swapsDirections({ action }: Step): boolean {
  return (
    action.kind === 'repair' &&
    action.part.spec.policyTypes.some((direction) => !action.observed.isolates.includes(direction))
  );
}

function withBothDirections(step: Step): Step {
  const { action } = step;
  if (action.kind !== 'repair') {
    return step;
  }
  const spec = { ...action.part.spec, policyTypes: DIRECTIONS };
  return { ...step, action: { ...action, part: { ...action.part, spec, hash: specHash(spec) } } };
}

/** Whether the object is no longer wanted. */
function isRemoval({ action }: Step): boolean {
  return action.kind === 'remove' || action.kind === 'leave';
}

function isTakingAway(step: Step): boolean {
  return isRemoval(step) || isNarrowing(step);
}

/** An object that was deleted already is not deleted again, and a contested one only when its time has come (R6, repair). */
function makesRequest({ action }: Step): boolean {
  return action.kind !== 'remove' || (!action.observed.isTerminating && (action.contest?.waitMs ?? 0) <= 0);
}

/** Whether the next reconcile need not do it again. */
function isOver(outcome: Outcome | undefined): boolean {
  return isRemoved(outcome) || outcome?.kind === 'terminating';
}

function isRemoved(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'removed' || outcome?.kind === 'left';
}

/** Until the DNS parts of a policy are as declared, nothing of it that isolates pods is written (R3, order of writes). */
function isBlockedByDns(step: Step, dns: readonly Step[], results: Results): boolean {
  return (
    !isDns(step) &&
    isNewlyIsolating(step) &&
    dns.some((candidate) => candidate.plan === step.plan && results.get(candidate)?.kind !== 'inPlace')
  );
}

/**
 * Whether a write isolates pods that were not isolated before. Every NetworkPolicy that selects a pod for a direction
 * isolates it there, an allow too. A repair of drift (R6, repair) only restores the isolation there was.
 */
function isNewlyIsolating({ plan, action }: Step): boolean {
  if (action.kind !== 'create' && action.kind !== 'repair') {
    return false;
  }
  const deny = existingDeny(plan);
  if (action.kind === 'create' && deny === undefined) {
    return true;
  }
  const isDrift = action.kind === 'repair' && (action.cause === 'spec' || action.cause === 'labels');
  return !isDrift && action.part.spec.policyTypes.includes('Egress') && deny?.isolates.includes('Egress') !== true;
}

function deferredWhileStale(name: string): Outcome {
  return { kind: 'retry', name, message: 'nothing is removed while a watch is restarted' };
}

function frozenOutcome(action: Action): Outcome {
  return action.kind === 'keep'
    ? { kind: 'inPlace', name: action.part.name, uid: action.observed.uid, hash: action.observed.hash }
    : { kind: 'frozen', name: nameOf(action) };
}

/** An object that was deleted already is not deleted again, and a contested one only when its time has come (R6, repair). */
async function removalOutcome(
  { observed, contest }: Extract<Action, { kind: 'remove' }>,
  target: WriteTarget,
  writer: NetworkPolicyWriter,
): Promise<Outcome> {
  const { name } = observed;
  if (observed.isTerminating) {
    return { kind: 'terminating', name };
  }
  return contest === undefined || contest.waitMs <= 0
    ? await writer.remove(observed, target)
    : contestedOutcome(name, contest);
}

function contestedOutcome(name: string, contest: Contest): Outcome {
  return {
    kind: 'refused',
    name,
    reason: 'Contested',
    message: contestText(name, contest),
    recheckMs: contest.waitMs,
  };
}

async function outcomeOf({ action, target }: Step, writer: NetworkPolicyWriter): Promise<Outcome> {
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
    case 'defer':
      return { kind: 'blocked', name: action.part.name };
    case 'wait':
      return contestedOutcome(action.part.name, action.contest);
    case 'remove':
      return removalOutcome(action, target, writer);
    case 'leave':
      return writer.leave(action.observed, target);
  }
}
