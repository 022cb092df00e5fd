import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { onTestFinished } from 'vitest';
import type { Cluster } from '../../../../src/kube/credentials/cluster.ts';
import { type ClusterChoice, loadCluster } from '../../../../src/kube/credentials/kubeconfig.ts';

/** An empty folder that goes away with the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'nsbaseline-kubeconfig-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A kubeconfig with one context, `c`. */
export function kubeconfig({
  user = {},
  cluster = {},
  more = {},
}: {
  user?: object;
  cluster?: object;
  more?: object;
} = {}): string {
  return dump({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'ns' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    ...more,
  });
}

/** Loads the cluster with nothing but what is given: not the machine's own settings. */
export async function load(choice: ClusterChoice): Promise<Awaited<ReturnType<typeof loadCluster>>> {
  return await loadCluster({
    environment: {},
    homeDirectory: '/nonexistent',
    serviceAccountDirectory: '/nonexistent',
    ...choice,
  });
}

/** The same, for a choice that must succeed. */
export async function loaded(choice: ClusterChoice): Promise<Cluster> {
  const cluster = await load(choice);
  if (!cluster.ok) {
    throw new Error(cluster.error.message);
  }
  return cluster.value;
}

/** The cluster of a kubeconfig with this text. */
export async function from(text: string, choice: ClusterChoice = {}): Promise<Awaited<ReturnType<typeof loadCluster>>> {
  const path = join(await folder(), 'config');
  await writeFile(path, text);
  return await load({ kubeconfigPath: path, ...choice });
}
