import { describe, expect, test } from 'vitest';
import { clusterOf } from '../../../src/policy/index.ts';
import { answer, ask, labelled, pod, policy } from './scene.ts';
import { DENY_ALL, ingressTo, PODS, refusals, withPolicy } from './three-pods.ts';

describe('which pods are isolated', () => {
  test('1: a pod that no policy selects may connect and be connected to', () => {
    expect(ask(PODS, 'a/web to b/far TCP 1')).toBe('allowed');
    expect(answer(PODS, 'a/web to b/far TCP 1').parts[0]?.ingress.decidedBy).toBe('default');
  });

  test('2: an empty podSelector selects every pod of the namespace and no other', () => {
    const objects = withPolicy(DENY_ALL);
    expect(ask(objects, 'b/far to a/web TCP 80')).toBe('denied');
    expect(ask(objects, 'b/far to a/db TCP 80')).toBe('denied');
    expect(ask(objects, '8.8.8.8 to b/far TCP 80')).toBe('allowed');
  });

  test('3: an absent podSelector is an empty one', () => {
    expect(ask(withPolicy({ policyTypes: ['Ingress'] }), 'b/far to a/web TCP 80')).toBe('denied');
    expect(ask([...PODS, policy('a/np', undefined)], 'b/far to a/web TCP 80')).toBe('denied');
  });

  test('4: no ingress rules, absent or empty, deny all ingress', () => {
    expect(ask(withPolicy({ podSelector: {}, policyTypes: ['Ingress'] }), 'a/db to a/web TCP 80')).toBe('denied');
    expect(ask(ingressTo('web'), 'a/db to a/web TCP 80')).toBe('denied');
    expect(answer(ingressTo('web'), 'a/db to a/web TCP 80').parts[0]?.ingress.policies[0]?.nearestMiss).toEqual({
      lacks: [{ kind: 'rule' }],
    });
  });

  test('5: an empty rule allows all', () => {
    expect(ask(ingressTo('web', {}), '8.8.8.8 to a/web SCTP 5')).toBe('allowed');
    expect(ask(ingressTo('web', null), '8.8.8.8 to a/web SCTP 5')).toBe('allowed');
  });

  test('15: without policyTypes a policy is about ingress, and about egress only when it has egress rules', () => {
    const ingressOnly = withPolicy({ podSelector: {}, egress: [] });
    expect(ask(ingressOnly, 'a/web to b/far TCP 1')).toBe('allowed');
    expect(ask(ingressOnly, 'b/far to a/web TCP 1')).toBe('denied');
    const both = withPolicy({ podSelector: {}, policyTypes: [], egress: [{ ports: [{ port: 53 }] }] });
    expect(ask(both, 'a/web to b/far TCP 1')).toBe('denied');
    expect(ask(both, 'a/web to b/far TCP 53')).toBe('allowed');
    expect(ask(both, 'b/far to a/web TCP 53')).toBe('denied');
  });

  test('16: rules of a direction that policyTypes leave out are ignored', () => {
    const objects = withPolicy({ podSelector: {}, policyTypes: ['Egress'], ingress: [{ ports: [{ port: 1 }] }] });
    expect(ask(objects, 'b/far to a/web TCP 80')).toBe('allowed');
    expect(ask(objects, 'a/web to b/far TCP 80')).toBe('denied');
  });
});

describe('how rules add up', () => {
  test('6: an absent or empty from is any source, outside the cluster too', () => {
    for (const rule of [{ ports: [{ port: 80 }] }, { from: [], ports: [{ port: 80 }] }]) {
      expect(ask(ingressTo('web', rule), '8.8.8.8 to a/web TCP 80')).toBe('allowed');
      expect(ask(ingressTo('web', rule), 'b/far to a/web TCP 81')).toBe('denied');
    }
  });

  test('7: absent or empty ports are all ports of all protocols', () => {
    for (const rule of [{ from: [{ podSelector: {} }] }, { from: [{ podSelector: {} }], ports: [] }]) {
      expect(ask(ingressTo('web', rule), 'a/db to a/web SCTP 65535')).toBe('allowed');
    }
  });

  test('8: an empty port is every TCP port and nothing else', () => {
    const objects = ingressTo('web', { ports: [{}] });
    expect(ask(objects, 'a/db to a/web TCP 65535')).toBe('allowed');
    expect(ask(objects, 'a/db to a/web UDP 53')).toBe('denied');
    expect(ask(objects, 'a/db to a/web SCTP 53')).toBe('denied');
  });

  test('9: a port with only a protocol is every port of that protocol and nothing else', () => {
    const objects = ingressTo('web', { ports: [{ protocol: 'UDP' }] });
    expect(ask(objects, 'a/db to a/web UDP 1')).toBe('allowed');
    expect(ask(objects, 'a/db to a/web TCP 1')).toBe('denied');
  });

  test('17: several policies add up, in any order, and none denies what another allows', () => {
    const first = policy('a/one', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] });
    const second = policy('a/two', { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] });
    for (const objects of [
      [...PODS, first, second],
      [...PODS, second, first],
    ]) {
      expect(ask(objects, 'b/far to a/web TCP 80')).toBe('allowed');
      expect(ask(objects, 'b/far to a/web TCP 81')).toBe('allowed');
      expect(ask(objects, 'b/far to a/web TCP 82')).toBe('denied');
    }
  });

  test('18: egress of the source and ingress of the destination must both allow it', () => {
    const out = policy('a/out', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] });
    const into = policy('b/in', { podSelector: {}, ingress: [] });
    expect(ask([...PODS, out], 'a/web to b/far TCP 80')).toBe('allowed');
    const { kind, parts } = answer([...PODS, out, into], 'a/web to b/far TCP 80');
    expect({ kind, egress: parts[0]?.egress.outcome, ingress: parts[0]?.ingress.outcome }).toEqual({
      kind: 'denied',
      egress: 'allowed',
      ingress: 'denied',
    });
  });

  test('19: the peer of one rule never goes with the port of another', () => {
    const objects = ingressTo(
      'web',
      { from: [{ podSelector: labelled('app=db') }], ports: [{ port: 80 }] },
      { from: [{ namespaceSelector: labelled('team=b') }], ports: [{ port: 81 }] },
    );
    expect(ask(objects, 'a/db to a/web TCP 80')).toBe('allowed');
    expect(ask(objects, 'b/far to a/web TCP 80')).toBe('denied');
    expect(ask(objects, 'a/db to a/web TCP 81')).toBe('denied');
  });
});

describe('peers', () => {
  test('10: an empty peer, and a block together with a selector, are refused', () => {
    expect(refusals({ ingress: [{ from: [{}] }] })).toEqual(['spec.ingress[0].from[0]']);
    expect(refusals({ ingress: [{ from: [null] }] })).toEqual(['spec.ingress[0].from[0]']);
    const both = { ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} };
    expect(refusals({ egress: [{ to: [both] }] })).toEqual(['spec.egress[0].to[0]']);
  });

  test('11: two selectors in one peer must both match', () => {
    const objects = ingressTo('db', {
      from: [{ namespaceSelector: labelled('team=b'), podSelector: labelled('app=web') }],
    });
    expect(ask(objects, 'b/far to a/db TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/web to a/db TCP 1')).toBe('denied');
  });

  test('12: of two peers one must match, and a podSelector alone is about the own namespace', () => {
    const objects = ingressTo('db', {
      from: [{ namespaceSelector: labelled('team=b') }, { podSelector: labelled('app=web') }],
    });
    expect(ask(objects, 'b/far to a/db TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/web to a/db TCP 1')).toBe('allowed');
  });

  test('13: an empty namespaceSelector is every pod of every namespace, and no address outside', () => {
    const objects = ingressTo('db', { from: [{ namespaceSelector: {} }] });
    expect(ask(objects, 'b/far to a/db TCP 1')).toBe('allowed');
    expect(ask(objects, '8.8.8.8 to a/db TCP 1')).toBe('denied');
    expect(answer(objects, '8.8.8.8 to a/db TCP 1').parts[0]?.ingress.policies[0]?.nearestMiss?.lacks).toEqual([
      { kind: 'pod' },
    ]);
  });

  test('14: an empty podSelector without namespaceSelector is every pod of the own namespace only', () => {
    const objects = ingressTo('db', { from: [{ podSelector: {} }] });
    expect(ask(objects, 'a/web to a/db TCP 1')).toBe('allowed');
    expect(ask(objects, 'b/far to a/db TCP 1')).toBe('denied');
    expect(answer(objects, 'b/far to a/db TCP 1').parts[0]?.ingress.policies[0]?.nearestMiss?.lacks).toEqual([
      { kind: 'namespace', wanted: 'a' },
    ]);
  });

  test('28: In and Exists need the key, and Exists takes an empty value', () => {
    const exists = ingressTo('web', {
      from: [{ podSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } }],
    });
    expect(ask([...exists, pod('a/empty', 'x=')], 'a/empty to a/web TCP 1')).toBe('allowed');
    expect(ask(exists, 'a/db to a/web TCP 1')).toBe('denied');
    const within = { matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'cache'] }] };
    const objects = [...ingressTo('web', { from: [{ podSelector: within }] }), pod('a/bare')];
    expect(ask(objects, 'a/db to a/web TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/bare to a/web TCP 1')).toBe('denied');
  });

  test('29: NotIn and DoesNotExist are met when the key is absent', () => {
    for (const expression of [
      { key: 'app', operator: 'NotIn', values: ['db'] },
      { key: 'app', operator: 'DoesNotExist' },
    ]) {
      const rule = { from: [{ podSelector: { matchExpressions: [expression] } }] };
      const objects = [...ingressTo('web', rule), pod('a/bare')];
      expect(ask(objects, 'a/bare to a/web TCP 1')).toBe('allowed');
      expect(ask(objects, 'a/db to a/web TCP 1')).toBe('denied');
    }
  });

  test('30: matchLabels and all matchExpressions must be met', () => {
    const both = { matchLabels: { app: 'db' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] };
    const objects = [...ingressTo('web', { from: [{ podSelector: both }] }), pod('a/full', 'app=db,tier=x')];
    expect(ask(objects, 'a/full to a/web TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/db to a/web TCP 1')).toBe('denied');
  });

  test('42: a namespace has its name as a label, whether manifests have it or not', () => {
    const rule = { from: [{ namespaceSelector: labelled('kubernetes.io/metadata.name=b') }] };
    expect(ask(ingressTo('web', rule), 'b/far to a/web TCP 1')).toBe('allowed');
    const withoutNamespaces = ingressTo('web', rule).slice(2);
    expect(ask(withoutNamespaces, 'b/far to a/web TCP 1')).toBe('allowed');
  });

  test('43: a policy without a namespace is in the default one', () => {
    const objects = [
      pod('default/web', ''),
      pod('x/web', ''),
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'np' }, spec: {} },
    ];
    expect(ask(objects, '8.8.8.8 to default/web TCP 1')).toBe('denied');
    expect(ask(objects, '8.8.8.8 to x/web TCP 1')).toBe('allowed');
    expect(clusterOf(objects, { defaultNamespace: 'x' }).networkPolicies[0]?.namespace).toBe('x');
  });
});
