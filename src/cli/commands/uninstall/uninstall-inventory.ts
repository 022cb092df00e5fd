import { failure, type Result, success } from '../../../base/result.ts';
import type { BaselinePolicyView, ManagedNetworkPolicyView, ReportView } from '../../cluster/cluster-facts.ts';
import {
  listBaselinePolicies,
  listManagedNetworkPolicies,
  listReports,
  type Reading,
} from '../../cluster/cluster-reading.ts';
import type { FailedAttempt } from '../../cluster/kube-failure.ts';
import { amountText, openingText } from '../../cluster/orphan-removal.ts';
import { countText } from '../../views/count-text.ts';

/** Everything of nsbaseline in a cluster, except the operator itself. */
export interface Inventory {
  readonly policies: readonly BaselinePolicyView[];
  readonly reports: readonly ReportView[];
  /** With our label and the uid of a BaselinePolicy, which may be gone; copies without a uid are not ours. */
  readonly networkPolicies: readonly ManagedNetworkPolicyView[];
  readonly hasCrds: boolean;
}

/** What to remove besides BaselinePolicies and NamespaceBaselines. */
export interface Extent {
  readonly withNetworkPolicies: boolean;
  readonly withCrds: boolean;
}

/** Reads everything; without the CRDs there are only NetworkPolicies. Any other list that fails is an error: nothing is removed on partial knowledge. */
export async function readInventory(reading: Reading): Promise<Result<Inventory, FailedAttempt>> {
  const [networkPolicies, reports] = await Promise.all([listWritten(reading), unlessMissing(listReports(reading))]);
  if (!networkPolicies.ok) {
    return networkPolicies;
  }
  if (!reports.ok) {
    return reports;
  }
  const policies = await listPolicies(reading);
  if (!policies.ok) {
    return policies;
  }
  return success({
    policies: policies.value ?? [],
    reports: reports.value ?? [],
    networkPolicies: networkPolicies.value,
    hasCrds: policies.value !== undefined || reports.value !== undefined,
  });
}

/** The NetworkPolicies of an {@link Inventory}. */
export async function listWritten(reading: Reading): Promise<Result<Inventory['networkPolicies'], FailedAttempt>> {
  const listed = await listManagedNetworkPolicies(reading);
  return listed.ok
    ? success(listed.value.filter(({ policyUid, isTerminating }) => policyUid !== '' && !isTerminating))
    : listed;
}

/** The BaselinePolicies; undefined where their CRD is gone. */
export function listPolicies(reading: Reading): Promise<Result<Inventory['policies'] | undefined, FailedAttempt>> {
  return unlessMissing(listBaselinePolicies(reading));
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
  { policies, reports, networkPolicies, hasCrds }: Inventory,
  { withNetworkPolicies, withCrds }: Extent,
): boolean {
  return (
    policies.length + reports.length === 0 &&
    !(withNetworkPolicies && networkPolicies.length > 0) &&
    !(withCrds && hasCrds)
  );
}

/** What will be deleted, in one phrase for a question. Pure. */
export function goingText(
  { policies, reports, networkPolicies, hasCrds }: Inventory,
  { withNetworkPolicies, withCrds }: Extent,
): string {
  const parts = [
    ...(policies.length > 0 ? [countText(policies.length, 'BaselinePolicy', 'BaselinePolicies')] : []),
    ...(withNetworkPolicies && networkPolicies.length > 0 ? [amountText(networkPolicies)] : []),
    ...(reports.length > 0 ? [countText(reports.length, 'NamespaceBaseline', 'NamespaceBaselines')] : []),
    ...(withCrds && hasCrds ? ['both CRDs'] : []),
  ];
  return parts.join(', ');
}

/** The effect on the network, as the end of a sentence; empty where there is none. Pure. */
export function effectText({ networkPolicies }: Inventory, { withNetworkPolicies }: Extent): string {
  if (networkPolicies.length === 0) {
    return '';
  }
  if (!withNetworkPolicies) {
    return `; ${countText(networkPolicies.length, 'NetworkPolicy stays', 'NetworkPolicies stay')}, and nothing keeps ${networkPolicies.length === 1 ? 'it' : 'them'} up to date then`;
  }
  return openingText(networkPolicies);
}
