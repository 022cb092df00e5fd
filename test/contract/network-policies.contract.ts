import { describe, expect, test } from 'vitest';
import { NETWORK_POLICIES, networkPolicy, outcomeOf, type Subject, valueOf } from './api-server-under-test.ts';

type Spec = Readonly<Record<string, unknown>>;

/** What the server makes of a NetworkPolicy, and what it refuses. */
export function describeNetworkPolicies(subject: Subject): void {
  const storedSpec = async (spec: Spec): Promise<unknown> => {
    const namespace = await subject.namespace();
    const created = valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', spec)));
    const read = valueOf(await subject.kube.get({ type: NETWORK_POLICIES, namespace, name: 'one' }));
    expect(read).toEqual(created);
    return read.spec;
  };

  describe('NetworkPolicy', () => {
    test.each<[string, Spec, Spec]>([
      ['no policyTypes: Ingress', { podSelector: {} }, { podSelector: {}, policyTypes: ['Ingress'] }],
      [
        'no policyTypes but egress rules: Ingress and Egress',
        { podSelector: {}, egress: [{}] },
        { podSelector: {}, egress: [{}], policyTypes: ['Ingress', 'Egress'] },
      ],
      [
        'no policyTypes and an empty egress: Ingress only, so egress stays open',
        { podSelector: {}, egress: [] },
        { podSelector: {}, policyTypes: ['Ingress'] },
      ],
      [
        'empty policyTypes: as if absent',
        { podSelector: {}, policyTypes: [] },
        { podSelector: {}, policyTypes: ['Ingress'] },
      ],
      ['no podSelector: every pod', {}, { podSelector: {}, policyTypes: ['Ingress'] }],
      [
        'empty ingress and egress: gone',
        { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] },
        { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      ],
      [
        'R2 empty from and ports: a rule for everybody',
        { podSelector: {}, ingress: [{ from: [], ports: [] }] },
        { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] },
      ],
      [
        'an empty port: every TCP port',
        { podSelector: {}, ingress: [{ ports: [{}] }] },
        { podSelector: {}, ingress: [{ ports: [{ protocol: 'TCP' }] }], policyTypes: ['Ingress'] },
      ],
      [
        'ports without a protocol: TCP',
        {
          podSelector: {},
          ingress: [{ ports: [{ port: 5, endPort: 9 }, { port: 'http' }, { port: 53, protocol: 'UDP' }] }],
        },
        {
          podSelector: {},
          ingress: [
            {
              ports: [
                { port: 5, endPort: 9, protocol: 'TCP' },
                { port: 'http', protocol: 'TCP' },
                { port: 53, protocol: 'UDP' },
              ],
            },
          ],
          policyTypes: ['Ingress'],
        },
      ],
      [
        'empty maps and lists in selectors and blocks: gone',
        {
          podSelector: { matchLabels: {}, matchExpressions: [] },
          ingress: [{ from: [{ podSelector: { matchLabels: {} } }, { ipBlock: { cidr: '10.0.0.0/8', except: [] } }] }],
        },
        {
          podSelector: {},
          ingress: [{ from: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8' } }] }],
          policyTypes: ['Ingress'],
        },
      ],
    ])('R2 %s', async (_, sent, stored) => {
      expect(await storedSpec(sent)).toEqual(stored);
    });

    test('T peers go out and come back under `from`, on every way that writes', async () => {
      const namespace = await subject.namespace();
      const spec = {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { a: 'b' } } }, { namespaceSelector: {} }] }],
      };
      const body = networkPolicy(namespace, 'one', spec);
      for (const written of [
        await subject.kube.create(NETWORK_POLICIES, body),
        await subject.kube.apply(NETWORK_POLICIES, body),
        await subject.kube.replace(NETWORK_POLICIES, body),
      ]) {
        expect(valueOf(written).spec).toEqual(spec);
      }
      expect(valueOf(await subject.kube.list({ type: NETWORK_POLICIES, namespace })).items[0]?.spec).toEqual(spec);
    });

    test('T `_from` is refused, so that it never becomes an allow-all', async () => {
      const namespace = await subject.namespace();
      const body = networkPolicy(namespace, 'one', { podSelector: {}, ingress: [{ _from: [{ podSelector: {} }] }] });
      expect(outcomeOf(await subject.kube.create(NETWORK_POLICIES, body))).toBe('invalid');
      expect(outcomeOf(await subject.kube.apply(NETWORK_POLICIES, body))).toBe('serverError');
    });

    test('the generation rises with the spec, not with labels and annotations', async () => {
      const namespace = await subject.namespace();
      const generationOf = async (spec: Spec, labels: Readonly<Record<string, string>>): Promise<number | undefined> =>
        valueOf(
          await subject.kube.replace(
            NETWORK_POLICIES,
            networkPolicy(namespace, 'one', spec, { labels, annotations: labels }),
          ),
        ).metadata.generation;
      valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {} })));
      expect(await generationOf({ podSelector: {} }, { a: 'b' })).toBe(1);
      expect(await generationOf({ podSelector: {}, policyTypes: ['Egress'] }, { a: 'b' })).toBe(2);
      expect(await generationOf({ podSelector: {}, policyTypes: ['Egress'] }, {})).toBe(2);
    });

    test('the generation also rises with a replace that only adds an empty list', async () => {
      const namespace = await subject.namespace();
      valueOf(
        await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {}, ingress: [] })),
      );
      const replaced = valueOf(
        await subject.kube.replace(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {}, ingress: [] })),
      );
      expect(replaced).toMatchObject({
        metadata: { generation: 2 },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      });
    });

    test.each<[string, Spec, readonly string[]]>([
      ['an empty peer', { ingress: [{ from: [{}] }] }, ['spec.ingress[0].from[0]']],
      [
        'a block beside a selector',
        { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
        ['spec.egress[0].to[0]'],
      ],
      [
        'what is no CIDR',
        { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/99' } }] }] },
        ['spec.egress[0].to[0].ipBlock.cidr'],
      ],
      [
        'except that is not strictly inside',
        {
          egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/9', '10.0.0.0/8', '10.1.0.0/16'] } }] }],
        },
        ['spec.egress[0].to[0].ipBlock.except[0]', 'spec.egress[0].to[0].ipBlock.except[1]'],
      ],
      [
        'ports that cannot be',
        {
          egress: [
            {
              ports: [
                { port: 0 },
                { port: 70_000 },
                { port: 9, endPort: 2 },
                { port: 'http', endPort: 5 },
                { endPort: 3 },
                { protocol: 'ICMP' },
                { port: 'not_good' },
              ],
            },
          ],
        },
        ['port', 'port', 'endPort', 'endPort', 'endPort', 'protocol', 'port'].map(
          (field, index) => `spec.egress[0].ports[${index}].${field}`,
        ),
      ],
      ['an unknown policy type', { policyTypes: ['Sideways'] }, ['spec.policyTypes[0]']],
      ['three policy types', { policyTypes: ['Ingress', 'Egress', 'Ingress'] }, ['spec.policyTypes']],
      [
        'selectors that make no sense',
        {
          podSelector: {
            matchLabels: { 'a b': 'c' },
            matchExpressions: [
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'Exists', values: ['b'] },
              { key: 'a', operator: 'Like' },
            ],
          },
        },
        [
          'spec.podSelector.matchLabels',
          'spec.podSelector.matchExpressions[0].values',
          'spec.podSelector.matchExpressions[1].values',
          'spec.podSelector.matchExpressions[2].operator',
        ],
      ],
    ])('%s is invalid, and each field is named', async (_, spec, fields) => {
      const namespace = await subject.namespace();
      const created = await subject.kube.create(
        NETWORK_POLICIES,
        networkPolicy(namespace, 'one', { podSelector: {}, ...spec }),
      );
      expect(created).toMatchObject({
        ok: false,
        error: { kind: 'invalid', status: 422, causes: fields.map((field) => ({ field })) },
      });
    });
  });
}
