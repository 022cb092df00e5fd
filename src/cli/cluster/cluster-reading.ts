import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient, Scope } from '../../kube/client/kube-client.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../operator/watch/resources.ts';
import type { Progress } from '../frame/progress.ts';
import {
  type BaselinePolicyView,
  baselinePolicyViewOf,
  type ClusterFacts,
  MANAGED_SELECTOR,
  type ManagedNetworkPolicyView,
  managedNetworkPolicyViewOf,
  type NamespaceView,
  namespaceViewOf,
  type ReportView,
  reportViewOf,
} from './cluster-facts.ts';
import { type Attempt, failureText } from './kube-failure.ts';
import { wholeList } from './whole-list.ts';

/** A request that failed. */
export interface FailedAttempt {
  readonly attempt: Attempt;
  readonly error: KubeError;
}

/** How a reading goes about it. */
export interface Reading {
  readonly kube: KubeClient;
  /** Undefined: all of them. */
  readonly namespace: string | undefined;
  readonly progress: Progress;
}

/** Every NetworkPolicy that carries our label. */
export function listManagedPolicies(
  reading: Reading,
): Promise<Result<readonly ManagedNetworkPolicyView[], FailedAttempt>> {
  return listed(reading, { type: NETWORK_POLICIES, labelSelector: MANAGED_SELECTOR }, managedNetworkPolicyViewOf);
}

/** Every BaselinePolicy there is. */
export function listPolicies(reading: Reading): Promise<Result<readonly BaselinePolicyView[], FailedAttempt>> {
  return listed({ ...reading, namespace: undefined }, { type: BASELINE_POLICIES }, baselinePolicyViewOf);
}

/** Every Namespace, or the one; an error `notFound` when that is not there. */
export async function listNamespaces(reading: Reading): Promise<Result<readonly NamespaceView[], FailedAttempt>> {
  const { kube, namespace } = reading;
  if (namespace === undefined) {
    return listed(reading, { type: NAMESPACES }, namespaceViewOf);
  }
  // Who may see into one namespace may mostly get it, but not list it.
  const got = await kube.get({ type: NAMESPACES, name: namespace });
  if (got.ok) {
    return success([namespaceViewOf(got.value)]);
  }
  return failure({ attempt: { verb: 'get', type: NAMESPACES, name: namespace }, error: got.error });
}

/**
 * Reads all that `status` tells of. A list that the user may not see becomes a note, as long as there is one that they
 * may; every other failure ends the reading. BaselinePolicies are read last, so that what belongs to a new one is not
 * taken for an orphan.
 */
export async function readCluster(reading: Reading): Promise<Result<ClusterFacts, FailedAttempt>> {
  const [namespaces, networkPolicies, records] = await Promise.all([
    listNamespaces(reading),
    listManagedPolicies(reading),
    listRecords(reading),
  ]);
  const policies = await listPolicies(reading);
  const failures = [namespaces, networkPolicies, records, policies].flatMap((outcome) =>
    outcome.ok ? [] : [outcome.error],
  );
  const fatal =
    failures.find(({ error }) => error.kind !== 'forbidden') ?? (records.ok || policies.ok ? undefined : failures[0]);
  if (fatal !== undefined) {
    return failure(fatal);
  }
  return success({
    namespaces: valueIn(namespaces),
    networkPolicies: valueIn(networkPolicies),
    records: valueIn(records),
    policies: valueIn(policies),
    notes: failures.map(({ attempt, error }) => failureText(attempt, error)),
  });
}

/** Every NamespaceBaseline. */
export function listRecords(reading: Reading): Promise<Result<readonly ReportView[], FailedAttempt>> {
  return listed(
    reading,
    { type: NAMESPACE_BASELINES, fieldSelector: `metadata.name=${NAMESPACE_BASELINE_NAME}` },
    reportViewOf,
  );
}

async function listed<T>(
  { kube, namespace, progress }: Reading,
  scope: Scope,
  project: (object: KubeObject) => T,
): Promise<Result<readonly T[], FailedAttempt>> {
  const { type } = scope;
  const where = namespace === undefined ? {} : { namespace };
  const list = await wholeList(
    kube,
    { ...scope, ...where },
    {
      project,
      onCount: (count) => {
        progress.say(`reading ${type.plural}: ${count}`);
      },
    },
  );
  return list.ok ? list : failure({ attempt: { verb: 'list', type, ...where }, error: list.error });
}

function valueIn<T>(result: Result<T, unknown>): T | undefined {
  return result.ok ? result.value : undefined;
}
