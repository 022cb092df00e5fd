import { isMatch, isSelected } from '../../domain/selection.ts';
import type { BaselinePolicyFacts } from '../../domain/world.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { Caches } from '../watch/caches.ts';

/** The namespaces that a policy selects now. */
export function selectedNamespaces(policy: BaselinePolicyFacts | undefined, caches: Caches): readonly string[] {
  const selector = policy?.selector;
  if (selector === undefined) {
    return [];
  }
  return [...caches.namespaces.values()].filter((namespace) => isSelected(selector, namespace)).map(({ name }) => name);
}

/**
 * The namespaces to look at again when a policy changed, by its old selection, its new one, and what was reported of it
 * so far, so that a namespace it leaves is found even if it was never finished there.
 */
export function affectedNamespaces(
  change: {
    readonly name: string;
    readonly before: BaselinePolicyFacts | undefined;
    readonly after: BaselinePolicyFacts | undefined;
  },
  caches: Caches,
  ledger: PolicyProgressTracker,
): ReadonlySet<string> {
  const recorded = [...caches.reports.values()]
    .filter((record) => record.entries.some((entry) => entry.policy === change.name))
    .map((record) => record.namespace);
  const standing = [...caches.networkPolicies.values()]
    .filter(({ policyLabel }) => policyLabel === change.name)
    .map(({ namespace }) => namespace);
  return new Set([
    ...selectedNamespaces(change.before, caches),
    ...selectedNamespaces(change.after, caches),
    ...ledger.namespacesOf(change.name),
    ...recorded,
    ...standing,
  ]);
}

/** Whether a namespace wants protection that it does not have: its work goes before all resyncs. */
export function isUnprotected(namespace: string, policies: readonly BaselinePolicyFacts[], caches: Caches): boolean {
  const facts = caches.namespaces.get({ namespace: '', name: namespace });
  if (facts === undefined || facts.isTerminating || facts.isExcluded) {
    return false;
  }
  const entries = caches.reports.inNamespace(namespace)[0]?.entries ?? [];
  const wanting = policies.filter(
    ({ mode, isAccepted, selector }) =>
      mode === 'Enforce' && isAccepted && selector !== undefined && isMatch(selector, facts.labels),
  );
  return wanting.some((policy) => entries.find((entry) => entry.policy === policy.name)?.inPlace !== true);
}
