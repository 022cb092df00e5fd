import type { ObjectCache } from '../../kube/informer/object-cache.ts';
import type { ClusterWatches, ScopedWatches } from './watches.ts';

/**
 * The caches of all kinds that are watched in the whole cluster, one for each row of `WATCHES`. Plans are made from these
 * and nothing else. `networkPolicies` has all NetworkPolicies, managed or not; `reports` has the NamespaceBaselines, at
 * most one in a namespace.
 */
export type Caches = { readonly [Name in keyof ClusterWatches]: ObjectCache<ClusterWatches[Name]> };

/** The caches of the kinds that are watched in some namespaces, one for each scope. */
export type ScopedCaches = { readonly [Name in keyof ScopedWatches]: readonly ObjectCache<ScopedWatches[Name]>[] };
