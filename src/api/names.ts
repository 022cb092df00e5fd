/** Every name that manifests, tools and dashboards of users may rely on. Nothing here changes in v1alpha1. */

/** The API group of both custom resources. */
export const GROUP = 'nsbaseline.io';
/** The one served version. */
export const VERSION = 'v1alpha1';
/** `apiVersion` of both custom resources. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** The field manager of every write, and the value of the managed-by label. */
export const FIELD_MANAGER = 'nsbaseline';
/** The only name that a NamespaceBaseline may have. */
export const NAMESPACE_BASELINE_NAME = 'baseline';

/** Labels that the operator reads or sets. */
export const LABELS = {
  /** On a namespace: opts in to every policy that has no namespaceSelector of its own. */
  enabled: 'nsbaseline.io/enabled',
  /** On a managed NetworkPolicy: always `nsbaseline` (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/). */
  managedBy: 'app.kubernetes.io/managed-by',
  /** On a managed NetworkPolicy: the BaselinePolicy it belongs to. */
  policy: 'nsbaseline.io/policy',
  /** On every namespace, set by the API server. */
  namespaceName: 'kubernetes.io/metadata.name',
} as const;

/** Annotations that the operator reads or sets. */
export const ANNOTATIONS = {
  /** On a managed NetworkPolicy: the uid of its BaselinePolicy. Never in `render` output. */
  policyUid: 'nsbaseline.io/policy-uid',
  /** On a managed NetworkPolicy: one sentence about its purpose. */
  purpose: 'nsbaseline.io/purpose',
  /** On a foreign NetworkPolicy of a managed name: `"true"` hands it over to the operator (R5, foreign objects). */
  adopt: 'nsbaseline.io/adopt',
  /** On a managed NetworkPolicy that stays after an opt-out, because of `onOptOut: Keep` (R4, opting out). */
  kept: 'nsbaseline.io/kept',
  /** On the Lease: the newest version of the operator that ever led (R15, one writer). */
  version: 'nsbaseline.io/version',
  /** On a BaselinePolicy: confirms a held removal (R9, the guards). */
  confirmRemoval: 'nsbaseline.io/confirm-removal',
  /** On a BaselinePolicy: confirms a held isolation (R9, the guards). */
  confirmIsolation: 'nsbaseline.io/confirm-isolation',
} as const;

/**
 * On a BaselinePolicy with `onDelete: Remove`, and on no other: keeps it until its NetworkPolicies are removed (R8,
 * deletion).
 */
export const FINALIZER = 'nsbaseline.io/remove-policies';

/** Namespaces that no BaselinePolicy ever selects (R1, selection); the operator's own is added at run time. */
export const ALWAYS_EXCLUDED_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;
/** Globs of the namespaces that are excluded by default (R1, selection). */
export const DEFAULT_EXCLUDED_NAMESPACES = [
  'openshift-*',
  'calico-*',
  'tigera-*',
  'cilium*',
  'gke-*',
  'gmp-*',
] as const;

/**
 * Condition types. `Ready` and `AllProtected` are always present; the others only while they apply, and then they are
 * `True`, as kstatus requires (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md).
 */
export const CONDITIONS = {
  ready: 'Ready',
  allProtected: 'AllProtected',
  reconciling: 'Reconciling',
  stalled: 'Stalled',
  discoveryStale: 'DiscoveryStale',
  removalHeld: 'RemovalHeld',
  isolationHeld: 'IsolationHeld',
  orphansPresent: 'OrphansPresent',
  weakened: 'Weakened',
  peersNotFound: 'PeersNotFound',
  ownRuleOpen: 'OwnRuleOpen',
} as const;
/** The type of a condition on a BaselinePolicy or a NamespaceBaseline. */
export type ConditionType = (typeof CONDITIONS)[keyof typeof CONDITIONS];
