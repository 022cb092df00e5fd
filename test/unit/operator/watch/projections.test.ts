import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../../../../src/api/names.ts';
import { networkPolicyProjection, reportProjection } from '../../../../src/operator/watch/projections.ts';

/** Who is said to have written a managed NetworkPolicy after us, by the writes in its managedFields. */
function otherManager(...writes: readonly (readonly [manager: string, time?: string])[]): string {
  const managedFields = writes.map(([manager, time]) => (time === undefined ? { manager } : { manager, time }));
  return networkPolicyProjection({
    metadata: {
      name: 'standard.default-deny',
      namespace: 'team-a',
      labels: { [LABELS.managedBy]: FIELD_MANAGER },
      managedFields,
    },
    spec: {},
  }).otherManager;
}

describe('R6 who wrote a managed NetworkPolicy after us', () => {
  test('is the last of the others', () => {
    expect(
      otherManager(
        [FIELD_MANAGER, '2026-01-01T00:00:00Z'],
        ['kubectl-edit', '2026-01-01T00:00:02Z'],
        ['argocd', '2026-01-01T00:00:01Z'],
      ),
    ).toBe('kubectl-edit');
  });

  test('is nobody when all others wrote before our last write', () => {
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:00Z'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe('');
    expect(otherManager([FIELD_MANAGER, '2026-01-01T00:00:00Z'])).toBe('');
  });

  test('may be who wrote in the same second, or at a time that is not said', () => {
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:01Z'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe(
      'kubectl-edit',
    );
    expect(otherManager(['kubectl-edit'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe('kubectl-edit');
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:01Z'])).toBe('kubectl-edit');
  });
});

test('R16 a NamespaceBaseline without a status is kept, as one that says nothing', () => {
  expect(reportProjection({ metadata: { name: 'baseline', namespace: 'team-a', uid: 'u' } })).toMatchObject({
    entries: [],
    readyStatus: '',
  });
});

describe('F59 a large NetworkPolicy', () => {
  const blocks = Array.from({ length: 1_000 }, (_, index) => ({
    ipBlock: { cidr: `10.${index >> 8}.${index & 255}.0/24` },
  }));
  const large = (generation: number, peers: readonly object[], annotations = {}) => ({
    metadata: { name: 'own', namespace: 'team-a', uid: 'u', generation, annotations },
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [...blocks, ...peers] }] },
  });
  const everyone = { ipBlock: { cidr: '0.0.0.0/0' } };

  test('is judged once for each generation: an event that changes something else takes what is known', () => {
    const known = networkPolicyProjection(large(1, [everyone]));
    expect(known.openness).toMatchObject({ isForAllPods: true });
    // Another spec under the same generation, which the API server never sends, shows that it is not read again.
    expect(networkPolicyProjection(large(1, []), known).openness).toBe(known.openness);
    expect(networkPolicyProjection(large(2, []), known).openness).toBeUndefined();
    expect(networkPolicyProjection(large(1, [])).openness).toBeUndefined();
  });

  test('gets its digest when it is marked as ours later', () => {
    const known = networkPolicyProjection(large(1, []));
    const marked = networkPolicyProjection(large(1, [], { [ANNOTATIONS.policyUid]: 'p' }), known);
    expect([known.hash, marked.hash]).toEqual(['', expect.stringMatching(/^[\w-]{22}$/u)]);
  });

  test('of another size is judged at every event, as that costs little', () => {
    const small = (peers: readonly object[]) => ({
      metadata: { name: 'own', namespace: 'team-a', uid: 'u', generation: 1 },
      spec: { podSelector: {}, ingress: [{ from: peers }] },
    });
    const known = networkPolicyProjection(small([everyone]));
    expect(networkPolicyProjection(small([blocks[0] ?? {}]), known).openness).toBeUndefined();
  });
});

describe('F60 a NetworkPolicy with 250 KiB', () => {
  const long = 'x'.repeat(250 * 1_024);
  const plain = { podSelector: {}, policyTypes: ['Ingress'] };
  const broad = (from: readonly object[]) => ({ ...plain, ingress: [{ from }] });
  const many = <Item>(count: number, item: (index: number) => Item): readonly Item[] =>
    Array.from({ length: count }, (_, index) => item(index));
  /** More than this is kept of none; a usual one takes some hundreds. */
  const MOST_KEPT = 60_000;

  test.each<[string, object, unknown]>([
    ['the annotation policy-uid', { annotations: { [ANNOTATIONS.policyUid]: long } }, plain],
    ['another annotation', { annotations: { padding: long } }, plain],
    ['our policy label', { labels: { [LABELS.policy]: long } }, plain],
    [
      'the name of a manager',
      { labels: { [LABELS.managedBy]: FIELD_MANAGER }, managedFields: [{ manager: long, time: '' }] },
      plain,
    ],
    [
      'its selector',
      {},
      {
        ...broad([]),
        podSelector: { matchLabels: Object.fromEntries(many(3_000, (index) => [`k${index}`, 'v'.repeat(63)])) },
      },
    ],
    ['blocks', {}, broad(many(6_000, (index) => ({ ipBlock: { cidr: `${index >> 5}.${(index & 31) * 8}.0.0/14` } })))],
    [
      'namespaces that it leaves out',
      {},
      broad([
        {
          namespaceSelector: {
            matchExpressions: [
              { key: 'a', operator: 'NotIn', values: many(4_000, (index) => `v${index}-${'y'.repeat(50)}`) },
            ],
          },
        },
      ]),
    ],
    ['ports', {}, { ...plain, ingress: [{ ports: many(8_000, (index) => ({ port: 8 * index + 1 })) }] }],
  ])('in %s: little of it is kept', (_where, metadata, spec) => {
    const { uid, name, policyLabel, policyUid, otherManager, openness, hash, isolates } = networkPolicyProjection({
      metadata: { name: 'own', namespace: 'team-a', uid: 'u', generation: 1, ...metadata },
      spec,
    });
    const kept = { uid, name, policyLabel, policyUid, otherManager, openness, hash, isolates };
    expect(JSON.stringify(kept).length).toBeLessThan(MOST_KEPT);
  });
});
