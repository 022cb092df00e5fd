import type { Allow, Discovered } from '../../api/baseline-policy.ts';
import { LABELS } from '../../api/names.ts';
import type {
  LabelSelector,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../api/network-policy.ts';
import type { BuiltInPart } from '../../api/parts.ts';
import { INGRESS_CONTROLLER_PRESETS, MONITORING_PRESETS, presetPeers } from '../../api/presets.ts';
import { bothProtocols, DNS_PORT, dnsPortsOf } from '../discovery/dns.ts';
import { EVERYWHERE, internetBlocks, singleAddressBlock } from './internet.ts';

/** The traffic that one part allows, before it is cut to the isolated directions. */
export interface Opening {
  /** One sentence. */
  readonly purpose: string;
  readonly podSelector?: LabelSelector;
  readonly ingress?: readonly NetworkPolicyIngressRule[];
  readonly egress?: readonly NetworkPolicyEgressRule[];
  /** Peers in `ingress` of which one is enough, as of several presets; every other peer is expected to exist. */
  readonly alternatives?: readonly NetworkPolicyPeer[];
}

const EVERY_TCP_PORT: readonly NetworkPolicyPort[] = [{ protocol: 'TCP' }];
const INGRESS_CONTROLLER: NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'ingress-nginx' } },
};

/** Where DNS answers in a cluster where discovery found nothing (R14, discovery): the labels and port of kubeadm, k3s and most others. */
export const FALLBACK_DNS: NetworkPolicyEgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { [LABELS.namespaceName]: 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: bothProtocols(DNS_PORT),
};

/** Undefined where the part has nothing to open in this cluster. `discovered` is what is known of the cluster (R14, discovery). */
type OpeningOf = (allow: Allow, discovered: Discovered) => Opening | undefined;

/** The opening of each built-in part that is on. */
export const OPENINGS: Readonly<Record<BuiltInPart, OpeningOf>> = {
  'default-deny': () => ({ purpose: 'Isolates every pod; other policies say what is let through.' }),
  'allow-dns': ({ dns = {} }, discovered) => dnsOpening(dns, discovered),
  'allow-monitoring': ({ monitoring = {} }) => ({
    purpose: 'Lets monitoring scrape every pod.',
    ...sources(
      monitoring,
      presetPeers(MONITORING_PRESETS, monitoring.presets ?? []),
      MONITORING_PRESETS.prometheus.peer,
    ),
  }),
  'allow-same-namespace': () => ({
    purpose: 'Lets the pods of this namespace talk to each other.',
    ingress: [{ from: [{ podSelector: {} }] }],
    egress: [{ to: [{ podSelector: {} }] }],
  }),
  'allow-ingress-controller': ({ ingressController: controller = {} }) => ({
    purpose: 'Lets the ingress controller reach every pod.',
    ...sources(controller, presetPeers(INGRESS_CONTROLLER_PRESETS, controller.presets ?? []), INGRESS_CONTROLLER),
  }),
  'allow-kube-api-server': (_allow, discovered) => kubeApiServerOpening(discovered),
  'allow-internet': ({ internet = {} }) => ({
    purpose: 'Lets every pod reach the internet, but no private range.',
    egress: [
      {
        to: internetBlocks({ cidrs: internet.cidrs ?? EVERYWHERE, except: internet.except ?? [] }).map((ipBlock) => ({
          ipBlock,
        })),
        ...(internet.ports === undefined ? {} : { ports: internet.ports }),
      },
    ],
  }),
};

/** Presets add to the declared peers; the default stands only where there is neither. */
function sources(
  declared: {
    readonly from?: readonly NetworkPolicyPeer[] | undefined;
    readonly ports?: readonly NetworkPolicyPort[] | undefined;
  },
  presets: readonly NetworkPolicyPeer[],
  byDefault: NetworkPolicyPeer,
): Pick<Opening, 'ingress' | 'alternatives'> {
  const named = [...(declared.from ?? []), ...presets];
  const from = named.length > 0 ? named : [byDefault];
  return {
    ingress: [{ from, ports: [...(declared.ports ?? EVERY_TCP_PORT)] }],
    ...(presets.length > 0 ? { alternatives: presets } : {}),
  };
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
  const all = ports.flatMap((port): NetworkPolicyPort[] =>
    port.protocol === undefined
      ? [
          { ...port, protocol: 'UDP' },
          { ...port, protocol: 'TCP' },
        ]
      : [port],
  );
  return [...new Map(all.map((port) => [`${port.protocol} ${port.port} ${port.endPort}`, port])).values()];
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
      target.port === port ? (singleAddressBlock(target.address)?.cidr ?? []) : [],
    );
    const to = [...new Set(blocks)].sort().map((cidr) => ({ ipBlock: { cidr } }));
    return to.length > 0 ? [{ to, ports: [{ protocol: 'TCP' as const, port }] }] : [];
  });
  return egress.length > 0 ? { purpose: 'Lets every pod reach the API server.', egress } : undefined;
}
