import { type Result, success } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';

/** How a connection proves who both ends are. PEM text throughout. */
export interface ClusterTls {
  /** The authorities that may vouch for the server; the system's own when absent. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate, when it is not the host of the URL. */
  readonly servername?: string;
  /** The server's certificate is not looked at: `insecure-skip-tls-verify`. */
  readonly isUnverified?: boolean;
}

/** The headers that say who is asking, such as `authorization`; empty when a client certificate does. A list is sent as one header for each item. */
export type CredentialHeaders = Readonly<Record<string, string | string[]>>;

/** One API server and how to be let in. Credentials change while we run, so they are asked for at every request. */
export interface Cluster {
  /** The base URL; a path after the host is kept in front of every request's path. */
  readonly server: string;
  /** An HTTP proxy to reach the server through. */
  readonly proxyUrl?: string;
  readonly contextName: string;
  /** The namespace of the context, or of the pod we run in; `default` when neither names one. */
  readonly namespace: string;
  /** The same object until the certificates change; a changed one asks for new connections. */
  tls(): ClusterTls;
  /** The headers to send now, the same object until they change. It never rejects; the only error is `credentials`. */
  authorization(): Promise<Result<CredentialHeaders, KubeError>>;
  /** Reads files and asks plugins anew, for when the server refused what we sent. It never rejects. */
  refresh(): Promise<Result<void, KubeError>>;
}

/** A cluster whose credentials never change: for tests, demos and local proxies. */
export function staticCluster(options: {
  readonly server: string;
  readonly token?: string;
  readonly tls?: ClusterTls;
  readonly namespace?: string;
}): Cluster {
  const tls = options.tls ?? {};
  const headers: CredentialHeaders = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  return {
    server: options.server,
    contextName: 'static',
    namespace: options.namespace ?? 'default',
    tls: () => tls,
    authorization: () => Promise.resolve(success(headers)),
    refresh: () => Promise.resolve(success(undefined)),
  };
}
