import type { Result } from '../../../base/result.ts';
import type { KubeClient } from '../../../kube/client/kube-client.ts';
import type { FailedAttempt } from '../../cluster/cluster-reading.ts';
import { failureText } from '../../cluster/kube-failure.ts';
import { removeOrphans } from '../prune/prune-removal.ts';
import type { Extent, Inventory } from './uninstall-inventory.ts';
import { CRD_NAMES, removeCrd, removePolicyKeeping, removeRecord } from './uninstall-steps.ts';

/** Everything that a removal needs. */
export interface UninstallOrder {
  readonly kube: KubeClient;
  /** What was shown and agreed to. */
  readonly agreed: Inventory;
  readonly extent: Extent;
  readonly readAgain: () => Promise<Result<Inventory, FailedAttempt>>;
  readonly told: {
    readonly onRemoved: (what: string) => void;
    readonly onFailed: (what: string) => void;
    readonly onProgress: (text: string) => void;
  };
}

/** Writes of the operator that were under way when its policies went are found by looking again, at most so often. */
const MOST_LOOKS = 10;
const LOOK_AGAIN_MS = 500;
const AT_ONCE = 16;

/**
 * Removes in the one order in which nothing gets stuck and nothing comes back; a step that fails ends it, and what comes
 * after it stays. Gives whether everything that was agreed to is gone. What is not of a policy that was shown stays, and
 * so do the CRDs then.
 */
export async function removeInOrder(order: UninstallOrder): Promise<boolean> {
  const { kube, agreed, extent } = order;
  const policies = await each(agreed.policies, async (policy) =>
    isTold(order, `baselinepolicy.nsbaseline.io/${policy.name}`, await removePolicyKeeping(kube, policy)),
  );
  if (!policies) {
    return false;
  }
  if (extent.withNetworkPolicies && !(await removeNetworkPolicies(order))) {
    return false;
  }
  const records = await each(agreed.records, async (record) =>
    isTold(
      order,
      `namespacebaseline.nsbaseline.io/baseline in namespace ${record.namespace}`,
      await removeRecord(kube, record),
    ),
  );
  return records && (!extent.withCrds || !agreed.hasCrds || (await removeCrds(order)));
}

/** A CRD takes every object of its kind along, so they stay when there is one that nobody was shown. */
async function removeCrds(order: UninstallOrder): Promise<boolean> {
  const left = await order.readAgain();
  if (!left.ok) {
    return failed(order, left.error);
  }
  if (left.value.policies.length > 0) {
    order.told.onFailed(
      `the CRDs stay: ${left.value.policies.map(({ name }) => `BaselinePolicy ${name}`).join(', ')} came meanwhile`,
    );
    return false;
  }
  for (const name of CRD_NAMES) {
    if (!isTold(order, `customresourcedefinition.apiextensions.k8s.io/${name}`, await removeCrd(order.kube, name))) {
      return false;
    }
  }
  return true;
}

/** All of those policies that were shown, also what the operator wrote of them until it saw that they were gone. */
async function removeNetworkPolicies(order: UninstallOrder): Promise<boolean> {
  const { kube, agreed, told } = order;
  const uids = new Set([
    ...agreed.policies.map(({ uid }) => uid),
    ...agreed.networkPolicies.map(({ policyUid }) => policyUid),
  ]);
  for (let look = 1; look <= MOST_LOOKS; look += 1) {
    if (look > 1) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    const standing = await order.readAgain();
    if (!standing.ok) {
      return failed(order, standing.error);
    }
    const ours = standing.value.networkPolicies.filter(({ policyUid }) => uids.has(policyUid));
    if (ours.length === 0 && look > 1) {
      return true;
    }
    const stuck: string[] = [];
    let count = 0;
    await removeOrphans(kube, ours, ({ orphan, outcome, message }) => {
      const name = `networkpolicy.networking.k8s.io/${orphan.name}`;
      if (outcome === 'removed') {
        told.onRemoved(`${name} deleted in namespace ${orphan.namespace}`);
      } else if (outcome !== 'gone') {
        stuck.push(`${name} in namespace ${orphan.namespace}: ${message}`);
      }
      count += 1;
      told.onProgress(`NetworkPolicies: ${count} of ${ours.length}`);
    });
    if (look === MOST_LOOKS) {
      for (const line of stuck) {
        told.onFailed(line);
      }
    }
  }
  told.onFailed('NetworkPolicies stay, or keep coming back');
  return false;
}

function isTold(order: UninstallOrder, what: string, outcome: Result<'removed' | 'gone', FailedAttempt>): boolean {
  if (!outcome.ok) {
    return failed(order, outcome.error);
  }
  order.told.onRemoved(outcome.value === 'removed' ? `${what} deleted` : `${what} was gone already`);
  return true;
}

function failed({ told }: UninstallOrder, { attempt, error }: FailedAttempt): false {
  told.onFailed(failureText(attempt, error));
  return false;
}

/** Whether the work succeeded for each of the items; one that fails does not hold up the others. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<boolean> {
  const waiting = [...items];
  let isDone = true;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await work(next))) {
        isDone = false;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return isDone;
}
