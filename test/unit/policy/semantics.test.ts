import { describe, expect, test } from 'vitest';
import { clusterOf } from '../../../src/policy/index.ts';
import { answer, ask, labelled, namespace, pod, policy, service } from './scene.ts';

const WEB = pod('a/web', 'app=web', { ips: ['10.0.0.1'], ports: ['http:TCP:80'], node: 'n1' });
const DB = pod('a/db', 'app=db', { ips: ['10.0.0.2'], ports: ['http:TCP:8080', 'dns:UDP:53'], node: 'n2' });
const FAR = pod('b/far', 'app=web', { ips: ['10.0.0.3'], ports: ['http:TCP:9090'], node: 'n2' });
const PODS = [namespace('a', 'team=a'), namespace('b', 'team=b'), WEB, DB, FAR];
const DENY_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** The three pods with one policy in namespace `a`. */
function withPolicy(spec: unknown): readonly unknown[] {
  return [...PODS, policy('a/np', spec)];
}

function ingressTo(app: string, ...rules: readonly unknown[]): readonly unknown[] {
  return withPolicy({ podSelector: labelled(`app=${app}`), policyTypes: ['Ingress'], ingress: rules });
}

function egressFrom(app: string, ...rules: readonly unknown[]): readonly unknown[] {
  return withPolicy({ podSelector: labelled(`app=${app}`), policyTypes: ['Egress'], egress: rules });
}

/** The messages about a policy that the API server would refuse. */
function refusals(spec: unknown): readonly string[] {
  const { problems, networkPolicies } = clusterOf([policy('a/np', spec)]);
  expect(networkPolicies).toHaveLength(problems.length === 0 ? 1 : 0);
  return problems.map(({ path }) => path);
}

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

describe('ports', () => {
  test('20: a named port of ingress is looked up on the selected pod, by name and protocol', () => {
    const named = ingressTo('db', { ports: [{ port: 'http' }] });
    expect(ask(named, 'a/web to a/db TCP 8080')).toBe('allowed');
    expect(ask(named, 'a/web to a/db TCP 80')).toBe('denied');
    const otherProtocol = ingressTo('db', { ports: [{ port: 'http', protocol: 'UDP' }] });
    expect(ask(otherProtocol, 'a/web to a/db UDP 8080')).toBe('denied');
  });

  test('21: a named port of egress is looked up on each destination, and on no address', () => {
    const objects = egressFrom('web', { ports: [{ port: 'http' }] });
    expect(ask(objects, 'a/web to a/db TCP 8080')).toBe('allowed');
    expect(ask(objects, 'a/web to b/far TCP 9090')).toBe('allowed');
    expect(ask(objects, 'a/web to b/far TCP 8080')).toBe('denied');
    expect(ask(objects, 'a/web to 8.8.8.8 TCP 8080')).toBe('denied');
    expect(answer(objects, 'a/web to b/far TCP 8080').parts[0]?.egress.policies[0]?.nearestMiss?.lacks).toEqual([
      { kind: 'portName', wanted: 'TCP http', is: 9090 },
    ]);
  });

  test('22: a named port of egress without pods as peers is warned of', () => {
    const objects = egressFrom('web', { ports: [{ port: 'http' }] });
    const codes = answer(objects, 'a/web to a/db TCP 8080').parts[0]?.warnings.map(({ code }) => code);
    expect(codes).toEqual(['namedPortToAddress']);
  });

  test('23: endPort is included, warned of, and needs a number that is not above it', () => {
    const objects = ingressTo('web', { ports: [{ port: 80, endPort: 90 }] });
    expect(ask(objects, 'a/db to a/web TCP 90')).toBe('allowed');
    expect(ask(objects, 'a/db to a/web TCP 91')).toBe('denied');
    expect(answer(objects, 'a/db to a/web TCP 90').parts[0]?.warnings[0]?.code).toBe('endPort');
    for (const port of [{ port: 'http', endPort: 90 }, { endPort: 90 }, { port: 90, endPort: 80 }]) {
      expect(refusals({ ingress: [{ ports: [port] }] })).toEqual(['spec.ingress[0].ports[0].endPort']);
    }
    expect(refusals({ ingress: [{ ports: [{ port: 80, endPort: 80 }] }] })).toEqual([]);
  });

  test('31: a rule for SCTP isolates for TCP and UDP too, and is never read as TCP', () => {
    const objects = ingressTo('web', { ports: [{ protocol: 'SCTP', port: 80 }] });
    expect(ask(objects, 'a/db to a/web SCTP 80')).toBe('allowed');
    expect(ask(objects, 'a/db to a/web TCP 80')).toBe('denied');
    expect(ask(objects, 'a/db to a/web UDP 80')).toBe('denied');
    expect(answer(objects, 'a/db to a/web TCP 80').parts[0]?.ingress.policies[0]?.nearestMiss?.lacks).toEqual([
      { kind: 'protocol', wanted: 'SCTP 80' },
    ]);
  });

  test('38: a policy sees the port of the pod and not that of the Service', () => {
    const web = service('a/db', { selector: { app: 'db' }, ports: [{ name: 'api', port: 80, targetPort: 'http' }] });
    const onTarget = [...ingressTo('db', { ports: [{ port: 8080 }] }), web];
    expect(ask(onTarget, 'b/far to svc:a/db TCP 80')).toBe('allowed');
    expect(ask(onTarget, 'b/far to svc:a/db TCP api')).toBe('allowed');
    const onServicePort = [...ingressTo('db', { ports: [{ port: 80 }] }), web];
    expect(ask(onServicePort, 'b/far to svc:a/db TCP 80')).toBe('denied');
    expect(answer(onServicePort, 'b/far to svc:a/db TCP 81').reason?.code).toBe('noSuchPort');
  });
});

describe('addresses', () => {
  test('24: a block is its cidr without the excepts, and another peer or policy may allow them', () => {
    const block = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.9.0.0/16'] } };
    expect(ask(egressFrom('web', { to: [block] }), 'a/web to 10.8.0.1 TCP 1')).toBe('allowed');
    expect(ask(egressFrom('web', { to: [block] }), 'a/web to 10.9.0.1 TCP 1')).toBe('denied');
    const again = egressFrom('web', { to: [block, { ipBlock: { cidr: '10.9.0.0/24' } }] });
    expect(ask(again, 'a/web to 10.9.0.1 TCP 1')).toBe('allowed');
    const strict = (except: string): readonly string[] =>
      refusals({ egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: [except] } }] }] });
    expect(strict('10.0.0.0/8')).toEqual(['spec.egress[0].to[0].ipBlock.except[0]']);
    expect(strict('11.0.0.0/16')).toEqual(['spec.egress[0].to[0].ipBlock.except[0]']);
    expect(strict('10.0.0.0/9')).toEqual([]);
  });

  test('25: a block matches a pod by its address, and that is warned of', () => {
    const objects = ingressTo('web', { from: [{ ipBlock: { cidr: '10.0.0.2/32' } }] });
    const { kind, parts } = answer(objects, 'a/db to a/web TCP 1');
    expect(kind).toBe('allowed');
    expect(parts[0]?.warnings.map(({ code }) => code)).toEqual(['blockMatchesPod']);
    expect(ask(objects, 'b/far to a/web TCP 1')).toBe('denied');
  });

  test('26: 0.0.0.0/0 is every IPv4 address and no IPv6 address', () => {
    const six = pod('a/six', 'app=web', { ips: ['10.0.0.9', 'fd00::9'] });
    const objects = [...egressFrom('web', { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }), six];
    expect(ask(objects, 'a/six to 8.8.8.8 TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/six to 2001:db8::1 TCP 1')).toBe('denied');
  });

  test('27: IPv6 blocks have excepts too, and a dual-stack pod is judged for each of its addresses', () => {
    const six = pod('a/six', 'app=web', { ips: ['10.0.0.9', 'fd00::9'] });
    const dual = pod('b/dual', 'app=dual', { ips: ['10.0.0.8', 'fd00::8'] });
    const block = { ipBlock: { cidr: 'fd00::/64', except: ['fd00::1:0/112'] } };
    const objects = [...egressFrom('web', { to: [block] }), six, dual];
    expect(ask(objects, 'a/six to fd00::7 TCP 1')).toBe('allowed');
    expect(ask(objects, 'a/six to fd00::1:7 TCP 1')).toBe('denied');
    const { kind, reason, parts } = answer(objects, 'a/six to b/dual TCP 1');
    expect({ kind, code: reason?.code }).toEqual({ kind: 'undefined', code: 'families' });
    expect(parts[0]?.byFamily).toEqual({ IPv4: 'denied', IPv6: 'allowed' });
  });

  test('39: a block that matches a pod behind a Service is warned of', () => {
    const db = service('a/db', { selector: { app: 'db' }, ports: [{ port: 80 }], clusterIP: '10.96.0.7' });
    const objects = [...egressFrom('web', { to: [{ ipBlock: { cidr: '10.0.0.0/24' } }] }), db];
    const { kind, parts } = answer(objects, 'a/web to 10.96.0.7 TCP 80');
    expect(kind).toBe('allowed');
    expect(parts[0]?.warnings.map(({ code }) => code)).toContain('serviceAddress');
  });

  test('a pod whose address is not known makes blocks decide nothing, unless they hold all that it may have', () => {
    const pending = pod('b/new', 'app=new', { phase: 'Pending' });
    const objects = (cidr: string): readonly unknown[] => [
      ...egressFrom('web', { to: [{ ipBlock: { cidr } }] }),
      pending,
    ];
    expect(answer(objects('10.0.0.0/8'), 'a/web to b/new TCP 1').reason?.code).toBe('addressUnknown');
    expect(ask(objects('0.0.0.0/0'), 'a/web to b/new TCP 1')).toBe('allowed');
    expect(ask(objects('fd00::/8'), 'a/web to b/new TCP 1')).toBe('denied');
  });
});

describe('what the API leaves open, and pods that are no ends', () => {
  test('32: a pod always reaches itself', () => {
    expect(ask(withPolicy(DENY_ALL), 'a/web to a/web TCP 80')).toBe('allowed');
    expect(answer(withPolicy(DENY_ALL), '10.0.0.1 to a/web TCP 80').reason?.code).toBe('self');
  });

  test('33: whether a pod reaches itself through a Service is undefined where policies isolate it', () => {
    const web = service('a/web', { selector: { app: 'web' }, ports: [{ port: 80 }] });
    const isolated = answer([...withPolicy(DENY_ALL), web], 'a/web to svc:a/web TCP 80');
    expect({ kind: isolated.kind, code: isolated.reason?.code }).toEqual({ kind: 'undefined', code: 'hairpin' });
    expect(ask([...PODS, web], 'a/web to svc:a/web TCP 80')).toBe('allowed');
  });

  test('34: traffic with the own node is undefined where policies do not allow it', () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
    };
    const objects = [...withPolicy(DENY_ALL), node];
    const { kind, reason } = answer(objects, '192.168.0.1 to a/web TCP 80');
    expect({ kind, code: reason?.code }).toEqual({ kind: 'undefined', code: 'ownNode' });
    expect(ask(objects, '192.168.0.1 to a/db TCP 80')).toBe('denied');
    expect(ask([...PODS, node], '192.168.0.1 to a/web TCP 80')).toBe('allowed');
  });

  test('35: a host network pod that a policy selects, or that a selector of a rule selects, makes it undefined', () => {
    const host = pod('a/host', 'app=host', { hostNetwork: true, node: 'n3', ips: ['192.168.0.3'] });
    const selected = answer([...withPolicy(DENY_ALL), host], 'b/far to a/host TCP 1');
    expect({ kind: selected.kind, code: selected.reason?.code }).toEqual({ kind: 'undefined', code: 'hostNetwork' });
    const asPeer = [...ingressTo('web', { from: [{ podSelector: labelled('app=host') }] }), host];
    expect(answer(asPeer, 'a/host to a/web TCP 1').reason?.code).toBe('hostNetwork');
    const byBlock = [...ingressTo('web', { from: [{ ipBlock: { cidr: '192.168.0.3/32' } }] }), host];
    expect(ask(byBlock, 'a/host to a/web TCP 1')).toBe('allowed');
    expect(ask([...PODS, host], 'a/host to b/far TCP 1')).toBe('allowed');
    expect(ask([...ingressTo('web'), host], 'a/host to a/web TCP 1')).toBe('denied');
  });

  test('36: a finished pod is no end, and its address is not taken for it', () => {
    const done = pod('a/done', 'app=web', { phase: 'Succeeded', ips: ['10.0.0.7'] });
    const objects = [...ingressTo('db', { from: [{ podSelector: labelled('app=web') }] }), done];
    expect(answer(objects, 'a/done to a/db TCP 1').reason?.code).toBe('finished');
    expect(ask(objects, '10.0.0.7 to a/db TCP 1')).toBe('denied');
    const reused = [...objects, pod('a/new', 'app=new', { ips: ['10.0.0.7'] })];
    expect(ask(reused, '10.0.0.7 to a/db TCP 1')).toBe('denied');
    const failed = pod('a/failed', 'app=web', { phase: 'Failed' });
    expect(answer([...PODS, failed], 'a/db to a/failed TCP 1').reason?.code).toBe('finished');
  });

  test('37: a policy applies to a pending pod, and ports of sidecars are known', () => {
    const pending = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'a', name: 'new', labels: { app: 'new' } },
      spec: {
        containers: [{ name: 'main' }],
        initContainers: [
          { name: 'sidecar', restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15_001 }] },
          { name: 'init', ports: [{ name: 'init', containerPort: 1 }] },
        ],
      },
      status: { phase: 'Pending' },
    };
    const objects = [...ingressTo('new', { ports: [{ port: 'proxy' }, { port: 'init' }] }), pending];
    expect(ask(objects, 'a/web to a/new TCP 15001')).toBe('allowed');
    expect(ask(objects, 'a/web to a/new TCP 1')).toBe('denied');
  });

  test('40: other protocols than TCP, UDP and SCTP are undefined where policies isolate an end', () => {
    const { kind, reason } = answer(ingressTo('web', {}), 'a/db to a/web ICMP');
    expect({ kind, code: reason?.code }).toEqual({ kind: 'undefined', code: 'protocol' });
    expect(ask(PODS, 'a/db to a/web ICMP')).toBe('allowed');
  });

  test('41: replies need no rule: a verdict is about who opens the connection', () => {
    const objects = withPolicy(DENY_ALL).concat(
      policy('a/out', {
        podSelector: labelled('app=web'),
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: labelled('team=b') }] }],
      }),
    );
    expect(ask(objects, 'a/web to b/far TCP 80')).toBe('allowed');
    expect(ask(objects, 'b/far to a/web TCP 80')).toBe('denied');
  });
});
