import { describe, expect, test } from 'vitest';
import { clusterOf } from '../../../src/policy/index.ts';
import { answer, ask, clusterPolicy, labelled, namespace, pod, policy } from './scene.ts';

const PODS = [
  namespace('a', 'team=a'),
  namespace('b', 'team=b'),
  pod('a/web', 'app=web', { ips: ['10.0.0.1'], ports: ['http:TCP:80', 'http:UDP:81'] }),
  pod('b/db', 'app=db', { ips: ['10.0.0.2'], ports: ['http:TCP:8080'] }),
];
const ALL = { namespaces: {} };
const QUESTION = 'b/db to a/web TCP 80';

function tier(name: 'Admin' | 'Baseline', ...ingress: readonly unknown[]): unknown {
  return clusterPolicy(`${name.toLowerCase()}-np`, { tier: name, priority: 10, subject: ALL, ingress });
}

function rule(action: string, more: object = {}): unknown {
  return { action, from: [ALL], ...more };
}

function refusals(spec: object): readonly string[] {
  const whole = { tier: 'Admin', priority: 1, subject: ALL, ...spec };
  const { problems, clusterPolicies } = clusterOf([clusterPolicy('np', whole)]);
  expect(clusterPolicies).toHaveLength(problems.length === 0 ? 1 : 0);
  return problems.map(({ path }) => path);
}

describe('the tiers', () => {
  const denying = policy('a/np', { ingress: [] });
  const allowing = policy('a/np', { ingress: [{}] });

  test('what the Admin tier accepts or denies no NetworkPolicy changes', () => {
    expect(ask([...PODS, denying, tier('Admin', rule('Accept'))], QUESTION)).toBe('allowed');
    expect(ask([...PODS, allowing, tier('Admin', rule('Deny'))], QUESTION)).toBe('denied');
  });

  test('what the Admin tier passes or does not match NetworkPolicies decide', () => {
    for (const action of ['Accept', 'Deny']) {
      const passed = tier('Admin', rule('Pass'), rule(action));
      expect(ask([...PODS, denying, passed], QUESTION)).toBe('denied');
      expect(ask([...PODS, allowing, passed], QUESTION)).toBe('allowed');
    }
  });

  test('the Baseline tier decides only about pods that no NetworkPolicy selects for the direction', () => {
    const baseline = tier('Baseline', rule('Deny'));
    expect(ask([...PODS, baseline], QUESTION)).toBe('denied');
    expect(ask([...PODS, allowing, baseline], QUESTION)).toBe('allowed');
    const egressOnly = policy('a/np', { policyTypes: ['Egress'] });
    expect(ask([...PODS, egressOnly, baseline], QUESTION)).toBe('denied');
    expect(answer([...PODS, baseline], QUESTION).parts[0]?.ingress.decidedBy).toBe('Baseline');
  });

  test('a lower priority number goes first, and within a policy the first rule that matches', () => {
    const first = clusterPolicy('z', {
      tier: 'Admin',
      priority: 1,
      subject: ALL,
      ingress: [rule('Accept'), rule('Deny')],
    });
    expect(ask([...PODS, tier('Admin', rule('Deny')), first], QUESTION)).toBe('allowed');
  });

  test('policies of one priority that disagree make it undefined', () => {
    const other = clusterPolicy('other', { tier: 'Admin', priority: 10, subject: ALL, ingress: [rule('Accept')] });
    const { kind, reason } = answer([...PODS, tier('Admin', rule('Deny')), other], QUESTION);
    expect({ kind, code: reason?.code }).toEqual({ kind: 'undefined', code: 'samePriority' });
    const same = clusterPolicy('other', { tier: 'Admin', priority: 10, subject: ALL, ingress: [rule('Deny')] });
    expect(ask([...PODS, tier('Admin', rule('Deny')), same], QUESTION)).toBe('denied');
  });

  test('a host network pod is no subject and no pod peer, and a node peer is its address', () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels: { os: 'linux' } },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
    };
    const host = pod('b/host', '', { hostNetwork: true, ips: ['192.168.0.1'], node: 'n1' });
    const objects = [...PODS, node, host];
    expect(ask([...objects, tier('Admin', rule('Deny'))], 'b/host to a/web TCP 80')).toBe('allowed');
    expect(ask([...objects, tier('Admin', rule('Deny'))], 'b/db to b/host TCP 80')).toBe('allowed');
    const egress = [{ action: 'Deny', to: [{ nodes: labelled('os=linux') }] }];
    const toNodes = clusterPolicy('np', { tier: 'Admin', priority: 1, subject: ALL, egress });
    expect(ask([...objects, toNodes], 'a/web to b/host TCP 80')).toBe('denied');
  });
});

describe('the rules', () => {
  test('match a port of a protocol, a range, or a named port of any protocol', () => {
    const only = (...protocols: readonly unknown[]): readonly unknown[] => [
      ...PODS,
      tier('Admin', rule('Deny', { protocols })),
    ];
    const number = only({ tcp: { destinationPort: { number: 80 } } });
    expect(ask(number, QUESTION)).toBe('denied');
    expect(ask(number, 'b/db to a/web UDP 80')).toBe('allowed');
    const range = only({ udp: { destinationPort: { range: { start: 79, end: 80 } } } });
    expect(ask(range, 'b/db to a/web UDP 80')).toBe('denied');
    expect(ask(range, 'b/db to a/web UDP 81')).toBe('allowed');
    const named = only({ destinationNamedPort: 'http' });
    expect(ask(named, QUESTION)).toBe('denied');
    expect(ask(named, 'b/db to a/web UDP 81')).toBe('denied');
    expect(ask(named, 'b/db to a/web UDP 80')).toBe('allowed');
  });

  test('match networks by the addresses of pods too, without a warning', () => {
    const egress = [{ action: 'Deny', to: [{ networks: ['10.0.0.0/8', '::/0'] }] }];
    const objects = [...PODS, clusterPolicy('np', { tier: 'Baseline', priority: 1, subject: ALL, egress })];
    expect(ask(objects, 'a/web to 8.8.8.8 TCP 80')).toBe('allowed');
    const { kind, parts } = answer(objects, 'a/web to b/db TCP 80');
    expect({ kind, warnings: parts[0]?.warnings }).toEqual({ kind: 'denied', warnings: [] });
  });

  test('that accept domain names make addresses outside undefined, and no pod', () => {
    const egress = [
      { action: 'Accept', to: [{ domainNames: ['*.example.com'] }] },
      { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
    ];
    const objects = [...PODS, clusterPolicy('np', { tier: 'Admin', priority: 1, subject: ALL, egress })];
    expect(answer(objects, 'a/web to 8.8.8.8 TCP 443').reason?.code).toBe('domainNames');
    expect(ask(objects, 'a/web to b/db TCP 443')).toBe('denied');
  });

  test('with a peer that is not known fail closed: accept nothing, or deny everything', () => {
    const unknown = { from: [{ someday: {} }] };
    const accept = tier('Admin', rule('Accept', unknown), rule('Deny'));
    expect(ask([...PODS, accept], QUESTION)).toBe('denied');
    expect(ask([...PODS, tier('Admin', rule('Pass', unknown))], '8.8.8.8 to a/web TCP 1')).toBe('denied');
  });

  test('that the API server would refuse are reported, and the policy left out', () => {
    expect(refusals({ tier: 'Middle' })).toEqual(['spec.tier']);
    expect(refusals({ priority: 1001 })).toEqual(['spec.priority']);
    expect(refusals({ subject: {} })).toEqual(['spec.subject']);
    expect(refusals({ ingress: [{ action: 'Allow', from: [ALL] }] })).toEqual(['spec.ingress[0].action']);
    expect(refusals({ ingress: [{ action: 'Deny', from: [] }] })).toEqual(['spec.ingress[0].from']);
    expect(refusals({ egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0'] }] }] })).toEqual([
      'spec.egress[0].to[0].networks[0]',
    ]);
    expect(refusals({ egress: [{ action: 'Deny', to: [{ domainNames: ['a.b'] }] }] })).toEqual(['spec.egress[0]']);
    const port = { tcp: { destinationPort: { range: { start: 80, end: 80 } } } };
    expect(refusals({ ingress: [rule('Deny', { protocols: [port] })] })).toEqual([
      'spec.ingress[0].protocols[0].tcp.destinationPort',
    ]);
  });
});
