import { BOUNDS } from '../../api/bounds.ts';
import type { Condition } from '../../api/condition.ts';
import { CONDITIONS } from '../../api/names.ts';
import { type NamespaceBaselineStatus, PHASES, type Phase, type PolicyEntry } from '../../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { cutText } from '../../base/text.ts';
import type { Outcome, Outcomes } from '../planning/outcome.ts';
import { type Action, type Frozen, nameOf, type PolicyPlan, standingDeny } from '../planning/plan.ts';
import { digestOf } from '../rendering/comparison.ts';
import type { Contest, ObservedNetworkPolicy, RecordedReport } from '../world.ts';

/** What the NamespaceBaseline of a namespace shall say, and the digest that tells whether it says so already. */
export interface NamespaceReport {
  /** Cut to the bounds of the CRD. */
  readonly status: NamespaceBaselineStatus;
  /** Every policy's entry, also those beyond the bounds. */
  readonly entries: readonly PolicyEntry[];
  /** {@link statusHash} of `status`. */
  readonly hash: string;
}

/**
 * What there is to say of a namespace after its plans were tried, or undefined when no policy is concerned with it any
 * more and its NamespaceBaseline goes. It says only what was observed, in the cache or in the server's own answers.
 */
export function reportFor(facts: {
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  readonly record: RecordedReport | undefined;
  readonly contests: ReadonlyMap<string, Contest>;
  /** Every NetworkPolicy of the namespace. */
  readonly observed: readonly ObservedNetworkPolicy[];
  /** RFC 3339, for a condition that changes now. */
  readonly nowTime: string;
}): NamespaceReport | undefined {
  const entries = facts.plans.flatMap((plan) => entryFor(plan, facts));
  if (entries.length === 0) {
    return undefined;
  }
  const worst = entries.reduce((a, b) => (PHASES.indexOf(b.phase) < PHASES.indexOf(a.phase) ? b : a));
  const conflicts = conflictsIn(facts).slice(0, BOUNDS.conflicts);
  const policies = entries.slice(0, BOUNDS.policiesPerNamespace);
  const weakenedBy = weakenings(facts).slice(0, BOUNDS.weakenedBy);
  const ready = readyCondition(worst, facts.record, facts.nowTime);
  const status: NamespaceBaselineStatus = {
    phase: worst.phase,
    policies,
    ...(conflicts.length > 0 ? { conflicts } : {}),
    ...(weakenedBy.length > 0 ? { weakenedBy } : {}),
    conditions: [ready],
  };
  return { status, entries, hash: statusHash(status) };
}

/** Names the policy, where the sentence does not begin with the name of one of its objects anyway. */
function messageFor(worst: PolicyEntry): string {
  const text = worst.message ?? REASONS[worst.phase === 'Protected' ? 'Protected' : 'Pending'];
  return text.startsWith(`${worst.policy}.`) ? text : `${worst.policy}: ${text}`;
}

/** A digest of a NamespaceBaseline's status without its transition times. */
export function statusHash(status: unknown): string {
  return digestOf(status, 'lastTransitionTime');
}

function readyCondition(worst: PolicyEntry, record: RecordedReport | undefined, nowTime: string): Condition {
  const status = worst.phase === 'Protected' ? 'True' : 'False';
  const since = record?.readyStatus === status && record.readySince !== '' ? record.readySince : nowTime;
  const reason = worst.reason ?? worst.phase;
  return { type: CONDITIONS.ready, status, reason, message: messageFor(worst), lastTransitionTime: since };
}

type Facts = Parameters<typeof reportFor>[0];

function entryFor(plan: PolicyPlan, facts: Facts): PolicyEntry[] {
  const { policy } = plan;
  const { outcomes, record } = facts;
  const standing = stillStanding(plan, outcomes);
  if (!plan.isSelected && (standing.length === 0 || isLeftBehind(plan, outcomes))) {
    return [];
  }
  const before = record?.entries.find((entry) => entry.policy === policy.name);
  const verdict = verdictFor(plan, facts, before?.phase);
  return [
    {
      policy: policy.name,
      generation: policy.generation,
      mode: policy.mode,
      phase: verdict.phase,
      ...(verdict.reason === verdict.phase ? {} : { reason: verdict.reason }),
      ...(verdict.message === undefined ? {} : { message: cutText(verdict.message, BOUNDS.messageLength) }),
      inPlace: isInPlace(plan, outcomes, { standing, wasInPlace: before?.inPlace === true }),
      managed: standing
        .map(({ name, uid, hash }) => ({ name, uid, ...(hash === undefined || hash === '' ? {} : { hash }) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, BOUNDS.managedPerPolicy),
      ...(plan.frozen === 'DryRun' ? { plan: dryRunPlan(plan.actions) } : {}),
    },
  ];
}

/** R4: with onOptOut Keep the objects stay and the operator has nothing more to say of them. */
function isLeftBehind(plan: PolicyPlan, outcomes: Outcomes): boolean {
  const isUndecided = plan.policy.isDeleting && plan.policy.removesOnDelete && !plan.policy.isRemoving;
  return (
    plan.frozen === undefined &&
    plan.policy.isAccepted &&
    !isUndecided &&
    plan.actions.every((action) => outcomes.get(nameOf(action))?.kind === 'left')
  );
}

type Standing = Pick<Extract<Outcome, { kind: 'inPlace' }>, 'name' | 'uid' | 'hash'>;

/** The operator's objects for this policy after the outcomes. */
function stillStanding(plan: PolicyPlan, outcomes: Outcomes): readonly Standing[] {
  const standing = new Map<string, Standing>(plan.existing.map((observed) => [observed.name, observed]));
  for (const action of plan.actions) {
    const outcome = outcomes.get(nameOf(action));
    if (outcome?.kind === 'inPlace') {
      standing.set(outcome.name, outcome);
    }
    if (outcome?.kind === 'removed') {
      standing.delete(outcome.name);
    }
  }
  return [...standing.values()];
}

/**
 * The latch that the admission gate reads: set once default-deny and allow-dns stand as declared and every other part
 * stands or is refused for good, and unset only when the default-deny is gone.
 */
function isInPlace(
  plan: PolicyPlan,
  outcomes: Outcomes,
  facts: { standing: readonly { readonly name: string }[]; wasInPlace: boolean },
): boolean {
  const deny = `${plan.policy.name}.default-deny`;
  if (!facts.standing.some((object) => object.name === deny)) {
    return false;
  }
  if (facts.wasInPlace) {
    return true;
  }
  if (plan.frozen !== undefined) {
    return plan.actions.length > 0 && plan.actions.every((action) => action.kind === 'keep');
  }
  return wantedOutcomes(plan, outcomes).every(({ action, outcome }) => {
    const isVital = action.part.part === 'default-deny' || action.part.part === 'allow-dns';
    return outcome?.kind === 'inPlace' || (!isVital && outcome?.kind === 'refused');
  });
}

interface Verdict {
  readonly phase: Phase;
  readonly reason: Reason;
  readonly message?: string;
}

function verdictFor(plan: PolicyPlan, facts: Facts, phaseBefore: Phase | undefined): Verdict {
  const { outcomes, contests } = facts;
  if (plan.frozen !== undefined) {
    return frozenVerdict(plan.frozen, plan.existing.length > 0 ? phaseBefore : undefined);
  }
  const wanted = wantedOutcomes(plan, outcomes);
  const usual =
    missingDnsVerdict(plan, wanted) ??
    refusedVerdict(plan, outcomes) ??
    contestedVerdict(plan, contests) ??
    pendingVerdict(plan, outcomes);
  if (usual !== undefined) {
    return usual;
  }
  return plan.isRemovalHeld
    ? { phase: 'Protected', reason: 'RemovalHeld', message: REASONS.RemovalHeld }
    : { phase: 'Protected', reason: 'Protected' };
}

/** Whether nothing of ours stands there now: a repair and a contested object are there, only not as declared. */
function isMissing(action: Wanted): boolean {
  return action.kind === 'create' || action.kind === 'refuse';
}

/** R7, R9, R11: where something stands, what was said of it before still holds. */
function frozenVerdict(frozen: Frozen, phaseBefore: Phase | undefined): Verdict {
  if (frozen === 'DryRun') {
    return { phase: frozen, reason: frozen, message: 'Nothing is written here; plan says what Enforce would do.' };
  }
  if (frozen === 'Paused') {
    return { phase: frozen, reason: frozen, message: REASONS[frozen] };
  }
  const reason = frozen === 'Invalid' ? 'PolicyInvalid' : frozen;
  return { phase: phaseBefore ?? 'Pending', reason, message: REASONS[reason] };
}

/** R6: as long as the quarrel lasts, also in the moments in which we have the better of it. */
function contestedVerdict(plan: PolicyPlan, contests: ReadonlyMap<string, Contest>): Verdict | undefined {
  const name = plan.actions.map(nameOf).find((candidate) => contests.has(candidate));
  const contest = name === undefined ? undefined : contests.get(name);
  return contest === undefined
    ? undefined
    : { phase: 'Conflict', reason: 'Contested', message: contestText(name ?? '', contest) };
}

/** What there is to say of a quarrel. */
export function contestText(name: string, contest: Contest): string {
  return `${name}: ${contest.manager === '' ? 'somebody' : `the field manager ${contest.manager}`} keeps changing it`;
}

/** R5: a foreign object is a conflict; everything else that is refused for good is a failure, and worse. */
function refusedVerdict(plan: PolicyPlan, outcomes: Outcomes): Verdict | undefined {
  const refused = plan.actions.flatMap((action) => {
    const outcome = outcomes.get(nameOf(action));
    return outcome?.kind === 'refused' ? [outcome] : [];
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

/** R3: a missing allow-dns holds the set. */
function missingDnsVerdict(plan: PolicyPlan, wanted: ReturnType<typeof wantedOutcomes>): Verdict | undefined {
  const dns = wanted.find(({ action }) => action.part.part === 'allow-dns');
  if (dns?.outcome?.kind !== 'refused' || !isMissing(dns.action)) {
    return undefined;
  }
  const reason = standingDeny(plan) !== undefined ? 'AllowDnsMissing' : 'Unprotected';
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
  const waiting = plan.actions
    .map((action) => outcomes.get(nameOf(action)))
    .filter((outcome) => outcome?.kind !== 'inPlace' && outcome?.kind !== 'removed');
  if (waiting.length === 0) {
    return undefined;
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
      isForeign: action.kind === 'refuse' || isForeign(outcomes.get(nameOf(action))),
    })),
  );
  return names.flatMap(({ name, isForeign: isTaken }) => {
    const contest = contests.get(name);
    if (isTaken) {
      return [{ name, reason: 'ForeignObject' }];
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

/**
 * R17: others' NetworkPolicies that open a direction which a policy isolates here, by name. What is not one of the parts
 * of a policy is another's, whatever labels it carries.
 */
function weakenings({ plans, observed }: Facts): { name: string; why: string }[] {
  const enforced = plans.filter(({ isSelected, frozen }) => isSelected && frozen !== 'DryRun' && frozen !== 'Paused');
  const isolated = new Set(
    enforced.flatMap(({ policy }) => policy.parts?.find(({ part }) => part === 'default-deny')?.spec.policyTypes ?? []),
  );
  const parts = new Set(enforced.flatMap((plan) => plan.actions.filter(({ kind }) => kind !== 'refuse').map(nameOf)));
  const found = observed.flatMap(({ name, weakens }) => {
    if (weakens === undefined || parts.has(name)) {
      return [];
    }
    const why = [
      isolated.has('Ingress') ? weakens.ingress : undefined,
      isolated.has('Egress') ? weakens.egress : undefined,
    ]
      .filter((text) => text !== undefined)
      .join('; ');
    return why === '' ? [] : [{ name, why: cutText(why, BOUNDS.messageLength) }];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isForeign(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.reason === 'ForeignObject';
}

/** What is to be removed is sorted, since it comes from the cache in any order, and a report is written again when it differs. */
function dryRunPlan(actions: readonly Action[]): { apply: string[]; remove: string[] } {
  const apply = actions.filter((action) => action.kind === 'create' || action.kind === 'repair');
  const remove = actions.filter((action) => action.kind === 'remove');
  return {
    apply: apply.map(nameOf).slice(0, BOUNDS.managedPerPolicy),
    remove: remove.map(nameOf).sort().slice(0, BOUNDS.managedPerPolicy),
  };
}
