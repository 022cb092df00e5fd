import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clusterOf,
  compile,
  type Endpoint,
  INTERNET,
  matrixOf,
  portSetText,
  rulePorts,
  verdict,
} from '../../../src/policy/index.ts';
import { answer, ask, containerPorts, labelled, pod, policy, service } from './scene.ts';

const API_VERSIONS = new Map([
  ['Job', 'batch/v1'],
  ['CronJob', 'batch/v1'],
  ['ReplicationController', 'v1'],
]);

function workload(kind: string, name: string, more: object = {}, owner?: object): unknown {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ ports: containerPorts(['http:TCP:80']) }] },
  };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template, ...more };
  return {
    apiVersion: API_VERSIONS.get(kind) ?? 'apps/v1',
    kind,
    metadata: {
      name,
      namespace: 'a',
      ...(owner === undefined ? {} : { ownerReferences: [{ ...owner, controller: true }] }),
    },
    spec,
  };
}

describe('workloads', () => {
  test.each(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob'])(
    'a %s without pods is represented by one from its template',
    (kind) => {
      const objects = [
        workload(kind, 'web'),
        policy('a/np', { podSelector: labelled('app=web'), ingress: [{ ports: [{ port: 'http' }] }] }),
      ];
      expect(ask(objects, `8.8.8.8 to a/${kind}/web TCP 80`)).toBe('allowed');
      expect(ask(objects, `8.8.8.8 to a/${kind}/web TCP 81`)).toBe('denied');
      expect(ask(objects, '8.8.8.8 to a/web TCP http')).toBe('allowed');
    },
  );

  test('a workload with live pods is those pods, and one with finished pods only is its template', () => {
    const owner = { kind: 'StatefulSet', name: 'web' };
    const live = clusterOf([workload('StatefulSet', 'web'), pod('a/web-0', '', { owner })]);
    expect(live.pods.map(({ name, isRepresentative }) => [name, isRepresentative])).toEqual([['web-0', false]]);
    const done = clusterOf([
      workload('Job', 'once'),
      pod('a/once-x', '', { owner: { kind: 'Job', name: 'once' }, phase: 'Succeeded' }),
    ]);
    expect(done.pods.map(({ name }) => name)).toEqual(['once-x', 'once']);
  });

  test('pods of a ReplicaSet belong to its Deployment, whether the ReplicaSet was read or not', () => {
    const owner = { kind: 'ReplicaSet', name: 'web-5d4' };
    const read = [
      workload('Deployment', 'web'),
      workload('ReplicaSet', 'web-5d4', {}, { kind: 'Deployment', name: 'web' }),
      workload('ReplicaSet', 'web-old', {}, { kind: 'Deployment', name: 'web' }),
      pod('a/web-5d4-x', '', { owner }),
    ];
    expect(clusterOf(read).pods.map(({ name, workload: own }) => [name, own?.kind, own?.name])).toEqual([
      ['web-5d4-x', 'Deployment', 'web'],
    ]);
    const guessed = clusterOf([pod('a/web-5d4-x', 'pod-template-hash=5d4', { owner })]);
    expect(guessed.pods[0]?.workload).toEqual({ kind: 'Deployment', name: 'web' });
  });

  test('pods of a workload that differ make its verdict undefined, with one part for each pair', () => {
    const owner = { kind: 'ReplicaSet', name: 'web' };
    const objects = [
      pod('a/one', 'version=1', { owner }),
      pod('a/two', 'version=2', { owner }),
      policy('a/np', { podSelector: labelled('version=2'), ingress: [] }),
    ];
    const { kind, reason, parts } = answer(objects, '8.8.8.8 to a/ReplicaSet/web TCP 1');
    expect({ kind, code: reason?.code }).toEqual({ kind: 'undefined', code: 'podsDiffer' });
    expect(parts.map((part) => [part.to.text, part.kind])).toEqual([
      ['a/two', 'denied'],
      ['a/one', 'allowed'],
    ]);
  });

  test('a workload of several pods may not reach itself, and a single pod does', () => {
    const deny = policy('a/np', { ingress: [] });
    const question = 'a/Deployment/web to a/Deployment/web TCP 80';
    expect(ask([workload('Deployment', 'web', { replicas: 2 }), deny], question)).toBe('denied');
    expect(ask([workload('Deployment', 'web'), deny], question)).toBe('allowed');
  });
});

describe('Services and addresses', () => {
  test('a Service without a selector goes to its EndpointSlices', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'a', name: 's', labels: { 'kubernetes.io/service-name': 'ext' } },
      endpoints: [{ addresses: ['203.0.113.7'] }],
      ports: [{ name: 'api', port: 8443 }],
    };
    const objects = [
      pod('a/web', '', { ips: ['10.0.0.1'] }),
      service('a/ext', { ports: [{ name: 'api', port: 443 }] }),
      slice,
      policy('a/np', {
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 8443 }] }],
      }),
    ];
    expect(ask(objects, 'a/web to svc:a/ext TCP 443')).toBe('allowed');
  });

  test('a Service with nothing behind it, and ends that are not there, have no verdict', () => {
    const objects = [pod('a/web'), service('a/none', { selector: { app: 'none' }, ports: [{ port: 80 }] })];
    expect(answer(objects, 'a/web to svc:a/none TCP 80').reason?.code).toBe('noBackends');
    expect(answer(objects, 'a/web to a/nobody TCP 80').reason?.code).toBe('notFound');
    expect(answer(objects, 'a/web to nonsense TCP 80').reason?.code).toBe('notFound');
  });

  test('a headless Service translates no port', () => {
    const objects = [
      pod('a/web'),
      pod('a/db', 'app=db'),
      service('a/db', { clusterIP: 'None', selector: { app: 'db' }, ports: [{ port: 80, targetPort: 8080 }] }),
      policy('a/np', { podSelector: labelled('app=db'), ingress: [{ ports: [{ port: 8080 }] }] }),
    ];
    expect(ask(objects, 'a/web to svc:a/db TCP 80')).toBe('denied');
  });

  test('the internet is allowed only when each of its addresses is, by one block or by several', () => {
    const toInternet = (...blocks: readonly object[]): string => {
      const objects = [
        pod('a/web', '', { ips: ['10.0.0.1'] }),
        policy('a/np', { policyTypes: ['Egress'], egress: blocks.map((ipBlock) => ({ to: [{ ipBlock }] })) }),
      ];
      const from: Endpoint = { kind: 'pod', namespace: 'a', name: 'web' };
      const answered = verdict(compile(clusterOf(objects)), { from, to: INTERNET, protocol: 'TCP', port: 443 });
      return answered.reason?.code ?? answered.kind;
    };
    expect(toInternet({ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] })).toBe('allowed');
    expect(toInternet({ cidr: '0.0.0.0/1' }, { cidr: '128.0.0.0/1' })).toBe('allowed');
    expect(toInternet({ cidr: '0.0.0.0/0', except: ['8.8.8.8/32'] })).toBe('partOfAddresses');
    expect(toInternet({ cidr: '10.0.0.0/8' })).toBe('denied');
  });
});

describe('what is not trusted', () => {
  test('no value of any shape makes reading or judging throw', () => {
    const kinds = [
      'Pod',
      'Namespace',
      'NetworkPolicy',
      'Service',
      'Deployment',
      'ClusterNetworkPolicy',
      'List',
      'Node',
    ];
    const apiVersions = ['v1', 'networking.k8s.io/v1', 'apps/v1', 'policy.networking.k8s.io/v1alpha2'];
    const json = fc.jsonValue({ maxDepth: 3 });
    const object = fc.record({
      apiVersion: fc.constantFrom(...apiVersions),
      kind: fc.constantFrom(...kinds),
      metadata: fc.oneof(json, fc.record({ name: fc.constantFrom('x', '__proto__', 'constructor'), labels: json })),
      spec: fc.oneof(
        json,
        fc.dictionary(fc.constantFrom('ingress', 'egress', 'podSelector', 'subject', 'template'), json),
      ),
      status: json,
      items: json,
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(object, json), { maxLength: 5 }), (objects) => {
        const compiled = compile(clusterOf(objects));
        matrixOf(compiled, { ports: [{ protocol: 'TCP', port: 80 }] }).counts();
      }),
      { numRuns: 500 },
    );
  });

  test('labels and names such as __proto__ and constructor are labels and names', () => {
    const metadata: unknown = JSON.parse('{"namespace":"__proto__","name":"constructor","labels":{"__proto__":"x"}}');
    const objects = [{ apiVersion: 'v1', kind: 'Pod', metadata, spec: {} }, policy('__proto__/np', { ingress: [] })];
    expect(clusterOf(objects).pods[0]?.labels.get('__proto__')).toBe('x');
    expect(ask(objects, '8.8.8.8 to __proto__/constructor TCP 1')).toBe('denied');
  });

  test('selectors that the API server would refuse are reported with their place', () => {
    const paths = (podSelector: unknown): readonly string[] =>
      clusterOf([policy('a/np', { podSelector })]).problems.map(({ path }) => path);
    expect(paths({ matchLabels: { app: false } })).toEqual(['spec.podSelector.matchLabels[app]']);
    expect(paths({ matchLabels: { 'a@b': 'x' } })).toEqual(['spec.podSelector.matchLabels']);
    expect(paths({ matchExpressions: [{ key: 'a', operator: 'In', values: [] }] })).toEqual([
      'spec.podSelector.matchExpressions[0].values',
    ]);
    expect(paths({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] })).toEqual([
      'spec.podSelector.matchExpressions[0].values',
    ]);
    expect(paths({ matchExpressions: [{ key: 'a', operator: 'Equals' }] })).toEqual([
      'spec.podSelector.matchExpressions[0].operator',
    ]);
  });

  test('other kinds are counted, and an object that is there twice is reported', () => {
    const { skipped, problems } = clusterOf([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } },
      { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'x' } }, { metadata: { name: 'x' } }] },
      7,
    ]);
    expect([...skipped]).toEqual([
      ['ConfigMap', 1],
      ['no Kubernetes object', 1],
    ]);
    expect(problems.map(({ object, isLeftOut }) => [object, isLeftOut])).toEqual([
      [{ kind: 'Pod', namespace: 'default', name: 'x' }, false],
    ]);
  });
});

test('the ports of a rule are a set, with names looked up on the pod that is connected to', () => {
  const { networkPolicies, pods } = clusterOf([
    pod('a/web', '', { ports: ['http:TCP:8080'] }),
    policy('a/np', { ingress: [{ ports: [{ port: 80, endPort: 90 }, { port: 85, endPort: 99 }, { port: 'http' }] }] }),
  ]);
  const rule = networkPolicies[0]?.ingress?.[0];
  expect(rule === undefined ? '' : portSetText(rulePorts(rule))).toBe('TCP 80-99');
  expect(rule === undefined ? '' : portSetText(rulePorts(rule, pods[0]))).toBe('TCP 80-99, 8080');
});
