import type { ClusterFacts } from '../../cluster/cluster-facts.ts';

/** A NamespaceBaseline that is about nothing: what it says of protection is not so. */
export interface StrayReport {
  readonly namespace: string;
  readonly reason: StrayReason;
}

/**
 * Why: with `NoNamespace` its namespace does not exist, as an etcd restore can leave one, which the operator removes (R13);
 * with `NoPolicy` no BaselinePolicy that it names exists.
 */
export type StrayReason = 'NoNamespace' | 'NoPolicy';

/**
 * The stray NamespaceBaselines among all of a cluster, by namespace. None is judged by a list that may not be read. The
 * lists of namespaces and BaselinePolicies have to be younger than that of NamespaceBaselines. Pure.
 */
export function strayReports({
  namespaces,
  policies,
  reports = [],
}: Pick<ClusterFacts, 'namespaces' | 'policies' | 'reports'>): readonly StrayReport[] {
  const present = namespaces === undefined ? undefined : new Set(namespaces.map(({ name }) => name));
  const live = policies === undefined ? undefined : new Set(policies.map(({ name }) => name));
  return reports
    .flatMap(({ namespace, entries }): StrayReport[] => {
      if (present?.has(namespace) === false) {
        return [{ namespace, reason: 'NoNamespace' }];
      }
      const isOfNobody = live !== undefined && entries.every(({ policy }) => !live.has(policy));
      return isOfNobody ? [{ namespace, reason: 'NoPolicy' }] : [];
    })
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}
