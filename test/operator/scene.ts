import { expect, inject } from 'vitest';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { API_VERSION } from '../../src/api/names.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import type { KubeError } from '../../src/kube/kube-error.ts';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import { createKubeClient } from '../../src/kube/http-kube-client.ts';
import { fieldOf, itemsOf, textOf } from '../../src/kube/json-shape.ts';
import { loadCluster } from '../../src/kube/kubeconfig.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import type { Result } from '../../src/kube/result.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/resources.ts';
import { clusterAt, type Cluster } from '../controlplane/cluster.ts';
import { clusterDns } from '../controlplane/cluster-dns.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';

/** What is declared: labels beyond the name, and no more. */
export type Labels = Readonly<Record<string, string>>;

/** A real API server, the operator with the rights that it ships with, and short words for what people do. */
export interface Scene {
  readonly cluster: Cluster;
  /** As cluster admin. */
  readonly kube: KubeClient;
  /** The kubeconfig of the operator's own service account. */
  readonly operatorKubeconfig: string;
  /** Starts the operator and waits until its caches are synced. */
  start(flags?: readonly string[], env?: Readonly<Record<string, string>>): Promise<OperatorProcess>;
  namespace(name: string, labels?: Labels): Promise<KubeObject>;
  /** Sets labels; `null` takes one away. */
  label(namespace: string, labels: Readonly<Record<string, string | null>>): Promise<void>;
  baselinePolicy(name: string, spec: BaselinePolicySpec): Promise<KubeObject>;
  removeBaselinePolicy(name: string): Promise<void>;
  /** Declares a policy for the namespaces labelled `set=<name>`; {@link Scene.clear} takes it away. */
  declare(name: string, spec?: BaselinePolicySpec): Promise<void>;
  /** Takes away every policy that was declared, finalizer or not. */
  clear(): Promise<void>;
  networkPolicy(namespace: string, name: string): Promise<KubeObject | undefined>;
  networkPolicyNames(namespace: string): Promise<readonly string[]>;
  /** The `status` of the NamespaceBaseline; undefined where there is none. */
  report(namespace: string): Promise<unknown>;
  /** The status of a condition of a BaselinePolicy, with its reason: `True Applied`; empty where there is none. */
  condition(policy: string, type: string): Promise<string>;
}

/** The opt-in label. */
export const OPTED_IN: Labels = { 'nsbaseline.io/enabled': 'true' };

/** Sets the stage, on the control plane of this vitest run when no other is given: CRDs, roles and a cluster DNS. */
export async function setScene(cluster: Cluster = clusterAt(inject('controlPlane'))): Promise<Scene> {
  await cluster.applyManifests('deploy/crds');
  await cluster.applyManifests('deploy/base');
  await cluster.applyManifests(clusterDns());
  const account = await cluster.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  const kube = await adminClient(cluster.address.kubeconfigPath);
  const declared = new Set<string>();
  const baselinePolicy = async (name: string, spec: BaselinePolicySpec): Promise<KubeObject> => {
    const standing = await found(kube, BASELINE_POLICIES, { name });
    const body = { apiVersion: API_VERSION, kind: 'BaselinePolicy', metadata: { name, ...(standing === undefined ? {} : { resourceVersion: textOf(standing.metadata.resourceVersion) }) }, spec };
    return valueOf(standing === undefined ? await kube.create(BASELINE_POLICIES, body) : await kube.replace(BASELINE_POLICIES, body));
  };
  return {
    cluster,
    kube,
    operatorKubeconfig: account.kubeconfigPath,
    async start(flags = [], env = {}) {
      const operator = startOperator({ kubeconfigPath: account.kubeconfigPath, arguments: flags, env });
      await operator.said('caches are synced');
      return operator;
    },
    async namespace(name, labels = {}) {
      return valueOf(await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
    },
    async label(namespace, labels) {
      const written = Object.entries(labels).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`));
      await cluster.kubectl('label', 'namespace', namespace, '--overwrite', ...written);
    },
    baselinePolicy,
    async declare(name, spec = {}) {
      declared.add(name);
      await baselinePolicy(name, { namespaceSelector: { matchLabels: { set: name } }, ...spec });
    },
    async clear() {
      for (const name of declared) {
        await cluster.tryKubectl(['patch', 'baselinepolicy', name, '--type=merge', '--patch={"metadata":{"finalizers":null}}']);
        await kube.remove({ type: BASELINE_POLICIES, name });
      }
      declared.clear();
    },
    async removeBaselinePolicy(name) {
      await kube.remove({ type: BASELINE_POLICIES, name });
    },
    networkPolicy: (namespace, name) => found(kube, NETWORK_POLICIES, { namespace, name }),
    async networkPolicyNames(namespace) {
      const page = valueOf(await kube.list({ type: NETWORK_POLICIES, namespace }));
      return page.items.map(({ metadata }) => textOf(metadata.name)).sort();
    },
    async report(namespace) {
      return (await found(kube, NAMESPACE_BASELINES, { namespace, name: 'baseline' }))?.status;
    },
    async condition(policy, type) {
      const status = (await found(kube, BASELINE_POLICIES, { name: policy }))?.status;
      const condition = itemsOf(fieldOf(status, 'conditions')).find((candidate) => fieldOf(candidate, 'type') === type);
      return condition === undefined ? '' : `${textOf(fieldOf(condition, 'status'))} ${textOf(fieldOf(condition, 'reason'))}`;
    },
  };
}

/** A client with the rights of a kubeconfig. */
export async function adminClient(kubeconfigPath: string): Promise<KubeClient> {
  return createKubeClient({ cluster: valueOf(await loadCluster({ kubeconfigPath })), fieldManager: 'test', userAgent: 'nsbaseline-test' });
}

/** The value of a result, where a failure is a fault of the test. */
export function valueOf<Value>(result: Result<Value, KubeError>): Value {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value;
}

async function found(kube: KubeClient, type: ResourceType, key: { readonly namespace?: string; readonly name: string }): Promise<KubeObject | undefined> {
  const answer = await kube.get({ type, ...key });
  if (!answer.ok && answer.error.kind === 'notFound') return undefined;
  return valueOf(answer);
}

/** Asks again and again until the answer is as expected, at the latest after 15 s. */
export function eventually<Value>(ask: () => Promise<Value>): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(ask, { timeout: 15_000, interval: 20 });
}

/** The three parts of a policy with an empty spec, as names of NetworkPolicies. */
export function standardSet(policy = 'standard'): readonly string[] {
  return [`${policy}.allow-dns`, `${policy}.allow-monitoring`, `${policy}.default-deny`];
}
