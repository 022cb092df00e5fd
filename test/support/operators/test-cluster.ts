import { inject } from 'vitest';
import type { BaselinePolicySpec } from '../../../src/api/baseline-policy.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import { loadCluster } from '../../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { BASELINE_POLICIES } from '../../../src/operator/watch/resources.ts';
import { type Actors, actorsWith, valueOf } from '../actors/actors.ts';
import { type Cluster, clusterAt } from '../control-plane/cluster.ts';
import { clusterDns } from '../control-plane/cluster-dns.ts';
import { type OperatorProcess, startOperator } from './operator-process.ts';

export { eventually, type Labels, OPTED_IN, standardSet, valueOf } from '../actors/actors.ts';

/** What one file leaves isolated must not raise what the next may take away at once (R9). */
const WITHOUT_SHARES = ['--removal-limit-percent=0', '--isolation-limit-percent=0'];

/** A real API server, the operator with the rights that it ships with, and short words for what people do. */
export interface TestCluster extends Actors {
  readonly cluster: Cluster;
  /** As cluster admin. */
  readonly kube: KubeClient;
  /** The kubeconfig of the operator's own service account. */
  readonly operatorKubeconfig: string;
  /** Starts the operator and waits until its caches are synced. */
  start(flags?: readonly string[], env?: Readonly<Record<string, string>>): Promise<OperatorProcess>;
  /** Declares a policy for the namespaces labelled `set=<name>`, by which an opt-out does not wait; {@link TestCluster.clear} takes it away. */
  declare(name: string, spec?: BaselinePolicySpec): Promise<void>;
  /** Takes away every policy that was declared, finalizer or not. */
  clear(): Promise<void>;
}

/** Sets the stage, on the control plane of this vitest run when no other is given: CRDs, roles and a cluster DNS. */
export async function startTestCluster(cluster: Cluster = clusterAt(inject('controlPlane'))): Promise<TestCluster> {
  await cluster.applyManifests('deploy/crds');
  await cluster.applyManifests('deploy/base');
  await cluster.applyManifests(clusterDns());
  const account = await cluster.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  const kube = await adminClient(cluster.address.kubeconfigPath);
  const people = actorsWith(kube);
  const declared = new Set<string>();
  return {
    ...people,
    cluster,
    kube,
    operatorKubeconfig: account.kubeconfigPath,
    async start(flags = [], env = {}) {
      const operator = startOperator({
        kubeconfigPath: account.kubeconfigPath,
        arguments: [...WITHOUT_SHARES, ...flags],
        env,
      });
      await operator.said('caches are synced');
      return operator;
    },
    async declare(name, spec = {}) {
      declared.add(name);
      const removal = { grace: '0s', ...spec.removal };
      await people.baselinePolicy(name, { namespaceSelector: { matchLabels: { set: name } }, ...spec, removal });
    },
    async clear() {
      for (const name of declared) {
        await cluster.tryKubectl([
          'patch',
          'baselinepolicy',
          name,
          '--type=merge',
          '--patch={"metadata":{"finalizers":null}}',
        ]);
        await kube.remove({ type: BASELINE_POLICIES, name });
      }
      declared.clear();
    },
  };
}

/** A client with the rights of a kubeconfig. */
async function adminClient(kubeconfigPath: string): Promise<KubeClient> {
  return createKubeClient({
    cluster: valueOf(await loadCluster({ kubeconfigPath })),
    fieldManager: 'test',
    userAgent: 'nsbaseline-test',
  });
}
