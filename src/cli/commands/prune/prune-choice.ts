import type { PartRole } from '../../../api/parts.ts';
import { roleIn } from '../../../domain/ownership.ts';
import type { ClusterFacts, ManagedNetworkPolicyView } from '../../cluster/cluster-facts.ts';
import { orphansOf } from '../status/status-view.ts';

/** What `prune` would remove, or why it may not. */
export interface PruneChoice {
  /** In the order of namespaces and names. */
  readonly orphans: readonly ManagedNetworkPolicyView[];
  /** Why objects that were asked for by name are left alone, each as a sentence. */
  readonly refusals: readonly string[];
}

/** Everything `prune` goes by; a list that could not be read is no basis for a deletion. */
export type PruneFacts = Pick<ClusterFacts, 'namespaces'> & {
  readonly networkPolicies: readonly ManagedNetworkPolicyView[];
  readonly policies: NonNullable<ClusterFacts['policies']>;
};

/** The orphans, or those of `names`: asked for by name, whatever is no orphan is refused with the reason. Pure. */
export function pruneChoice(
  facts: PruneFacts,
  options: { readonly includesKept: boolean; readonly names: readonly string[] },
): PruneChoice {
  const { includesKept, names } = options;
  const orphans = orphansOf(facts, { includesKept }).toSorted((a, b) =>
    `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1,
  );
  if (names.length === 0) {
    return { orphans, refusals: [] };
  }
  const refusals = names.flatMap((name) =>
    orphans.some((orphan) => orphan.name === name) ? [] : [`${name}: ${refusalFor(name, facts, includesKept)}`],
  );
  return { orphans: orphans.filter(({ name }) => names.includes(name)), refusals };
}

function refusalFor(name: string, facts: PruneFacts, includesKept: boolean): string {
  const standing = facts.networkPolicies.find((object) => object.name === name);
  if (standing === undefined) {
    return 'is not there, or is not ours: it does not carry our label';
  }
  if (standing.policyUid === '') {
    return 'is not ours: it names no BaselinePolicy by uid, as a copy of somebody does';
  }
  if (standing.isTerminating) {
    return 'is being deleted already';
  }
  const live = facts.policies.find(({ uid }) => uid === standing.policyUid);
  if (live !== undefined) {
    return `belongs to BaselinePolicy ${live.name}; kubectl delete it, if you must, and it comes back where the policy selects the namespace`;
  }
  if (standing.isKept && !includesKept) {
    return 'was left behind on purpose (onOptOut: Keep); add --kept to remove such too';
  }
  return `has the name of a BaselinePolicy that selects this namespace, or may do so, and takes it over`;
}

/**
 * In which order the orphans of one namespace go: default-deny first, so that nothing is cut off that was let through,
 * and allow-dns last (R3). Each step is one flight; what follows a step that failed stays.
 */
export function removalSteps(
  orphans: readonly ManagedNetworkPolicyView[],
): readonly (readonly ManagedNetworkPolicyView[])[] {
  return REMOVAL_ORDER.map((role) => orphans.filter(({ name }) => roleIn(name) === role)).filter(
    (step) => step.length > 0,
  );
}

const REMOVAL_ORDER: readonly PartRole[] = ['deny', 'other', 'dns'];

/** The namespaces in which a default-deny is among the orphans: pods there may become reachable. */
export function openedNamespaces(orphans: readonly ManagedNetworkPolicyView[]): readonly string[] {
  return [...new Set(orphans.filter(({ name }) => roleIn(name) === 'deny').map(({ namespace }) => namespace))];
}
