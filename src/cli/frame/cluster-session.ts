import { type ExitCodeName, exitCode } from '../../app/exit-codes.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
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

/** Never the operator's: what people write stays theirs. */
export const CLI_FIELD_MANAGER = 'nsbaseline-cli';

/**
 * Runs `work` with a client for the chosen cluster and lets go of its connections afterwards. Where there is no usable
 * kubeconfig, that is complained of and `work` is not run. The command ends with the code that `work` gives.
 */
export async function withCluster(
  flags: ClusterFlags,
  context: CommandContext,
  work: (session: ClusterSession) => Promise<ExitCodeName>,
): Promise<void> {
  const cluster = await loadCluster({
    kubeconfigPath: flags.kubeconfig,
    context: flags.context,
    environment: context.env,
  });
  if (!cluster.ok) {
    context.complain(`${context.programName}: ${printable(cluster.error.message)}\n`);
    context.finish(exitCode('unreachable'));
    return;
  }
  const kube: HttpKubeClient = createKubeClient({
    cluster: cluster.value,
    fieldManager: CLI_FIELD_MANAGER,
    userAgent: `nsbaseline/${buildInfo.version} (cli)`,
  });
  try {
    context.finish(exitCode(await work({ kube, defaultNamespace: cluster.value.namespace })));
  } finally {
    await kube.close();
  }
}

/** The namespace that the flags mean, or undefined for every namespace. */
export function chosenNamespace(flags: NamespaceFlags, session: ClusterSession): string | undefined {
  return flags.allNamespaces === true ? undefined : (flags.namespace ?? session.defaultNamespace);
}
