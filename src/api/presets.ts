import { z } from 'zod';
import { about, filledList, unique } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { LABELS } from './names.ts';
import type { LabelSelector, NetworkPolicyPeer } from './network-policy.ts';

/** The pods of a widespread product as its makers install it, by a name. */
export interface Preset {
  readonly peer: NetworkPolicyPeer;
  /** What it is, for people. */
  readonly what: string;
  /** The public manifests and pages from which the namespace and the labels were read. */
  readonly sources: readonly string[];
}

const NAME = 'app.kubernetes.io/name';

function inNamespaces(first: string, ...others: readonly string[]): LabelSelector {
  return others.length === 0
    ? { matchLabels: { [LABELS.namespaceName]: first } }
    : { matchExpressions: [{ key: LABELS.namespaceName, operator: 'In', values: [first, ...others] }] };
}

function labelled(labels: Readonly<Record<string, string>>): LabelSelector {
  return { matchLabels: { ...labels } };
}

/** The version that was read, since a branch changes. */
function fileAt(repository: string, commit: string, path: string): string {
  return `https://github.com/${repository}/blob/${commit}/${path}`;
}

/** The presets of `allow.monitoring`: pods that scrape. The default is `prometheus`. */
export const MONITORING_PRESETS = {
  prometheus: {
    what: 'Prometheus as kube-prometheus installs it',
    peer: { namespaceSelector: inNamespaces('monitoring'), podSelector: labelled({ [NAME]: 'prometheus' }) },
    sources: [
      fileAt(
        'prometheus-operator/kube-prometheus',
        '017b2aa032a58d173815b80cf4c7858dc14c058e',
        'manifests/prometheus-prometheus.yaml',
      ),
    ],
  },
  vmagent: {
    what: 'vmagent of the VictoriaMetrics operator',
    peer: { namespaceSelector: inNamespaces('vm'), podSelector: labelled({ [NAME]: 'vmagent' }) },
    sources: [fileAt('VictoriaMetrics/operator', '02b78931fc703d08d9a2388c7519f5b38cc9c773', 'docs/quick-start.md')],
  },
  alloy: {
    what: "Grafana Alloy, by its chart's documentation",
    peer: { namespaceSelector: inNamespaces('alloy'), podSelector: labelled({ [NAME]: 'alloy' }) },
    sources: [
      'https://grafana.com/docs/alloy/latest/set-up/install/kubernetes',
      fileAt(
        'grafana/alloy',
        '0319f2353c6b22d78a5d4d1f729606196ec5bf8d',
        'operations/helm/tests/default-values/alloy/templates/controllers/daemonset.yaml',
      ),
    ],
  },
  openshift: {
    what: "OpenShift's own monitoring, and that of user workloads",
    peer: {
      namespaceSelector: inNamespaces('openshift-monitoring', 'openshift-user-workload-monitoring'),
      podSelector: labelled({ [NAME]: 'prometheus' }),
    },
    sources: [
      fileAt(
        'openshift/cluster-monitoring-operator',
        'f4a594e536e8b5e4a07588c223f87ae64bd4990f',
        'assets/prometheus-k8s/prometheus.yaml',
      ),
      fileAt(
        'openshift/cluster-monitoring-operator',
        '4b93adb8cf00621ce9e981a585da04186cc507a0',
        'assets/prometheus-user-workload/prometheus.yaml',
      ),
    ],
  },
  'google-managed-prometheus': {
    what: 'The collectors of Google Cloud Managed Service for Prometheus',
    peer: { namespaceSelector: inNamespaces('gmp-system'), podSelector: labelled({ [NAME]: 'collector' }) },
    sources: [
      fileAt(
        'GoogleCloudPlatform/prometheus-engine',
        '00fc0a68f7df4a63f5e71a86894142b7929a297c',
        'manifests/operator.yaml',
      ),
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** The presets of `allow.ingressController`: pods that pass requests on. */
export const INGRESS_CONTROLLER_PRESETS = {
  'ingress-nginx': {
    what: 'ingress-nginx of the Kubernetes project',
    peer: {
      namespaceSelector: inNamespaces('ingress-nginx'),
      podSelector: labelled({ [NAME]: 'ingress-nginx', 'app.kubernetes.io/component': 'controller' }),
    },
    sources: [
      fileAt(
        'kubernetes/ingress-nginx',
        '0124c313f1f089c01ce83a3714c3f4f5b4eb70c6',
        'deploy/static/provider/cloud/deploy.yaml',
      ),
    ],
  },
  'nginx-ingress': {
    what: "F5's NGINX Ingress Controller",
    peer: { namespaceSelector: inNamespaces('nginx-ingress'), podSelector: labelled({ app: 'nginx-ingress' }) },
    sources: [
      fileAt(
        'nginxinc/kubernetes-ingress',
        '12c4be28069bf873f0d72a7a46095c09557cefc1',
        'deployments/deployment/nginx-ingress.yaml',
      ),
    ],
  },
  traefik: {
    what: "Traefik, by its chart's documentation",
    peer: { namespaceSelector: inNamespaces('traefik'), podSelector: labelled({ [NAME]: 'traefik' }) },
    sources: [
      fileAt('traefik/traefik', '0b66fffb1865c35c73e4b6cea24efac6406c1531', 'docs/content/setup/kubernetes.md'),
      fileAt(
        'traefik/traefik-helm-chart',
        '0233fef022a4cddd97a1b6ccd374006185136a3b',
        'traefik/templates/_helpers.tpl',
      ),
    ],
  },
  k3s: {
    what: 'Traefik as k3s brings it',
    peer: { namespaceSelector: inNamespaces('kube-system'), podSelector: labelled({ [NAME]: 'traefik' }) },
    sources: [
      fileAt('k3s-io/k3s', '02a8f93f20d329ff4d2206929bc3eb2a86adbeac', 'manifests/traefik.yaml'),
      fileAt(
        'traefik/traefik-helm-chart',
        '0233fef022a4cddd97a1b6ccd374006185136a3b',
        'traefik/templates/_helpers.tpl',
      ),
    ],
  },
  haproxy: {
    what: 'HAProxy Kubernetes Ingress Controller, by its manifest',
    peer: { namespaceSelector: inNamespaces('haproxy-controller'), podSelector: labelled({ run: 'haproxy-ingress' }) },
    sources: [
      fileAt(
        'haproxytech/kubernetes-ingress',
        '06fc1b4667a3372197597766a8f9ab7e7125d690',
        'deploy/haproxy-ingress.yaml',
      ),
    ],
  },
  contour: {
    what: 'The Envoys of Contour',
    peer: { namespaceSelector: inNamespaces('projectcontour'), podSelector: labelled({ app: 'envoy' }) },
    sources: [
      fileAt('projectcontour/contour', '00179784cf6bcce78645338b64c6ea9ef0f3b979', 'examples/contour/03-envoy.yaml'),
    ],
  },
  'envoy-gateway': {
    what: 'The proxies of Envoy Gateway',
    peer: {
      namespaceSelector: inNamespaces('envoy-gateway-system'),
      podSelector: labelled({ [NAME]: 'envoy', 'app.kubernetes.io/managed-by': 'envoy-gateway' }),
    },
    sources: [
      fileAt(
        'envoyproxy/gateway',
        '00c8cabf3af028a05c9d60a63fc2dca5fe0207ef',
        'internal/infrastructure/kubernetes/proxy/testdata/deployments/default.yaml',
      ),
    ],
  },
  istio: {
    what: "Istio's ingress gateway, beside the control plane or in a namespace of its own",
    peer: {
      namespaceSelector: inNamespaces('istio-system', 'istio-ingress'),
      podSelector: labelled({ istio: 'ingressgateway' }),
    },
    sources: [
      fileAt(
        'istio/istio.io',
        '10177abb5f99915fbbdb9a94a59a206fa145d5d4',
        'content/en/docs/setup/additional-setup/gateway/index.md',
      ),
      fileAt(
        'istio/istio',
        '00466c1d208933adfca5682a6307f784e8a7f0b4',
        'manifests/charts/gateways/istio-ingress/values.yaml',
      ),
    ],
  },
  kong: {
    what: 'The proxies of Kong Ingress Controller, by its manifest',
    peer: { namespaceSelector: inNamespaces('kong'), podSelector: labelled({ app: 'proxy-kong' }) },
    sources: [
      fileAt(
        'Kong/kubernetes-ingress-controller',
        '0178122a3381fb0047d534c540ea33dad7f4acb4',
        'deploy/single/all-in-one-dbless.yaml',
      ),
    ],
  },
  openshift: {
    what: "OpenShift's routers with addresses of their own; those with `hostNetwork` have those of their nodes",
    peer: { namespaceSelector: inNamespaces('openshift-ingress') },
    sources: [
      fileAt(
        'openshift/cluster-ingress-operator',
        '05c2cceb65009d7013ac5a80b78ffbc8a5512729',
        'assets/router/deployment.yaml',
      ),
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** The name of a preset of `allow.monitoring`. */
export type MonitoringPreset = keyof typeof MONITORING_PRESETS;
/** The name of a preset of `allow.ingressController`. */
export type IngressControllerPreset = keyof typeof INGRESS_CONTROLLER_PRESETS;

/** A list of names of presets, each at most once. `meaning` describes the field. */
export function presetsSchema<Name extends string>(presets: Readonly<Record<Name, Preset>>, meaning: string) {
  const names = Object.keys(presets) as [Name, ...Name[]];
  return about(
    unique(
      filledList(
        about(z.enum(names), 'The name of a preset; docs/api.md lists them with their labels.'),
        BOUNDS.presets,
        'an empty list is refused; leave presets out, or name at least one',
      ),
    ).optional(),
    meaning,
    'none',
  );
}

/** The peers of presets, in the order of the table, since the order of the names means nothing. */
export function presetPeers<Name extends string>(
  presets: Readonly<Record<Name, Preset>>,
  names: readonly Name[],
): readonly NetworkPolicyPeer[] {
  return (Object.keys(presets) as Name[]).filter((name) => names.includes(name)).map((name) => presets[name].peer);
}
