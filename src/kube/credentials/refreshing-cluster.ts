import type { Clock } from '../../base/clock.ts';
import { present } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';
import { certificatePairProblem, hasCertificate } from './certificates.ts';
import type { Cluster, ClusterTls, CredentialHeaders } from './cluster.ts';
import type { TextSource } from './kubeconfig-field.ts';
import type { KubeconfigContext } from './kubeconfig-file.ts';
import type { KubeconfigUser } from './kubeconfig-user.ts';
import { isHeaderSafe, readText, TokenFile } from './token-file.ts';

/**
 * The credentials from a plugin: the value of the Authorization header, or a client certificate with its key, or both.
 */
export interface PluginCredentials {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A program outside this process that provides credentials. Its credentials are cached while they are valid. */
export interface CredentialPlugin {
  /** It never rejects; the only error is `credentials`. */
  credentials(): Promise<Result<PluginCredentials, KubeError>>;
  /** Drops the cached credentials, so that the next call asks the program again. */
  forget(): void;
}

interface Opening {
  readonly context: KubeconfigContext;
  readonly clock: Clock;
  /** Makes the plugin that the user needs, if any; the plugin may need to know the authority. */
  readonly plugin: (tls: ClusterTls) => CredentialPlugin | undefined;
}

/** The cluster of a context, with its certificate files read once. The only error is `credentials`. */
export async function openCluster({ context, clock, plugin }: Opening): Promise<Result<Cluster, KubeError>> {
  const tls = await readTls(context);
  if (!tls.ok) {
    return tls;
  }
  const { token } = context.user;
  if (token !== undefined && 'text' in token && !isHeaderSafe(token.text)) {
    return failure({
      kind: 'credentials',
      message: `kubeconfig ${context.source} has a token with characters that no token has`,
    });
  }
  const cluster = new RefreshingCluster({ context, clock, plugin }, tls.value);
  const usable = token !== undefined && 'path' in token ? await cluster.authorization() : success({});
  return usable.ok ? success(cluster) : usable;
}

class RefreshingCluster implements Cluster {
  readonly server: string;
  readonly proxyUrl?: string;
  readonly contextName: string;
  readonly namespace: string;
  readonly #context: KubeconfigContext;
  readonly #plugin: CredentialPlugin | undefined;
  readonly #tokenFile: TokenFile | undefined;
  #fileTls: ClusterTls;
  #tls: ClusterTls;
  #headers: CredentialHeaders;
  #asking: Promise<Result<CredentialHeaders, KubeError>> | undefined;
  #refreshing: Promise<Result<void, KubeError>> | undefined;

  constructor({ context, clock, plugin }: Opening, tls: ClusterTls) {
    const { token } = context.user;
    this.server = context.server;
    if (context.proxyUrl !== undefined) {
      this.proxyUrl = context.proxyUrl;
    }
    this.contextName = context.contextName;
    this.namespace = context.namespace;
    this.#context = context;
    this.#plugin = plugin(tls);
    this.#tokenFile = token !== undefined && 'path' in token ? new TokenFile(token.path, clock) : undefined;
    this.#fileTls = tls;
    this.#tls = tls;
    this.#headers = { ...context.user.impersonation, ...fixedAuthorization(context) };
  }

  tls(): ClusterTls {
    return this.#tls;
  }

  async authorization(): Promise<Result<CredentialHeaders, KubeError>> {
    if (this.#tokenFile === undefined && this.#plugin === undefined) {
      return success(this.#headers);
    }
    // Concurrent requests share one read of the file or one run of the plugin.
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  async refresh(): Promise<Result<void, KubeError>> {
    this.#refreshing ??= this.#readAgain().finally(() => {
      this.#refreshing = undefined;
    });
    return await this.#refreshing;
  }

  async #ask(): Promise<Result<CredentialHeaders, KubeError>> {
    if (this.#tokenFile !== undefined) {
      const token = await this.#tokenFile.token();
      if (!token.ok) {
        return token;
      }
      return success(this.#keepHeaders(`Bearer ${token.value}`));
    }
    const given = await this.#plugin?.credentials();
    if (given === undefined) {
      return success(this.#headers);
    }
    if (!given.ok) {
      return given;
    }
    const { authorization, cert, key } = given.value;
    this.#keepTls({ ...this.#fileTls, ...present({ cert, key }) });
    return success(this.#keepHeaders(authorization));
  }

  async #readAgain(): Promise<Result<void, KubeError>> {
    this.#tokenFile?.forget();
    this.#plugin?.forget();
    const tls = await readTls(this.#context);
    if (!tls.ok) {
      return tls;
    }
    this.#fileTls = tls.value;
    if (this.#plugin === undefined) {
      this.#keepTls(tls.value);
    }
    const asked = await this.authorization();
    return asked.ok ? success(undefined) : asked;
  }

  /** The same object for the same header, so that callers can compare by identity. */
  #keepHeaders(authorization: string | undefined): CredentialHeaders {
    if (this.#headers.authorization !== authorization) {
      this.#headers = { ...this.#context.user.impersonation, ...present({ authorization }) };
    }
    return this.#headers;
  }

  /** The same object for the same certificates, because a new one closes all connections. */
  #keepTls(tls: ClusterTls): void {
    const isSame = tls.ca === this.#tls.ca && tls.cert === this.#tls.cert && tls.key === this.#tls.key;
    if (!isSame) {
      this.#tls = tls;
    }
  }
}

function fixedAuthorization({ user }: KubeconfigContext): CredentialHeaders {
  if (user.token !== undefined) {
    return 'text' in user.token ? { authorization: `Bearer ${user.token.text}` } : {};
  }
  if (user.password === undefined) {
    return {};
  }
  const pair = Buffer.from(`${user.password.username}:${user.password.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function certificateProblem(
  { ca, cert, key }: Readonly<Record<'ca' | 'cert' | 'key', string | undefined>>,
  user: KubeconfigUser,
): string | undefined {
  if (ca !== undefined && !hasCertificate(ca)) {
    return 'has a certificate authority that is not a PEM certificate';
  }
  const problem = cert === undefined || key === undefined ? undefined : certificatePairProblem({ cert, key });
  return problem === undefined
    ? undefined
    : `has a client certificate for user ${JSON.stringify(user.name)} that ${problem}`;
}

async function readTls({
  source,
  ca,
  user,
  servername,
  isUnverified,
}: KubeconfigContext): Promise<Result<ClusterTls, KubeError>> {
  const caText = await textOf(ca, 'the certificate authority file');
  if (!caText.ok) {
    return caText;
  }
  const cert = await textOf(user.cert, 'the client certificate file');
  if (!cert.ok) {
    return cert;
  }
  const key = await textOf(user.key, 'the client key file');
  if (!key.ok) {
    return key;
  }
  const problem = certificateProblem({ ca: caText.value, cert: cert.value, key: key.value }, user);
  if (problem !== undefined) {
    return failure({ kind: 'credentials', message: `kubeconfig ${source} ${problem}` });
  }
  // As in kubectl, a key without a certificate has no effect.
  const pair = cert.value === undefined ? {} : present({ cert: cert.value, key: key.value });
  return success({ isUnverified, ...present({ ca: caText.value, servername }), ...pair });
}

async function textOf(source: TextSource | undefined, what: string): Promise<Result<string | undefined, KubeError>> {
  if (source === undefined) {
    return success(undefined);
  }
  return 'text' in source ? success(source.text) : await readText(source.path, what);
}
