import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Flow, FlowEnd } from '../../../src/flows/flow.ts';
import { baselineRulesFor, networkPoliciesFor } from '../../../src/flows/policies.ts';
import { recommendationFor } from '../../../src/flows/recommendation.ts';
import { replayOf } from '../../../src/flows/replay.ts';
import { capture, read } from './captures.ts';
import { asRead, flow, orphan, outside, pod } from './made-flows.ts';
import { judgeOf } from './policy-judge.ts';
import { SHOP } from './shop-cluster.ts';

const BOTH = ['Ingress', 'Egress'] as const;
const PURPOSE = 'nsbaseline.io/purpose';
const web = pod('shop', 'web');
const api = pod('shop', 'api');
const db = pod('data', 'db');

function policiesOf(flows: readonly Flow[]) {
  const { proposals } = recommendationFor([asRead(flows)]);
  return networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
}

describe('a recommendation', () => {
  test('is egress of the one end and ingress of the other, by labels, with the namespace where it is another', () => {
    const policies = policiesOf([flow(api, db, { port: 5432 })]);
    expect(policies.map(({ metadata: { namespace, name }, spec }) => ({ namespace, name, spec }))).toEqual([
      {
        namespace: 'data',
        name: 'allow-db',
        spec: {
          podSelector: { matchLabels: { app: 'db' } },
          policyTypes: ['Ingress', 'Egress'],
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
                  podSelector: { matchLabels: { app: 'api' } },
                },
              ],
              ports: [{ protocol: 'TCP', port: 5432 }],
            },
          ],
        },
      },
      {
        namespace: 'shop',
        name: 'allow-api',
        spec: {
          podSelector: { matchLabels: { app: 'api' } },
          policyTypes: ['Ingress', 'Egress'],
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } },
                  podSelector: { matchLabels: { app: 'db' } },
                },
              ],
              ports: [{ protocol: 'TCP', port: 5432 }],
            },
          ],
        },
      },
    ]);
  });

  test('puts peers with the same ports into one rule, and never a peer with the port of another', () => {
    const flows = [
      flow(api, db, { port: 5432 }),
      flow(api, db, { port: 9187 }),
      flow(api, pod('data', 'cache'), { port: 6379 }),
      flow(api, pod('data', 'queue'), { port: 6379 }),
    ];
    const { proposals } = recommendationFor([asRead(flows)], { namespaces: ['shop'] });
    const rules = proposals[0]?.rules.map(({ peers, ports }) => [
      peers.map((peer) => (peer.kind === 'workload' ? peer.workload.name : peer.cidr)),
      ports.map(({ port }) => port),
    ]);
    expect(rules).toEqual([
      [['db'], [5432, 9187]],
      [['cache', 'queue'], [6379]],
    ]);
  });

  test('says in the purpose what was seen, how often and when, and what was not', () => {
    const [policy] = policiesOf([flow(web, outside('203.0.113.7'), { port: 443, count: 12 })]);
    expect(policy?.metadata.annotations[PURPOSE]).toBe(
      [
        'Seen of Deployment web.',
        'No ingress was seen: it is closed.',
        'Egress to 203.0.113.7/32 on TCP 443: 12 times from 2026-11-01T08:00Z to 2026-11-07T09:30Z (hubble)',
      ].join('\n'),
    );
  });

  test('as rules of a BaselinePolicy has only directions with something in them, and names that fit', () => {
    const { proposals } = recommendationFor([asRead([flow(web, api), flow(api, db, { port: 5432 })])]);
    const rules = baselineRulesFor(proposals, { namespace: 'shop', directions: ['Ingress'] });
    expect(rules.map(({ rule }) => rule)).toEqual([
      {
        name: 'allow-api',
        podSelector: { matchLabels: { app: 'api' } },
        ingress: [
          { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
        ],
      },
    ]);
  });

  test('makes several rules of a BaselinePolicy when one cannot hold it all, each with its own name', () => {
    const flows = Array.from({ length: 20 }, (_, index) =>
      flow(pod('other', `client-${index}`), api, { port: 8000 + index }),
    );
    const { proposals } = recommendationFor([asRead(flows)]);
    const rules = baselineRulesFor(proposals, { namespace: 'shop', directions: BOTH }).map(({ rule }) => rule);
    expect(rules.map(({ name, ingress }) => [name, ingress?.length])).toEqual([
      ['allow-api', 8],
      ['allow-api-2', 8],
      ['allow-api-3', 4],
    ]);
  });

  test('of one peer with more ports than one list takes loses none of them', () => {
    const flows = Array.from({ length: 70 }, (_, index) => flow(web, api, { port: 1000 + index }));
    const { proposals } = recommendationFor([asRead(flows)]);
    const rules = baselineRulesFor(proposals, { namespace: 'shop', directions: ['Ingress'] });
    const lists = rules.flatMap(({ rule }) => rule.ingress ?? []).map(({ ports }) => ports.length);
    expect(lists).toEqual([32, 32, 6]);
  });

  test('keeps the purpose short enough for an annotation, and says how much is left out', () => {
    const flows = Array.from({ length: 60 }, (_, index) =>
      flow(pod('other', `client-${index}`), api, { port: 8000 + index }),
    );
    const policy = policiesOf(flows).find(({ metadata }) => metadata.namespace === 'shop');
    const purpose = policy?.metadata.annotations[PURPOSE] ?? '';
    expect(purpose.length).toBeLessThanOrEqual(1024);
    expect(purpose).toMatch(/\nand \d+ more$/);
  });

  test('leaves out what is allowed already, and says by what', () => {
    const { proposals, setAside } = recommendationFor([asRead([flow(web, api, { port: 53, protocol: 'UDP' })])], {
      allowedBy: ({ port }) => (port === 53 ? 'allow.dns' : undefined),
    });
    expect(proposals).toEqual([]);
    expect(setAside).toMatchObject([{ reason: 'AlreadyAllowed', detail: 'allow.dns' }]);
  });

  test('tells workloads apart whose owners’ labels overlap, and says where labels cannot', () => {
    const plain = pod('shop', 'plain', { app: 'web' });
    const blue = pod('shop', 'blue', { app: 'web', tier: 'front' });
    const { proposals } = recommendationFor([asRead([flow(plain, db), flow(blue, db)])], { namespaces: ['shop'] });
    expect(proposals.map(({ workload, selector }) => [workload.name, selector])).toEqual([
      ['blue', { matchLabels: { app: 'web', tier: 'front' }, alsoSelects: [] }],
      [
        'plain',
        { matchLabels: { app: 'web' }, alsoSelects: [{ namespace: 'shop', kind: 'Deployment', name: 'blue' }] },
      ],
    ]);
  });

  test('takes pods without a known owner with the same labels for one workload', () => {
    const flows = [
      flow(orphan('shop', 'tool-1', { app: 'tool', 'pod-template-hash': 'aaaaa' }), db),
      flow(orphan('shop', 'tool-2', { app: 'tool', 'pod-template-hash': 'bbbbb' }), db),
    ];
    const { proposals } = recommendationFor([asRead(flows)], { namespaces: ['shop'] });
    expect(proposals.map(({ workload, selector: { matchLabels } }) => [workload.name, matchLabels])).toEqual([
      ['tool', { app: 'tool' }],
    ]);
    expect(proposals[0]?.rules[0]?.evidence.count).toBe(6);
  });

  test('names everything that is not proposed, with the reason', () => {
    const flows = [
      flow(web, db, { verdict: 'denied' }),
      flow(web, db, { verdict: 'unknown' }),
      flow(web, api, { protocol: 'ICMP', port: 0 }),
      flow({ kind: 'host', address: '10.0.0.5' }, api),
      flow(web, { kind: 'service', namespace: 'shop', name: 'gone' }, { port: 80 }),
      flow(web, { kind: 'address', address: '10.1.2.3' }),
      flow(web, { kind: 'external' }),
      flow(web, outside('169.254.169.254'), { port: 80 }),
      flow(web, { kind: 'apiserver' }, { port: 443 }),
      flow(outside('8.8.8.8'), outside('8.8.4.4')),
      flow(web, api, { port: 44_444, isOpenerKnown: false }),
    ];
    const { proposals, setAside } = recommendationFor([asRead(flows)]);
    expect(proposals).toEqual([]);
    expect(setAside.map(({ reason }) => reason)).toEqual([
      'Denied',
      'NoAnswer',
      'ProtocolNotSelectable',
      'HostTraffic',
      'UnknownService',
      'UnknownAddress',
      'NoAddress',
      'CloudMetadata',
      'ApiServerAddressUnknown',
      'NoPod',
      'EphemeralPort',
    ]);
  });

  test('knows by the cluster what an address, a Service and the API server are', async () => {
    const { proposals, setAside, coverage } = recommendationFor([await read(capture('conntrack.txt'))], {
      lookup: SHOP,
    });
    expect(proposals.map(({ workload, rules }) => [workload.name, rules.map(({ direction }) => direction)])).toEqual([
      ['coredns', ['Ingress']],
      ['api', ['Ingress', 'Egress']],
      ['web', ['Egress', 'Egress']],
    ]);
    expect(setAside.map(({ reason }) => reason).sort()).toEqual(['NoAnswer', 'ProtocolNotSelectable']);
    expect(coverage.caveats).toEqual(['snapshot', 'noTimes', 'addressesOnly']);
  });

  test('says of an address of the cluster that no pod has that it is one', () => {
    const { setAside } = recommendationFor([asRead([flow(web, { kind: 'address', address: '10.244.77.7' })])], {
      lookup: SHOP,
    });
    expect(setAside.map(({ reason }) => reason)).toEqual(['AddressOfNoPod']);
  });

  test('allows the API server by its address, and finds it behind its Service', () => {
    const { proposals, questions } = recommendationFor([asRead([flow(web, { kind: 'apiserver' }, { port: 443 })])], {
      lookup: SHOP,
    });
    expect(proposals[0]?.rules).toMatchObject([
      { peers: [{ kind: 'block', cidr: '10.0.0.2/32', isApiServer: true }], ports: [{ protocol: 'TCP', port: 6443 }] },
    ]);
    expect(questions).toEqual([]);
  });

  test('says how much was looked at: times, restarts, sources with their weaknesses, and who was never seen', () => {
    const { coverage, notObserved } = recommendationFor([asRead([flow(web, api)], { dropped: 2, problemCount: 1 })], {
      lookup: SHOP,
      namespaces: ['shop'],
    });
    expect(coverage).toEqual({
      firstSeenMs: Date.parse('2026-11-01T08:00:00Z'),
      lastSeenMs: Date.parse('2026-11-07T09:30:00Z'),
      durationMs: (6 * 24 + 1.5) * 3_600_000,
      records: 1,
      problems: 1,
      dropped: 2,
      sources: ['hubble'],
      caveats: ['shortMemory'],
      restarts: 2,
      neverSeen: [{ namespace: 'shop', kind: 'CronJob', name: 'report' }],
    });
    expect(notObserved.map(({ workload, directions }) => [workload.name, directions])).toEqual([
      ['api', ['Egress']],
      ['web', ['Ingress']],
      ['report', ['Ingress', 'Egress']],
    ]);
  });

  test('does not count a direction as unobserved in which a connection was refused', () => {
    const { proposals } = recommendationFor([asRead([flow(web, api), flow(api, db, { verdict: 'denied' })])]);
    expect(proposals.map(({ workload, notObserved }) => [workload.name, notObserved])).toEqual([
      ['api', []],
      ['web', ['Ingress']],
    ]);
  });

  test('is the same from two inputs as from one with both', () => {
    const flows = [flow(web, api), flow(api, db, { port: 5432 })];
    const apart = recommendationFor(flows.map((each) => asRead([each])));
    expect(apart.proposals).toEqual(recommendationFor([asRead(flows)]).proposals);
  });
});

describe('a replay', () => {
  test('finds every proposed flow allowed, and denied what was not proposed', () => {
    const flows = [
      flow(web, api),
      flow(api, db, { port: 5432 }),
      flow(orphan('shop', 'bare', {}), api, { port: 9000 }),
    ];
    const { kept, proposals } = recommendationFor([asRead(flows)]);
    const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
    const replay = replayOf(kept, judgeOf(policies));
    expect(replay.allowed).toBe(2);
    expect(replay.denied.map((judged) => judged.flow.port)).toEqual([9000]);
  });

  test('of any flows denies only those that were set aside or asked about', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const anyPod = fc
      .record({
        namespace: fc.constantFrom('n1', 'n2'),
        name: names,
        labels: fc.dictionary(names, names, { maxKeys: 3 }),
      })
      .map(({ namespace, name, labels }): FlowEnd => orphan(namespace, name, labels));
    const anyEnd = fc.oneof({ weight: 4, arbitrary: anyPod }, fc.ipV4().map(outside));
    const anyFlow = fc
      .record({
        from: anyEnd,
        to: anyEnd,
        port: fc.constantFrom(80, 443, 8080),
        protocol: fc.constantFrom('TCP', 'UDP'),
      })
      .map(({ from, to, port, protocol }) => flow(from, to, { port, protocol }));
    fc.assert(
      fc.property(fc.array(anyFlow, { maxLength: 25 }), (flows) => {
        const { kept, proposals, setAside } = recommendationFor([asRead(flows)]);
        const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
        expect(policies.every(({ spec }) => Object.keys(spec.podSelector.matchLabels).length > 0)).toBe(true);
        const aside = new Set(setAside.map((each) => each.flow));
        const { denied } = replayOf(
          kept.filter((each) => !aside.has(each)),
          judgeOf(policies),
        );
        expect(denied).toEqual([]);
      }),
    );
  });
});
