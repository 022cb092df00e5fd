import { describe, expect, test } from 'vitest';
import { answer, ask, labelled, pod, policy, service } from './scene.ts';
import { DENY_ALL, egressFrom, ingressTo, PODS, refusals, withPolicy } from './three-pods.ts';

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
