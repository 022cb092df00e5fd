import { describe, expect, test } from 'vitest';
import { ask, labelled, namespace, pod, policy } from './scene.ts';

const PODS = [
  namespace('default', ''),
  namespace('prod', 'purpose=production'),
  namespace('other', ''),
  namespace('kube-system', ''),
  pod('default/web', 'app=web', { ips: ['10.0.0.1'], ports: [':TCP:80'] }),
  pod('default/api', 'app=bookstore,role=api', { ips: ['10.0.0.2'] }),
  pod('default/front', 'app=bookstore,role=frontend', { ips: ['10.0.0.3'] }),
  pod('default/search', 'app=inventory,role=search', { ips: ['10.0.0.9'] }),
  pod('default/foo', 'app=foo', { ips: ['10.0.0.4'] }),
  pod('prod/job', 'type=monitoring', { ips: ['10.0.0.5'] }),
  pod('other/job', 'type=monitoring', { ips: ['10.0.0.6'] }),
  pod('other/plain', '', { ips: ['10.0.0.7'] }),
  pod('kube-system/dns', 'k8s-app=kube-dns', { ips: ['10.0.0.8'] }),
];
const WEB = labelled('app=web');

interface Recipe {
  readonly name: string;
  readonly policies: readonly unknown[];
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

const DNS = {
  to: [
    {
      namespaceSelector: labelled('kubernetes.io/metadata.name=kube-system'),
      podSelector: labelled('k8s-app=kube-dns'),
    },
  ],
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};

const RECIPES: readonly Recipe[] = [
  {
    name: '01: deny all traffic to an application',
    policies: [policy('default/np', { podSelector: WEB, ingress: [] })],
    allowed: ['default/web to default/foo TCP 80', 'default/foo to default/api TCP 80'],
    denied: ['default/foo to default/web TCP 80', '8.8.8.8 to default/web TCP 80'],
  },
  {
    name: '02: limit traffic to an application',
    policies: [
      policy('default/np', {
        podSelector: labelled('app=bookstore,role=api'),
        ingress: [{ from: [{ podSelector: labelled('app=bookstore') }] }],
      }),
    ],
    allowed: ['default/front to default/api TCP 80'],
    denied: ['default/foo to default/api TCP 80', 'other/plain to default/api TCP 80'],
  },
  {
    name: '02a: allow all traffic to an application',
    policies: [
      policy('default/deny', { podSelector: {}, ingress: [] }),
      policy('default/np', { podSelector: WEB, ingress: [{}] }),
    ],
    allowed: ['other/plain to default/web UDP 1', '8.8.8.8 to default/web TCP 80'],
    denied: ['other/plain to default/foo UDP 1'],
  },
  {
    name: '03: deny all traffic to a namespace that is not listed',
    policies: [policy('default/np', { podSelector: {}, ingress: [] })],
    allowed: ['default/web to other/plain TCP 80'],
    denied: ['default/foo to default/web TCP 80', 'other/plain to default/foo TCP 80'],
  },
  {
    name: '04: deny traffic from other namespaces',
    policies: [policy('default/np', { podSelector: { matchLabels: {} }, ingress: [{ from: [{ podSelector: {} }] }] })],
    allowed: ['default/foo to default/web TCP 80'],
    denied: ['other/plain to default/web TCP 80', '8.8.8.8 to default/web TCP 80'],
  },
  {
    name: '05: allow traffic from all namespaces',
    policies: [policy('default/np', { podSelector: WEB, ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    allowed: ['other/plain to default/web TCP 80'],
    denied: ['8.8.8.8 to default/web TCP 80'],
  },
  {
    name: '06: allow all traffic from a namespace',
    policies: [
      policy('default/np', {
        podSelector: WEB,
        ingress: [{ from: [{ namespaceSelector: labelled('purpose=production') }] }],
      }),
    ],
    allowed: ['prod/job to default/web TCP 80'],
    denied: ['other/job to default/web TCP 80', 'default/foo to default/web TCP 80'],
  },
  {
    name: '07: allow traffic from some pods of another namespace',
    policies: [
      policy('default/np', {
        podSelector: WEB,
        ingress: [
          { from: [{ namespaceSelector: labelled('purpose=production'), podSelector: labelled('type=monitoring') }] },
        ],
      }),
    ],
    allowed: ['prod/job to default/web TCP 80'],
    denied: ['other/job to default/web TCP 80'],
  },
  {
    name: '08: allow traffic from external clients',
    policies: [policy('default/np', { podSelector: WEB, ingress: [{ from: [] }] })],
    allowed: ['8.8.8.8 to default/web TCP 80', 'other/plain to default/web TCP 80'],
    denied: [],
  },
  {
    name: '09: allow traffic only to a port of an application',
    policies: [
      policy('default/np', {
        podSelector: WEB,
        ingress: [{ ports: [{ port: 5000 }], from: [{ podSelector: labelled('role=api') }] }],
      }),
    ],
    allowed: ['default/api to default/web TCP 5000'],
    denied: ['default/api to default/web TCP 8000', 'default/foo to default/web TCP 5000'],
  },
  {
    name: '10: allow traffic from applications by several selectors',
    policies: [
      policy('default/np', {
        podSelector: WEB,
        ingress: [
          { from: [{ podSelector: labelled('app=bookstore,role=api') }, { podSelector: labelled('app=inventory') }] },
        ],
      }),
    ],
    allowed: ['default/api to default/web TCP 1', 'default/search to default/web TCP 1'],
    denied: ['default/front to default/web TCP 1'],
  },
  {
    name: '11: deny egress from an application',
    policies: [policy('default/np', { podSelector: labelled('app=foo'), policyTypes: ['Egress'], egress: [] })],
    allowed: ['default/web to kube-system/dns UDP 53'],
    denied: ['default/foo to kube-system/dns UDP 53', 'default/foo to 8.8.8.8 TCP 80'],
  },
  {
    name: '11: deny egress from an application but DNS',
    policies: [policy('default/np', { podSelector: labelled('app=foo'), policyTypes: ['Egress'], egress: [DNS] })],
    allowed: ['default/foo to kube-system/dns UDP 53', 'default/foo to kube-system/dns TCP 53'],
    denied: [
      'default/foo to default/web TCP 80',
      'default/foo to kube-system/dns UDP 54',
      'default/foo to 8.8.8.8 UDP 53',
    ],
  },
  {
    name: '12: deny all egress from a namespace',
    policies: [policy('default/np', { podSelector: {}, policyTypes: ['Egress'], egress: [] })],
    allowed: ['other/plain to default/web TCP 80'],
    denied: ['default/foo to default/web TCP 80', 'default/web to 8.8.8.8 TCP 80'],
  },
  {
    name: '14: deny egress to outside the cluster',
    policies: [
      policy('default/np', {
        podSelector: labelled('app=foo'),
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }, { to: [{ namespaceSelector: {} }] }],
      }),
    ],
    allowed: ['default/foo to other/plain TCP 80', 'default/foo to 8.8.8.8 UDP 53'],
    denied: ['default/foo to 8.8.8.8 TCP 443'],
  },
];

describe('the well-known recipes', () => {
  test.each(RECIPES)('$name', ({ policies, allowed, denied }) => {
    const objects = [...PODS, ...policies];
    expect(allowed.filter((question) => ask(objects, question) !== 'allowed')).toEqual([]);
    expect(denied.filter((question) => ask(objects, question) !== 'denied')).toEqual([]);
  });
});
