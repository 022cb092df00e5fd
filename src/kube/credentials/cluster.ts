import type { Result } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';

/** How a connection proves the identity of both ends; PEM text throughout. */
export interface ClusterTls {
  /** The authorities that may sign the server's certificate; the system's when absent. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate; the host of the URL when absent. */
  readonly servername?: string;
  /** Whether the server's certificate is not checked: `insecure-skip-tls-verify`. */
  readonly isUnverified?: boolean;
}

/**
 * The headers that identify the client, such as `authorization`; empty with a client certificate. Impersonation may
 * repeat a header, hence the lists.
 */
export type CredentialHeaders = Readonly<Record<string, string | string[]>>;

/** One API server and the credentials for it. Credentials change at run time, so ask for them with every request. */
export interface Cluster {
  /** The base URL. A path after the host is a prefix of every request's path. */
  readonly server: string;
  /** The HTTP or SOCKS5 proxy in front of the server. */
  readonly proxyUrl?: string;
  readonly contextName: string;
  /** The namespace of the context, or of our pod; `default` if neither names one. */
  readonly namespace: string;
  /** The same object until the certificates change; a new object asks for new connections. */
  tls(): ClusterTls;
  /** The headers to send now; the same object until they change. It never rejects; the only error is `credentials`. */
  authorization(): Promise<Result<CredentialHeaders, KubeError>>;
  /**
   * Reads all files and runs the plugin again; for use after the server has refused the credentials. It never rejects.
   */
  refresh(): Promise<Result<void, KubeError>>;
}
