import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient, Scope } from '../../kube/client/kube-client.ts';
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
import { type FailedAttempt, failedAttempt, failureText } from './kube-failure.ts';
import { wholeList } from './whole-list.ts';

/** What to read, and how. */
export interface Reading {
  readonly kube: KubeClient;
  /** Undefined: every namespace. */
  readonly namespace: string | undefined;
  /** Only namespaces with these labels, in the syntax of the API; absent: all. */
  readonly selector?: string | undefined;
  readonly progress: Progress;
}

/** Every NetworkPolicy that carries our label. */
export function listManagedNetworkPolicies(
  reading: Reading,
): Promise<Result<readonly ManagedNetworkPolicyView[], FailedAttempt>> {
  return listed(reading, { type: NETWORK_POLICIES, labelSelector: MANAGED_SELECTOR }, managedNetworkPolicyViewOf);
}

/** Every BaselinePolicy there is. */
export function listBaselinePolicies(reading: Reading): Promise<Result<readonly BaselinePolicyView[], FailedAttempt>> {
  return listed({ ...reading, namespace: undefined }, { type: BASELINE_POLICIES }, baselinePolicyViewOf);
}

/** Every Namespace, or the one; an error `notFound` when that is not there. */
export async function listNamespaces(reading: Reading): Promise<Result<readonly NamespaceView[], FailedAttempt>> {
  const { kube, namespace } = reading;
  if (namespace === undefined) {
    const { selector } = reading;
    const scope = { type: NAMESPACES, ...(selector === undefined ? {} : { labelSelector: selector }) };
    return listed(reading, scope, namespaceViewOf);
  }
  // Users of one namespace can usually get it, but not list Namespaces.
  const reference = { type: NAMESPACES, name: namespace };
  const got = await kube.get(reference);
  if (got.ok) {
    return success([namespaceViewOf(got.value)]);
  }
  return failure(failedAttempt('get', reference, got.error));
}

/**
 * Reads everything that `status` shows. A list that the user may not read becomes a note, as long as reports or policies
 * can be read; every other failure ends the reading. BaselinePolicies are read last, so that an object of a new one is
 * not taken for an orphan, and namespaces with them, so that the report of a new one is not taken for a stray one.
 */
export async function readCluster(reading: Reading): Promise<Result<ClusterFacts, FailedAttempt>> {
  const [networkPolicies, reports] = await Promise.all([listManagedNetworkPolicies(reading), listReports(reading)]);
  const [namespaces, policies] = await Promise.all([listNamespaces(reading), listBaselinePolicies(reading)]);
  const failures = [namespaces, networkPolicies, reports, policies].flatMap((outcome) =>
    outcome.ok ? [] : [outcome.error],
  );
  const fatal = fatalAmong(failures, {
    hasSubject: reports.ok || policies.ok,
    isNarrowed: reading.selector !== undefined && !namespaces.ok,
  });
  if (fatal !== undefined) {
    return failure(fatal);
  }
  return success(
    narrowed(reading, {
      namespaces: valueIn(namespaces),
      networkPolicies: valueIn(networkPolicies),
      reports: valueIn(reports),
      policies: valueIn(policies),
      notes: failures.map(({ attempt, error }) => failureText(attempt, error)),
    }),
  );
}

/** The failure that ends a reading: any but a missing permission, and that too where nothing can be shown without it. */
function fatalAmong(
  failures: readonly FailedAttempt[],
  known: { readonly hasSubject: boolean; readonly isNarrowed: boolean },
): FailedAttempt | undefined {
  const unexpected = failures.find(({ error }) => error.kind !== 'forbidden');
  return unexpected ?? (known.hasSubject && !known.isNarrowed ? undefined : failures[0]);
}

/** Only the API server evaluates a selector, so everything else is kept by the names of the namespaces that it listed. */
function narrowed({ selector }: Reading, facts: ClusterFacts): ClusterFacts {
  if (selector === undefined) {
    return facts;
  }
  const names = new Set(facts.namespaces?.map(({ name }) => name));
  return {
    ...facts,
    networkPolicies: facts.networkPolicies?.filter(({ namespace }) => names.has(namespace)),
    reports: facts.reports?.filter(({ namespace }) => names.has(namespace)),
  };
}

/** Every NamespaceBaseline. */
export function listReports(reading: Reading): Promise<Result<readonly ReportView[], FailedAttempt>> {
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
        progress.show(`reading ${type.plural}: ${count}`);
      },
    },
  );
  return list.ok ? list : failure({ attempt: { verb: 'list', type, ...where }, error: list.error });
}

function valueIn<T>(result: Result<T, unknown>): T | undefined {
  return result.ok ? result.value : undefined;
}
