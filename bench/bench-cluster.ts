import type { BaselinePolicySpec } from '../src/api/baseline-policy.ts';
import { API_VERSION, LABELS } from '../src/api/names.ts';
import type { Result } from '../src/base/result.ts';
import type { KubeError } from '../src/kube/client/kube-error.ts';
import { loadCluster } from '../src/kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../src/kube/transport/http-kube-client.ts';
import { BASELINE_POLICIES, NAMESPACES } from '../src/operator/watch/resources.ts';
import { clusterDns } from '../test/support/control-plane/cluster-dns.ts';
import { startControlPlane } from '../test/support/control-plane/control-plane.ts';
import type { ControlPlaneAddress } from '../test/support/control-plane/protocol.ts';
import { Sightings } from './sightings.ts';

/** A control plane that nobody has used yet, with the policy `standard` declared and an independent watch. */
export interface BenchCluster {
  readonly admin: HttpKubeClient;
  readonly sightings: Sightings;
  readonly address: ControlPlaneAddress;
  /** The kubeconfig of the operator's own service account. */
  readonly kubeconfigPath: string;
  /** Makes these namespaces. */
  readonly namespaces: (names: readonly string[], isLabelled: boolean) => Promise<void>;
  /** Labels one namespace, and resolves when the API server has it. */
  readonly label: (name: string) => Promise<void>;
  /** Gives the policy another spec. */
  readonly edit: (spec: BaselinePolicySpec) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** How many namespaces are made or labelled at once. */
const AT_ONCE = 32;

/** Sets the stage: some 10 seconds. */
export async function startBenchCluster(): Promise<BenchCluster> {
  const controlPlane = await startControlPlane({ version: 'newest' });
  for (const manifests of ['deploy/crds', 'deploy/base', clusterDns()]) {
    await controlPlane.applyManifests(manifests);
  }
  const account = await controlPlane.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  const cluster = valueOf(await loadCluster({ kubeconfigPath: controlPlane.address.kubeconfigPath }));
  const admin = createKubeClient({
    cluster,
    fieldManager: 'bench',
    userAgent: 'nsbaseline-bench',
    requestTimeoutMs: 60_000,
  });
  valueOf(
    await admin.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'standard' },
      spec: {},
    }),
  );
  const sightings = new Sightings();
  await sightings.begin(admin);
  return {
    admin,
    sightings,
    address: controlPlane.address,
    kubeconfigPath: account.kubeconfigPath,
    label: async (name) => {
      valueOf(
        await admin.apply(NAMESPACES, {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, labels: { [LABELS.enabled]: 'true' } },
        }),
      );
    },
    namespaces: (names, isLabelled) =>
      inParallel(names, async (name) => {
        valueOf(
          await admin.create(NAMESPACES, {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name, labels: isLabelled ? { [LABELS.enabled]: 'true' } : {} },
          }),
        );
      }),
    edit: async (spec) => {
      valueOf(
        await admin.apply(BASELINE_POLICIES, {
          apiVersion: API_VERSION,
          kind: 'BaselinePolicy',
          metadata: { name: 'standard' },
          spec,
        }),
      );
    },
    end: async () => {
      await sightings.end();
      await admin.close();
      await controlPlane.stop();
    },
  };
}

/** Does this for each name, so many at once. */
export async function inParallel(names: readonly string[], each: (name: string) => Promise<void>): Promise<void> {
  let taken = 0;
  const work = async (): Promise<void> => {
    for (let name = names[taken++]; name !== undefined; name = names[taken++]) {
      await each(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The value of a result, where a failure is a fault of the bench. */
export function valueOf<Value>(result: Result<Value, KubeError>): Value {
  if (!result.ok) {
    throw new Error(`${result.error.kind}: ${result.error.message}`);
  }
  return result.value;
}
