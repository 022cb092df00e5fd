import { success } from '../../base/result.ts';
import type { Cluster, CredentialHeaders } from './cluster.ts';

/** Whom requests are made as. */
export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * The same cluster, where every request impersonates `user` and exactly these groups, whatever the kubeconfig says
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation).
 */
export function impersonatingCluster(cluster: Cluster, { user, groups }: Impersonation): Cluster {
  const impersonation: CredentialHeaders = {
    'impersonate-user': user,
    ...(groups.length === 0 ? {} : { 'impersonate-group': [...groups] }),
  };
  let combined: { readonly from: CredentialHeaders; readonly headers: CredentialHeaders } | undefined;
  return {
    server: cluster.server,
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    contextName: cluster.contextName,
    namespace: cluster.namespace,
    tls: () => cluster.tls(),
    async authorization() {
      const own = await cluster.authorization();
      if (!own.ok) {
        return own;
      }
      // The same object until the credentials change, as the interface promises.
      if (combined?.from !== own.value) {
        combined = { from: own.value, headers: { ...withoutImpersonation(own.value), ...impersonation } };
      }
      return success(combined.headers);
    },
    refresh: () => cluster.refresh(),
  };
}

function withoutImpersonation(headers: CredentialHeaders): CredentialHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('impersonate-')));
}
