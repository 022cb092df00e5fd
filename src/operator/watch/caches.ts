import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import type { CachedNamespace, CachedNetworkPolicy, CachedReport } from './cached-objects.ts';
import type { CachedBaselinePolicy } from './projections.ts';

/** What the operator knows of the cluster: plans are made from these and nothing else. */
export interface Caches {
  readonly namespaces: ObjectCache<CachedNamespace>;
  readonly baselinePolicies: ObjectCache<CachedBaselinePolicy>;
  /** Everybody's, not only ours. */
  readonly networkPolicies: ObjectCache<CachedNetworkPolicy>;
  /** NamespaceBaselines, at most one in a namespace. */
  readonly reports: ObjectCache<CachedReport>;
}
