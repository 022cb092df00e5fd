import { setTimeout as pauseMs } from 'node:timers/promises';
import type { Result } from '../../../base/result.ts';
import type { Reading } from '../../cluster/cluster-reading.ts';
import { type FailedAttempt, failureText } from '../../cluster/kube-failure.ts';
import { removeOrphans } from '../../cluster/orphan-removal.ts';
import { concurrently } from '../../frame/concurrently.ts';
import { type Extent, type Inventory, listPolicies, listWritten } from './uninstall-inventory.ts';
import { CRD_NAMES, removeCrd, removePolicyKeeping, removeReport } from './uninstall-steps.ts';

/** Everything that a removal needs. */
export interface UninstallOrder {
  readonly reading: Reading;
  /** What was shown and agreed to. */
  readonly agreed: Inventory;
  readonly extent: Extent;
  readonly report: {
    readonly onRemoved: (what: string) => void;
    readonly onFailed: (what: string) => void;
  };
}

/** The operator may still write while its policies are deleted, so the NetworkPolicies are read again, at most this often. */
const MAX_READS = 10;
const READ_AGAIN_MS = 500;

/**
 * Removes in the one order in which nothing gets stuck and nothing is written again; when a step fails, the later ones
 * are not tried. Returns whether everything that was confirmed is gone. Objects of a policy that was not shown stay, and
 * with them the CRDs.
 */
export async function removeInOrder(order: UninstallOrder): Promise<boolean> {
  const { agreed, extent } = order;
  const { kube } = order.reading;
  const policies = await all(agreed.policies, async (policy) =>
    isReported(order, `baselinepolicy.nsbaseline.io/${policy.name}`, await removePolicyKeeping(kube, policy)),
  );
  if (!policies) {
    return false;
  }
  if (extent.withNetworkPolicies && !(await removeNetworkPolicies(order))) {
    return false;
  }
  const reports = await all(agreed.reports, async (report) =>
    isReported(
      order,
      `namespacebaseline.nsbaseline.io/baseline in namespace ${report.namespace}`,
      await removeReport(kube, report),
    ),
  );
  return reports && (!extent.withCrds || !agreed.hasCrds || (await removeCrds(order)));
}

/** Deleting a CRD deletes every object of its kind, so the CRDs stay while there is an object that was not shown. */
async function removeCrds(order: UninstallOrder): Promise<boolean> {
  const left = await listPolicies(order.reading);
  if (!left.ok) {
    return failed(order, left.error);
  }
  if (left.value !== undefined && left.value.length > 0) {
    order.report.onFailed(
      `the CRDs stay: ${left.value.map(({ name }) => `BaselinePolicy ${name}`).join(', ')} was created meanwhile`,
    );
    return false;
  }
  for (const name of CRD_NAMES) {
    if (
      !isReported(
        order,
        `customresourcedefinition.apiextensions.k8s.io/${name}`,
        await removeCrd(order.reading.kube, name),
      )
    ) {
      return false;
    }
  }
  return true;
}

/** Every NetworkPolicy of the policies that were shown, also those that the operator wrote until it noticed the deletion. */
async function removeNetworkPolicies(order: UninstallOrder): Promise<boolean> {
  const { reading, agreed, report } = order;
  const uids = new Set([
    ...agreed.policies.map(({ uid }) => uid),
    ...agreed.networkPolicies.map(({ policyUid }) => policyUid),
  ]);
  for (let read = 1; read <= MAX_READS; read += 1) {
    if (read > 1) {
      await pauseMs(READ_AGAIN_MS);
    }
    const remaining = await listWritten(reading);
    if (!remaining.ok) {
      return failed(order, remaining.error);
    }
    const ours = remaining.value.filter(({ policyUid }) => uids.has(policyUid));
    if (ours.length === 0 && read > 1) {
      return true;
    }
    const stuck: string[] = [];
    let count = 0;
    await removeOrphans(reading.kube, ours, ({ orphan, outcome, message }) => {
      const name = `networkpolicy.networking.k8s.io/${orphan.name}`;
      if (outcome === 'removed') {
        report.onRemoved(`${name} deleted in namespace ${orphan.namespace}`);
      } else if (outcome !== 'gone') {
        stuck.push(`${name} in namespace ${orphan.namespace}: ${message}`);
      }
      count += 1;
      reading.progress.show(`NetworkPolicies: ${count} of ${ours.length}`);
    });
    if (read === MAX_READS) {
      for (const line of stuck) {
        report.onFailed(line);
      }
    }
  }
  report.onFailed('NetworkPolicies stay, or keep coming back');
  return false;
}

function isReported(order: UninstallOrder, what: string, outcome: Result<'removed' | 'gone', FailedAttempt>): boolean {
  if (!outcome.ok) {
    return failed(order, outcome.error);
  }
  order.report.onRemoved(outcome.value === 'removed' ? `${what} deleted` : `${what} was gone already`);
  return true;
}

function failed({ report }: UninstallOrder, { attempt, error }: FailedAttempt): false {
  report.onFailed(failureText(attempt, error));
  return false;
}

/** Whether the work succeeded for every item; one that fails does not stop the others. */
async function all<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<boolean> {
  return (await concurrently(items, work)).every((isDone) => isDone);
}
