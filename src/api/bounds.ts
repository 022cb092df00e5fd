/**
 * The upper bounds of every list, map and string of both resources. They hold in the CRDs and offline alike, and they
 * keep the CEL rules within the API server's cost limit
 * (https://kubernetes.io/docs/reference/using-api/cel/#resource-use-by-cel-functions). A bound may only ever grow.
 * A status writer cuts its lists and texts to these bounds, or the API server refuses the whole status.
 */
export const BOUNDS = {
  /**
   * Characters of the whole spec as JSON, about. The other bounds together allow more than an API server stores, and the operator reads
   * a spec in one turn of its event loop.
   */
  specSize: 262_144,
  /** Further named policies in `spec.rules`. */
  rules: 32,
  /** Rules of one direction in one NetworkPolicy. */
  rulesPerDirection: 8,
  /** Peers in one `from` or `to`. */
  peers: 32,
  /** Names of presets in one list. */
  presets: 32,
  /** Ports in one list. */
  ports: 32,
  /** Exceptions of one `ipBlock`. */
  exceptions: 16,
  /** `cidrs` and `except` of `allow.internet`. */
  internetRanges: 32,
  /** Entries of one `matchLabels`. */
  matchLabels: 16,
  /** Entries of one `matchExpressions`. */
  matchExpressions: 16,
  /** Values of one label requirement. */
  matchValues: 64,
  /** Namespaces listed in `status.failed`. */
  failed: 10,
  /** Conditions of one resource. */
  conditions: 16,
  /** Discovered rules for DNS, and discovered API server addresses. */
  discoveredRules: 16,
  /** Discovered addresses of the API server. */
  discoveredAddresses: 64,
  /** BaselinePolicies listed in one NamespaceBaseline. */
  policiesPerNamespace: 64,
  /** NetworkPolicies listed under one policy of a NamespaceBaseline. */
  managedPerPolicy: 128,
  /** Conflicts listed in one NamespaceBaseline. */
  conflicts: 64,
  /** Weakening policies listed in one NamespaceBaseline. */
  weakenedBy: 10,
  /** Characters of a label key, prefix included. Kubernetes accepts up to 317. */
  labelKeyLength: 253,
  /** Characters of a label value and of a DNS label. */
  labelLength: 63,
  /** Characters of a port's name (https://www.rfc-editor.org/rfc/rfc6335#section-5.1). */
  portNameLength: 15,
  /** Characters of the longest CIDR in text. */
  cidrLength: 43,
  /** Characters of an object's name. */
  nameLength: 253,
  /** Characters of a sentence for people. */
  messageLength: 1024,
  /** Characters of a condition's message (https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Condition). */
  conditionMessageLength: 32_768,
  /** Characters of a time such as `10s`. */
  durationLength: 5,
  /** Characters of a uid. */
  uidLength: 128,
} as const;
