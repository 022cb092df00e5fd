import type { Allow, BaselinePolicySpec, Rule } from '../../api/baseline-policy.ts';
import { type Discovered } from '../../api/baseline-policy.ts';
import { BUILT_IN_PARTS, type BuiltInPart, LABELS } from '../../api/names.ts';
import type {
  Direction,
  LabelSelector,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  RenderedSpec,
} from '../../api/network-policy.ts';
import { bothProtocols, dnsPortsOf } from '../discovery/dns.ts';
import { specHash } from './comparison.ts';
import { EVERYWHERE, internetBlocks, singleAddressBlock } from './internet.ts';

/** One NetworkPolicy of a baseline, the same in every namespace. */
export interface RenderedPart {
  /** The built-in part's name or the rule's own. */
  readonly part: string;
  /** `<policy>.<part>`, the NetworkPolicy's name. */
  readonly name: string;
  /** One sentence that says what it is for. */
  readonly purpose: string;
  /** Every field present, empty lists too (a forced apply leaves alone what it does not mention). */
  readonly spec: RenderedSpec;
  /** {@link specHash} of `spec`. */
  readonly hash: string;
}

/** What a rule of one part lets through, before it is cut to the isolated directions. */
interface Opening {
  readonly purpose: string;
  readonly podSelector?: LabelSelector;
  readonly ingress?: readonly NetworkPolicyIngressRule[];
  readonly egress?: readonly NetworkPolicyEgressRule[];
}

const BOTH_DIRECTIONS: readonly Direction[] = ['Ingress', 'Egress'];
const DNS_PORTS: readonly NetworkPolicyPort[] = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];
const EVERY_TCP_PORT: readonly NetworkPolicyPort[] = [{ protocol: 'TCP' }];
const PROMETHEUS: NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'monitoring' } },
  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
};
const INGRESS_CONTROLLER: NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'ingress-nginx' } },
};

/** Where DNS answers in a cluster that told us nothing (R14): the labels and port that kubeadm, k3s and most others use. */
export const FALLBACK_DNS: NetworkPolicyEgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [...DNS_PORTS],
};

/**
 * The NetworkPolicies that a BaselinePolicy stands for, default-deny first. They name no namespace: every selected
 * namespace gets the same. Only isolated directions are ever written, since a policy that selects a pod for a direction
 * isolates it, an "allow" too; a part with nothing to say in the isolated directions is left out, and no part ever holds
 * a rule without peers that was not declared so.
 *
 * `spec` must have passed validation; `discovered` is what is known of the cluster (R14).
 */
export function renderedParts(
  policy: string,
  spec: BaselinePolicySpec,
  discovered: Discovered,
): readonly RenderedPart[] {
  const isolated = spec.isolate ?? BOTH_DIRECTIONS;
  const directions = BOTH_DIRECTIONS.filter((direction) => isolated.includes(direction));
  const openings = new Map<string, Opening>();
  for (const part of BUILT_IN_PARTS) {
    const opening = builtInOpening(part, spec.allow ?? {}, discovered);
    if (opening !== undefined) {
      openings.set(part, opening);
    }
  }
  for (const rule of spec.rules ?? []) {
    openings.set(rule.name, ruleOpening(policy, rule));
  }
  return [...openings].flatMap(([part, opening]) => {
    const rendered = renderedSpec(opening, directions, part === 'default-deny');
    return rendered === undefined
      ? []
      : [{ part, name: `${policy}.${part}`, purpose: opening.purpose, spec: rendered, hash: specHash(rendered) }];
  });
}

function renderedSpec(opening: Opening, directions: readonly Direction[], isDeny: boolean): RenderedSpec | undefined {
  const ingress = directions.includes('Ingress') ? (opening.ingress ?? []) : [];
  const egress = directions.includes('Egress') ? (opening.egress ?? []) : [];
  const policyTypes = isDeny
    ? directions
    : directions.filter((direction) => (direction === 'Ingress' ? ingress : egress).length > 0);
  if (policyTypes.length === 0) {
    return undefined;
  }
  return { podSelector: opening.podSelector ?? {}, policyTypes, ingress, egress };
}

function ruleOpening(policy: string, rule: Rule): Opening {
  return {
    purpose: `Rule ${rule.name} of BaselinePolicy ${policy}.`,
    ...(rule.podSelector === undefined ? {} : { podSelector: rule.podSelector }),
    ingress: rule.ingress ?? [],
    egress: rule.egress ?? [],
  };
}

/** dns and monitoring are on unless turned off; the others are off unless turned on. */
function isTurnedOn(part: BuiltInPart, allow: Allow): boolean {
  switch (part) {
    case 'default-deny':
      return true;
    case 'allow-dns':
      return allow.dns?.enabled !== false;
    case 'allow-monitoring':
      return allow.monitoring?.enabled !== false;
    case 'allow-same-namespace':
      return allow.sameNamespace?.enabled === true;
    case 'allow-ingress-controller':
      return allow.ingressController?.enabled === true;
    case 'allow-kube-api-server':
      return allow.kubeApiServer?.enabled === true;
    case 'allow-internet':
      return allow.internet?.enabled === true;
  }
}

function builtInOpening(part: BuiltInPart, allow: Allow, discovered: Discovered): Opening | undefined {
  if (!isTurnedOn(part, allow)) {
    return undefined;
  }
  switch (part) {
    case 'default-deny':
      return { purpose: 'Isolates every pod; other policies say what is let through.' };
    case 'allow-dns':
      return dnsOpening(allow.dns ?? {}, discovered);
    case 'allow-monitoring':
      return monitoringOpening(allow.monitoring ?? {});
    case 'allow-same-namespace':
      return sameNamespaceOpening();
    case 'allow-ingress-controller':
      return ingressControllerOpening(allow.ingressController ?? {});
    case 'allow-kube-api-server':
      return kubeApiServerOpening(discovered);
    case 'allow-internet':
      return internetOpening(allow.internet ?? {});
  }
}

function dnsOpening(dns: NonNullable<Allow['dns']>, discovered: Discovered): Opening {
  const foundPorts = dnsPortsOf(discovered.dns).flatMap(bothProtocols);
  const ports = dns.ports === undefined ? foundPorts : withBothProtocols(dns.ports);
  const added = dns.also === undefined ? [] : [{ to: dns.also, ports }];
  return { purpose: 'Lets every pod resolve names.', egress: [...dnsRules(dns, discovered, ports), ...added] };
}

function dnsRules(
  dns: NonNullable<Allow['dns']>,
  discovered: Discovered,
  ports: NetworkPolicyPort[],
): readonly NetworkPolicyEgressRule[] {
  if (dns.toAnywhere === true) {
    return [{ ports }];
  }
  if (dns.to !== undefined) {
    return [{ to: dns.to, ports }];
  }
  const found = discovered.dns?.egress ?? [];
  const rules = found.length > 0 ? found : [FALLBACK_DNS];
  return dns.ports === undefined ? rules : rules.map((rule) => ({ ...rule, ports }));
}

/** A resolver answers over UDP and TCP, so a DNS port that names no protocol means both (RFC 7766). */
function withBothProtocols(ports: readonly NetworkPolicyPort[]): NetworkPolicyPort[] {
  return ports.flatMap((port): NetworkPolicyPort[] =>
    port.protocol === undefined
      ? [
          { ...port, protocol: 'UDP' },
          { ...port, protocol: 'TCP' },
        ]
      : [port],
  );
}

function monitoringOpening(monitoring: NonNullable<Allow['monitoring']>): Opening {
  return {
    purpose: 'Lets monitoring scrape every pod.',
    ingress: [{ from: monitoring.from ?? [PROMETHEUS], ports: [...(monitoring.ports ?? EVERY_TCP_PORT)] }],
  };
}

function sameNamespaceOpening(): Opening {
  const anyPodHere: NetworkPolicyPeer = { podSelector: {} };
  return {
    purpose: 'Lets the pods of this namespace talk to each other.',
    ingress: [{ from: [anyPodHere] }],
    egress: [{ to: [anyPodHere] }],
  };
}

function ingressControllerOpening(controller: NonNullable<Allow['ingressController']>): Opening {
  return {
    purpose: 'Lets the ingress controller reach every pod.',
    ingress: [{ from: controller.from ?? [INGRESS_CONTROLLER], ports: [...(controller.ports ?? EVERY_TCP_PORT)] }],
  };
}

function kubeApiServerOpening(discovered: Discovered): Opening | undefined {
  const { endpoints = [], service } = discovered.apiServer ?? {};
  const targets = [
    ...endpoints,
    ...(service?.addresses ?? []).map((address) => ({ address, port: service?.port ?? 443 })),
  ];
  const ports = [...new Set(targets.map((target) => target.port))].sort((a, b) => a - b);
  const egress = ports.flatMap((port) => {
    const blocks = targets.flatMap((target) =>
      target.port === port ? [singleAddressBlock(target.address)?.cidr ?? []].flat() : [],
    );
    const to = [...new Set(blocks)].sort().map((cidr) => ({ ipBlock: { cidr } }));
    return to.length > 0 ? [{ to, ports: [{ protocol: 'TCP' as const, port }] }] : [];
  });
  return egress.length > 0 ? { purpose: 'Lets every pod reach the API server.', egress } : undefined;
}

function internetOpening(internet: NonNullable<Allow['internet']>): Opening {
  const blocks = internetBlocks({ cidrs: internet.cidrs ?? EVERYWHERE, except: internet.except ?? [] });
  return {
    purpose: 'Lets every pod reach the internet, but no private range.',
    egress: [
      {
        to: blocks.map((ipBlock) => ({ ipBlock })),
        ...(internet.ports === undefined ? {} : { ports: internet.ports }),
      },
    ],
  };
}
