import { blocksOfInternet } from './internet-blocks.ts';

/** A NetworkPolicy that a BaselinePolicy asks for, as docs/api.md describes it. */
export interface ExpectedPart {
  /** The name of the built-in part or of the rule. */
  readonly part: string;
  /** `<policy>.<part>`. */
  readonly name: string;
  readonly spec: ExpectedSpec;
}

/** The `spec` of a NetworkPolicy (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/). */
export interface ExpectedSpec {
  readonly podSelector: unknown;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly unknown[];
  readonly egress?: readonly unknown[];
}

/** The fields of a `BaselinePolicy.spec` that decide what is rendered. */
export interface RenderingFields {
  readonly isolate?: readonly string[] | undefined;
  readonly allow?: Readonly<Record<string, AllowFields | undefined>> | undefined;
  readonly rules?: readonly RuleFields[] | undefined;
}

interface AllowFields {
  readonly enabled?: boolean | undefined;
  readonly to?: readonly unknown[] | undefined;
  readonly also?: readonly unknown[] | undefined;
  readonly from?: readonly unknown[] | undefined;
  readonly presets?: readonly string[] | undefined;
  readonly ports?: readonly unknown[] | undefined;
  readonly toAnywhere?: boolean | undefined;
  readonly cidrs?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
}

interface RuleFields {
  readonly name: string;
  readonly podSelector?: unknown;
  readonly ingress?: readonly unknown[] | undefined;
  readonly egress?: readonly unknown[] | undefined;
}

/** What one part allows in each direction, before the directions that are not isolated are left out. */
interface Allowed {
  readonly ingress?: readonly unknown[] | undefined;
  readonly egress?: readonly unknown[] | undefined;
}

const namespaceNamed = (name: string): object => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

const RESOLVER = { namespaceSelector: namespaceNamed('kube-system'), podSelector: labelled('k8s-app', 'kube-dns') };
const PROMETHEUS = {
  namespaceSelector: namespaceNamed('monitoring'),
  podSelector: labelled('app.kubernetes.io/name', 'prometheus'),
};
/** Some of the presets of docs/api.md, in its order. */
const PRESETS: readonly (readonly [string, object])[] = [
  ['prometheus', PROMETHEUS],
  ['vmagent', { namespaceSelector: namespaceNamed('vm'), podSelector: labelled('app.kubernetes.io/name', 'vmagent') }],
  [
    'traefik',
    { namespaceSelector: namespaceNamed('traefik'), podSelector: labelled('app.kubernetes.io/name', 'traefik') },
  ],
  [
    'istio',
    {
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['istio-system', 'istio-ingress'] },
        ],
      },
      podSelector: labelled('istio', 'ingressgateway'),
    },
  ],
];
const INGRESS_NGINX = { namespaceSelector: namespaceNamed('ingress-nginx') };
const PORT_53 = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }));
const ALL_TCP = [{ protocol: 'TCP' }];

function labelled(key: string, value: string): object {
  return { matchLabels: { [key]: value } };
}

/**
 * The NetworkPolicies of a baseline in a cluster in which no resolver and no API server were discovered.
 *
 * Written from docs/api.md alone and without any code of src, so that a fault in the product's rendering shows up as a
 * difference.
 */
export function expectedParts(policy: string, spec: RenderingFields): readonly ExpectedPart[] {
  const isolated = ['Ingress', 'Egress'].filter((direction) =>
    (spec.isolate ?? ['Ingress', 'Egress']).includes(direction),
  );
  const parts: ExpectedPart[] = [
    { part: 'default-deny', name: `${policy}.default-deny`, spec: { podSelector: {}, policyTypes: isolated } },
  ];
  const add = (part: string, allowed: Allowed, podSelector: unknown = {}): void => {
    const ingress = isolated.includes('Ingress') ? (allowed.ingress ?? []) : [];
    const egress = isolated.includes('Egress') ? (allowed.egress ?? []) : [];
    const policyTypes = [...(ingress.length > 0 ? ['Ingress'] : []), ...(egress.length > 0 ? ['Egress'] : [])];
    if (policyTypes.length > 0) {
      parts.push({ part, name: `${policy}.${part}`, spec: { podSelector, policyTypes, ingress, egress } });
    }
  };
  for (const [part, allowed] of Object.entries(builtInParts(spec.allow ?? {}))) {
    add(part, allowed);
  }
  for (const { name, podSelector, ...allowed } of spec.rules ?? []) {
    add(name, allowed, podSelector);
  }
  return parts;
}

/** What the parts under `allow` let through; a part that is off lets nothing through. */
function builtInParts(allow: NonNullable<RenderingFields['allow']>): Readonly<Record<string, Allowed>> {
  const { dns = {}, monitoring = {}, sameNamespace = {}, ingressController = {}, internet = {} } = allow;
  const here = [{ podSelector: {} }];
  return {
    'allow-dns': onUnlessOff(dns, { egress: dnsRules(dns) }),
    'allow-monitoring': onUnlessOff(monitoring, { ingress: [sourceRule(monitoring, PROMETHEUS)] }),
    'allow-same-namespace': offUnlessOn(sameNamespace, { ingress: [{ from: here }], egress: [{ to: here }] }),
    'allow-ingress-controller': offUnlessOn(ingressController, {
      ingress: [sourceRule(ingressController, INGRESS_NGINX)],
    }),
    'allow-internet': offUnlessOn(internet, { egress: [internetRule(internet)] }),
  };
}

function onUnlessOff({ enabled }: AllowFields, allowed: Allowed): Allowed {
  return enabled === false ? {} : allowed;
}

function offUnlessOn({ enabled }: AllowFields, allowed: Allowed): Allowed {
  return enabled === true ? allowed : {};
}

function sourceRule({ from, presets = [], ports = ALL_TCP }: AllowFields, source: object): object {
  const named = PRESETS.flatMap(([name, peer]) => (presets.includes(name) ? [peer] : []));
  const all = [...(from ?? []), ...named];
  return { from: all.length === 0 ? [source] : all, ports };
}

function dnsRules({ to, ports, toAnywhere, also }: AllowFields): readonly object[] {
  const both = ports === undefined ? PORT_53 : dnsPorts(ports);
  const rule = toAnywhere === true ? { ports: both } : { to: to ?? [RESOLVER], ports: both };
  return also === undefined ? [rule] : [rule, { to: also, ports: both }];
}

/** docs/api.md: a DNS port without a protocol stands for UDP and TCP. */
function dnsPorts(ports: readonly unknown[]): readonly unknown[] {
  const texts = ports.flatMap((port) => {
    const { protocol, ...rest } = port as { readonly protocol?: string };
    const protocols = protocol === undefined ? ['UDP', 'TCP'] : [protocol];
    return protocols.map((name) => JSON.stringify({ ...rest, protocol: name }));
  });
  return [...new Set(texts)].map((text): unknown => JSON.parse(text));
}

function internetRule({ cidrs = ['0.0.0.0/0', '::/0'], except = [], ports }: AllowFields): object {
  const to = blocksOfInternet(cidrs, except).map((ipBlock) => ({ ipBlock }));
  return ports === undefined ? { to } : { to, ports };
}
