import type { PartRole } from '../../api/parts.ts';
import { roleIn } from '../../domain/ownership.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import { NETWORK_POLICIES } from '../../operator/watch/resources.ts';
import { concurrently } from '../frame/concurrently.ts';
import { countText } from '../views/count-text.ts';
import type { ManagedNetworkPolicyView } from './cluster-facts.ts';
import { failureText } from './kube-failure.ts';

/** What became of one orphan. */
export interface Removal {
  readonly orphan: ManagedNetworkPolicyView;
  /** `skipped`: not tried, as a removal that has to come first failed. */
  readonly outcome: 'removed' | 'gone' | 'failed' | 'skipped';
  /** Why it still exists; empty where it does not. */
  readonly message: string;
}

/**
 * Removes the orphans, each by uid and resourceVersion, so that only the very objects that were shown are deleted.
 * Namespaces do not wait for each other; within one, {@link removalSteps} is the order. `onRemoval` gets every outcome.
 */
export async function removeOrphans(
  kube: KubeClient,
  orphans: readonly ManagedNetworkPolicyView[],
  onRemoval: (removal: Removal) => void,
): Promise<void> {
  await concurrently([...Map.groupBy(orphans, ({ namespace }) => namespace).values()], (inNamespace) =>
    removeInNamespace(kube, inNamespace, onRemoval),
  );
}

/**
 * The order in which the orphans of one namespace are removed (R3, order of writes): default-deny first and
 * allow-dns last. The removals of one step run at once; when one fails, later steps are skipped.
 */
export function removalSteps(
  orphans: readonly ManagedNetworkPolicyView[],
): readonly (readonly ManagedNetworkPolicyView[])[] {
  return REMOVAL_ORDER.map((role) => orphans.filter(({ name }) => roleIn(name) === role)).filter(
    (step) => step.length > 0,
  );
}

const REMOVAL_ORDER: readonly PartRole[] = ['deny', 'other', 'dns'];

/** How many NetworkPolicies these are, and in how many namespaces. */
export function amountText(networkPolicies: readonly ManagedNetworkPolicyView[]): string {
  const namespaces = countText(namespaceCount(networkPolicies), 'namespace', 'namespaces');
  return `${countText(networkPolicies.length, 'NetworkPolicy', 'NetworkPolicies')} in ${namespaces}`;
}

/** The namespaces that lose a default-deny with these NetworkPolicies, as the end of a sentence; empty where none does. */
export function openingText(networkPolicies: readonly ManagedNetworkPolicyView[]): string {
  const opened = namespaceCount(networkPolicies.filter(({ name }) => roleIn(name) === 'deny'));
  return opened === 0
    ? ''
    : `; a default-deny goes in ${countText(opened, 'namespace', 'namespaces')}, and what no other NetworkPolicy isolates there is open then`;
}

function namespaceCount(networkPolicies: readonly ManagedNetworkPolicyView[]): number {
  return new Set(networkPolicies.map(({ namespace }) => namespace)).size;
}

async function removeInNamespace(
  kube: KubeClient,
  orphans: readonly ManagedNetworkPolicyView[],
  onRemoval: (removal: Removal) => void,
): Promise<void> {
  let isSkipping = false;
  for (const step of removalSteps(orphans)) {
    const removals: readonly Removal[] = isSkipping
      ? step.map(skipped)
      : await Promise.all(step.map((orphan) => removeOne(kube, orphan)));
    removals.forEach(onRemoval);
    isSkipping ||= removals.some(({ outcome }) => outcome === 'failed');
  }
}

async function removeOne(kube: KubeClient, orphan: ManagedNetworkPolicyView): Promise<Removal> {
  const { namespace, name, uid, resourceVersion } = orphan;
  const removed = await kube.remove({ type: NETWORK_POLICIES, namespace, name }, { uid, resourceVersion });
  if (removed.ok) {
    return { orphan, outcome: 'removed', message: '' };
  }
  return outcomeOf(orphan, removed.error);
}

function outcomeOf(orphan: ManagedNetworkPolicyView, error: KubeError): Removal {
  if (error.kind === 'notFound') {
    return { orphan, outcome: 'gone', message: '' };
  }
  const { namespace, name } = orphan;
  const message = failureText({ verb: 'delete', type: NETWORK_POLICIES, namespace, name }, error);
  return { orphan, outcome: 'failed', message };
}

function skipped(orphan: ManagedNetworkPolicyView): Removal {
  return { orphan, outcome: 'skipped', message: 'not removed, as what has to be removed before it could not be' };
}
