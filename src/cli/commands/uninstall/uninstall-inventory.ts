import { failure, type Result, success } from '../../../base/result.ts';
import type { BaselinePolicyView, ManagedNetworkPolicyView, ReportView } from '../../cluster/cluster-facts.ts';
import {
  type FailedAttempt,
  listManagedPolicies,
  listPolicies,
  listRecords,
  type Reading,
} from '../../cluster/cluster-reading.ts';
import { openedNamespaces } from '../prune/prune-choice.ts';
import { countText } from '../status/status-text.ts';

/** Everything in a cluster that is ours, but for the operator itself. */
export interface Inventory {
  readonly policies: readonly BaselinePolicyView[];
  readonly records: readonly ReportView[];
  /** With our label and the uid of a BaselinePolicy, whether that is still there or not; copies of people are not ours. */
  readonly networkPolicies: readonly ManagedNetworkPolicyView[];
  readonly hasCrds: boolean;
}

/** What of it shall go, besides BaselinePolicies and NamespaceBaselines. */
export interface Extent {
  readonly withNetworkPolicies: boolean;
  readonly withCrds: boolean;
}

/** Reads it all; without the CRDs there are only NetworkPolicies. Whatever else cannot be read is an error: nothing is removed on half the truth. */
export async function readInventory(reading: Reading): Promise<Result<Inventory, FailedAttempt>> {
  const [networkPolicies, records] = await Promise.all([
    listManagedPolicies(reading),
    unlessMissing(listRecords(reading)),
  ]);
  if (!networkPolicies.ok) {
    return networkPolicies;
  }
  if (!records.ok) {
    return records;
  }
  const policies = await unlessMissing(listPolicies(reading));
  if (!policies.ok) {
    return policies;
  }
  return success({
    policies: policies.value ?? [],
    records: records.value ?? [],
    networkPolicies: networkPolicies.value.filter(({ policyUid, isTerminating }) => policyUid !== '' && !isTerminating),
    hasCrds: policies.value !== undefined || records.value !== undefined,
  });
}

/** A list of a kind that is not served is undefined. */
async function unlessMissing<T>(
  list: Promise<Result<T, FailedAttempt>>,
): Promise<Result<T | undefined, FailedAttempt>> {
  const listed = await list;
  if (listed.ok) {
    return listed;
  }
  return listed.error.error.kind === 'notFound' ? success(undefined) : failure(listed.error);
}

/** Whether there is nothing to do. Pure. */
export function isNothing(
  { policies, records, networkPolicies, hasCrds }: Inventory,
  { withNetworkPolicies, withCrds }: Extent,
): boolean {
  return (
    policies.length + records.length === 0 &&
    !(withNetworkPolicies && networkPolicies.length > 0) &&
    !(withCrds && hasCrds)
  );
}

/** What goes, in one phrase for a question. Pure. */
export function goingText(
  { policies, records, networkPolicies, hasCrds }: Inventory,
  { withNetworkPolicies, withCrds }: Extent,
): string {
  const namespaces = new Set(networkPolicies.map(({ namespace }) => namespace)).size;
  const parts = [
    ...(policies.length > 0 ? [countText(policies.length, 'BaselinePolicy', 'BaselinePolicies')] : []),
    ...(withNetworkPolicies && networkPolicies.length > 0
      ? [
          `${countText(networkPolicies.length, 'NetworkPolicy', 'NetworkPolicies')} in ${countText(namespaces, 'namespace', 'namespaces')}`,
        ]
      : []),
    ...(records.length > 0 ? [countText(records.length, 'NamespaceBaseline', 'NamespaceBaselines')] : []),
    ...(withCrds && hasCrds ? ['both CRDs'] : []),
  ];
  return parts.join(', ');
}

/** What that comes down to for the network, as the end of a sentence; empty where it changes nothing. Pure. */
export function effectText({ networkPolicies }: Inventory, { withNetworkPolicies }: Extent): string {
  if (networkPolicies.length === 0) {
    return '';
  }
  if (!withNetworkPolicies) {
    return `; ${countText(networkPolicies.length, 'NetworkPolicy stays', 'NetworkPolicies stay')}, and nobody looks after ${networkPolicies.length === 1 ? 'it' : 'them'} then`;
  }
  const opened = openedNamespaces(networkPolicies).length;
  return opened === 0
    ? ''
    : `; a default-deny goes in ${countText(opened, 'namespace', 'namespaces')}, and what no other NetworkPolicy isolates there is open then`;
}
