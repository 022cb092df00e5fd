import { success } from '../../src/base/result.ts';
import type { Cluster, ClusterTls, CredentialHeaders } from '../../src/kube/credentials/cluster.ts';

/** A cluster whose credentials never change. */
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
