import { describe, expect, test } from 'vitest';
import { findingsOf } from '../../../src/lint/findings.ts';
import { LINT_CODES, LINT_RULES, type LintCode } from '../../../src/lint/lint-rules.ts';
import { clusterOf } from '../../../src/policy/index.ts';
import { labelled, namespace, pod, policy, service } from '../policy/scene.ts';

const WEB = pod('a/web', 'app=web', { ips: ['10.0.0.1'], ports: ['http:TCP:8080'] });
const DB = pod('a/db', 'app=db', { ips: ['10.0.0.2'], ports: [':TCP:5432'] });
const SHOP = [namespace('a', 'team=a'), WEB, DB];
const WEB_SERVICE = service('a/web', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] });
const DENY = policy('a/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
const DNS = [
  {
    ports: [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ],
  },
];
/** With DNS, so that it has no fault of its own. */
const QUIET_DENY = policy('a/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: DNS });

/** `object path` of everything that a rule finds. */
function found(code: LintCode, objects: readonly unknown[]): readonly string[] {
  return findings(code, objects).map(({ object, path }) => `${object.kind}/${object.name} ${path}`.trim());
}

function findings(code: LintCode, objects: readonly unknown[]): ReturnType<typeof findingsOf> {
  return findingsOf(
    {
      cluster: clusterOf(objects),
      isWholeCluster: true,
      writtenOf: (where, name) => objects.find((object) => isNamed(object, where, name)),
    },
    [code],
  );
}

function isNamed(object: unknown, where: string, name: string): boolean {
  const text = JSON.stringify(object);
  return text.includes('"kind":"NetworkPolicy"') && text.includes(`"namespace":"${where}","name":"${name}"`);
}

/** One NetworkPolicy of namespace a that lets traffic into the pods with app=web. */
function ingress(...rules: readonly unknown[]): readonly unknown[] {
  return [...SHOP, policy('a/np', { podSelector: labelled('app=web'), policyTypes: ['Ingress'], ingress: rules })];
}

function egress(...rules: readonly unknown[]): readonly unknown[] {
  return [...SHOP, policy('a/np', { podSelector: labelled('app=web'), policyTypes: ['Egress'], egress: rules })];
}

/** For each rule objects with the fault, what is found, and the nearest objects without it. */
const CASES: readonly (readonly [LintCode, string, readonly unknown[], readonly string[]])[] = [
  ['no-default-deny', 'pods and no NetworkPolicy', SHOP, ['Namespace/a']],
  ['no-default-deny', 'a NetworkPolicy for some pods', ingress(), ['Namespace/a']],
  ['no-default-deny', 'a default-deny', [...SHOP, DENY], []],
  ['no-default-deny', 'the namespace of the system', [pod('kube-system/dns')], []],
  ['half-open', 'ingress alone', [...SHOP, policy('a/deny', { podSelector: {} })], ['Namespace/a']],
  ['half-open', 'both directions', [...SHOP, DENY], []],
  ['uncovered-workload', 'one of two pods', ingress(), ['Pod/db spec.template.metadata.labels']],
  ['uncovered-workload', 'a namespace without NetworkPolicies, which is another finding', SHOP, []],
  ['empty-namespace', 'no pods there', [...SHOP, policy('b/np', {})], ['NetworkPolicy/np metadata.namespace']],
  ['empty-namespace', 'files without any pod, which say nothing', [policy('b/np', {})], []],
  [
    'selects-nothing',
    'a wrong label',
    [...SHOP, policy('a/np', { podSelector: labelled('app=wbe') })],
    ['NetworkPolicy/np spec.podSelector'],
  ],
  ['selects-nothing', 'the right label', ingress(), []],
  [
    'peer-nobody',
    'a namespace that is not there',
    ingress({ from: [{ namespaceSelector: labelled('team=b') }] }),
    ['NetworkPolicy/np spec.ingress[0].from[0]'],
  ],
  [
    'peer-nobody',
    'a pod that is not there',
    ingress({ from: [{ podSelector: labelled('app=x') }] }),
    ['NetworkPolicy/np spec.ingress[0].from[0]'],
  ],
  ['peer-nobody', 'a namespace that is there', ingress({ from: [{ namespaceSelector: labelled('team=a') }] }), []],
  [
    'or-for-and',
    'two items',
    ingress({ from: [{ namespaceSelector: labelled('team=a') }, { podSelector: labelled('app=db') }] }),
    ['NetworkPolicy/np spec.ingress[0].from[0]'],
  ],
  [
    'or-for-and',
    'one item',
    ingress({ from: [{ namespaceSelector: labelled('team=a'), podSelector: labelled('app=db') }] }),
    [],
  ],
  [
    'or-for-and',
    'two items of two rules',
    ingress({ from: [{ namespaceSelector: labelled('team=a') }] }, { from: [{ podSelector: labelled('app=db') }] }),
    [],
  ],
  ['no-dns', 'isolated without any rule', [...SHOP, DENY], ['NetworkPolicy/deny spec.egress']],
  [
    'no-dns',
    'another NetworkPolicy brings DNS',
    [...SHOP, DENY, policy('a/dns', { podSelector: {}, policyTypes: ['Egress'], egress: DNS })],
    [],
  ],
  [
    'no-dns',
    'the port behind the Service',
    [
      ...egress({ ports: [{ protocol: 'UDP', port: 5353 }] }),
      service('kube-system/dns', { ports: [{ port: 53, protocol: 'UDP', targetPort: 5353 }] }),
    ],
    [],
  ],
  ['no-dns', 'DNS by TCP alone', egress({ ports: [{ protocol: 'TCP', port: 53 }] }), ['NetworkPolicy/np spec.egress']],
  ['dns-udp-only', 'UDP alone', egress({ ports: [{ protocol: 'UDP', port: 53 }] }), ['NetworkPolicy/np spec.egress']],
  ['dns-udp-only', 'both', egress(...DNS), []],
  [
    'broad-block',
    'everything',
    egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }),
    ['NetworkPolicy/np spec.egress[0].to[0].ipBlock.cidr'],
  ],
  ['broad-block', 'with exceptions', egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }), []],
  [
    'block-over-pods',
    'the block of the pods',
    egress({ to: [{ ipBlock: { cidr: '10.0.0.0/16' } }] }),
    ['NetworkPolicy/np spec.egress[0].to[0].ipBlock.cidr'],
  ],
  ['block-over-pods', 'another block', egress({ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }), []],
  [
    'metadata-address',
    'everything',
    egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }),
    ['NetworkPolicy/np spec.egress[0].to'],
  ],
  [
    'metadata-address',
    'on another port',
    egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] }),
    [],
  ],
  [
    'metadata-address',
    'excepted',
    egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }] }),
    [],
  ],
  [
    'service-port',
    'the port of the Service',
    [...ingress({ ports: [{ port: 80 }] }), WEB_SERVICE],
    ['NetworkPolicy/np spec.ingress[0].ports[0].port'],
  ],
  ['service-port', 'the port of the pod', [...ingress({ ports: [{ port: 8080 }] }), WEB_SERVICE], []],
  [
    'service-port',
    'of egress to the pods',
    [
      ...SHOP,
      WEB_SERVICE,
      policy('a/np', {
        podSelector: labelled('app=db'),
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: labelled('app=web') }], ports: [{ port: 80 }] }],
      }),
    ],
    ['NetworkPolicy/np spec.egress[0].ports[0].port'],
  ],
  [
    'undeclared-port',
    'a port that nobody declares',
    ingress({ ports: [{ port: 81 }] }),
    ['NetworkPolicy/np spec.ingress[0].ports[0].port'],
  ],
  [
    'undeclared-port',
    'a name that nobody declares',
    ingress({ ports: [{ port: 'metrics' }] }),
    ['NetworkPolicy/np spec.ingress[0].ports[0].port'],
  ],
  ['undeclared-port', 'a declared one', ingress({ ports: [{ port: 'http' }] }), []],
  [
    'undeclared-port',
    'pods that declare nothing',
    [pod('a/web', 'app=web'), policy('a/np', { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] })],
    [],
  ],
  [
    'named-port-to-address',
    'to everyone',
    egress({ ports: [{ port: 'http' }] }),
    ['NetworkPolicy/np spec.egress[0].ports[0].port'],
  ],
  ['named-port-to-address', 'to pods', egress({ to: [{ podSelector: {} }], ports: [{ port: 'http' }] }), []],
  [
    'wide-range',
    '30000 to 32767',
    ingress({ ports: [{ port: 30_000, endPort: 32_767 }] }),
    ['NetworkPolicy/np spec.ingress[0].ports[0].endPort'],
  ],
  ['wide-range', 'every TCP port, which is no range', ingress({ ports: [{}] }), []],
  [
    'administrative-port',
    'SSH for everyone',
    ingress({ ports: [{ port: 22 }] }),
    ['NetworkPolicy/np spec.ingress[0].ports'],
  ],
  [
    'administrative-port',
    'a range that holds the kubelet, for every pod',
    ingress({ from: [{ namespaceSelector: {} }], ports: [{ port: 10_000, endPort: 11_000 }] }),
    ['NetworkPolicy/np spec.ingress[0].ports'],
  ],
  [
    'administrative-port',
    'SSH for one namespace',
    ingress({ from: [{ namespaceSelector: labelled('team=a') }], ports: [{ port: 22 }] }),
    [],
  ],
  ['undoes-default-deny', 'an empty rule', [...ingress({}), DENY], ['NetworkPolicy/np spec.ingress[0]']],
  ['undoes-default-deny', 'without a default-deny', ingress({}), []],
  [
    'subsumed',
    'a narrower rule of the same NetworkPolicy',
    ingress({ from: [{ podSelector: {} }] }, { from: [{ podSelector: labelled('app=db') }], ports: [{ port: 80 }] }),
    ['NetworkPolicy/np spec.ingress[1]'],
  ],
  [
    'subsumed',
    'a block within a block',
    egress({ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }, { to: [{ ipBlock: { cidr: '192.0.2.128/25' } }] }),
    ['NetworkPolicy/np spec.egress[1]'],
  ],
  [
    'subsumed',
    'one of two equal rules',
    ingress({ from: [{ podSelector: {} }] }, { from: [{ podSelector: {} }] }),
    ['NetworkPolicy/np spec.ingress[1]'],
  ],
  [
    'subsumed',
    'a rule of a NetworkPolicy for all pods',
    [
      ...ingress({ from: [{ podSelector: labelled('app=db') }] }),
      policy('a/all', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }),
    ],
    ['NetworkPolicy/np spec.ingress[0]'],
  ],
  [
    'subsumed',
    'other ports',
    ingress(
      { from: [{ podSelector: {} }], ports: [{ port: 80 }] },
      { from: [{ podSelector: {} }], ports: [{ port: 81 }] },
    ),
    [],
  ],
  [
    'subsumed',
    'the pods of one namespace and of all with a label',
    ingress({ from: [{ podSelector: {} }] }, { from: [{ namespaceSelector: labelled('team=a') }] }),
    [],
  ],
  [
    'twin',
    'two names for one thing',
    [...SHOP, DENY, policy('a/deny-too', { podSelector: {}, policyTypes: ['Egress', 'Ingress'] })],
    ['NetworkPolicy/deny-too spec'],
  ],
  ['twin', 'two namespaces', [DENY, policy('b/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })], []],
  [
    'ignored-rules',
    'egress without its type',
    [policy('a/np', { podSelector: {}, policyTypes: ['Ingress'], egress: [{}] })],
    ['NetworkPolicy/np spec.egress'],
  ],
  ['ignored-rules', 'with its type', [policy('a/np', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] })], []],
  [
    'missing-policy-types',
    'beside egress rules',
    [policy('a/np', { podSelector: {}, egress: [{}] })],
    ['NetworkPolicy/np spec.policyTypes'],
  ],
  [
    'missing-policy-types',
    'beside ingress rules, where it changes nothing',
    [policy('a/np', { podSelector: {}, ingress: [{}] })],
    [],
  ],
  ['undocumented', 'no annotation', [DENY], ['NetworkPolicy/deny metadata.annotations']],
  [
    'undocumented',
    'a description',
    [
      {
        ...(DENY as object),
        metadata: { namespace: 'a', name: 'deny', annotations: { 'kubernetes.io/description': 'x' } },
      },
    ],
    [],
  ],
  [
    'host-network',
    'a pod of the node',
    [pod('a/agent', 'app=agent', { hostNetwork: true }), policy('a/np', { podSelector: labelled('app=agent') })],
    ['NetworkPolicy/np spec.podSelector'],
  ],
  ['host-network', 'as one of all', [pod('a/agent', 'app=agent', { hostNetwork: true }), DENY], []],
  [
    'yaml-boolean',
    'no without quotes',
    [policy('a/np', { podSelector: { matchLabels: { debug: false } } })],
    ['NetworkPolicy/np spec.podSelector.matchLabels[debug]'],
  ],
  ['yaml-boolean', 'in quotes', [policy('a/np', { podSelector: { matchLabels: { debug: 'no' } } })], []],
  [
    'end-port-alone',
    'endPort without port',
    [policy('a/np', { podSelector: {}, ingress: [{ ports: [{ endPort: 90 }] }] })],
    ['NetworkPolicy/np spec.ingress[0].ports[0].endPort'],
  ],
  [
    'refused',
    'two kinds of peer in one',
    [policy('a/np', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] })],
    ['NetworkPolicy/np spec.ingress[0].from[0]'],
  ],
  ['refused', 'what has a code of its own', [policy('a/np', { podSelector: { matchLabels: { debug: false } } })], []],
  ['duplicate', 'one name twice', [DENY, DENY], ['NetworkPolicy/deny']],
];

describe('lint finds', () => {
  test.each(CASES)('%s: %s', (code, _, objects, expected) => {
    expect(found(code, objects)).toEqual(expected);
  });

  test('something for every code in at least one case', () => {
    const hits = new Set(CASES.filter(([, , , expected]) => expected.length > 0).map(([code]) => code));
    expect(LINT_CODES.filter((code) => !hits.has(code))).toEqual([]);
  });

  test('nothing in a namespace with a default-deny, DNS and one documented rule', () => {
    const documented = { 'kubernetes.io/description': 'the web shop' };
    const objects = [
      ...SHOP,
      { ...(QUIET_DENY as object), metadata: { namespace: 'a', name: 'deny', annotations: documented } },
      {
        ...(policy('a/web', {
          podSelector: labelled('app=db'),
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ podSelector: labelled('app=web') }], ports: [{ port: 5432 }] }],
        }) as object),
        metadata: { namespace: 'a', name: 'web', annotations: documented },
      },
    ];
    expect(LINT_CODES.flatMap((code) => found(code, objects).map((one) => `${code}: ${one}`))).toEqual([]);
  });

  test('says for everything what is wrong and what to write instead', () => {
    const all = CASES.flatMap(([code, , objects]) => findings(code, objects));
    expect(all.filter(({ message, fix }) => message.length < 10 || fix.length < 5)).toEqual([]);
    expect(all.every(({ code, severity }) => LINT_RULES[code].severity === severity)).toBe(true);
  });

  test('no missing namespace where the objects are those of some files', () => {
    const objects = ingress({ from: [{ namespaceSelector: labelled('kubernetes.io/metadata.name=monitoring') }] });
    const input = { cluster: clusterOf(objects), writtenOf: () => undefined };
    expect(findingsOf({ ...input, isWholeCluster: false }, ['peer-nobody'])).toEqual([]);
    expect(findingsOf({ ...input, isWholeCluster: true }, ['peer-nobody'])).toHaveLength(1);
  });

  test('the port of a Service, and says which port to write', () => {
    expect(findings('service-port', [...ingress({ ports: [{ port: 80 }] }), WEB_SERVICE])[0]).toMatchObject({
      message: expect.stringContaining('its pods listen on 8080') as string,
      fix: 'write 8080',
    });
  });
});
