import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { controlPlaneBinaries } from '../../support/control-plane/binaries.ts';
import type { Progress } from '../../support/control-plane/progress.ts';
import { commandOutput, commandResult } from './command.ts';
import { goProgram } from './go-programs.ts';
import { type ClusterImages, loadImages } from './images.ts';
import { clusterName, e2eCache, kubeconfigPath } from './places.ts';

const NODE_FOLDER = join(import.meta.dirname, '../node');

/** How to use a cluster that runs; plain data, so that it can be handed to test workers. */
export interface KindAddress {
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  readonly node: string;
  /** Whether the node image was built here, and so has the enforcer as a DaemonSet. */
  readonly isOwnNode: boolean;
  readonly probeImage: string;
}

/** Creates the cluster, in which NetworkPolicies are enforced and probes can run; one of the same name goes first. */
export async function createCluster(images: ClusterImages, progress: Progress): Promise<KindAddress> {
  const kind = await goProgram('kind', progress);
  const binaries = await controlPlaneBinaries({ version: 'newest', progress });
  await mkdir(e2eCache(), { recursive: true });
  await removeCluster(kind);
  const own = images.node === undefined ? [] : ['--image', images.node, '--config', join(NODE_FOLDER, 'kind.yaml')];
  const args = [
    'create',
    'cluster',
    '--name',
    clusterName(),
    '--kubeconfig',
    kubeconfigPath(),
    '--wait',
    '180s',
    ...own,
  ];
  await commandOutput({
    program: kind,
    args,
    onLine: (line) => {
      progress.update(line);
    },
  });
  // Its one node, a container.
  const node = `${clusterName()}-control-plane`;
  await loadImages(node, [images.probe]);
  const address = {
    kubeconfigPath: kubeconfigPath(),
    kubectlPath: join(binaries, 'kubectl'),
    node,
    isOwnNode: images.node !== undefined,
    probeImage: images.probe,
  };
  const kubectl = (...words: readonly string[]): Promise<string> =>
    commandOutput({
      program: address.kubectlPath,
      args: words,
      environment: { ...process.env, KUBECONFIG: address.kubeconfigPath },
    });
  if (address.isOwnNode) {
    await kubectl('apply', '--filename', join(NODE_FOLDER, 'enforcer.yaml'));
    await kubectl('rollout', 'status', 'daemonset/enforcer', '--namespace=kube-system', '--timeout=120s');
  }
  await kubectl('rollout', 'status', 'deployment/coredns', '--namespace=kube-system', '--timeout=180s');
  return address;
}

/** Takes the cluster away, if there is one. */
export async function removeCluster(kind: string): Promise<void> {
  const result = await commandResult({
    program: kind,
    args: ['delete', 'cluster', '--name', clusterName(), '--kubeconfig', kubeconfigPath()],
  });
  if (result.exitCode !== 0) {
    throw new Error(`kind cannot delete the cluster ${clusterName()}:\n${result.stderr}`);
  }
}
