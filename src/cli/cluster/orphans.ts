import { managedName } from '../../domain/ownership.ts';
import { orphansIn } from '../../domain/planning/orphans.ts';
import { tableText } from '../views/text-table.ts';
import type { ClusterFacts, ManagedNetworkPolicyView } from './cluster-facts.ts';

/** A NetworkPolicy that no BaselinePolicy looks after: an orphan, or kept on purpose. */
export interface UnownedNetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly policy: string;
  readonly policyUid: string;
}

/** The orphans among the facts (R8); none where the BaselinePolicies are not known. */
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

/** A NetworkPolicy as lists of orphans show it. */
export function unownedFor({
  namespace,
  name,
  policyLabel,
  policyUid,
}: ManagedNetworkPolicyView): UnownedNetworkPolicy {
  return { namespace, name, policy: managedName(name)?.policy ?? policyLabel, policyUid };
}

/** A table of NetworkPolicies; a wide one has the uids of their policies. */
export function unownedTable(
  unowned: readonly UnownedNetworkPolicy[],
  look: { readonly isWide: boolean; readonly isColoured: boolean },
): string {
  const wide = (value: string): readonly string[] => (look.isWide ? [value] : []);
  return tableText(
    ['NAMESPACE', 'NETWORKPOLICY', 'POLICY', ...wide('POLICY UID')],
    unowned.map(({ namespace, name, policy, policyUid }) => [namespace, name, policy, ...wide(policyUid)]),
    look,
  );
}
