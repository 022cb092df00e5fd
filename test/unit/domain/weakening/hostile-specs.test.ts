import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { weakeningOf } from './judged.ts';

const web = { matchLabels: { app: 'web' } };
const block = (cidr: string): object => ({ ipBlock: { cidr } });
const from = (...peers: unknown[]): object => ({ podSelector: {}, ingress: [{ from: peers }] });
const onPorts = (...ports: unknown[]): object => ({ podSelector: {}, ingress: [{ ports }] });

describe('R17 a hostile spec', () => {
  const name = fc.constantFrom(
    'podSelector',
    'policyTypes',
    'ingress',
    'egress',
    'from',
    'to',
    'ports',
    'namespaceSelector',
    'ipBlock',
    'cidr',
    'except',
    'protocol',
    'port',
    'endPort',
    'matchLabels',
    'matchExpressions',
    'key',
    'values',
    '__proto__',
  );
  const leaf = fc.oneof(
    fc.constantFrom('0.0.0.0/0', '::/0', 'TCP', 'Ingress', 'Egress', 'Exists', 1, 65_535, null),
    fc.string(),
    fc.double(),
  );
  const shape = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 7 },
      leaf,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(name, tie('any'), { maxKeys: 4 }),
    ),
  })).any;

  test('is answered, never thrown at, never changed, and the same way each time', () => {
    fc.assert(
      fc.property(fc.oneof(shape, fc.dictionary(name, shape)), (spec) => {
        const before = JSON.stringify(spec);
        expect(weakeningOf(spec)).toEqual(weakeningOf(JSON.parse(JSON.stringify(spec))));
        expect(JSON.stringify(spec)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  const count = (length: number, item: (index: number) => unknown): unknown[] =>
    Array.from({ length }, (_, index) => item(index));
  const undecided = (peer: string, pods: string): string =>
    `is too large to be judged whole and may allow every ${peer}, for ${pods}`;

  test('is judged whole up to 4,096 rules, peers, ports and exceptions of a direction, however they must be merged', () => {
    const rules = (length: number): object => ({
      podSelector: web,
      ingress: count(length, (index) => ({ ports: [{ port: 32 * index + 1, endPort: 32 * index + 33 }] })),
    });
    expect(weakeningOf(rules(2047))).toEqual({ ingress: 'allows every source on TCP ports 1-65505, for pods app=web' });
    const blocks = count(2048, (index) => block(`${index >> 3}.${(index & 7) * 32}.0.0/11`));
    expect(weakeningOf(from(...blocks))?.ingress).toBe('allows every IPv4 source on every port, for all pods');
    expect(weakeningOf(from(...blocks.slice(1)))?.ingress).toMatch(/but 0.0.0.0.11/);
  });
  test.each<[string, object]>([
    ['rules', { ingress: count(4097, (index) => ({ ports: [{ port: index + 1 }] })) }],
    ['peers', from(...count(65_536, (index) => block(`${index >> 8}.${index & 255}.0.0/16`)))],
    ['ports', onPorts(...count(300_000, () => ({})))],
    [
      'exceptions',
      from({ ipBlock: { cidr: '0.0.0.0/0', except: count(5000, (index) => `10.${index >> 8}.${index & 255}.0/24`) } }),
    ],
    [
      'label values',
      from({
        namespaceSelector: {
          matchExpressions: [{ key: 'a', operator: 'NotIn', values: count(5000, (index) => `v${index}`) }],
        },
      }),
    ],
  ])('F59 with more %s than that is told as undecided, since it might let everyone through', (_what, spec) => {
    expect(weakeningOf(spec)).toEqual({ ingress: undecided('source', 'all pods') });
  });
  test('F59 that cannot let everyone through by its size alone is no weakening, however large it is', () => {
    const blocks = count(40_000, (index) => block(`${index >> 8}.${index & 255}.0.0/16`));
    expect(weakeningOf(from(...blocks), 'open')).toBeUndefined();
    expect(weakeningOf(from(...blocks, block('0.0.0.0/0')))).toEqual({ ingress: undecided('source', 'all pods') });
  });
  test('does not hide behind its size, and the judgement says that it is a guess', () => {
    const ports = (index: number): object[] => [{ port: 2 * index + 1, endPort: 65_535 }];
    const ingress = count(2000, (index) => ({
      from: [block('0.0.0.0/1'), block('128.0.0.0/1')],
      ports: ports(index + 900),
    }));
    expect(weakeningOf({ ingress })?.ingress).toBe(undecided('source', 'all pods'));
  });
  test('is no false alarm for being large', () => {
    const blocks = count(20_000, (index) => block(`10.${index >> 8}.${index & 255}.0/24`));
    expect(
      weakeningOf({ ingress: [{ from: blocks }, { ports: count(3000, (index) => ({ port: index + 2 })) }] }),
    ).toBeUndefined();
  });
  test('says the same thing over and over', () => {
    expect(weakeningOf({ ingress: count(500_000, () => ({})) })).toEqual({
      ingress: 'allows every source on every port, for all pods',
    });
    expect(weakeningOf(onPorts(...count(4000, () => ({}))))).toEqual({
      ingress: 'allows every source on every TCP port, for all pods',
    });
  });
});
