import { CONDITIONS } from '../../../api/names.ts';
import { PHASES } from '../../../api/namespace-baseline.ts';
import { isManaged } from '../../../domain/ownership.ts';
import { renderedParts } from '../../../domain/rendering/rendering.ts';
import { isExcluded, isMatch, isSelected, type Labels, type SelectableNamespace } from '../../../domain/selection.ts';
import {
  type BaselinePolicyView,
  type ClusterFacts,
  type ConditionView,
  type ManagedNetworkPolicyView,
  type ReportEntryView,
  type ReportView,
  USUAL_EXCLUSION,
} from '../../cluster/cluster-facts.ts';
import type { OperatorView } from '../../cluster/operator-lease.ts';
import { copiesOf, orphansOf, type UnownedNetworkPolicy, unownedFor } from '../../cluster/orphans.ts';
import { type StrayReport, strayReports } from './stray-reports.ts';

/** One policy in one namespace. `missing` are NetworkPolicies that it declares and that are not there. */
export interface PolicyInNamespace {
  readonly policy: string;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly inPlace: boolean;
  readonly missing: readonly string[];
  /** In DryRun: what Enforce would do. */
  readonly wouldApply: readonly string[];
  readonly wouldRemove: readonly string[];
}

/** One namespace. */
export interface NamespaceStatus {
  readonly namespace: string;
  /** The worst of its policies, `Terminating`, or `Unselected` where no policy selects it. */
  readonly phase: string;
  readonly isWell: boolean;
  readonly policies: readonly PolicyInNamespace[];
  readonly conflicts: ReportView['conflicts'];
  readonly weakenedBy: ReportView['weakenedBy'];
}

/** One BaselinePolicy. */
export interface PolicyStatus {
  readonly policy: string;
  readonly mode: string;
  readonly isWell: boolean;
  readonly isDeleting: boolean;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly namespaces: BaselinePolicyView['namespaces'];
  readonly conditions: readonly ConditionView[];
}

/** What `status` shows, in the shape of its JSON and YAML. Fields are only ever added. */
export interface BaselineStatus {
  /** Whether nothing here needs attention. DryRun and Paused are well: they were declared. */
  readonly isWell: boolean;
  /** Absent where one namespace was asked about, or the Lease may not be read. */
  readonly operator?: OperatorView;
  readonly namespaces: readonly NamespaceStatus[];
  readonly policies: readonly PolicyStatus[];
  /** Of policies that are gone; `prune` removes them. */
  readonly orphans: readonly UnownedNetworkPolicy[];
  /** With the marks of a policy that does not select their namespace and does not list them; `prune --copies` removes them. */
  readonly copies: readonly UnownedNetworkPolicy[];
  /** Left behind on purpose, by onOptOut Keep. */
  readonly kept: readonly UnownedNetworkPolicy[];
  /** NamespaceBaselines without a namespace or a BaselinePolicy; looked for in the whole cluster only. */
  readonly strayReports: readonly StrayReport[];
  /** What could not be read. */
  readonly notes: readonly string[];
}

/** What is asked about. */
export interface StatusScope {
  /** Undefined: all of them. */
  readonly namespace: string | undefined;
  /** Undefined: all of them. */
  readonly policy: string | undefined;
  /** The labels that namespaces were selected by; undefined: any. */
  readonly selector?: string | undefined;
}

/** Whether other namespaces than those that were asked about can exist. */
export function isPartial({ namespace, selector }: StatusScope): boolean {
  return namespace !== undefined || selector !== undefined;
}

const HEALTHY_PHASES: ReadonlySet<string> = new Set(['Protected', 'DryRun', 'Paused', 'Terminating']);
const ABOUT_OTHER_NAMESPACES: ReadonlySet<string> = new Set([
  CONDITIONS.allProtected,
  CONDITIONS.orphansPresent,
  CONDITIONS.weakened,
]);
/** The status of the cluster, or of the part of it that was asked about. Pure. */
export function statusFor(facts: ClusterFacts, scope: StatusScope): BaselineStatus {
  const inScope = facts.policies?.filter(({ name }) => scope.policy === undefined || name === scope.policy);
  const stray = strayIn(facts, scope);
  const namespaces = namespaceStatuses({ ...facts, policies: inScope, reports: withoutStray(facts, stray) }, scope);
  const concerned = new Set(namespaces.flatMap(({ policies }) => policies.map(({ policy }) => policy)));
  const named = (inScope ?? []).filter(
    ({ name }) => !isPartial(scope) || scope.policy !== undefined || concerned.has(name),
  );
  const policies = named.map((policy) => policyStatus(policy, scope)).sort(byName(({ policy }) => policy));
  const orphans = unownedIn(orphansOf(facts), scope);
  const copies = unownedIn(copiesOf(facts), scope);
  const kept = unownedIn(
    (facts.networkPolicies ?? []).filter(({ isKept }) => isKept),
    scope,
  );
  const isWell =
    namespaces.every((namespace) => namespace.isWell) &&
    policies.every((policy) => policy.isWell) &&
    orphans.length + stray.length === 0 &&
    facts.operator?.isLeading !== false;
  return {
    isWell,
    ...(facts.operator === undefined ? {} : { operator: facts.operator }),
    namespaces,
    policies,
    orphans,
    copies,
    kept,
    strayReports: stray,
    notes: facts.notes,
  };
}

/** They are looked for in the whole cluster only: the lists of a part of it do not tell. */
function strayIn(facts: ClusterFacts, scope: StatusScope): readonly StrayReport[] {
  return isPartial(scope) || scope.policy !== undefined ? [] : strayReports(facts);
}

function withoutStray({ reports }: ClusterFacts, stray: readonly StrayReport[]): ClusterFacts['reports'] {
  const names = new Set(stray.map(({ namespace }) => namespace));
  return reports?.filter(({ namespace }) => !names.has(namespace));
}

/** The same without the namespaces and policies that are well. Pure. */
export function problemsOf(status: BaselineStatus): BaselineStatus {
  return {
    ...status,
    namespaces: status.namespaces.filter(({ isWell }) => !isWell),
    policies: status.policies.filter(({ isWell }) => !isWell),
  };
}

function unownedIn(objects: readonly ManagedNetworkPolicyView[], scope: StatusScope): readonly UnownedNetworkPolicy[] {
  const shown = objects.map(unownedFor).filter(({ policy }) => scope.policy === undefined || policy === scope.policy);
  return shown.sort(byName(({ namespace, name }) => `${namespace}/${name}`));
}

function policyStatus(policy: BaselinePolicyView, scope: StatusScope): PolicyStatus {
  const { name, spec, generation, observedGeneration, isDeleting, namespaces, conditions } = policy;
  const isCurrent =
    observedGeneration === generation &&
    conditions.some(({ type, status }) => type === CONDITIONS.ready && status === 'True');
  const isWell = isCurrent && !isDeleting && conditions.every((condition) => isWellCondition(condition, scope));
  return {
    policy: name,
    mode: spec === undefined ? 'Invalid' : (spec.mode ?? 'Enforce'),
    isWell,
    isDeleting,
    generation,
    observedGeneration,
    namespaces,
    conditions,
  };
}

function isWellCondition({ type, status, reason }: ConditionView, scope: StatusScope): boolean {
  if (isPartial(scope) && ABOUT_OTHER_NAMESPACES.has(type)) {
    return true;
  }
  if (type === CONDITIONS.ready) {
    return status === 'True';
  }
  if (type === CONDITIONS.allProtected) {
    return status === 'True' || reason === 'DryRun' || reason === 'Paused';
  }
  // Also where nothing is to come from such a peer, as in every cluster without Prometheus: shown, but no failure.
  return status !== 'True' || type === CONDITIONS.peersNotFound;
}

function namespaceStatuses(facts: ClusterFacts, scope: StatusScope): readonly NamespaceStatus[] {
  const present = presentIn(facts);
  // Rendered once for each policy, not once for each of its namespaces.
  const policies = new Map(
    (facts.policies ?? []).map((policy) => [policy.name, { ...policy, declared: declaredNames(policy) }]),
  );
  const unreported = unreportedIn(facts, scope);
  const reports = new Map((facts.reports ?? []).map((report) => [report.namespace, report]));
  const seen = new Map((facts.namespaces ?? []).map((namespace) => [namespace.name, namespace]));
  const names = new Set([
    ...reports.keys(),
    ...unreported.keys(),
    ...(scope.namespace === undefined ? [] : [scope.namespace]),
  ]);
  const statuses = [...names].map((namespace) => {
    const report = reports.get(namespace);
    const reported = (report?.entries ?? []).filter(
      ({ policy }) => scope.policy === undefined || policy === scope.policy,
    );
    const inNamespace = reported.map((entry) => {
      const here = present === undefined ? new Set(entry.managed.map(({ name }) => name)) : present.get(namespace);
      return policyInNamespace(entry, {
        policy: policies.get(entry.policy),
        present: here,
        labels: seen.get(namespace)?.labels,
      });
    });
    return namespaceStatus({
      namespace,
      report,
      policies: [...inNamespace, ...(unreported.get(namespace) ?? [])],
      isTerminating: seen.get(namespace)?.isTerminating === true,
    });
  });
  return statuses
    .filter(({ policies: those }) => those.length > 0 || scope.namespace !== undefined)
    .sort(byName(({ namespace }) => namespace));
}

function namespaceStatus(seen: {
  readonly namespace: string;
  readonly report: ReportView | undefined;
  readonly policies: readonly PolicyInNamespace[];
  readonly isTerminating: boolean;
}): NamespaceStatus {
  const { namespace, report, policies } = seen;
  const phase = seen.isTerminating ? 'Terminating' : worstPhase(policies);
  const { conflicts, weakenedBy } = report ?? NOTHING_IN_THE_WAY;
  const isComplete =
    policies.every(({ missing }) => missing.length === 0) && conflicts.length + weakenedBy.length === 0;
  return {
    namespace,
    phase,
    isWell: HEALTHY_PHASES.has(phase) && (seen.isTerminating || isComplete),
    policies,
    conflicts,
    weakenedBy,
  };
}

const NOTHING_IN_THE_WAY: Pick<ReportView, 'conflicts' | 'weakenedBy'> = { conflicts: [], weakenedBy: [] };

function worstPhase(policies: readonly PolicyInNamespace[]): string {
  const [worst] = policies.map(({ phase }) => phase).sort((a, b) => rankOf(a) - rankOf(b));
  return worst ?? 'Unselected';
}

/** An unknown phase, of a newer operator, is worse than all known ones. */
function rankOf(phase: string): number {
  return (PHASES as readonly string[]).indexOf(phase);
}

function policyInNamespace(
  entry: ReportEntryView,
  here: {
    readonly policy: (BaselinePolicyView & { readonly declared: readonly string[] }) | undefined;
    readonly present: ReadonlySet<string> | undefined;
    readonly labels: Labels | undefined;
  },
): PolicyInNamespace {
  const { phase, reason, message, isInPlace: inPlace, wouldApply, wouldRemove } = entry;
  const { policy, present, labels } = here;
  const missing =
    policy !== undefined && isWanted(policy, labels)
      ? policy.declared.filter((name) => present?.has(name) !== true)
      : [];
  return { policy: entry.policy, phase, reason, message, inPlace, missing, wouldApply, wouldRemove };
}

/** Whether a namespace with these labels shall have everything that the policy declares. */
function isWanted({ spec, selector, isDeleting }: BaselinePolicyView, labels: Labels | undefined): boolean {
  if (spec === undefined || selector === undefined || isDeleting || (spec.mode ?? 'Enforce') !== 'Enforce') {
    return false;
  }
  return labels === undefined || isMatch(selector, labels);
}

/** The names of the NetworkPolicies that a policy declares; none where it is not valid. */
function declaredNames({ name, spec, discovered }: BaselinePolicyView): readonly string[] {
  return spec === undefined ? [] : renderedParts(name, spec, discovered).map((part) => part.name);
}

/** The names of the managed NetworkPolicies in each namespace; undefined where they are not known. */
function presentIn({ networkPolicies }: ClusterFacts): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  if (networkPolicies === undefined) {
    return undefined;
  }
  const present = networkPolicies.filter((found) => isManaged(found) && !found.isTerminating);
  return new Map(
    [...Map.groupBy(present, ({ namespace }) => namespace)].map(([namespace, those]) => [
      namespace,
      new Set(those.map(({ name }) => name)),
    ]),
  );
}

/** Namespaces that a policy selects and that no report covers. */
function unreportedIn(
  { namespaces = [], policies = [], reports, operator }: ClusterFacts,
  scope: StatusScope,
): ReadonlyMap<string, readonly PolicyInNamespace[]> {
  if (reports === undefined) {
    return new Map();
  }
  const candidates = namespaces.map((namespace) => ({
    ...namespace,
    isExcluded: isExcluded(namespace.name, USUAL_EXCLUSION),
  }));
  const unreported = policies.flatMap((policy) => {
    const reported = reportedNamespaces(policy, reports);
    if (!isPartial(scope) && operator?.isLeading === true && isFullyReported(policy, reported.size)) {
      return [];
    }
    return candidates
      .filter((namespace) => !reported.has(namespace.name) && mustBeReported(policy, namespace))
      .map(({ name }) => ({ name, entry: notReported(policy.name) }));
  });
  return new Map(
    [...Map.groupBy(unreported, ({ name }) => name)].map(([name, found]) => [name, found.map(({ entry }) => entry)]),
  );
}

function mustBeReported({ selector, isDeleting }: BaselinePolicyView, namespace: SelectableNamespace): boolean {
  return selector !== undefined && !isDeleting && isSelected(selector, namespace);
}

function reportedNamespaces({ name }: BaselinePolicyView, reports: readonly ReportView[]): ReadonlySet<string> {
  return new Set(
    reports.flatMap(({ namespace, entries }) => (entries.some(({ policy }) => policy === name) ? [namespace] : [])),
  );
}

/** While an operator leads, what a selector matches beyond what it counted is excluded by its configuration, which is not in the cluster. */
function isFullyReported(policy: BaselinePolicyView, reportedCount: number): boolean {
  return policy.observedGeneration === policy.generation && policy.namespaces.matched <= reportedCount;
}

function notReported(policy: string): PolicyInNamespace {
  const message =
    'the policy selects this namespace, and the operator has not reported on it: it is not running, or its configuration excludes this namespace';
  return {
    policy,
    phase: 'Pending',
    reason: 'NotReported',
    message,
    inPlace: false,
    missing: [],
    wouldApply: [],
    wouldRemove: [],
  };
}

function byName<T>(nameOf: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (nameOf(a) < nameOf(b) ? -1 : 1);
}
