import { spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import { fieldOf, isAbsent, isJsonObject, type JsonObject, parsedJson, present, textOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import { readableText } from '../../base/text.ts';
import type { KubeError } from '../client/kube-error.ts';
import { certificatePairProblem } from './certificates.ts';
import type { ClusterTls } from './cluster.ts';
import type { Environment } from './environment-proxy.ts';
import type { KubeconfigContext } from './kubeconfig-file.ts';
import type { ExecConfig } from './kubeconfig-user.ts';
import type { CredentialPlugin, PluginCredentials } from './refreshing-cluster.ts';
import { isHeaderSafe } from './token-file.ts';

interface ExecPluginOptions {
  readonly clock: Clock;
  /** The variables that the plugin inherits. */
  readonly environment: Environment;
  /** Whether our standard input is a terminal. */
  readonly isTerminal: boolean;
  /** The file descriptor that receives the plugin's standard error, such as the instructions for a login. */
  readonly stderrFd: number;
  readonly config: ExecConfig;
  readonly context: KubeconfigContext;
  readonly tls: ClusterTls;
}

/** kubectl waits without end. An operator must not, and a person who logs in needs longer. */
const LIMIT_MS = 60_000;
const INTERACTIVE_LIMIT_MS = 300_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

interface CachedCredentials {
  readonly credentials: PluginCredentials;
  /** Wall time in milliseconds; undefined for credentials that never expire. */
  readonly expiresMs: number | undefined;
}

/**
 * An exec plugin, run by the rules of kubectl
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins): it gets
 * KUBERNETES_EXEC_INFO, its standard error is ours, and its credentials are cached until they expire. It is killed after
 * 60 s, or 5 minutes if it may ask a person.
 */
export function execPlugin(options: ExecPluginOptions): CredentialPlugin {
  const { config, context, clock } = options;
  let cached: CachedCredentials | undefined;
  return {
    async credentials() {
      if (cached !== undefined && (cached.expiresMs === undefined || clock.wallTime().getTime() <= cached.expiresMs)) {
        return success(cached.credentials);
      }
      const output = await run(options);
      const given = output.ok ? credentialsFrom(output.value, config) : output;
      if (!given.ok) {
        return failure(
          pluginError(
            `the credential plugin ${JSON.stringify(config.command)} of user ${JSON.stringify(context.user.name)} ${given.error}`,
          ),
        );
      }
      cached = given.value;
      return success(given.value.credentials);
    },
    forget() {
      cached = undefined;
    },
  };
}

function pluginError(message: string): KubeError {
  return { kind: 'credentials', message };
}

/** The standard output of one run, or the problem as the end of a sentence. */
function run(options: ExecPluginOptions): Promise<Result<string, string>> {
  const { config, clock, environment, isTerminal, stderrFd } = options;
  if (config.interactiveMode === 'Always' && !isTerminal) {
    return Promise.resolve(failure('needs a terminal: its interactiveMode is Always, and standard input is none'));
  }
  const isInteractive = config.interactiveMode !== 'Never' && isTerminal;
  const limitMs = isInteractive ? INTERACTIVE_LIMIT_MS : LIMIT_MS;
  const plugin = spawn(config.command, config.args, {
    env: { ...environment, ...config.env, KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(options, isInteractive)) },
    stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', stderrFd],
  });
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  return new Promise((resolve) => {
    const end = (result: Result<string, string>): void => {
      timer.cancel();
      plugin.kill('SIGKILL');
      // A child of the plugin may keep the pipe open; that must not keep this process alive.
      plugin.stdout?.destroy();
      resolve(result);
    };
    const timer = clock.after(limitMs, () => {
      end(failure(`gave no answer within ${limitMs / 1000} s and was killed`));
    });
    plugin.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      sizeBytes += chunk.byteLength;
      if (sizeBytes > MAX_OUTPUT_BYTES) {
        end(failure(`wrote more than ${MAX_OUTPUT_BYTES} bytes and was killed`));
      }
    });
    plugin.on('error', (error) => {
      end(failure(startProblem(error, config)));
    });
    plugin.on('close', (code, signal) => {
      end(
        code === 0
          ? success(Buffer.concat(chunks).toString('utf8'))
          : failure(`failed with ${code === null ? `the signal ${String(signal)}` : `exit code ${code}`}`),
      );
    });
  });
}

function startProblem(error: Error, { installHint }: ExecConfig): string {
  const code = 'code' in error ? error.code : undefined;
  const why =
    code === 'ENOENT' ? 'was not found; is it installed?' : `could not be started: ${readableText(error.message)}`;
  return installHint === undefined ? why : `${why} ${readableText(installHint)}`;
}

/**
 * The ExecCredential that tells the plugin about us:
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
 */
function execInfo({ config, context, tls }: ExecPluginOptions, isInteractive: boolean): object {
  const cluster = {
    server: context.server,
    ...present({
      'tls-server-name': context.servername,
      'insecure-skip-tls-verify': context.isUnverified ? true : undefined,
      'certificate-authority-data': tls.ca === undefined ? undefined : Buffer.from(tls.ca).toString('base64'),
      'proxy-url': context.proxyUrl,
      config: context.execExtension,
    }),
  };
  return {
    kind: 'ExecCredential',
    apiVersion: config.apiVersion,
    spec: { ...(config.provideClusterInfo ? { cluster } : {}), interactive: isInteractive },
  };
}

/** The credentials in the plugin's output, or the problem as the end of a sentence. */
function credentialsFrom(output: string, config: ExecConfig): Result<CachedCredentials, string> {
  const credential = parsedJson(output);
  if (!isJsonObject(credential) || fieldOf(credential, 'kind') !== 'ExecCredential') {
    return failure('did not print an ExecCredential');
  }
  const apiVersion = textOf(fieldOf(credential, 'apiVersion'));
  if (apiVersion !== config.apiVersion) {
    return failure(
      `printed the apiVersion ${JSON.stringify(readableText(apiVersion))} instead of ${config.apiVersion}`,
    );
  }
  const status = fieldOf(credential, 'status');
  if (!isJsonObject(status)) {
    return failure('printed no status');
  }
  const token = textOf(fieldOf(status, 'token'));
  const cert = textOf(fieldOf(status, 'clientCertificateData'));
  const key = textOf(fieldOf(status, 'clientKeyData'));
  const expiresMs = expiryOf(status);
  const problem = statusProblem({ token, cert, key });
  if (problem !== undefined || Number.isNaN(expiresMs)) {
    return failure(problem ?? 'printed an expirationTimestamp that is not a time');
  }
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  return success({ credentials: { ...authorization, ...(cert === '' ? {} : { cert, key }) }, expiresMs });
}

/** In milliseconds of wall time: NaN if it is not a time, undefined if there is none. */
function expiryOf(status: JsonObject): number | undefined {
  const expiry = fieldOf(status, 'expirationTimestamp');
  return isAbsent(expiry) ? undefined : Date.parse(textOf(expiry));
}

function statusProblem({
  token,
  cert,
  key,
}: {
  readonly token: string;
  readonly cert: string;
  readonly key: string;
}): string | undefined {
  if (token === '' && cert === '' && key === '') {
    return 'printed neither a token nor a client certificate';
  }
  if ((cert === '') !== (key === '')) {
    return 'printed only one of certificate and key';
  }
  if (token !== '' && !isHeaderSafe(token)) {
    return 'printed a token with characters that no token has';
  }
  const pairProblem = cert === '' ? undefined : certificatePairProblem({ cert, key });
  return pairProblem === undefined ? undefined : `printed a client certificate that ${pairProblem}`;
}
