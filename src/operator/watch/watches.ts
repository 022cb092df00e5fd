import type { Exclusion } from '../../domain/selection.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import type { Identity } from './cached-objects.ts';
import {
  baselinePolicyProjection,
  crdProjection,
  namespaceProjection,
  networkPolicyProjection,
  reportProjection,
  serviceProjection,
  sliceProjection,
} from './projections.ts';
import {
  BASELINE_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from './resources.ts';
import { crdNameOf } from './served-crds.ts';

/** The event handlers of the operator: each gets a key, and reads the object itself from the caches. */
export interface WatchEventHandlers {
  namespaceChanged(name: string): void;
  /** A NetworkPolicy of this namespace, managed or not. */
  networkPolicyChanged(namespace: string): void;
  /** The NamespaceBaseline of this namespace. */
  reportChanged(namespace: string): void;
  baselinePolicyChanged(name: string): void;
}

/** Where the events of all watches go. */
export interface WatchTargets {
  /** The handlers of the current role; undefined while nothing acts on events. */
  handlers(): WatchEventHandlers | undefined;
  /** A Service or EndpointSlice that discovery reads has changed. */
  discoverySourceChanged(): void;
  /** The CRD of BaselinePolicies or of NamespaceBaselines has changed. */
  crdChanged(): void;
  /** A cluster-wide watch lost the API server and has caught up with it again. */
  reconnected(): void;
}

/** Which objects of a kind are watched: those of one namespace, or the one of this name in it, or in the cluster. */
export interface WatchScope {
  readonly namespace?: string;
  readonly name?: string;
}

/** One watched kind. */
export interface WatchRow<T extends Identity> {
  readonly type: ResourceType;
  /** What the cache keeps of an object (an informer's transform function). It may throw on a malformed object. */
  readonly project: (settings: { readonly exclusion: Exclusion }) => (object: KubeObject, known?: Identity) => T;
  /** What an event does; `key` is the changed object. It runs inside the watch, so it only adds keys to a queue. */
  readonly handler: (targets: WatchTargets, key: Pick<Identity, 'namespace' | 'name'>) => void;
  /** Verbs that RBAC must grant besides list and watch; only those that a request of the operator has. */
  readonly otherVerbs: readonly string[];
  /** Verbs that RBAC must grant on the subresource `status`. */
  readonly statusVerbs?: readonly string[];
  /** Absent: the whole cluster, by one informer. Else one informer for each of these. */
  readonly scopes?: (dnsNamespaces: readonly string[]) => readonly WatchScope[];
}

/** A kind that is watched in the whole cluster. */
interface ClusterRow<T extends Identity> extends WatchRow<T> {
  readonly scopes?: never;
}

/** A kind that is watched in some namespaces only, or of which only some objects are watched. */
interface ScopedRow<T extends Identity> extends WatchRow<T> {
  readonly scopes: (dnsNamespaces: readonly string[]) => readonly WatchScope[];
}

function clusterWide<T extends Identity>(row: ClusterRow<T>): ClusterRow<T> {
  return row;
}

function scoped<T extends Identity>(row: ScopedRow<T>): ScopedRow<T> {
  return row;
}

const inDnsNamespaces = (dnsNamespaces: readonly string[]): readonly WatchScope[] =>
  dnsNamespaces.map((namespace) => ({ namespace }));

/** The name of the Service under which pods reach the API server, and of the EndpointSlice behind it. */
const API_SERVER_SERVICE: WatchScope = { namespace: 'default', name: 'kubernetes' };

/**
 * Every kind that the operator watches, one row each. Caches, informers, event handling, the metric label `resource` and
 * the permissions that the start asks for are derived from these rows.
 */
const WATCHES = {
  namespaces: clusterWide({
    type: NAMESPACES,
    project: ({ exclusion }) => namespaceProjection(exclusion),
    handler: (targets, { name }) => targets.handlers()?.namespaceChanged(name),
    otherVerbs: ['get'],
  }),
  baselinePolicies: clusterWide({
    type: BASELINE_POLICIES,
    project: () => baselinePolicyProjection,
    handler: (targets, { name }) => targets.handlers()?.baselinePolicyChanged(name),
    otherVerbs: ['get', 'patch', 'update'],
    statusVerbs: ['patch'],
  }),
  networkPolicies: clusterWide({
    type: NETWORK_POLICIES,
    project: () => networkPolicyProjection,
    handler: (targets, { namespace }) => targets.handlers()?.networkPolicyChanged(namespace),
    otherVerbs: ['get', 'create', 'patch', 'delete'],
  }),
  reports: clusterWide({
    type: NAMESPACE_BASELINES,
    project: () => reportProjection,
    handler: (targets, { namespace }) => targets.handlers()?.reportChanged(namespace),
    otherVerbs: ['create', 'patch', 'update', 'delete'],
  }),
  dnsServices: scoped({
    type: SERVICES,
    project: () => serviceProjection,
    handler: (targets) => {
      targets.discoverySourceChanged();
    },
    otherVerbs: [],
    scopes: inDnsNamespaces,
  }),
  dnsSlices: scoped({
    type: ENDPOINT_SLICES,
    project: () => sliceProjection,
    handler: (targets) => {
      targets.discoverySourceChanged();
    },
    otherVerbs: [],
    scopes: inDnsNamespaces,
  }),
  apiServerServices: scoped({
    type: SERVICES,
    project: () => serviceProjection,
    handler: (targets) => {
      targets.discoverySourceChanged();
    },
    otherVerbs: [],
    scopes: () => [API_SERVER_SERVICE],
  }),
  /**
   * The API server keeps its own slice under this name and no other. A slice of another name may be the work of the
   * endpointslice controller, which follows a selector that whoever may edit Services in `default` gives the Service
   * (R14): https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ownership
   */
  apiServerSlices: scoped({
    type: ENDPOINT_SLICES,
    project: () => sliceProjection,
    handler: (targets) => {
      targets.discoverySourceChanged();
    },
    otherVerbs: [],
    scopes: () => [API_SERVER_SERVICE],
  }),
  crds: scoped({
    type: CUSTOM_RESOURCE_DEFINITIONS,
    project: () => crdProjection,
    handler: (targets) => {
      targets.crdChanged();
    },
    // A policy that is being deleted asks whether its CRD is, too (R8, deletion).
    otherVerbs: ['get'],
    scopes: () => [BASELINE_POLICIES, NAMESPACE_BASELINES].map((type) => ({ name: crdNameOf(type) })),
  }),
};

type Watches = typeof WATCHES;
type CachedOf<Row> = Row extends WatchRow<infer T> ? T : never;

/** The rows for the whole cluster, by name, with the type of a cached object. */
export type ClusterWatches = {
  readonly [Name in keyof Watches as Watches[Name] extends ScopedRow<Identity> ? never : Name]: CachedOf<Watches[Name]>;
};

/** The rows for some namespaces, by name, with the type of a cached object. */
export type ScopedWatches = {
  readonly [Name in keyof Watches as Watches[Name] extends ScopedRow<Identity> ? Name : never]: CachedOf<Watches[Name]>;
};

/** The rows of {@link WATCHES} by name, without their differences. */
export const WATCH_ROWS: Readonly<Record<string, WatchRow<Identity>>> = WATCHES;

/** The plurals of all watched kinds: the values of the metric label `resource`. */
export const WATCHED_RESOURCES: readonly string[] = [
  ...new Set(Object.values(WATCH_ROWS).map(({ type }) => type.plural)),
];
