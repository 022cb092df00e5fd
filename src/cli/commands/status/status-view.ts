import { CONDITIONS, DEFAULT_EXCLUDED_NAMESPACES } from '../../../api/names.ts';
import { PHASES } from '../../../api/namespace-baseline.ts';
import { managedName } from '../../../domain/ownership.ts';
import { orphansIn } from '../../../domain/planning/orphans.ts';
import { renderedParts } from '../../../domain/rendering/rendering.ts';
import {
  exclusionFor,
  isExcluded,
  isMatch,
  isSelected,
  type Labels,
  type SelectableNamespace,
} from '../../../domain/selection.ts';
import type {
  BaselinePolicyView,
  ClusterFacts,
  ConditionView,
  ManagedNetworkPolicyView,
  ReportEntryView,
  ReportView,
} from '../../cluster/cluster-facts.ts';

/** One policy in one namespace. `missing` are NetworkPolicies that it declares and that do not stand there. */
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
  /** The worst of its policies, `Terminating`, or `Unselected` where no policy is concerned with it. */
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

/** A NetworkPolicy that stands with nobody to look after it. */
export interface UnownedNetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly policy: string;
  readonly policyUid: string;
}

/** All that `status` tells, as its JSON and YAML have it. Fields are only ever added. */
export interface BaselineStatus {
  /** Whether nothing here needs anybody's attention. DryRun and Paused are well: they were declared. */
  readonly isWell: boolean;
  readonly namespaces: readonly NamespaceStatus[];
  readonly policies: readonly PolicyStatus[];
  /** Of policies that are gone; `prune` removes them. */
  readonly orphans: readonly UnownedNetworkPolicy[];
  /** Left behind on purpose, by onOptOut Keep. */
  readonly kept: readonly UnownedNetworkPolicy[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

/** What is asked about. */
export interface StatusScope {
  /** Undefined: all of them. */
  readonly namespace: string | undefined;
  /** Undefined: all of them. */
  readonly policy: string | undefined;
}

const HEALTHY_PHASES: ReadonlySet<string> = new Set(['Protected', 'DryRun', 'Paused', 'Terminating']);
const ABOUT_OTHER_NAMESPACES: ReadonlySet<string> = new Set([
  CONDITIONS.allProtected,
  CONDITIONS.orphansPresent,
  CONDITIONS.weakened,
]);
/** The operator's configuration is not in the cluster; this is what it is unless somebody changed it. */
const USUAL_EXCLUSION = exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: DEFAULT_EXCLUDED_NAMESPACES });

/** What there is to say of the cluster, or of the part of it that was asked about. Pure. */
export function statusFor(facts: ClusterFacts, scope: StatusScope): BaselineStatus {
  const inScope = facts.policies?.filter(({ name }) => scope.policy === undefined || name === scope.policy);
  const namespaces = namespaceStatuses({ ...facts, policies: inScope }, scope);
  const concerned = new Set(namespaces.flatMap(({ policies }) => policies.map(({ policy }) => policy)));
  const named = (inScope ?? []).filter(
    ({ name }) => scope.namespace === undefined || scope.policy !== undefined || concerned.has(name),
  );
  const policies = named.map((policy) => policyStatus(policy, scope)).sort(byName(({ policy }) => policy));
  const orphans = leftovers(orphansOf(facts), scope);
  const kept = leftovers(
    (facts.networkPolicies ?? []).filter(({ isKept }) => isKept),
    scope,
  );
  const isWell =
    namespaces.every((namespace) => namespace.isWell) &&
    policies.every((policy) => policy.isWell) &&
    orphans.length === 0;
  return { isWell, namespaces, policies, orphans, kept, notes: facts.notes };
}

/** The orphans among what is known; none where it is not known which policies there are. */
export function orphansOf(
  facts: Pick<ClusterFacts, 'networkPolicies' | 'policies' | 'namespaces'>,
  options: { readonly includesKept?: boolean } = {},
): readonly ManagedNetworkPolicyView[] {
  if (facts.policies === undefined) {
    return [];
  }
  const namespaces = new Map(facts.namespaces?.map((namespace) => [namespace.name, namespace]));
  const networkPolicies = (facts.networkPolicies ?? []).filter(
    ({ isTerminating, namespace }) => !isTerminating && namespaces.get(namespace)?.isTerminating !== true,
  );
  return orphansIn({
    networkPolicies,
    policies: facts.policies,
    labelsOf: (namespace) => namespaces.get(namespace)?.labels,
    ...options,
  });
}

/** A leftover as it is told of. */
export function leftoverFor({ namespace, name, policyLabel, policyUid }: ManagedNetworkPolicyView): UnownedNetworkPolicy {
  return { namespace, name, policy: managedName(name)?.policy ?? policyLabel, policyUid };
}

function leftovers(objects: readonly ManagedNetworkPolicyView[], scope: StatusScope): readonly UnownedNetworkPolicy[] {
  const told = objects.map(leftoverFor).filter(({ policy }) => scope.policy === undefined || policy === scope.policy);
  return told.sort(byName(({ namespace, name }) => `${namespace}/${name}`));
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
  if (scope.namespace !== undefined && ABOUT_OTHER_NAMESPACES.has(type)) {
    return true;
  }
  if (type === CONDITIONS.ready) {
    return status === 'True';
  }
  if (type === CONDITIONS.allProtected) {
    return status === 'True' || reason === 'DryRun' || reason === 'Paused';
  }
  return status !== 'True';
}

function namespaceStatuses(facts: ClusterFacts, scope: StatusScope): readonly NamespaceStatus[] {
  const standing = standingIn(facts);
  const policies = new Map((facts.policies ?? []).map((policy) => [policy.name, policy]));
  const unreported = unreportedIn(facts, scope);
  const records = new Map((facts.records ?? []).map((record) => [record.namespace, record]));
  const seen = new Map((facts.namespaces ?? []).map((namespace) => [namespace.name, namespace]));
  const names = new Set([
    ...records.keys(),
    ...unreported.keys(),
    ...(scope.namespace === undefined ? [] : [scope.namespace]),
  ]);
  const statuses = [...names].map((namespace) => {
    const record = records.get(namespace);
    const reported = (record?.entries ?? []).filter(
      ({ policy }) => scope.policy === undefined || policy === scope.policy,
    );
    const inNamespace = reported.map((entry) => {
      const present = standing === undefined ? new Set(entry.managed) : standing.get(namespace);
      return policyInNamespace(entry, {
        policy: policies.get(entry.policy),
        present,
        labels: seen.get(namespace)?.labels,
      });
    });
    return namespaceStatus({
      namespace,
      record,
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
  readonly record: ReportView | undefined;
  readonly policies: readonly PolicyInNamespace[];
  readonly isTerminating: boolean;
}): NamespaceStatus {
  const { namespace, record, policies } = seen;
  const phase = seen.isTerminating ? 'Terminating' : worstPhase(policies);
  const { conflicts, weakenedBy } = record ?? NOTHING_IN_THE_WAY;
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

/** A phase that we do not know is worse than all that we do. */
function rankOf(phase: string): number {
  return (PHASES as readonly string[]).indexOf(phase);
}

function policyInNamespace(
  entry: ReportEntryView,
  here: {
    readonly policy: BaselinePolicyView | undefined;
    readonly present: ReadonlySet<string> | undefined;
    readonly labels: Labels | undefined;
  },
): PolicyInNamespace {
  const { phase, reason, message, isInPlace: inPlace, wouldApply, wouldRemove } = entry;
  const { policy, present, labels } = here;
  const missing =
    policy !== undefined && isWanted(policy, labels)
      ? declaredNames(policy).filter((name) => present?.has(name) !== true)
      : [];
  return { policy: entry.policy, phase, reason, message, inPlace, missing, wouldApply, wouldRemove };
}

/** Whether everything that the policy declares is meant to stand in a namespace with these labels. */
function isWanted({ spec, selector, isDeleting }: BaselinePolicyView, labels: Labels | undefined): boolean {
  if (spec === undefined || selector === undefined || isDeleting || (spec.mode ?? 'Enforce') !== 'Enforce') {
    return false;
  }
  return labels === undefined || isMatch(selector, labels);
}

const declaredBy = new WeakMap<BaselinePolicyView, readonly string[]>();

/** Rendered once for each policy, not once for each of its namespaces. */
function declaredNames(policy: BaselinePolicyView): readonly string[] {
  const known = declaredBy.get(policy);
  if (known !== undefined || policy.spec === undefined) {
    return known ?? [];
  }
  const names = renderedParts(policy.name, policy.spec, policy.discovered).map(({ name }) => name);
  declaredBy.set(policy, names);
  return names;
}

/** The names of the managed NetworkPolicies in each namespace; undefined where they are not known. */
function standingIn({ networkPolicies }: ClusterFacts): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  if (networkPolicies === undefined) {
    return undefined;
  }
  const standing = new Map<string, Set<string>>();
  for (const { namespace, name, isLabelled, isTerminating, policyUid } of networkPolicies) {
    if (!isLabelled || isTerminating || policyUid === '') {
      continue;
    }
    const names = standing.get(namespace) ?? new Set();
    standing.set(namespace, names.add(name));
  }
  return standing;
}

/** Namespaces that a policy selects and that the operator has not said a word of. */
function unreportedIn(
  { namespaces = [], policies = [], records }: ClusterFacts,
  scope: StatusScope,
): ReadonlyMap<string, readonly PolicyInNamespace[]> {
  if (records === undefined) {
    return new Map();
  }
  const candidates = namespaces.map((namespace) => ({
    ...namespace,
    isExcluded: isExcluded(namespace.name, USUAL_EXCLUSION),
  }));
  const unreported = policies.flatMap((policy) => {
    const reported = reportedNamespaces(policy, records);
    if (scope.namespace === undefined && isFullyReported(policy, reported.size)) {
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

function reportedNamespaces({ name }: BaselinePolicyView, records: readonly ReportView[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ namespace, entries }) => (entries.some(({ policy }) => policy === name) ? [namespace] : [])),
  );
}

/** What the selector matches beyond what the operator counts is excluded by its configuration, which we cannot see. */
function isFullyReported(policy: BaselinePolicyView, reportedCount: number): boolean {
  return policy.observedGeneration === policy.generation && policy.namespaces.matched <= reportedCount;
}

function notReported(policy: string): PolicyInNamespace {
  const message =
    'the policy selects this namespace, and the operator has not reported on it: is it running, and does its configuration exclude this namespace?';
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
