import { BOUNDS } from '../../api/bounds.ts';
import type { Condition } from '../../api/condition.ts';
import { CONDITIONS } from '../../api/names.ts';
import { type NamespaceBaselineStatus, PHASES, type Phase, type PolicyEntry } from '../../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { cutText } from '../../base/text.ts';
import { denyNameOf } from '../ownership.ts';
import type { Outcome, Outcomes } from '../planning/outcome.ts';
import { type Action, existingDeny, type Frozen, nameOf, type PolicyPlan } from '../planning/plan.ts';
import { digestOf } from '../rendering/comparison.ts';
import type { NamespacesAtHand } from '../weakening/reach.ts';
import type { Weakening } from '../weakening/weakening.ts';
import { type Contest, type ObservedNetworkPolicy, type RecordedReport, recordedEntry } from '../world.ts';
import { listedWeakenings, type Verdict, weakeningsOf, withWeakening } from './report-weakenings.ts';

/** The content that the NamespaceBaseline of a namespace shall have, and the digest that shows whether it has it already. */
export interface NamespaceReport {
  /** Cut to the bounds of the CRD. */
  readonly status: NamespaceBaselineStatus;
  /** Every policy's entry, those beyond the bounds too. */
  readonly entries: readonly PolicyEntry[];
  /** {@link statusHash} of `status`. */
  readonly hash: string;
}

/**
 * The report of a namespace after its plans were carried out, or undefined when no policy concerns the namespace any more
 * and its NamespaceBaseline goes. It contains only what was observed, in the caches or in the server's own answers.
 */
export function reportFor(facts: {
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  /** The NamespaceBaseline as it was last seen. */
  readonly recorded: RecordedReport | undefined;
  readonly contests: ReadonlyMap<string, Contest>;
  /** Every NetworkPolicy of the namespace. */
  readonly observed: readonly ObservedNetworkPolicy[];
  /** The namespaces of the cluster (R17, weakening); without them a selector matters only if it selects every namespace there can be. */
  readonly namespaces?: NamespacesAtHand;
  /** RFC 3339, for a condition that changes now. */
  readonly nowTime: string;
}): NamespaceReport | undefined {
  const weakenings = weakeningsOf(facts);
  const entries = facts.plans.flatMap((plan) => entryFor(plan, facts, weakenings));
  if (entries.length === 0) {
    return undefined;
  }
  const worst = entries.reduce((a, b) => (PHASES.indexOf(b.phase) < PHASES.indexOf(a.phase) ? b : a));
  const conflicts = conflictsIn(facts).slice(0, BOUNDS.conflicts);
  const policies = entries.slice(0, BOUNDS.policiesPerNamespace);
  const weakenedBy = listedWeakenings(weakenings);
  const ready = readyCondition(worst, facts.recorded, facts.nowTime);
  const status: NamespaceBaselineStatus = {
    phase: worst.phase,
    policyNames: cutText(entries.map(({ policy }) => policy).join(', '), BOUNDS.messageLength),
    policies,
    ...(conflicts.length > 0 ? { conflicts } : {}),
    ...(weakenedBy[0]?.grade === undefined ? {} : { weakenedBy, weakened: weakenedBy[0].grade }),
    conditions: [ready],
  };
  return { status, entries, hash: statusHash(status) };
}

/** Names the policy, unless the sentence begins with the name of one of its objects. */
function messageFor(worst: PolicyEntry): string {
  const text = worst.message ?? REASONS[worst.phase === 'Protected' ? 'Protected' : 'Pending'];
  return text.startsWith(`${worst.policy}.`) ? text : `${worst.policy}: ${text}`;
}

/** A digest of a NamespaceBaseline's status without its transition times. */
export function statusHash(status: unknown): string {
  return digestOf(status, 'lastTransitionTime');
}

function readyCondition(worst: PolicyEntry, recorded: RecordedReport | undefined, nowTime: string): Condition {
  const status = worst.phase === 'Protected' ? 'True' : 'False';
  const since = recorded?.readyStatus === status && recorded.readySince !== '' ? recorded.readySince : nowTime;
  return {
    type: CONDITIONS.ready,
    status,
    reason: reasonOf(worst),
    message: messageFor(worst),
    lastTransitionTime: since,
  };
}

/** The reason of an entry; the NamespaceBaseline leaves it out where it is the name of the phase. */
export function reasonOf({ reason, phase }: Pick<PolicyEntry, 'reason' | 'phase'>): Reason {
  return (reason ?? phase) as Reason;
}

type Facts = Parameters<typeof reportFor>[0];

function entryFor(plan: PolicyPlan, facts: Facts, weakenings: readonly Weakening[]): PolicyEntry[] {
  const { policy } = plan;
  const { outcomes, recorded } = facts;
  const existing = existingAfter(plan, outcomes);
  if (!plan.isSelected && (existing.length === 0 || isKept(plan, outcomes))) {
    return [];
  }
  const before = recordedEntry(recorded, policy.name);
  const verdict = withWeakening(verdictFor(plan, facts, before?.phase), plan, weakenings);
  return [
    {
      policy: policy.name,
      generation: policy.generation,
      mode: policy.mode,
      phase: verdict.phase,
      ...(verdict.reason === verdict.phase ? {} : { reason: verdict.reason }),
      ...(verdict.message === undefined ? {} : { message: cutText(verdict.message, BOUNDS.messageLength) }),
      inPlace: isInPlace(plan, outcomes, { existing, wasInPlace: before?.inPlace === true }),
      managed: managedList(plan, existing),
      ...(plan.frozen === 'DryRun' ? { plan: dryRunPlan(plan.actions) } : {}),
    },
  ];
}

/** Sorted by name. Declared parts are never left out, however many surplus objects are still to be removed. */
function managedList({ policy }: PolicyPlan, existing: readonly ExistingObject[]): PolicyEntry['managed'] {
  const declared = new Set(policy.parts?.map(({ name }) => name));
  const byName = existing
    .map(({ name, uid, hash }) => ({ name, uid, ...(hash === undefined || hash === '' ? {} : { hash }) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const first = [
    ...byName.filter(({ name }) => declared.has(name)),
    ...byName.filter(({ name }) => !declared.has(name)),
  ];
  const listed = new Set(first.slice(0, BOUNDS.managedPerPolicy));
  return byName.filter((object) => listed.has(object));
}

/** R4 (opting out): with onOptOut Keep the objects stay, and the operator reports nothing about them any more. */
function isKept(plan: PolicyPlan, outcomes: Outcomes): boolean {
  const isUndecided = plan.policy.isDeleting && plan.policy.removesOnDelete && !plan.policy.isRemoving;
  return (
    plan.frozen === undefined &&
    plan.policy.isAccepted &&
    !isUndecided &&
    plan.actions.every((action) => outcomes.get(nameOf(action))?.kind === 'left')
  );
}

type ExistingObject = Pick<Extract<Outcome, { kind: 'inPlace' }>, 'name' | 'uid' | 'hash'>;

/** The operator's objects for this policy after the outcomes. */
function existingAfter(plan: PolicyPlan, outcomes: Outcomes): readonly ExistingObject[] {
  const existing = new Map<string, ExistingObject>(plan.existing.map((observed) => [observed.name, observed]));
  for (const action of plan.actions) {
    const outcome = outcomes.get(nameOf(action));
    if (outcome?.kind === 'inPlace') {
      existing.set(outcome.name, outcome);
    }
    if (outcome?.kind === 'removed') {
      existing.delete(outcome.name);
    }
  }
  return [...existing.values()];
}

/**
 * The latch that the admission gate reads: set once default-deny and the DNS parts are as declared and every other part is
 * as declared or refused until something else changes, and cleared only when the default-deny is gone.
 */
function isInPlace(
  plan: PolicyPlan,
  outcomes: Outcomes,
  facts: { existing: readonly { readonly name: string }[]; wasInPlace: boolean },
): boolean {
  const deny = denyNameOf(plan.policy.name);
  if (!facts.existing.some((object) => object.name === deny)) {
    return false;
  }
  if (facts.wasInPlace || plan.awaitedDns !== undefined) {
    return facts.wasInPlace;
  }
  if (plan.frozen !== undefined) {
    return plan.actions.length > 0 && plan.actions.every((action) => action.kind === 'keep');
  }
  return wantedOutcomes(plan, outcomes).every(
    ({ action, outcome }) =>
      outcome?.kind === 'inPlace' || (action.part.role === 'other' && outcome?.kind === 'refused'),
  );
}

function verdictFor(plan: PolicyPlan, facts: Facts, phaseBefore: Phase | undefined): Verdict {
  const { outcomes, contests } = facts;
  if (plan.frozen === 'OptingOut') {
    return optingOutVerdict(plan, phaseBefore);
  }
  if (plan.frozen !== undefined) {
    return frozenVerdict(plan, plan.frozen, plan.existing.length > 0 ? phaseBefore : undefined);
  }
  const wanted = wantedOutcomes(plan, outcomes);
  const usual =
    missingDnsVerdict(plan, wanted) ??
    refusedVerdict(plan, outcomes) ??
    contestedVerdict(plan, contests) ??
    terminatingVerdict(plan, outcomes) ??
    pendingVerdict(plan, outcomes);
  if (usual !== undefined) {
    return usual;
  }
  return plan.isRemovalHeld
    ? { phase: 'Protected', reason: 'RemovalHeld', message: REASONS.RemovalHeld }
    : { phase: 'Protected', reason: 'Protected' };
}

/** Whether the operator has no object there now; one to be repaired or contested exists, but differs from its declaration. */
function isMissing(action: Wanted): boolean {
  return action.kind === 'create' || action.kind === 'refuse';
}

/** R7 (DryRun and Paused), R9 (the guards), R11 (invalid policy): where the set exists, the phase of the last report still holds. */
function frozenVerdict(
  { awaitedDns }: PolicyPlan,
  frozen: Exclude<Frozen, 'OptingOut'>,
  phaseBefore: Phase | undefined,
): Verdict {
  if (frozen === 'DryRun') {
    const when = awaitedDns === undefined ? '' : ` once DNS is believed. ${REASONS[awaitedDns]}`;
    return {
      phase: frozen,
      reason: frozen,
      message: `Nothing is written here; plan says what Enforce would do${when || '.'}`,
    };
  }
  if (frozen === 'Paused') {
    return { phase: frozen, reason: frozen, message: REASONS[frozen] };
  }
  const reason = frozen === 'Invalid' ? 'PolicyInvalid' : frozen;
  return { phase: phaseBefore ?? 'Pending', reason, message: REASONS[reason] };
}

/** R4 (opting out): the set is protection until the grace is over, unless it was in trouble before or lacks its default-deny. */
function optingOutVerdict(plan: PolicyPlan, phaseBefore: Phase | undefined): Verdict {
  const isInTrouble = phaseBefore === 'Failed' || phaseBefore === 'Conflict';
  const phase = existingDeny(plan) === undefined ? 'Pending' : 'Protected';
  return {
    phase: isInTrouble ? phaseBefore : phase,
    reason: 'OptingOut',
    message: `The namespace is no longer selected: its NetworkPolicies are removed at ${plan.optOutWait?.untilTime ?? 'once'}, unless it is selected again before.`,
  };
}

/** A NetworkPolicy that was deleted is still enforced while another client's finalizer keeps it. */
function terminatingVerdict(plan: PolicyPlan, outcomes: Outcomes): Verdict | undefined {
  const name = plan.actions.map(nameOf).find((candidate) => outcomes.get(candidate)?.kind === 'terminating');
  return name === undefined
    ? undefined
    : { phase: 'Conflict', reason: 'KeptByFinalizer', message: `${name}: it was deleted, and a finalizer keeps it` };
}

/** The contest over the object of an action: over its repair, or over its removal. */
function contestIn(action: Action, contests: ReadonlyMap<string, Contest>): Contest | undefined {
  return action.kind === 'remove' ? action.contest : contests.get(nameOf(action));
}

/** R6 (repair): as long as the contest lasts, also while the object is as declared for a moment. */
function contestedVerdict(plan: PolicyPlan, contests: ReadonlyMap<string, Contest>): Verdict | undefined {
  for (const action of plan.actions) {
    const contest = contestIn(action, contests);
    if (contest !== undefined) {
      return { phase: 'Conflict', reason: 'Contested', message: contestText(nameOf(action), contest) };
    }
  }
  return undefined;
}

/** The message about a contest. */
export function contestText(name: string, contest: Contest): string {
  return `${name}: ${contest.manager === '' ? 'another client' : `the field manager ${contest.manager}`} keeps changing it`;
}

/** R5 (ownership): a foreign object is a conflict; every other refusal is a failure, which is worse. */
function refusedVerdict(plan: PolicyPlan, outcomes: Outcomes): Verdict | undefined {
  const refused = plan.actions.flatMap((action) => {
    const outcome = outcomes.get(nameOf(action));
    // A removal that waits for its turn is a conflict: everything that is declared may be in place.
    const isContestedRemoval = action.kind === 'remove' && action.contest !== undefined;
    return outcome?.kind === 'refused' && !isContestedRemoval ? [outcome] : [];
  });
  const worst = refused.find((outcome) => outcome.reason !== 'ForeignObject') ?? refused[0];
  if (worst === undefined) {
    return undefined;
  }
  return {
    phase: worst.reason === 'ForeignObject' ? 'Conflict' : 'Failed',
    reason: worst.reason,
    message: `${worst.name}: ${worst.message}`,
  };
}

/** R3 (order of writes): while a DNS part is missing, nothing that isolates is written. */
function missingDnsVerdict(plan: PolicyPlan, wanted: ReturnType<typeof wantedOutcomes>): Verdict | undefined {
  const dns = wanted.find(
    ({ action, outcome }) => action.part.role === 'dns' && outcome?.kind === 'refused' && isMissing(action),
  );
  if (dns?.outcome?.kind !== 'refused') {
    return undefined;
  }
  const reason = existingDeny(plan) !== undefined ? 'AllowDnsMissing' : 'Unprotected';
  return { phase: 'Failed', reason, message: `${REASONS[reason]} ${dns.outcome.message}` };
}

function pendingVerdict(plan: PolicyPlan, outcomes: Outcomes): Verdict | undefined {
  if (!plan.isSelected) {
    return {
      phase: 'Pending',
      reason: 'Pending',
      message: 'The namespace is no longer selected; the managed NetworkPolicies are being removed.',
    };
  }
  const { awaitedDns } = plan;
  if (awaitedDns !== undefined) {
    return { phase: 'Pending', reason: awaitedDns, message: REASONS[awaitedDns] };
  }
  const waiting = plan.actions
    .map((action) => outcomes.get(nameOf(action)))
    .filter((outcome) => outcome?.kind !== 'inPlace' && outcome?.kind !== 'removed' && outcome?.kind !== 'terminating');
  if (waiting.length === 0) {
    return undefined;
  }
  if (waiting.every((outcome) => outcome?.kind === 'postponed')) {
    return { phase: 'Pending', reason: 'Pending', message: 'Further NetworkPolicies here are still to be removed.' };
  }
  const retry = waiting.find((outcome): outcome is Extract<Outcome, { kind: 'retry' }> => outcome?.kind === 'retry');
  return retry === undefined
    ? { phase: 'Pending', reason: 'Pending', message: REASONS.Pending }
    : { phase: 'Pending', reason: 'Retrying', message: `${retry.name}: ${retry.message}` };
}

type Wanted = Exclude<Action, { kind: 'remove' } | { kind: 'leave' }>;

function wantedOutcomes(
  plan: PolicyPlan,
  outcomes: Outcomes,
): readonly { readonly action: Wanted; readonly outcome: Outcome | undefined }[] {
  return plan.actions.flatMap((action) =>
    action.kind === 'remove' || action.kind === 'leave' ? [] : [{ action, outcome: outcomes.get(action.part.name) }],
  );
}

function conflictsIn({ plans, outcomes, contests }: Facts): { name: string; reason: string }[] {
  const names = plans.flatMap((plan) =>
    plan.actions.map((action) => ({
      name: nameOf(action),
      contest: contestIn(action, contests),
      isTerminating: outcomes.get(nameOf(action))?.kind === 'terminating',
      isForeign: action.kind === 'refuse' || isForeign(outcomes.get(nameOf(action))),
    })),
  );
  return names.flatMap(({ name, contest, isTerminating, isForeign: isTaken }) => {
    if (isTaken) {
      return [{ name, reason: 'ForeignObject' }];
    }
    if (isTerminating) {
      return [{ name, reason: "KeptByFinalizer: it was deleted, and another client's finalizer keeps it" }];
    }
    return contest === undefined
      ? []
      : [
          {
            name,
            reason:
              contest.manager === ''
                ? 'Contested'
                : cutText(`Contested by field manager ${contest.manager}`, BOUNDS.messageLength),
          },
        ];
  });
}

function isForeign(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.reason === 'ForeignObject';
}

/** Removals are sorted, since they come from the cache in any order, and a report is written again when it differs. */
function dryRunPlan(actions: readonly Action[]): { apply: string[]; remove: string[] } {
  const apply = actions.filter(({ kind }) => kind === 'create' || kind === 'repair' || kind === 'defer');
  const remove = actions.filter((action) => action.kind === 'remove');
  return {
    apply: apply.map(nameOf).slice(0, BOUNDS.managedPerPolicy),
    remove: remove.map(nameOf).sort().slice(0, BOUNDS.managedPerPolicy),
  };
}
