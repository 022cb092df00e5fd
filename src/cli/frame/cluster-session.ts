import { type ExitCodeName, exitCode } from '../../app/exit-codes.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { impersonatingCluster } from '../../kube/credentials/impersonating-cluster.ts';
import { loadCluster } from '../../kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../../kube/transport/http-kube-client.ts';
import { buildInfo } from '../../telemetry/version.ts';
import { printable } from '../views/printable.ts';
import type { CommandContext } from './command-context.ts';
import type { ClusterFlags, NamespaceFlags } from './kubectl-flags.ts';

/** The cluster that a command talks to, as the user of the kubeconfig. */
export interface ClusterSession {
  readonly kube: KubeClient;
  /** The namespace of the context. */
  readonly defaultNamespace: string;
}

/** Never the operator's field manager: what people write stays theirs. */
export const CLI_FIELD_MANAGER = 'nsbaseline-cli';

/**
 * Runs `work` with a client for the chosen cluster and closes its connections afterwards. Without a usable kubeconfig
 * the reason goes to standard error and `work` is not run. The command exits with the code that `work` returns.
 */
export async function withCluster(
  flags: ClusterFlags,
  context: CommandContext,
  work: (session: ClusterSession) => Promise<ExitCodeName>,
): Promise<void> {
  if (flags.asGroup !== undefined && flags.as === undefined) {
    context.writeError(`${context.programName}: --as-group needs --as: groups alone cannot be impersonated\n`);
    context.exit(exitCode('usage'));
    return;
  }
  const cluster = await loadCluster({
    kubeconfigPath: flags.kubeconfig,
    context: flags.context,
    environment: context.env,
  });
  if (!cluster.ok) {
    context.writeError(`${context.programName}: ${printable(cluster.error.message)}\n`);
    context.exit(exitCode('unreachable'));
    return;
  }
  const timeoutMs = flags.requestTimeout;
  const kube: HttpKubeClient = createKubeClient({
    cluster:
      flags.as === undefined
        ? cluster.value
        : impersonatingCluster(cluster.value, { user: flags.as, groups: flags.asGroup ?? [] }),
    fieldManager: CLI_FIELD_MANAGER,
    userAgent: `nsbaseline/${buildInfo.version} (cli)`,
    ...(timeoutMs === undefined ? {} : { requestTimeoutMs: timeoutMs, listTimeoutMs: timeoutMs }),
  });
  try {
    context.exit(exitCode(await work({ kube, defaultNamespace: cluster.value.namespace })));
  } finally {
    await kube.close();
  }
}

/** The namespace that the flags choose, or undefined for every namespace. */
export function chosenNamespace(flags: NamespaceFlags, session: ClusterSession): string | undefined {
  return flags.allNamespaces === true ? undefined : (flags.namespace ?? session.defaultNamespace);
}
