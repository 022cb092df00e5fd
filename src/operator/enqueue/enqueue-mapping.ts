import { isMatch, isSelected } from '../../domain/selection.ts';
import type { BaselinePolicyFacts } from '../../domain/world.ts';
import type { PolicyProgressTracker } from '../progress/policy-progress.ts';
import type { Caches } from '../watch/caches.ts';

/** The namespaces that a policy selects. */
export function selectedNamespaces(policy: BaselinePolicyFacts | undefined, caches: Caches): readonly string[] {
  const selector = policy?.selector;
  if (selector === undefined) {
    return [];
  }
  return [...caches.namespaces.values()].filter((namespace) => isSelected(selector, namespace)).map(({ name }) => name);
}

/**
 * The namespaces to reconcile when a policy changed (EnqueueRequestsFromMapFunc in controller-runtime): those of its old and
 * of its new selection, and those with reports or NetworkPolicies of it, even if it was never finished there.
 */
export function affectedNamespaces(
  change: {
    readonly name: string;
    readonly before: BaselinePolicyFacts | undefined;
    readonly after: BaselinePolicyFacts | undefined;
  },
  caches: Caches,
  progress: PolicyProgressTracker,
): ReadonlySet<string> {
  const reported = [...caches.reports.values()]
    .filter(({ entries }) => entries.some((entry) => entry.policy === change.name))
    .map(({ namespace }) => namespace);
  const existing = [...caches.networkPolicies.values()]
    .filter(({ policyLabel }) => policyLabel === change.name)
    .map(({ namespace }) => namespace);
  return new Set([
    ...selectedNamespaces(change.before, caches),
    ...selectedNamespaces(change.after, caches),
    ...progress.namespacesOf(change.name),
    ...reported,
    ...existing,
  ]);
}

/** Whether a selected namespace lacks its protection: its reconcile goes before all resyncs. */
export function isUnprotected(namespace: string, policies: readonly BaselinePolicyFacts[], caches: Caches): boolean {
  const facts = caches.namespaces.get({ namespace: '', name: namespace });
  if (facts === undefined || facts.isTerminating || facts.isExcluded) {
    return false;
  }
  const entries = caches.reports.inNamespace(namespace)[0]?.entries ?? [];
  const selecting = policies.filter(
    ({ mode, isAccepted, selector }) =>
      mode === 'Enforce' && isAccepted && selector !== undefined && isMatch(selector, facts.labels),
  );
  return selecting.some((policy) => entries.find((entry) => entry.policy === policy.name)?.inPlace !== true);
}
