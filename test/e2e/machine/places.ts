import { join } from 'node:path';
import { cacheDirectory } from '../../support/control-plane/cache.ts';

/** The root of the checkout. */
export const ROOT = join(import.meta.dirname, '../../..');

/** Where everything of the end-to-end tests is kept between runs. */
export function e2eCache(): string {
  return join(cacheDirectory(process.env), 'e2e');
}

/** The name that kind knows the cluster by: `E2E_CLUSTER`, for runs beside each other. */
export function clusterName(): string {
  const own = process.env.E2E_CLUSTER;
  return own !== undefined && own !== '' ? own : 'nsbaseline-e2e';
}

/** The kubeconfig of the cluster, which is nobody's own. */
export function kubeconfigPath(): string {
  return join(e2eCache(), `${clusterName()}.kubeconfig.yaml`);
}

/** Where dockerd's id and words go when it was started from here. */
export function dockerFiles(): { readonly processId: string; readonly log: string } {
  return { processId: join(e2eCache(), 'dockerd.pid'), log: join(e2eCache(), 'dockerd.log') };
}

/** What is known of a cluster that was left for the next run. */
export function leftClusterPath(): string {
  return join(e2eCache(), `${clusterName()}.cluster.json`);
}
