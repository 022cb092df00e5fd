import type { Clock } from '../../base/clock.ts';
import { present } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { Cluster, ClusterTls, CredentialHeaders } from './cluster.ts';
import type { KubeconfigContext, TextSource } from './kubeconfig-file.ts';
import { isHeaderSafe, readText, TokenFile } from './token-file.ts';

/** What a credential plugin hands out: a whole Authorization header, or a client certificate with its key, or both. */
export interface PluginCredentials {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Something outside this process that gives credentials. It keeps them for as long as they are valid. */
export interface CredentialPlugin {
  /** It never rejects; the only error is `credentials`. */
  credentials(): Promise<Result<PluginCredentials, KubeError>>;
  /** Makes the next call ask anew although what is kept looks valid. */
  forget(): void;
}

interface Opening {
  readonly context: KubeconfigContext;
  readonly clock: Clock;
  readonly plugin?: CredentialPlugin;
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
  const cluster = new RefreshingCluster({ context, clock, ...(plugin === undefined ? {} : { plugin }) }, tls.value);
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
    this.#plugin = plugin;
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
    // Sixty requests at once ask the file or the plugin once.
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  async refresh(): Promise<Result<void, KubeError>> {
    this.#refreshing ??= this.#readAnew().finally(() => {
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

  async #readAnew(): Promise<Result<void, KubeError>> {
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

  /** The same object for the same header: that is how others see that nothing changed. */
  #keepHeaders(authorization: string | undefined): CredentialHeaders {
    if (this.#headers.authorization !== authorization) {
      this.#headers = { ...this.#context.user.impersonation, ...present({ authorization }) };
    }
    return this.#headers;
  }

  /** The same object for the same certificates: another one costs all connections. */
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

async function readTls({
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
  return success({ isUnverified, ...present({ ca: caText.value, cert: cert.value, key: key.value, servername }) });
}

async function textOf(source: TextSource | undefined, what: string): Promise<Result<string | undefined, KubeError>> {
  if (source === undefined) {
    return success(undefined);
  }
  return 'text' in source ? success(source.text) : await readText(source.path, what);
}
