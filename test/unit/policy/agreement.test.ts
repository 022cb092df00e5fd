import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusterOf, compile, type Endpoint, matrixOf, verdict } from '../../../src/policy/index.ts';
import { bruteForceVerdict, type Raw } from './brute-force.ts';
import { ASKED, generatedCluster, networkPolicy } from './generated-clusters.ts';

const RUNS = 1500;
/** Outside the cluster, and of both families. */
const EXTERNAL = ['8.8.8.8', '192.168.0.77', '2001:db8::1'];

interface Asked {
  readonly text: string;
  readonly endpoint: Endpoint;
}

function endsOf(objects: readonly Raw[]): readonly Asked[] {
  const pods = clusterOf(objects).pods.map(({ namespace, name }) => ({
    text: `${namespace}/${name}`,
    endpoint: { kind: 'pod' as const, namespace, name },
  }));
  return [...pods, ...EXTERNAL.map((address) => ({ text: address, endpoint: { kind: 'address' as const, address } }))];
}

function verdictsOf(objects: readonly Raw[]): ReadonlyMap<string, string> {
  const compiled = compile(clusterOf(objects));
  const ends = endsOf(objects);
  const verdicts = new Map<string, string>();
  for (const from of ends) {
    for (const to of ends) {
      for (const { protocol, port } of ASKED) {
        const { kind } = verdict(compiled, { from: from.endpoint, to: to.endpoint, protocol, port });
        verdicts.set(`${from.text} to ${to.text} ${protocol} ${port}`, kind);
      }
    }
  }
  return verdicts;
}

describe('generated clusters', () => {
  test('the engine and the evaluator that was written from the text of the API agree on every pair', () => {
    fc.assert(
      fc.property(generatedCluster, (objects) => {
        const cluster = clusterOf(objects);
        expect(cluster.problems).toEqual([]);
        const compiled = compile(cluster);
        const ends = endsOf(objects);
        const differing = ends.flatMap((from) =>
          ends.flatMap((to) =>
            [...ASKED, { protocol: 'ICMP', port: 0 }].flatMap(({ protocol, port }) => {
              if (EXTERNAL.includes(from.text) && EXTERNAL.includes(to.text)) {
                return [];
              }
              const connection = { from: from.text, to: to.text, protocol, port };
              const expected = bruteForceVerdict(objects, connection);
              const { kind } = verdict(compiled, { from: from.endpoint, to: to.endpoint, protocol, port });
              return kind === expected ? [] : [{ ...connection, kind, expected }];
            }),
          ),
        );
        expect(differing).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  test('a matrix has the verdict of each pair, and counts them right', () => {
    fc.assert(
      fc.property(generatedCluster, (objects) => {
        const compiled = compile(clusterOf(objects));
        for (const options of [{ ports: ASKED }, {}]) {
          const matrix = matrixOf(compiled, options);
          const counts = { allowed: 0, denied: 0, undefined: 0 };
          const differing = [...matrix.cells()].flatMap(
            ({ from, to, protocol, port, egress, ingress, verdict: kind }) => {
              counts[kind] += 1;
              const answer = verdict(compiled, {
                from: { kind: 'pod', namespace: from.namespace, name: from.name },
                to: { kind: 'pod', namespace: to.namespace, name: to.name },
                protocol,
                port,
              });
              const isSame =
                answer.kind === kind && !(kind === 'allowed' && (egress !== 'allowed' || ingress !== 'allowed'));
              return isSame ? [] : [{ from: from.name, to: to.name, protocol, port, kind, expected: answer.kind }];
            },
          );
          expect(differing).toEqual([]);
          expect(matrix.counts()).toEqual(counts);
        }
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  test('the order of objects never matters', () => {
    fc.assert(
      fc.property(
        generatedCluster.chain((objects) =>
          fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], { minLength: objects.length })),
        ),
        ([objects, shuffled]) => {
          const ends = verdictsOf(objects);
          expect(new Map([...verdictsOf(shuffled)].sort())).toEqual(new Map([...ends].sort()));
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  test('a policy that selects nothing changes nothing', () => {
    fc.assert(
      fc.property(generatedCluster, networkPolicy('more'), (objects, policy) => {
        const selectsNothing = {
          ...policy,
          spec: { ...specOf(policy), podSelector: { matchLabels: { never: 'there' } } },
        };
        expect(verdictsOf([...objects, selectsNothing])).toEqual(verdictsOf(objects));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test('one more policy never denies what was allowed to pods that policies isolated already', () => {
    fc.assert(
      fc.property(generatedCluster, networkPolicy('more'), (objects, policy) => {
        const isolating = ['a', 'b', 'c'].map((namespace) => ({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'default-deny', namespace },
          spec: { policyTypes: ['Ingress', 'Egress'] },
        }));
        const before = verdictsOf([...objects, ...isolating]);
        const after = verdictsOf([...objects, ...isolating, policy]);
        const lost = [...before].filter(([pair, kind]) => kind === 'allowed' && after.get(pair) !== 'allowed');
        expect(lost).toEqual([]);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test('one policy with several rules is as good as one policy for each rule', () => {
    fc.assert(
      fc.property(generatedCluster, (objects) => {
        const split = objects.flatMap((object) => (object.kind === 'NetworkPolicy' ? partsOf(object) : [object]));
        expect(verdictsOf(split)).toEqual(verdictsOf(objects));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

function specOf(policy: Raw): Raw {
  return Object.fromEntries(Object.entries(policy.spec ?? {}));
}

/** The isolation alone, and one policy for each rule. */
function partsOf(policy: Raw): readonly Raw[] {
  const { ingress, egress, policyTypes, ...spec } = specOf(policy);
  const rulesOf = (rules: unknown): readonly unknown[] => (Array.isArray(rules) ? rules : []);
  const declared = rulesOf(policyTypes);
  const types = declared.length > 0 ? declared : ['Ingress', ...(rulesOf(egress).length > 0 ? ['Egress'] : [])];
  const part = (suffix: string, more: Raw): Raw => ({
    ...policy,
    metadata: { ...Object.fromEntries(Object.entries(policy.metadata ?? {})), name: `${nameOf(policy)}-${suffix}` },
    spec: { ...spec, ...more },
  });
  return [
    part('isolation', { policyTypes: types }),
    ...(types.includes('Ingress')
      ? rulesOf(ingress).map((rule, index) => part(`in${index}`, { policyTypes: ['Ingress'], ingress: [rule] }))
      : []),
    ...(types.includes('Egress')
      ? rulesOf(egress).map((rule, index) => part(`out${index}`, { policyTypes: ['Egress'], egress: [rule] }))
      : []),
  ];
}

function nameOf({ metadata }: Raw): string {
  return String(new Map<string, unknown>(Object.entries(metadata ?? {})).get('name'));
}
