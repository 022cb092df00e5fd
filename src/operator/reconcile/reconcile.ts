import { type Result, success } from '../../base/result.ts';
import { denyNameOf } from '../../domain/ownership.ts';
import { type Unprotection, unprotectionsIn } from '../../domain/planning/guard.ts';
import type { Outcomes } from '../../domain/planning/outcome.ts';
import { isOptOut, type PolicyPlan, planFor } from '../../domain/planning/plan.ts';
import { type NamespaceReport, reportFor } from '../../domain/reporting/report.ts';
import type { NamespacesAtHand } from '../../domain/weakening/reach.ts';
import type { BaselinePolicyFacts, ObservedNetworkPolicy, World } from '../../domain/world.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { Priority } from '../queue/work-queue.ts';
import type { ChangeGuard, Loss } from '../state/change-guard.ts';
import type { CompiledPolicies } from '../state/compiled-policies.ts';
import type { ContestTracker } from '../state/contest-tracker.ts';
import type { OptOutTracker } from '../state/opt-out-tracker.ts';
import type { RemovalPace } from '../state/removal-pace.ts';
import type { ServerDefaults } from '../state/server-defaults.ts';
import type { Caches } from '../watch/caches.ts';
import type { NetworkPolicyWriter } from '../write/network-policy-writer.ts';
import { type ReportWrite, type ReportWriter, UNCHANGED } from '../write/report-writer.ts';
import { execute } from './execute.ts';
import type { TransientFailures } from './transient-failures.ts';

/** The writers of one priority. */
export interface Writers {
  readonly networkPolicies: NetworkPolicyWriter;
  readonly reports: ReportWriter;
}

/** Everything that a reconcile reads, and writes through. */
export interface ReconcileContext {
  readonly caches: Caches;
  readonly compiledPolicies: CompiledPolicies;
  readonly serverDefaults: ServerDefaults;
  readonly guard: ChangeGuard;
  readonly contestTracker: ContestTracker;
  readonly optOuts: OptOutTracker;
  readonly transientFailures: TransientFailures;
  readonly removalPace: RemovalPace;
  readonly writers: Readonly<Record<Priority, Writers>>;
  /** R15 (one writer): whether a newer version of the operator led before. */
  readonly hasNewerLed: () => boolean;
  /** R17 (weakening): the namespaces that a selector leaves out. */
  readonly namespaces: NamespacesAtHand;
  /** The wall clock, RFC 3339 without fractions. */
  readonly nowTime: () => string;
}

/** The findings and the outcomes of a reconcile. */
export interface Reconciled {
  readonly world: World;
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  readonly report: NamespaceReport | undefined;
  /**
   * False when the report was left as it is: a write failed in passing, for the first or second time in a row, or the
   * namespace went away meanwhile. True otherwise, even if the report needed no write.
   */
  readonly isReported: boolean;
  /** The result of writing the report; `ok` too when there was nothing to write. */
  readonly reportWrite: Result<ReportWrite, KubeError>;
  /** The uid of the NamespaceBaseline now, or before it was removed. */
  readonly reportUid: string | undefined;
}

/**
 * Brings one namespace to its declared state. Undefined when the namespace is gone or terminating, in which case nothing
 * was written (R12, one namespace's failure). It decides by the caches alone, and never throws unless there is a bug.
 */
export async function reconcile(
  namespace: string,
  priority: Priority,
  context: ReconcileContext,
): Promise<Reconciled | undefined> {
  const snapshot = snapshotOf(namespace, context);
  if (snapshot === undefined || snapshot.namespace.isTerminating) {
    return undefined;
  }
  const { caches, guard, contestTracker, transientFailures } = context;
  const writers = context.writers[priority];
  const { world, plans, losses } = withWaits(snapshot, context);
  guard.begin(namespace, losses);
  const removals = context.removalPace.begin(namespace);
  const outcomes = await execute(plans, namespace, writers.networkPolicies, {
    mayTakeAway: !isAnyStale(caches),
    takeRemoval: removals.take,
  });
  removals.end();
  guard.commit(namespace, lossesAmong(losses, outcomes));
  // Read again, since a repair just now may be the one that makes the object contested.
  const contests = contestTracker.contestsAmong(namespace, partNames(world.baselinePolicies));
  // Read again, since an object that was just removed or repaired weakens nothing any more.
  const observed = caches.networkPolicies.inNamespace(namespace);
  const report = reportFor({
    plans,
    outcomes,
    recorded: world.report,
    contests,
    observed,
    namespaces: world.namespaces,
    nowTime: context.nowTime(),
  });
  const isGone = [...outcomes.values()].some((outcome) => outcome.kind === 'namespaceGone');
  const isReported = !isGone && transientFailures.shouldReport(namespace, outcomes);
  const reportWrite = isReported ? await writers.reports.write(namespace, report, world.report) : success(UNCHANGED);
  const reportUid = caches.reports.inNamespace(namespace)[0]?.uid ?? world.report?.uid;
  return { world: { ...world, contests }, plans, outcomes, report, isReported, reportWrite, reportUid };
}

/**
 * The world of one namespace as the caches have it, or undefined when there is no such namespace. In it removals are not
 * held and opt-outs do not wait, since the guard counts what they would unprotect, from the first moment on.
 */
export function snapshotOf(
  namespace: string,
  context: Pick<
    ReconcileContext,
    'caches' | 'compiledPolicies' | 'serverDefaults' | 'guard' | 'contestTracker' | 'hasNewerLed' | 'namespaces'
  >,
): World | undefined {
  const { caches, compiledPolicies, serverDefaults, guard, contestTracker, hasNewerLed, namespaces } = context;
  const facts = caches.namespaces.get({ namespace: '', name: namespace });
  if (facts === undefined) {
    return undefined;
  }
  const observed = caches.networkPolicies.inNamespace(namespace);
  return {
    namespace: facts,
    baselinePolicies: compiledPolicies.facts,
    observed,
    report: caches.reports.inNamespace(namespace)[0],
    isEquivalent: (pair) => serverDefaults.has(pair),
    holds: guard.isolationHoldsIn(namespace, compiledPolicies.facts),
    contests: contestTracker.contestsAmong(namespace, partNames(compiledPolicies.facts)),
    removalContests: contestTracker.removalContestsAmong(namespace, markedNames(observed)),
    optOutWaits: NO_WAITS,
    hasNewerLed: hasNewerLed(),
    namespaces,
  };
}

const NO_WAITS: World['optOutWaits'] = new Map();

/**
 * The world with the changes held that wait for a confirmation (R9, the guards), and with the opt-outs that wait for their
 * grace (R4, opting out); the plans for it, and what these unprotect. A confirmed removal does not wait.
 */
function withWaits(
  snapshot: World,
  { guard, optOuts }: Pick<ReconcileContext, 'guard' | 'optOuts'>,
): { readonly world: World; readonly plans: readonly PolicyPlan[]; readonly losses: readonly Unprotection[] } {
  const plans = planFor(snapshot);
  const losses = guard.consider(snapshot, plans);
  const { name } = snapshot.namespace;
  const holds = guard.holdsIn(name, snapshot.baselinePolicies);
  const leaving = plans.filter(isOptOut).map(({ policy }) => policy);
  const optOutWaits = optOuts.note(
    name,
    leaving.filter((policy) => !guard.isRemovalConfirmed(policy, name)),
  );
  // The guard only adds to the holds of the snapshot: the same number means the same holds, and so the same plans.
  if (holds.size === snapshot.holds.size && optOutWaits.size === 0) {
    return { world: snapshot, plans, losses };
  }
  const world = { ...snapshot, holds, optOutWaits };
  const heldPlans = planFor(world);
  return { world, plans: heldPlans, losses: unprotectionsIn(world, heldPlans) };
}

/**
 * R13 (stale caches): after an etcd restore the caches catch up one by one. Until all have, an object in one cache may
 * look unwanted only because another cache is older.
 */
function isAnyStale({ namespaces, baselinePolicies, networkPolicies, reports }: Caches): boolean {
  return namespaces.isStale || baselinePolicies.isStale || networkPolicies.isStale || reports.isStale;
}

/**
 * R9 (the guards): a loss counts as soon as the default-deny itself is gone or narrowed, whatever the outcome of the other
 * parts. A write whose response was lost may have happened.
 */
function lossesAmong(losses: readonly Unprotection[], outcomes: Outcomes): readonly Loss[] {
  return losses.flatMap((loss): Loss[] => {
    const kind = outcomes.get(denyNameOf(loss.policy))?.kind;
    const isSure = kind === undefined || kind === 'removed' || kind === 'inPlace';
    return isSure || kind === 'retry' ? [{ ...loss, isSure }] : [];
  });
}

function* markedNames(observed: readonly ObservedNetworkPolicy[]): Generator<string, void, undefined> {
  for (const { isLabelled, policyUid, name } of observed) {
    if (isLabelled || policyUid !== '') {
      yield name;
    }
  }
}

function* partNames(policies: readonly BaselinePolicyFacts[]): Generator<string, void, undefined> {
  for (const { parts } of policies) {
    for (const { name } of parts ?? []) {
      yield name;
    }
  }
}
