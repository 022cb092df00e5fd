import { confirmationFor } from '../../../domain/planning/guard.ts';
import {
  declaredPolicyFacts,
  heldNamespaces,
  type NamespaceContents,
} from '../../../domain/planning/held-namespaces.ts';
import type { BaselinePolicyFacts } from '../../../domain/world.ts';
import type { KubeClient, Scope } from '../../../kube/client/kube-client.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { namespaceProjection, networkPolicyProjection, reportProjection } from '../../../operator/watch/projections.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../operator/watch/resources.ts';
import { baselinePolicyViewOf, MANAGED_SELECTOR, USUAL_EXCLUSION } from '../../cluster/cluster-facts.ts';
import { wholeList } from '../../cluster/whole-list.ts';
import type { HeldChange } from './held-change.ts';

/** A cluster, as far as the names of held changes follow from it. */
export interface HeldFacts {
  readonly namespaces: readonly NamespaceContents[];
  readonly baselinePolicies: readonly BaselinePolicyFacts[];
}

/** Reads what the operator's guard decides on; undefined where the user may not read all of it. */
export async function readHeldFacts(kube: KubeClient): Promise<HeldFacts | undefined> {
  const [namespaces, networkPolicies, reports, policies] = await Promise.all([
    listed(kube, { type: NAMESPACES }, namespaceProjection(USUAL_EXCLUSION)),
    listed(kube, { type: NETWORK_POLICIES, labelSelector: MANAGED_SELECTOR }, networkPolicyProjection),
    listed(kube, { type: NAMESPACE_BASELINES }, reportProjection),
    listed(kube, { type: BASELINE_POLICIES }, baselinePolicyViewOf),
  ]);
  if (namespaces === undefined || networkPolicies === undefined || reports === undefined || policies === undefined) {
    return undefined;
  }
  const observedIn = Map.groupBy(networkPolicies, ({ namespace }) => namespace);
  const reportIn = new Map(reports.map((report) => [report.namespace, report]));
  return {
    namespaces: namespaces.map((namespace) => ({
      namespace,
      observed: observedIn.get(namespace.name) ?? [],
      report: reportIn.get(namespace.name),
    })),
    baselinePolicies: policies.flatMap(({ spec, ...policy }) =>
      spec === undefined ? [] : [declaredPolicyFacts({ ...policy, spec })],
    ),
  };
}

/**
 * The namespaces of a held change of `policy`, found by the operator's own rules in the cluster as it is now. The
 * confirmation is a digest of the names, so the names returned are exactly those that will be confirmed; undefined where
 * they do not match it, because the cluster has changed since or the operator is configured otherwise.
 */
export function heldNames(
  { namespaces, baselinePolicies }: HeldFacts,
  change: Pick<HeldChange, 'kind' | 'confirmation'> & { readonly policy: string },
): readonly string[] | undefined {
  const policy = baselinePolicies.find(({ name }) => name === change.policy);
  if (policy === undefined) {
    return undefined;
  }
  const hold = change.kind === 'removal' ? 'RemovalHeld' : 'IsolationHeld';
  const names = heldNamespaces(namespaces, { hold, policy, baselinePolicies }).toSorted();
  const { uid, generation } = policy;
  return confirmationFor({ uid, generation, namespaces: names }) === change.confirmation ? names : undefined;
}

async function listed<T>(
  kube: KubeClient,
  scope: Scope,
  project: (object: KubeObject) => T,
): Promise<readonly T[] | undefined> {
  const list = await wholeList(kube, scope, { project });
  return list.ok ? list.value : undefined;
}
