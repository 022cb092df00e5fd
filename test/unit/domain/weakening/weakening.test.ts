import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../../src/api/baseline-policy.ts';
import { NOT_INTERNET } from '../../../../src/domain/rendering/internet.ts';
import { renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { isMatch } from '../../../../src/domain/selection.ts';
import type { NamespacesAtHand } from '../../../../src/domain/weakening/reach.ts';
import { weakeningOf, weakenings } from './judged.ts';

const web = { matchLabels: { app: 'web' } };
const block = (cidr: string, ...except: string[]): object => ({
  ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) },
});
const from = (...peers: unknown[]): object => ({ podSelector: {}, ingress: [{ from: peers }] });
const onPorts = (...ports: unknown[]): object => ({ podSelector: {}, ingress: [{ ports }] });
const everyNamespace = { namespaceSelector: {} };
const publicIpv4 = block('0.0.0.0/0', ...NOT_INTERNET.filter((cidr) => !cidr.includes(':')));
const publicIpv6 = block('::/0', ...NOT_INTERNET.filter((cidr) => cidr.includes(':')));
const namespaceName = 'kubernetes.io/metadata.name';

describe('R17 what undoes the isolation is said in a sentence', () => {
  test.each<[string, object, string]>([
    ['an empty rule', { ingress: [{}] }, 'allows every source on every port, for all pods'],
    [
      'a rule without peers',
      { podSelector: web, ingress: [{ from: [], ports: [] }] },
      'allows every source on every port, for pods app=web',
    ],
    [
      'fields that are null',
      { podSelector: null, policyTypes: null, ingress: [{ from: null, ports: null }] },
      'allows every source on every port, for all pods',
    ],
    ['every TCP port', onPorts({ protocol: 'TCP' }), 'allows every source on every TCP port, for all pods'],
    ['a port {}, which is TCP', onPorts({}), 'allows every source on every TCP port, for all pods'],
    ['SCTP only', onPorts({ protocol: 'SCTP' }), 'allows every source on every SCTP port, for all pods'],
    [
      'two protocols',
      onPorts({ protocol: 'UDP' }, { port: 1, endPort: 65_535 }),
      'allows every source on every TCP and UDP port, for all pods',
    ],
    [
      'all three protocols',
      onPorts({ protocol: 'UDP' }, { protocol: 'SCTP' }, { protocol: 'TCP' }),
      'allows every source on every port, for all pods',
    ],
    [
      'ranges of ports that meet',
      onPorts({ port: 1, endPort: 8000 }, { port: 8001, endPort: 65_535 }),
      'allows every source on every TCP port, for all pods',
    ],
    [
      'ranges of ports in several rules',
      { ingress: [{ ports: [{ port: 9, endPort: 65_535 }] }, { ports: [{ port: 1, endPort: 9 }] }] },
      'allows every source on every TCP port, for all pods',
    ],
    ['0.0.0.0/0', from(block('0.0.0.0/0')), 'allows every IPv4 source on every port, for all pods'],
    ['::/0', from(block('::/0')), 'allows every IPv6 source on every port, for all pods'],
    ['both families', from(block('0.0.0.0/0'), block('::/0')), 'allows every source on every port, for all pods'],
    [
      'two halves',
      from(block('0.0.0.0/1'), block('128.0.0.0/1')),
      'allows every IPv4 source on every port, for all pods',
    ],
    [
      'halves in two rules',
      { ingress: [{ from: [block('0.0.0.0/1')] }, { from: [block('128.0.0.0/1')] }] },
      'allows every IPv4 source on every port, for all pods',
    ],
    [
      'an except that another block allows again',
      from(block('0.0.0.0/0', '10.0.0.0/8'), block('10.0.0.0/7')),
      'allows every IPv4 source on every port, for all pods',
    ],
    ['IPv4 written as IPv6', from(block('::ffff:0:0/96')), 'allows every IPv4 source on every port, for all pods'],
    [
      'two halves, one of them written as IPv6',
      from(block('0.0.0.0/1'), block('::ffff:128.0.0.0/97')),
      'allows every IPv4 source on every port, for all pods',
    ],
    [
      'a block beside some that are none',
      from(block('0.0.0.0/x'), block('::/Infinity'), block('0.0.0.0/-1'), block('0.0.0.0/0')),
      'allows every IPv4 source on every port, for all pods',
    ],
    ['leading zeros', from(block('00.0.0.0/00')), 'allows every IPv4 source on every port, for all pods'],
    [
      'every namespace and all but the private ranges',
      from(everyNamespace, publicIpv4),
      'allows every pod of the cluster and the whole IPv4 internet on every port, for all pods',
    ],
    [
      'the same in IPv6',
      from(publicIpv6, { podSelector: {}, ...everyNamespace }),
      'allows every pod of the cluster and the whole IPv6 internet on every port, for all pods',
    ],
    [
      'the same in both, by two rules',
      { ingress: [{ from: [everyNamespace] }, { from: [publicIpv4, publicIpv6] }] },
      'allows every pod of the cluster and the whole internet on every port, for all pods',
    ],
    [
      'a selector that every namespace meets',
      from({ namespaceSelector: { matchExpressions: [{ key: namespaceName, operator: 'Exists' }] } }, publicIpv4),
      'allows every pod of the cluster and the whole IPv4 internet on every port, for all pods',
    ],
    [
      'one that is no name of a namespace',
      from(
        { namespaceSelector: { matchExpressions: [{ key: namespaceName, operator: 'NotIn', values: ['', 'A'] }] } },
        publicIpv4,
      ),
      'allows every pod of the cluster and the whole IPv4 internet on every port, for all pods',
    ],
    [
      'what is wider on one protocol than on another',
      { ingress: [{ ports: [{ protocol: 'TCP' }] }, { from: [block('0.0.0.0/0')] }] },
      'allows every source on every TCP port and allows every IPv4 source on every UDP and SCTP port, for all pods',
    ],
    [
      'peers split on some ports only',
      {
        ingress: [
          { ports: [{ port: 101, endPort: 65_535 }] },
          { from: [block('0.0.0.0/1')], ports: [{ port: 1, endPort: 100 }] },
          { from: [block('128.0.0.0/1')], ports: [{ port: 1, endPort: 200 }] },
        ],
      },
      'allows every IPv4 source on every TCP port, for all pods',
    ],
  ])('%s', (_what, spec, sentence) => {
    expect(weakeningOf(spec)).toEqual({ ingress: sentence });
  });
  test('of both directions each has its own', () => {
    expect(
      weakeningOf({
        podSelector: web,
        ingress: [{}],
        egress: [{ to: [block('0.0.0.0/0')], ports: [{ protocol: 'TCP' }] }],
      }),
    ).toEqual({
      ingress: 'allows every source on every port, for pods app=web',
      egress: 'allows every IPv4 destination on every TCP port, for pods app=web',
    });
  });
});

describe('R17 what leaves many peers or ports out is not open', () => {
  test.each<[string, unknown]>([
    ['no rule', { ingress: [], egress: [] }],
    ['the pods of the own namespace', from({ podSelector: {} })],
    ['all but the private ranges', from(publicIpv4, publicIpv6)],
    ['the own namespace and all but the private ranges', from({ podSelector: {} }, publicIpv4)],
    [
      'some pods of every namespace and all but the private ranges',
      from({ ...everyNamespace, podSelector: web }, publicIpv4),
    ],
    ['some namespaces and all but the private ranges', from({ namespaceSelector: web }, publicIpv4)],
    [
      'namespaces but one and all but the private ranges',
      from(
        {
          namespaceSelector: {
            matchExpressions: [{ key: namespaceName, operator: 'NotIn', values: ['', 'kube-system'] }],
          },
        },
        publicIpv4,
      ),
    ],
    [
      'namespaces with a label of another name',
      from({ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } }, publicIpv4),
    ],
    [
      'half of the addresses on all ports and all on half of the ports',
      { ingress: [{ from: [block('0.0.0.0/1')] }, { ports: [{ protocol: 'TCP', port: 1, endPort: 30_000 }] }] },
    ],
    [
      'ports of one rule and peers of another',
      { ingress: [{ from: [block('10.0.0.0/8')] }, { ports: [{ port: 80 }] }] },
    ],
    ['a wide gap in the ports', onPorts({ port: 1, endPort: 8000 }, { port: 10_000, endPort: 65_535 })],
    [
      'half of the ports of one protocol and half of another',
      onPorts({ port: 1, endPort: 30_000 }, { protocol: 'UDP', port: 30_001, endPort: 65_535 }),
    ],
    ['a named port', onPorts({ port: 'http' })],
    ['ingress rules of an egress policy', { policyTypes: ['Egress'], ingress: [{}] }],
    ['egress rules of an ingress policy', { policyTypes: ['Ingress'], egress: [{}] }],
    ['a protocol that nobody knows', onPorts({ protocol: 'ICMP' })],
    [
      'ports that are none',
      onPorts(
        { port: 0, endPort: 65_535 },
        { endPort: 65_535 },
        { port: 9, endPort: 1 },
        { port: 1, endPort: 65_536 },
        { port: 1.5 },
      ),
    ],
    ['a peer that names no one, as a newer API may have it', from({}, { newer: {} }, null)],
    ['a block together with a selector', from({ ...everyNamespace, ...block('0.0.0.0/0') })],
    [
      'a block together with every namespace, beside all but the private ranges',
      from({ ...everyNamespace, ...block('10.0.0.0/8') }, publicIpv4),
    ],
    ['a block that is none', from(block('0/0'), { ipBlock: { cidr: 7 } }, { ipBlock: null })],
    ['lists that are none', { ingress: [{ from: 'all' }, { ports: {} }, 'all', 7, []], egress: {} }],
    ['inherited fields', Object.create({ ingress: [{}] })],
  ])('%s', (_what, spec) => {
    expect(weakeningOf(spec)).toBeUndefined();
  });
  test.each([undefined, null, 0, 'x', [], [{}], { ingress: null }])('no spec at all: %j', (spec) => {
    expect(weakeningOf(spec)).toBeUndefined();
  });
});

const teams: Readonly<Record<string, Record<string, string>>> = {
  w: { team: 'a' },
  x: { team: 'b' },
  quarantine: { team: 'c', blocked: 'yes' },
};
/** The namespaces of `teams`, but for those that are named. */
function atHand(...without: string[]): NamespacesAtHand {
  const there = Object.entries(teams).filter(([name]) => !without.includes(name));
  return {
    count: there.length,
    leftOutBy: (selector) =>
      there.flatMap(([name, labels]) =>
        isMatch(selector, { ...labels, 'kubernetes.io/metadata.name': name }) ? [] : [name],
      ),
  };
}

describe('R17 what is nearly everything is open too, and says what is left out', () => {
  test.each<[string, object, string]>([
    ['15 every pod of the cluster', from(everyNamespace), 'allows every pod of the cluster on every port'],
    [
      '15 by a label that every namespace has',
      from({ namespaceSelector: { matchExpressions: [{ key: namespaceName, operator: 'Exists' }] } }),
      'allows every pod of the cluster on every port',
    ],
    [
      '16 every address but one',
      from(block('0.0.0.0/0', '192.0.2.1/32')),
      'allows every IPv4 source but 192.0.2.1/32 on every port',
    ],
    [
      '16 every address but a block, and one port of that',
      {
        ingress: [
          { from: [block('10.254.0.0/16')], ports: [{ port: 8080 }] },
          { from: [block('0.0.0.0/0', '10.254.0.0/16')] },
        ],
      },
      'allows every IPv4 source but 10.254.0.0/16 on every port',
    ],
    [
      'every namespace and an internet with a hole',
      from(everyNamespace, block('0.0.0.0/0', '203.0.113.7/32')),
      'allows every IPv4 source but 203.0.113.7/32 on every port',
    ],
    [
      'the ports that are not privileged',
      onPorts({ port: 1024, endPort: 65_535 }),
      'allows every source on TCP ports 1024-65535',
    ],
    ['all ports but the last', onPorts({ port: 1, endPort: 65_534 }), 'allows every source on TCP ports 1-65534'],
    [
      'a small gap in the ports',
      onPorts({ port: 1, endPort: 8079 }, { port: 8081, endPort: 65_535 }),
      'allows every source on TCP ports 1-8079, 8081-65535',
    ],
    [
      'one family on some ports and the other on the rest',
      {
        ingress: [
          { from: [block('0.0.0.0/0')], ports: [{ port: 1, endPort: 9 }] },
          { from: [block('::/0')], ports: [{ port: 10, endPort: 65_535 }] },
        ],
      },
      'allows every IPv6 source on every TCP port',
    ],
  ])('%s', (_what, spec, sentence) => {
    expect(weakeningOf(spec)).toEqual({ ingress: `${sentence}, for all pods` });
  });
  test.each<[string, object, string]>([
    ['15 to every namespace', { to: [everyNamespace] }, 'allows every pod of the cluster on every port'],
    [
      '16 to all but the metadata address',
      { to: [block('0.0.0.0/0', '169.254.169.254/32')] },
      'allows every IPv4 destination but 169.254.169.254/32 on every port',
    ],
  ])('egress %s', (_what, rule, sentence) => {
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [rule] };
    expect(weakeningOf(spec)).toEqual({ egress: `${sentence}, for all pods` });
  });
  test('16 every namespace but one, and the rest', () => {
    const notQuarantine = { key: namespaceName, operator: 'NotIn', values: ['quarantine'] };
    const spec = from({ namespaceSelector: { matchExpressions: [notQuarantine] } }, block('0.0.0.0/0', '10.0.0.0/8'));
    expect(weakenings([spec], atHand())).toMatchObject([
      {
        grade: 'open',
        why: 'allows every pod of the cluster but those of quarantine and the whole IPv4 internet on every port, for all pods',
      },
    ]);
  });
});

describe('R17 what is far more than a purpose needs is wide', () => {
  test.each<[string, object, string]>([
    ['the internet', from(publicIpv4, publicIpv6), 'allows the whole internet on every port'],
    [
      '15 all but ten slash eight',
      from(block('0.0.0.0/0', '10.0.0.0/8')),
      'allows the whole IPv4 internet on every port',
    ],
    ['every source on one port', onPorts({ port: 80 }), 'allows every source on TCP port 80'],
    [
      'every source on several ports',
      onPorts({ port: 80 }, { port: 443 }, { port: 8000, endPort: 8080 }),
      'allows every source on TCP ports 80, 443, 8000-8080',
    ],
    [
      'every pod on one port',
      { ingress: [{ from: [everyNamespace], ports: [{ port: 80 }] }] },
      'allows every pod of the cluster on TCP port 80',
    ],
  ])('%s', (_what, spec, sentence) => {
    expect(weakeningOf(spec)).toBeUndefined();
    expect(weakeningOf(spec, 'wide')).toEqual({ ingress: `${sentence}, for all pods` });
  });
  test.each<[string, object, boolean]>([
    ['15 a label that no namespace has', { key: 'blocked', operator: 'DoesNotExist' }, true],
    ['a label that every namespace has', { key: 'team', operator: 'Exists' }, true],
    ['a value that no namespace has', { key: 'team', operator: 'NotIn', values: ['z'] }, true],
    ['a label that most namespaces lack', { key: 'kind', operator: 'Exists' }, false],
  ])('a selector that all namespaces meet as they are labelled now: %s', (_what, expression, isWide) => {
    const spec = from({ namespaceSelector: { matchExpressions: [expression] } });
    const found = weakenings([spec], atHand('quarantine'));
    expect(found.map(({ grade, why }) => `${grade}: ${why}`)).toEqual(
      isWide
        ? ['wide: allows every pod of the cluster, as its namespaces are labelled now on every port, for all pods']
        : [],
    );
  });
});

describe('R17 several NetworkPolicies open together', () => {
  const half = (cidr: string, podSelector: object = {}): object => ({ ...from(block(cidr)), podSelector });

  test('two halves of the addresses', () => {
    expect(weakenings([half('0.0.0.0/1'), half('128.0.0.0/1')])).toEqual([
      {
        names: ['a', 'b'],
        direction: 'Ingress',
        grade: 'open',
        why: 'allows every IPv4 source on every port, for all pods',
      },
    ]);
  });
  test('all pods and the internet', () => {
    expect(
      weakenings(
        [
          from({ namespaceSelector: { matchExpressions: [{ key: 'blocked', operator: 'DoesNotExist' }] } }),
          from(publicIpv4),
        ],
        atHand('quarantine'),
      ).map(({ names, grade }) => [names, grade]),
    ).toContainEqual([['a', 'b'], 'open']);
  });
  test('one for all pods and one for some of them, for these', () => {
    expect(weakenings([half('0.0.0.0/1'), half('128.0.0.0/1', web)])).toMatchObject([
      { names: ['a', 'b'], why: 'allows every IPv4 source on every port, for pods app=web' },
    ]);
  });
  test('but not for pods that differ', () => {
    expect(weakenings([half('0.0.0.0/1', { matchLabels: { app: 'db' } }), half('128.0.0.0/1', web)])).toEqual([]);
  });
  test('and one that is open by itself is reported by itself', () => {
    expect(weakenings([{ ingress: [{}] }, half('128.0.0.0/1')]).map(({ names }) => names)).toEqual([['a']]);
  });
});

describe('R17 the well-known recipes', () => {
  const dns = { protocol: 'UDP', port: 53 };
  const recipes: readonly (readonly [string, object, boolean])[] = [
    ['01 deny all to an application', { podSelector: web, ingress: [] }, false],
    ['02 limit traffic to an application', { podSelector: web, ingress: [{ from: [{ podSelector: web }] }] }, false],
    ['02a allow all to an application', { podSelector: web, ingress: [{}] }, true],
    ['03 deny all to a namespace', { podSelector: {}, ingress: [] }, false],
    [
      '04 deny other namespaces',
      { podSelector: { matchLabels: null }, ingress: [{ from: [{ podSelector: {} }] }] },
      false,
    ],
    ['05 allow an application from all namespaces', { podSelector: web, ingress: [{ from: [everyNamespace] }] }, true],
    ['06 allow a namespace', { podSelector: web, ingress: [{ from: [{ namespaceSelector: web }] }] }, false],
    [
      '07 allow some pods of another namespace',
      { podSelector: web, ingress: [{ from: [{ namespaceSelector: web, podSelector: web }] }] },
      false,
    ],
    ['08 allow external clients', { podSelector: web, ingress: [{ from: [] }] }, true],
    [
      '08 allow external clients on one port',
      { podSelector: web, ingress: [{ ports: [{ port: 80 }], from: [] }] },
      false,
    ],
    [
      '09 allow one port',
      { podSelector: web, ingress: [{ ports: [{ protocol: 'TCP', port: 5000 }], from: [{ podSelector: web }] }] },
      false,
    ],
    [
      '10 several selectors',
      {
        podSelector: web,
        ingress: [{ from: [{ podSelector: web }, { podSelector: { matchLabels: { app: 'db' } } }] }],
      },
      false,
    ],
    ['11 deny egress of an application', { podSelector: web, policyTypes: ['Egress'], egress: [] }, false],
    [
      '11 but DNS',
      { podSelector: web, policyTypes: ['Egress'], egress: [{ ports: [dns, { ...dns, protocol: 'TCP' }] }] },
      false,
    ],
    ['12 deny egress of a namespace', { podSelector: {}, policyTypes: ['Egress'] }, false],
    [
      '14 deny external egress',
      { podSelector: web, policyTypes: ['Egress'], egress: [{ ports: [dns] }, { to: [everyNamespace] }] },
      true,
    ],
  ];
  test.each(recipes)('%s', (_recipe, spec, weakens) => {
    expect(weakeningOf(spec) !== undefined).toBe(weakens);
  });
});

describe('R17 what the operator itself renders', () => {
  test('never opens a direction by itself', () => {
    fc.assert(
      fc.property(
        fc.record({
          sameNamespace: fc.boolean(),
          internet: fc.boolean(),
          isolate: fc.constantFrom<BaselinePolicySpec['isolate']>(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
        }),
        ({ sameNamespace, internet, isolate }) => {
          const spec = {
            isolate,
            allow: { sameNamespace: { enabled: sameNamespace }, internet: { enabled: internet } },
          };
          for (const part of renderedParts('p', spec, {})) {
            expect(weakeningOf(JSON.parse(JSON.stringify(part.spec)))).toBeUndefined();
          }
        },
      ),
    );
  });

  const weakeningParts = (spec: BaselinePolicySpec): readonly string[] =>
    renderedParts('p', spec, {}).flatMap((part) => (weakeningOf(part.spec) === undefined ? [] : [part.part]));

  test.each<[string, BaselinePolicySpec, string[]]>([
    ['DNS anywhere', { allow: { dns: { toAnywhere: true } } }, []],
    [
      'DNS anywhere on all ports',
      { allow: { dns: { toAnywhere: true, ports: [{ port: 1, endPort: 65_535 }] } } },
      ['allow-dns'],
    ],
    ['the internet', { allow: { internet: { enabled: true } } }, []],
    [
      'the internet and every private range by name',
      { allow: { internet: { enabled: true, cidrs: ['0.0.0.0/0', ...NOT_INTERNET] } } },
      ['allow-internet'],
    ],
    ['monitoring from every namespace', { allow: { monitoring: { from: [everyNamespace] } } }, ['allow-monitoring']],
    ['a rule that allows everything', { rules: [{ name: 'open', ingress: [{}] }] }, ['open']],
  ])('%s', (_what, spec, open) => {
    expect(weakeningParts(spec)).toEqual(open);
  });
});
