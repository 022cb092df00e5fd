import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';

/** What a NetworkPolicy's spec is on the server, written out by hand. */
export type StoredSpec = Readonly<Record<string, unknown>>;

/** One thing that a BaselinePolicy can say here, and the NetworkPolicies that follow from it, by part. */
export interface Form {
  readonly spec: BaselinePolicySpec;
  readonly parts: Readonly<Record<string, StoredSpec>>;
}

/** The names of {@link FORMS}. */
export type FormName = keyof typeof FORMS;

const RESOLVER = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  podSelector: { matchLabels: { 'k8s-app': 'soak-dns' } },
};
const DNS = { dns: { to: [RESOLVER] } };
const DENY_BOTH: StoredSpec = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
const ALLOW_DNS: StoredSpec = {
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [
    {
      to: [RESOLVER],
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
  ],
};
const ALLOW_MONITORING: StoredSpec = {
  podSelector: {},
  policyTypes: ['Ingress'],
  ingress: [
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
        },
      ],
      ports: [{ protocol: 'TCP' }],
    },
  ],
};

/**
 * The specs that a soak declares, each with what must come of it. Written down by hand from docs/reconcile.md and the
 * API's own defaults, and not rendered, so that a fault in the rendering cannot hide itself.
 */
const FORMS = {
  plain: {
    spec: { allow: DNS },
    parts: { 'default-deny': DENY_BOTH, 'allow-dns': ALLOW_DNS, 'allow-monitoring': ALLOW_MONITORING },
  },
  withRule: {
    spec: {
      allow: DNS,
      rules: [
        {
          name: 'web',
          podSelector: { matchLabels: { app: 'web' } },
          ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }],
        },
      ],
    },
    parts: {
      'default-deny': DENY_BOTH,
      'allow-dns': ALLOW_DNS,
      'allow-monitoring': ALLOW_MONITORING,
      web: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }],
      },
    },
  },
  family: {
    spec: { allow: { ...DNS, monitoring: { enabled: false }, sameNamespace: { enabled: true } } },
    parts: {
      'default-deny': DENY_BOTH,
      'allow-dns': ALLOW_DNS,
      'allow-same-namespace': {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: {} }] }],
        egress: [{ to: [{ podSelector: {} }] }],
      },
    },
  },
  inward: {
    spec: { isolate: ['Ingress'], allow: DNS },
    parts: { 'default-deny': { podSelector: {}, policyTypes: ['Ingress'] }, 'allow-monitoring': ALLOW_MONITORING },
  },
} as const satisfies Readonly<Record<string, Form>>;

/** Every name of a form. */
export const FORM_NAMES = Object.keys(FORMS) as readonly FormName[];

/** A form by its name. */
export function formOf(name: FormName): Form {
  return FORMS[name];
}
