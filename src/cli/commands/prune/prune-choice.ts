import type { ClusterFacts, ManagedNetworkPolicyView } from '../../cluster/cluster-facts.ts';
import { copiesOf, orphansOf } from '../../cluster/orphans.ts';

/** What `prune` would remove, or why it may not. */
export interface PruneChoice {
  /** The orphans or copies, in the order of namespaces and names. */
  readonly orphans: readonly ManagedNetworkPolicyView[];
  /** Why objects that were asked for by name are left alone, each as a sentence. */
  readonly refusals: readonly string[];
}

/** Everything `prune` goes by; a list that could not be read is no basis for a deletion. */
export type PruneFacts = Pick<ClusterFacts, 'namespaces'> &
  Partial<Pick<ClusterFacts, 'reports'>> & {
    readonly networkPolicies: readonly ManagedNetworkPolicyView[];
    readonly policies: NonNullable<ClusterFacts['policies']>;
  };

/**
 * The orphans, or with `isAboutCopies` the copies, or those of `names`: asked for by name, whatever is no orphan or copy is
 * refused with the reason. Pure.
 */
export function pruneChoice(
  facts: PruneFacts,
  options: { readonly includesKept: boolean; readonly isAboutCopies?: boolean; readonly names: readonly string[] },
): PruneChoice {
  const { includesKept, isAboutCopies = false, names } = options;
  const found = isAboutCopies ? copiesOf({ reports: undefined, ...facts }) : orphansOf(facts, { includesKept });
  const orphans = found.toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  if (names.length === 0) {
    return { orphans, refusals: [] };
  }
  const refusals = names.flatMap((name) =>
    orphans.some((orphan) => orphan.name === name)
      ? []
      : [`${name}: ${isAboutCopies ? NO_COPY : refusalFor(name, facts, includesKept)}`],
  );
  return { orphans: orphans.filter(({ name }) => names.includes(name)), refusals };
}

const NO_COPY = 'is no copy: it lacks our marks, its policy selects the namespace, or the NamespaceBaseline lists it';

function refusalFor(name: string, facts: PruneFacts, includesKept: boolean): string {
  const existing = facts.networkPolicies.find((object) => object.name === name);
  if (existing === undefined) {
    return 'is not there, or is not ours: it does not carry our label';
  }
  if (existing.policyUid === '') {
    return 'is not ours: it carries no uid of a BaselinePolicy, so it is a copy that someone else made';
  }
  if (existing.isTerminating) {
    return 'is being deleted already';
  }
  const live = facts.policies.find(({ uid }) => uid === existing.policyUid);
  if (live !== undefined) {
    return `belongs to BaselinePolicy ${live.name}; kubectl delete it, if you must, and it comes back where the policy selects the namespace; a copy goes with --copies`;
  }
  if (existing.isKept && !includesKept) {
    return 'was left behind on purpose (onOptOut: Keep); add --kept to remove such too';
  }
  return 'has the name of a BaselinePolicy that selects this namespace, or may do so, and takes it over';
}
