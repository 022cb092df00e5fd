import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { fieldOf, isJsonObject, present } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import { readableText } from '../../base/text.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { Cluster } from './cluster.ts';
import {
  type KubeconfigContext,
  type KubeconfigText,
  type KubeconfigUser,
  kubeconfigContext,
} from './kubeconfig-file.ts';
import { type CredentialPlugin, openCluster, type PluginCredentials } from './refreshing-cluster.ts';
import { readText } from './token-file.ts';

/** Where to look for a cluster. What is absent comes from the process. */
export interface ClusterChoice {
  /** A kubeconfig named by the user: nothing else is looked at. */
  readonly kubeconfigPath?: string | undefined;
  /** A context other than the current one. */
  readonly context?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory?: string;
  /** Where a pod finds its service account. */
  readonly serviceAccountDirectory?: string;
  readonly clock?: Clock;
}

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A plugin may ask a person to log in, but not forever. */
const PLUGIN_TIMEOUT_MS = 60_000;

/**
 * The cluster to talk to: the given kubeconfig, else the files of KUBECONFIG, else the pod's own service account, else
 * ~/.kube/config. Nothing is sent yet. The only error is `credentials`; its message names the file and what is wrong.
 */
export async function loadCluster(choice: ClusterChoice = {}): Promise<Result<Cluster, KubeError>> {
  const clock = choice.clock ?? systemClock;
  const context = await chosenContext(choice);
  if (!context.ok) {
    return context;
  }
  const { user } = context.value;
  const plugin = isPluginNeeded(user) ? credentialPlugin(user, clock) : undefined;
  return await openCluster({ context: context.value, clock, ...(plugin === undefined ? {} : { plugin }) });
}

async function chosenContext(choice: ClusterChoice): Promise<Result<KubeconfigContext, KubeError>> {
  const environment = choice.environment ?? process.env;
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
  // A context can only be meant for a kubeconfig.
  if (context === undefined && server !== undefined) {
    return success(await inClusterContext(server, choice.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY));
  }
  return await fromFiles([join(choice.homeDirectory ?? homedir(), '.kube', 'config')], context);
}

/** Where a pod finds its API server: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function podServer({
  KUBERNETES_SERVICE_HOST,
  KUBERNETES_SERVICE_PORT,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  const [host, port] = [named(KUBERNETES_SERVICE_HOST), named(KUBERNETES_SERVICE_PORT)];
  if (host === undefined || port === undefined) {
    return undefined;
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function named(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Of several files, those that cannot be read are passed over, as kubectl does, as long as one can. */
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

function isPluginNeeded(user: KubeconfigUser): boolean {
  return user.token === undefined && (isJsonObject(user.exec) || isJsonObject(user.authProvider));
}

/**
 * Exec plugins (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins)
 * and auth providers, run by client-node. It is loaded only here and only when needed, since loading it takes longer
 * than everything else at start.
 */
function credentialPlugin(user: KubeconfigUser, clock: Clock): CredentialPlugin {
  let authenticator: Promise<() => Promise<PluginCredentials>> | undefined;
  return {
    async credentials() {
      try {
        authenticator ??= clientNodeAuthenticator(user);
        return success(await withinTime((await authenticator)(), clock));
      } catch (thrown) {
        const why =
          thrown instanceof Error && thrown.message !== '' ? readableText(thrown.message) : 'it gave no credentials';
        return failure({
          kind: 'credentials',
          message: `the credential plugin of user ${JSON.stringify(user.name)} failed: ${why}`,
        });
      }
    },
    forget() {
      authenticator = undefined;
    },
  };
}

async function clientNodeAuthenticator(user: KubeconfigUser): Promise<() => Promise<PluginCredentials>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  // The server is never contacted through this object, which only fills in headers and certificates.
  config.loadFromOptions({
    clusters: [{ name: 'unused', server: 'https://unused.invalid', skipTLSVerify: false }],
    users: [{ name: user.name, exec: user.exec, authProvider: user.authProvider }],
    contexts: [{ name: 'only', cluster: 'unused', user: user.name }],
    currentContext: 'only',
  });
  return async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return present({
      authorization: text(fieldOf(options.headers, 'Authorization')),
      cert: text(options.cert),
      key: text(options.key),
    });
  };
}

function text(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) {
    return value.toString('utf8');
  }
  return typeof value === 'string' ? value : undefined;
}

async function withinTime<Value>(work: Promise<Value>, clock: Clock): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = clock.after(PLUGIN_TIMEOUT_MS, () => {
    reject(new Error(`no answer within ${PLUGIN_TIMEOUT_MS} ms`));
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timer.cancel();
  }
}
