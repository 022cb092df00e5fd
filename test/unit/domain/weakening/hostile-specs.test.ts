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
  const tooLarge = {
    podSelector: web,
    ingress: count(32_767, (index) => ({ ports: [{ port: 2 * index + 1, endPort: 2 * index + 3 }] })),
  };

  test('is judged whole where its rules can be merged', () => {
    expect(weakeningOf(tooLarge)).toEqual({ ingress: 'allows every source on every TCP port, for pods app=web' });
  });
  test('does not hide behind its size, and the judgement says that it is a guess', () => {
    const ports = (index: number): object[] => [{ port: 2 * index + 1, endPort: 65_535 }];
    const ingress = count(2000, (index) => ({
      from: [block('0.0.0.0/1'), block('128.0.0.0/1')],
      ports: ports(index + 900),
    }));
    expect(weakeningOf({ ingress })?.ingress).toBe(
      'is too large to be judged whole and may allow every source, for all pods',
    );
  });
  test('is no false alarm for being large', () => {
    const blocks = count(20_000, (index) => block(`10.${index >> 8}.${index & 255}.0/24`));
    expect(
      weakeningOf({ ingress: [{ from: blocks }, { ports: count(30_000, (index) => ({ port: index + 2 })) }] }),
    ).toBeUndefined();
  });
  test('says the same thing over and over', () => {
    expect(weakeningOf({ ingress: count(500_000, () => ({})) })).toEqual({
      ingress: 'allows every source on every port, for all pods',
    });
    expect(weakeningOf(onPorts(...count(300_000, () => ({}))))).toEqual({
      ingress: 'allows every source on every TCP port, for all pods',
    });
  });
  test('names every port by itself', () => {
    const ports = count(65_535, (index) => ({ port: index + 1 }));
    expect(weakeningOf(onPorts(...ports))).toEqual({ ingress: 'allows every source on every TCP port, for all pods' });
    expect(weakeningOf(onPorts(...ports.slice(1)))).toEqual({
      ingress: 'allows every source on TCP ports 2-65535, for all pods',
    });
  });
  test('is large and whole where every block is needed', () => {
    const blocks = count(65_536, (index) => block(`${index >> 8}.${index & 255}.0.0/16`));
    expect(weakeningOf(from(...blocks))?.ingress).toBe('allows every IPv4 source on every port, for all pods');
    expect(weakeningOf(from(...blocks.slice(1)))?.ingress).toMatch(/but 0.0.0.0.16/);
  });
});
