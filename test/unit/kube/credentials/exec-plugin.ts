import { openSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../../../../src/kube/credentials/cluster.ts';
import type { ClusterChoice } from '../../../../src/kube/credentials/kubeconfig.ts';
import { folder, from, kubeconfig } from './kubeconfig-text.ts';

/** The versions of the exec plugin protocol (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). */
export const V1 = 'client.authentication.k8s.io/v1';
export const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

/** The `exec` of a user in a kubeconfig. */
export function exec(command: string, more: object = {}): object {
  return { apiVersion: V1BETA1, command, ...more };
}

/** A plugin of these JavaScript statements, and the cluster that asks it; its standard error goes into a file. */
export async function withPlugin(
  script: string,
  given: { readonly exec?: object; readonly cluster?: object; readonly choice?: ClusterChoice } = {},
): Promise<{ cluster: Cluster; stderr: () => Promise<string>; home: string }> {
  const home = await folder();
  const path = join(home, 'plugin');
  await writeFile(path, `#!${process.execPath}\n${script}`);
  await chmod(path, 0o755);
  const stderr = join(home, 'stderr');
  const cluster = await from(kubeconfig({ user: { exec: exec(path, given.exec) }, cluster: given.cluster ?? {} }), {
    isTerminal: false,
    stderrFd: openSync(stderr, 'w'),
    ...given.choice,
  });
  if (!cluster.ok) {
    throw new Error(cluster.error.message);
  }
  return { cluster: cluster.value, home, stderr: () => readFile(stderr, 'utf8') };
}

/** A statement that prints an ExecCredential with this status, a JavaScript expression. */
export function printing(status: string, apiVersion = V1BETA1): string {
  return `console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: '${apiVersion}', status: ${status} }));`;
}

/** The Authorization header that a cluster's credentials give, or what went wrong. */
export async function tokenOf(cluster: Cluster): Promise<unknown> {
  const headers = await cluster.authorization();
  return headers.ok ? headers.value.authorization : headers.error.message;
}
