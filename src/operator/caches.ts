import type { ObjectCache } from '../kube/object-cache.ts';
import type { CachedPolicy } from './projections.ts';
import type { CachedNamespace, CachedNetworkPolicy, CachedRecord } from './slim-forms.ts';

/** What the operator knows of the cluster: plans are made from these and nothing else. */
export interface Caches {
  readonly namespaces: ObjectCache<CachedNamespace>;
  readonly policies: ObjectCache<CachedPolicy>;
  /** Everybody's, not only ours. */
  readonly networkPolicies: ObjectCache<CachedNetworkPolicy>;
  /** NamespaceBaselines, at most one in a namespace. */
  readonly records: ObjectCache<CachedRecord>;
}
