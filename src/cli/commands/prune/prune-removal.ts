import type { KubeClient } from '../../../kube/client/kube-client.ts';
import type { KubeError } from '../../../kube/client/kube-error.ts';
import { NETWORK_POLICIES } from '../../../operator/watch/resources.ts';
import type { ManagedNetworkPolicyView } from '../../cluster/cluster-facts.ts';
import { failureText } from '../../cluster/kube-failure.ts';
import { removalSteps } from './prune-choice.ts';

/** What became of one orphan. */
export interface Removal {
  readonly orphan: ManagedNetworkPolicyView;
  /** `held`: not tried, as one that had to go before it did not go. */
  readonly outcome: 'removed' | 'gone' | 'failed' | 'held';
  /** Why, where it still stands. */
  readonly message: string;
}

/** How many namespaces are worked on at once. */
const NAMESPACES_AT_ONCE = 16;

/**
 * Removes the orphans, each by uid and resourceVersion, so that nothing is deleted that is not exactly what was looked at.
 * Namespaces do not wait for each other; within one, {@link removalSteps} says the order. `onRemoval` is told of each.
 */
export async function removeOrphans(
  kube: KubeClient,
  orphans: readonly ManagedNetworkPolicyView[],
  onRemoval: (removal: Removal) => void,
): Promise<void> {
  const waiting = [...Map.groupBy(orphans, ({ namespace }) => namespace).values()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await removeInNamespace(kube, next, onRemoval);
    }
  };
  await Promise.all(Array.from({ length: NAMESPACES_AT_ONCE }, work));
}

async function removeInNamespace(
  kube: KubeClient,
  orphans: readonly ManagedNetworkPolicyView[],
  onRemoval: (removal: Removal) => void,
): Promise<void> {
  let isHeld = false;
  for (const step of removalSteps(orphans)) {
    const removals: readonly Removal[] = isHeld
      ? step.map(held)
      : await Promise.all(step.map((orphan) => removeOne(kube, orphan)));
    removals.forEach(onRemoval);
    isHeld ||= removals.some(({ outcome }) => outcome === 'failed');
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
  return {
    orphan,
    outcome: 'failed',
    message: failureText(
      { verb: 'delete', type: NETWORK_POLICIES, namespace: orphan.namespace, name: orphan.name },
      error,
    ),
  };
}

function held(orphan: ManagedNetworkPolicyView): Removal {
  return { orphan, outcome: 'held', message: 'left standing, as what has to go before it could not be removed' };
}
