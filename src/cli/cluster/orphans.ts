import { managedName } from '../../domain/ownership.ts';
import { copiesIn } from '../../domain/planning/copies.ts';
import { orphansIn } from '../../domain/planning/orphans.ts';
import { isExcluded } from '../../domain/selection.ts';
import { tableText } from '../views/text-table.ts';
import { type ClusterFacts, type ManagedNetworkPolicyView, USUAL_EXCLUSION } from './cluster-facts.ts';

/** A NetworkPolicy that no BaselinePolicy looks after: an orphan, a copy, or kept on purpose. */
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

/**
 * The copies among the facts (R5): with the marks of a live BaselinePolicy, in namespaces that it does not select and whose
 * NamespaceBaseline does not list them. None where the BaselinePolicies, the namespaces or the NamespaceBaselines are not
 * known.
 */
export function copiesOf({
  networkPolicies = [],
  policies,
  namespaces,
  reports,
}: Pick<ClusterFacts, 'networkPolicies' | 'policies' | 'namespaces' | 'reports'>): readonly ManagedNetworkPolicyView[] {
  if (policies === undefined || namespaces === undefined || reports === undefined) {
    return [];
  }
  const seen = new Map(namespaces.map((namespace) => [namespace.name, namespace]));
  const reportIn = new Map(reports.map((report) => [report.namespace, report]));
  const present = networkPolicies.filter(({ isTerminating }) => !isTerminating);
  return [...Map.groupBy(present, ({ namespace }) => namespace)].flatMap(([name, observed]) => {
    const namespace = seen.get(name);
    return namespace === undefined
      ? []
      : copiesIn({
          namespace: { ...namespace, isExcluded: isExcluded(name, USUAL_EXCLUSION) },
          report: reportIn.get(name),
          observed,
          baselinePolicies: policies,
        }).map((copy) => copy.observed);
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
