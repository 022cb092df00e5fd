import { type Result, success } from '../../base/result.ts';
import { type Unprotection, unprotectionsIn } from '../../domain/planning/guard.ts';
import type { Outcomes } from '../../domain/planning/outcome.ts';
import { type PolicyPlan, planFor } from '../../domain/planning/plan.ts';
import type { NamespaceReport } from '../../domain/reporting/report.ts';
import { reportFor } from '../../domain/reporting/report.ts';
import type { BaselinePolicyFacts, World } from '../../domain/world.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { Caches } from '../watch/caches.ts';
import type { NetworkPolicyWriter } from '../write/network-policy-writer.ts';
import { type ReportWrite, type ReportWriter, UNCHANGED } from '../write/report-writer.ts';
import type { ChangeGuard, Loss } from './change-guard.ts';
import type { CompiledPolicies } from './compiled-policies.ts';
import type { ContestTracker } from './contest-tracker.ts';
import { execute } from './execute.ts';
import type { ServerDefaults } from './server-defaults.ts';
import type { TransientFailures } from './transient-failures.ts';

/** Everything that a reconcile reads and writes through. */
export interface ReconcileContext {
  readonly caches: Caches;
  readonly book: CompiledPolicies;
  readonly equivalences: ServerDefaults;
  readonly guard: ChangeGuard;
  readonly repairLog: ContestTracker;
  readonly patience: TransientFailures;
  readonly policyWriter: NetworkPolicyWriter;
  readonly recordWriter: ReportWriter;
  /** R15 */
  readonly isNewerAtWork: () => boolean;
  /** The wall clock, RFC 3339 without fractions. */
  readonly nowTime: () => string;
}

/** What a reconcile found and did. */
export interface Reconciled {
  readonly world: World;
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  readonly report: NamespaceReport | undefined;
  /** Whether the report was, or would be, written: not what may well be over with the next attempt. */
  readonly isToBeTold: boolean;
  /** What came of writing the report; `ok` too when there was nothing to write. */
  readonly recorded: Result<ReportWrite, KubeError>;
  /** Of the NamespaceBaseline as it stands now, or stood before it was removed. */
  readonly recordUid: string | undefined;
}

/**
 * Brings one namespace to what is declared: the whole story. Undefined when the namespace is gone or going, in which
 * case nothing was written (R12). It decides on caches alone; nothing in it throws by design.
 */
export async function reconcile(namespace: string, context: ReconcileContext): Promise<Reconciled | undefined> {
  const found = snapshotOf(namespace, context);
  if (found === undefined || found.namespace.isTerminating) {
    return undefined;
  }
  const { world, plans, losing } = guarded(found, context.guard);
  context.guard.begin(namespace, losing);
  const outcomes = await execute(plans, namespace, context.policyWriter, {
    mayTakeAway: !isAnyDoubtful(context.caches),
  });
  context.guard.settle(namespace, lossesAmong(losing, outcomes));
  // Read again, since a repair just now may have been the one that makes it a quarrel.
  const contests = context.repairLog.contestsAmong(namespace, partNames(world.baselinePolicies));
  // So too what stands: what we have just removed or repaired weakens nothing any more.
  const observed = context.caches.networkPolicies.inNamespace(namespace);
  const report = reportFor({ plans, outcomes, record: world.report, contests, observed, nowTime: context.nowTime() });
  const isGone = [...outcomes.values()].some((outcome) => outcome.kind === 'namespaceGone');
  const isToBeTold = !isGone && context.patience.isToBeTold(namespace, outcomes);
  const recorded = !isToBeTold ? success(UNCHANGED) : await context.recordWriter.write(namespace, report, world.report);
  const recordUid = context.caches.reports.inNamespace(namespace)[0]?.uid ?? world.report?.uid;
  return { world: { ...world, contests }, plans, outcomes, report, isToBeTold, recorded, recordUid };
}

/**
 * The world of one namespace as the caches have it, or undefined when there is no such namespace. Removals are not held
 * back in it: what they would unprotect is what the guard counts.
 */
export function snapshotOf(
  namespace: string,
  context: Pick<ReconcileContext, 'caches' | 'book' | 'equivalences' | 'guard' | 'repairLog' | 'isNewerAtWork'>,
): World | undefined {
  const { caches, book, equivalences, guard, repairLog, isNewerAtWork } = context;
  const facts = caches.namespaces.get({ namespace: '', name: namespace });
  if (facts === undefined) {
    return undefined;
  }
  return {
    namespace: facts,
    baselinePolicies: book.facts,
    observed: caches.networkPolicies.inNamespace(namespace),
    report: caches.reports.inNamespace(namespace)[0],
    isEquivalent: (pair) => equivalences.has(pair),
    holds: guard.isolationHoldsIn(namespace, book.facts),
    contests: repairLog.contestsAmong(namespace, partNames(book.facts)),
    isNewerAtWork: isNewerAtWork(),
  };
}

/** The world with what has to wait for a confirmation held back (R9), what is to be done in it, and what that unprotects. */
function guarded(
  found: World,
  guard: ChangeGuard,
): { readonly world: World; readonly plans: readonly PolicyPlan[]; readonly losing: readonly Unprotection[] } {
  const plans = planFor(found);
  const losing = guard.consider(found, plans);
  const holds = guard.holdsIn(found.namespace.name, found.baselinePolicies);
  // The guard only ever adds to the holds that were there: as many are the same, and so is all that follows from them.
  if (holds.size === found.holds.size) {
    return { world: found, plans, losing };
  }
  const world = { ...found, holds };
  const heldPlans = planFor(world);
  return { world, plans: heldPlans, losing: unprotectionsIn(world, heldPlans) };
}

/** R13: after an etcd restore the first cache that is back shows objects that the others, still of the time before, know no reason for. */
function isAnyDoubtful({ namespaces, baselinePolicies: policies, networkPolicies, reports: records }: Caches): boolean {
  return namespaces.isStale || policies.isStale || networkPolicies.isStale || records.isStale;
}

/** R9: it counts from the moment the default-deny itself is gone or narrowed, whatever becomes of the other parts. A write without an answer may have happened. */
function lossesAmong(losing: readonly Unprotection[], outcomes: Outcomes): readonly Loss[] {
  return losing.flatMap((loss): Loss[] => {
    const kind = outcomes.get(`${loss.policy}.default-deny`)?.kind;
    const isSure = kind === undefined || kind === 'removed' || kind === 'inPlace';
    return isSure || kind === 'retry' ? [{ ...loss, isSure }] : [];
  });
}

function* partNames(policies: readonly BaselinePolicyFacts[]): Generator<string, void, undefined> {
  for (const { parts } of policies) {
    for (const { name } of parts ?? []) {
      yield name;
    }
  }
}
