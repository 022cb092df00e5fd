import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../src/flows/flow.ts';
import { networkPoliciesFor } from '../../../src/flows/policies.ts';
import { recommendationFor } from '../../../src/flows/recommendation.ts';
import { capture, read } from './captures.ts';
import { asRead, flow, orphan, outside, pod } from './made-flows.ts';
import { SHOP } from './shop-cluster.ts';

const BOTH = ['Ingress', 'Egress'] as const;
const PURPOSE = 'nsbaseline.io/purpose';
const web = pod('shop', 'web');
const api = pod('shop', 'api');

/** Every empty object in a value: as a selector or as a peer it would mean everything. */
function emptyObjectsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  const inside = Object.values(value).reduce((total: number, each) => total + emptyObjectsIn(each), 0);
  return inside + (Object.keys(value).length === 0 ? 1 : 0);
}

describe('faults of other recommenders that this one does not have', () => {
  test('labels of a rollout, a run or a replica are never in a selector, nor is the version', () => {
    const generated: Labels = {
      'pod-template-hash': '6d4b9c8f5',
      'controller-revision-hash': 'db-7f9',
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
      'batch.kubernetes.io/controller-uid': 'b1d0',
      'app.kubernetes.io/version': '1.2.3',
      'helm.sh/chart': 'db-1.0.0',
      'example.com/config-checksum': 'abc',
    };
    const busy = pod('data', 'db', { app: 'db', ...generated });
    const { proposals } = recommendationFor([asRead([flow(web, busy)])]);
    expect(proposals.map(({ selector }) => selector.matchLabels)).toEqual([{ app: 'db' }, { app: 'web' }]);
  });

  test('not every label of a pod is in its selector: only those that tell its workload apart', () => {
    const labelled = pod('shop', 'cart', {
      app: 'cart',
      team: 'blue',
      env: 'prod',
      'app.kubernetes.io/part-of': 'shop',
    });
    const { proposals } = recommendationFor([asRead([flow(labelled, api)])], { namespaces: ['shop'] });
    expect(proposals.find(({ workload }) => workload.name === 'cart')?.selector.matchLabels).toEqual({ app: 'cart' });
  });

  test('the labels of the owner’s selector are taken where the cluster is known', async () => {
    const { proposals } = recommendationFor([await read(capture('netobserv.jsonl'))], { lookup: SHOP });
    expect(proposals.map(({ workload, selector }) => [workload.name, selector.matchLabels])).toEqual([
      ['api', { app: 'api' }],
      ['web', { app: 'web' }],
    ]);
  });

  test('the pods of a Job are selected by what its CronJob writes, not by the run', () => {
    const run = { 'batch.kubernetes.io/job-name': 'report-29406120', 'controller-uid': 'b1', app: 'report' };
    const { proposals } = recommendationFor([asRead([flow(orphan('shop', 'report-29406120-x', run), api)])]);
    expect(proposals.map(({ selector }) => selector.matchLabels)).toContainEqual({ app: 'report' });
  });

  test('one IPv6 address is /128', async () => {
    const { proposals } = recommendationFor([await read(capture('trace_tcp.jsonl'))], { lookup: SHOP });
    const peers = proposals.flatMap(({ rules }) => rules.flatMap((rule) => rule.peers));
    expect(peers).toContainEqual({ kind: 'block', cidr: '2a00:1450:4001:811::200e/128', isApiServer: false });
  });

  test('a pod without labels gets no policy and is no peer, since an empty selector is the whole namespace', () => {
    const bare = orphan('shop', 'bare', {});
    const hashed = orphan('shop', 'hashed', { 'pod-template-hash': 'abcde' });
    const { proposals, setAside } = recommendationFor([asRead([flow(bare, api), flow(hashed, api), flow(web, bare)])]);
    const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
    expect(policies).toEqual([]);
    expect(setAside.map(({ direction, reason }) => `${direction ?? ''} ${reason}`)).toEqual([
      'Egress NoLabels',
      'Ingress PeerWithoutLabels',
      'Egress NoLabels',
      'Ingress PeerWithoutLabels',
      'Egress PeerWithoutLabels',
      'Ingress NoLabels',
    ]);
  });

  test('nothing that is proposed has an empty selector or an empty peer', async () => {
    const captures = ['hubble.jsonl', 'retina-cri.txt', 'goldmane.jsonl', 'whisker.jsonl', 'trace_tcp.jsonl'];
    const others = ['snapshot_socket.json', 'conntrack.txt', 'netobserv.jsonl'];
    for (const name of [...captures, ...others]) {
      const { proposals } = recommendationFor([await read(capture(name))], { lookup: SHOP });
      const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
      expect(policies).not.toEqual([]);
      expect(emptyObjectsIn(policies)).toBe(0);
    }
  });

  test('the port of a Service becomes the port of the pods behind it', async () => {
    const { proposals } = recommendationFor([await read(capture('trace_tcp.jsonl'))], { lookup: SHOP });
    const egress = proposals.find(({ workload }) => workload.name === 'web')?.rules;
    expect(egress?.map(({ ports }) => ports)).toEqual([[{ protocol: 'TCP', port: 8080 }]]);
  });

  test('the port of a Service that is not known is not proposed as a port of pods', async () => {
    const { proposals, setAside } = recommendationFor([await read(capture('netobserv.jsonl'))]);
    expect(proposals.flatMap(({ rules }) => rules.flatMap(({ ports }) => ports.map(({ port }) => port)))).not.toContain(
      80,
    );
    expect(setAside.map(({ reason }) => reason)).toContain('UnknownService');
  });

  test('a direction in which nothing was seen is closed in the policy and named, never left open', () => {
    const { proposals } = recommendationFor([asRead([flow(web, api)])]);
    const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
    expect(policies.map(({ spec }) => spec.policyTypes)).toEqual([BOTH, BOTH]);
    expect(proposals.map(({ notObserved }) => notObserved)).toEqual([['Egress'], ['Ingress']]);
    expect(policies[0]?.metadata.annotations[PURPOSE]).toContain('No egress was seen: it is closed.');
  });

  test('a workload without any traffic gets no policy, which would isolate it', () => {
    const { proposals, notObserved } = recommendationFor([asRead([flow(web, api)])], { lookup: SHOP });
    const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['allow-api', 'allow-web']);
    expect(notObserved).toContainEqual({
      workload: { namespace: 'shop', kind: 'CronJob', name: 'report' },
      directions: ['Ingress', 'Egress'],
    });
  });

  test('answers never become rules, whether the record says so, the flags or only the ports', async () => {
    for (const name of ['hubble.jsonl', 'retina-cri.txt', 'netobserv.jsonl', 'conntrack.txt', 'snapshot_socket.json']) {
      const { proposals } = recommendationFor([await read(capture(name))], { lookup: SHOP });
      const ports = proposals.flatMap(({ rules }) => rules.flatMap((rule) => rule.ports.map(({ port }) => port)));
      expect(ports.filter((port) => ![53, 443, 5432, 6443, 8080, 50_051].includes(port))).toEqual([]);
    }
  });

  test('two reports of one connection are one', async () => {
    const { proposals } = recommendationFor([await read(capture('goldmane.jsonl'))], { lookup: SHOP });
    const ingress = proposals.find(({ workload }) => workload.name === 'api')?.rules[0];
    expect(ingress?.evidence.count).toBe(5);
  });

  test('a connection that the other node refused is not proposed because its own node let it go', async () => {
    const { proposals, setAside } = recommendationFor([await read(capture('goldmane.jsonl'))], { lookup: SHOP });
    expect(proposals.map(({ workload }) => workload.name)).not.toContain('db');
    expect(setAside.filter(({ reason }) => reason === 'Denied')).toHaveLength(1);
  });

  test('many addresses of one port are a question with few blocks, not a list', () => {
    const addresses = Array.from({ length: 12 }, (_, index) => `198.51.100.${index + 1}`);
    const few = Array.from({ length: 7 }, (_, index) => `203.0.113.${index + 1}`);
    const { proposals, questions, kept } = recommendationFor([
      asRead([
        ...addresses.map((address) => flow(api, outside(address), { port: 443, count: 1 })),
        ...few.map((address) => flow(api, outside(address), { port: 25, count: 1 })),
      ]),
    ]);
    expect(proposals[0]?.rules.flatMap(({ peers, ports }) => ports.map(({ port }) => [port, peers.length]))).toEqual([
      [25, 7],
    ]);
    expect(questions).toMatchObject([
      { direction: 'Egress', port: { protocol: 'TCP', port: 443 }, addresses: 12, evidence: { count: 12 } },
    ]);
    expect(questions[0]?.blocks.reduce((total, { covers }) => total + covers, 0)).toBe(12);
    expect(questions[0]?.blocks.length).toBeLessThanOrEqual(8);
    expect(kept).toHaveLength(19);
  });

  test('a name of one pod is never part of a policy: a new pod of the workload needs no new rule', async () => {
    const { proposals } = recommendationFor([await read(capture('hubble.jsonl'))]);
    const policies = networkPoliciesFor(proposals, { directions: BOTH, purposeAnnotation: PURPOSE });
    expect(JSON.stringify(policies)).not.toMatch(/aaaaa|bbbbb|ccccc|6d4b9c8f5/);
  });
});
