import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { isJsonObject } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';
import { authProvider } from './auth-provider.ts';
import type { Cluster, ClusterTls } from './cluster.ts';
import { type Environment, proxyFromEnvironment } from './environment-proxy.ts';
import { execPlugin } from './exec-plugin.ts';
import { isProxyUrl, type KubeconfigContext, type KubeconfigText, kubeconfigContext } from './kubeconfig-file.ts';
import type { KubeconfigUser } from './kubeconfig-user.ts';
import { type CredentialPlugin, openCluster } from './refreshing-cluster.ts';
import { readText } from './token-file.ts';

/** Where to look for a cluster. Absent fields come from the process. */
export interface ClusterChoice {
  /** The kubeconfig that the user named; then no other place is searched. */
  readonly kubeconfigPath?: string | undefined;
  /** A context other than the current one. */
  readonly context?: string | undefined;
  readonly environment?: Environment;
  /** Whether standard input is a terminal, which an exec plugin may use. */
  readonly isTerminal?: boolean;
  /** The file descriptor for the standard error of an exec plugin. */
  readonly stderrFd?: number;
  readonly homeDirectory?: string;
  /** The folder of the pod's service account. */
  readonly serviceAccountDirectory?: string;
  readonly clock?: Clock;
}

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const STDERR_FD = 2;

/**
 * The cluster of the given kubeconfig, else of the files of KUBECONFIG, else of the pod's service account, else of
 * ~/.kube/config. It sends no request. The only error is `credentials`; its message names the file and the problem.
 */
export async function loadCluster(choice: ClusterChoice = {}): Promise<Result<Cluster, KubeError>> {
  const clock = choice.clock ?? systemClock;
  const environment = choice.environment ?? process.env;
  const chosen = await chosenContext(choice, environment);
  if (!chosen.ok) {
    return chosen;
  }
  const context = chosen.value;
  const proxied = withEnvironmentProxy(context, environment);
  if (!proxied.ok) {
    return proxied;
  }
  const { user } = context;
  const plugin = (tls: ClusterTls): CredentialPlugin | undefined => {
    if (hasOwnCredentials(user)) {
      return undefined;
    }
    if (user.exec === undefined) {
      return isJsonObject(user.authProvider) ? authProvider(user, clock) : undefined;
    }
    return execPlugin({
      clock,
      environment,
      isTerminal: choice.isTerminal ?? process.stdin.isTTY,
      stderrFd: choice.stderrFd ?? STDERR_FD,
      config: user.exec,
      context,
      tls,
    });
  };
  return await openCluster({ context: proxied.value, clock, plugin });
}

/** The context with the proxy of the environment, unless it has its own: `proxy-url` wins, also over NO_PROXY. */
function withEnvironmentProxy(
  context: KubeconfigContext,
  environment: Environment,
): Result<KubeconfigContext, KubeError> {
  const proxyUrl = context.proxyUrl ?? proxyFromEnvironment(context.server, environment);
  if (proxyUrl === undefined) {
    return success(context);
  }
  return isProxyUrl(proxyUrl)
    ? success({ ...context, proxyUrl })
    : failure({
        kind: 'credentials',
        message: `the proxy ${JSON.stringify(redactedUrl(proxyUrl))} of the environment is none; a proxy is http, https or socks5`,
      });
}

/** The address without the password that it may contain. */
function redactedUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//…@');
}

async function chosenContext(
  choice: ClusterChoice,
  environment: Environment,
): Promise<Result<KubeconfigContext, KubeError>> {
  const context = named(choice.context);
  const path = named(choice.kubeconfigPath);
  if (path !== undefined) {
    return await fromFiles([path], context);
  }
  const listed = (environment.KUBECONFIG ?? '').split(delimiter).filter((each) => each !== '');
  if (listed.length > 0) {
    return await fromFiles(listed, context);
  }
  const server = podServer(environment);
  // Only a kubeconfig has contexts.
  if (context === undefined && server !== undefined) {
    return success(await inClusterContext(server, choice.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY));
  }
  return await fromFiles([join(choice.homeDirectory ?? homedir(), '.kube', 'config')], context);
}

/**
 * The address that a pod uses for the API server: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
function podServer({ KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT }: Environment): string | undefined {
  const [host, port] = [named(KUBERNETES_SERVICE_HOST), named(KUBERNETES_SERVICE_PORT)];
  if (host === undefined || port === undefined) {
    return undefined;
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function named(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** As kubectl, it skips files that cannot be read as long as one can. */
async function fromFiles(
  paths: readonly string[],
  wanted: string | undefined,
): Promise<Result<KubeconfigContext, KubeError>> {
  const texts: KubeconfigText[] = [];
  let problem: KubeError | undefined;
  for (const path of paths) {
    const read = await readText(path, 'kubeconfig');
    if (read.ok) {
      texts.push({ path, text: read.value });
    } else {
      problem ??= read.error;
    }
  }
  if (texts.length === 0 && problem !== undefined) {
    return failure(problem);
  }
  return kubeconfigContext(texts, wanted);
}

async function inClusterContext(server: string, directory: string): Promise<KubeconfigContext> {
  const namespace = await readText(join(directory, 'namespace'), 'the namespace file');
  return {
    source: directory,
    contextName: 'in-cluster',
    namespace: namespace.ok && namespace.value.trim() !== '' ? namespace.value.trim() : 'default',
    server,
    isUnverified: false,
    ca: { path: join(directory, 'ca.crt') },
    user: { name: 'service account', impersonation: {}, token: { path: join(directory, 'token') } },
  };
}

/** As in client-go, neither a plugin nor an auth-provider is asked when the user has other credentials. */
function hasOwnCredentials({ token, password, cert, key }: KubeconfigUser): boolean {
  return token !== undefined || password !== undefined || (cert !== undefined && key !== undefined);
}
