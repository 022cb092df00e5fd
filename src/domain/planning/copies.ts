import { isListed, isManaged, isNameOfPart, type Listing } from '../ownership.ts';
import { isSelected } from '../selection.ts';
import type { BaselinePolicyFacts, NamespaceFacts, ObservedNetworkPolicy } from '../world.ts';

/** The place in which an object is judged. */
interface Place {
  readonly namespace: Pick<NamespaceFacts, 'name' | 'labels' | 'isExcluded' | 'isTerminating'>;
  /** The NamespaceBaseline there. */
  readonly report: Listing | undefined;
}

/** What the judgement needs to know of a NetworkPolicy. */
export type CopyCandidate = Pick<ObservedNetworkPolicy, 'name' | 'uid' | 'isLabelled' | 'policyUid' | 'isKept'>;

/** What the judgement needs to know of a BaselinePolicy. */
type Owner = Pick<BaselinePolicyFacts, 'name' | 'uid' | 'selector'>;

/**
 * Whether a NetworkPolicy is a copy (R5, ownership): it carries the marks of this live policy, the policy does not select
 * the namespace, and no NamespaceBaseline lists the object's uid. Only the operator writes NamespaceBaselines, but whoever
 * may write NetworkPolicies can copy our marks: a restored backup, a tool that spreads objects over namespaces, a tenant.
 * So a copy is no opt-out. False where the selector is not known, for an object that was kept on purpose, and in a
 * namespace that is terminating.
 */
export function isCopy(observed: CopyCandidate, policy: Owner, { namespace, report }: Place): boolean {
  return (
    observed.policyUid === policy.uid &&
    isManaged(observed) &&
    !observed.isKept &&
    isNameOfPart(observed.name, policy.name) &&
    policy.selector !== undefined &&
    !namespace.isTerminating &&
    !isSelected(policy.selector, namespace) &&
    !isListed(observed, report)
  );
}

/** The copies among the NetworkPolicies of one namespace, each with the live policy whose marks it carries. */
export function copiesIn<T extends CopyCandidate>(
  world: Place & {
    readonly observed: readonly T[];
    readonly baselinePolicies: readonly Owner[];
  },
): readonly { readonly policy: string; readonly observed: T }[] {
  return world.observed.filter(isManaged).flatMap((observed) => {
    const owner = world.baselinePolicies.find((policy) => isCopy(observed, policy, world));
    return owner === undefined ? [] : [{ policy: owner.name, observed }];
  });
}
