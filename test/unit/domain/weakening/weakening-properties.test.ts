import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyPeer } from '../../../fixtures/arbitraries.ts';
import { weakeningOf } from './judged.ts';

const block = (cidr: string, ...except: string[]): object => ({
  ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) },
});

/** All of IPv4 in disjoint blocks: the whole, and then one block after the other cut into its two halves. */
const anyPartition: fc.Arbitrary<readonly string[]> = fc.array(fc.nat(), { maxLength: 12 }).map((cuts) => {
  const blocks = ['0.0.0.0/0'];
  for (const cut of cuts) {
    blocks.push(...halves(blocks.splice(cut % blocks.length, 1)[0] ?? ''));
  }
  return blocks;
});

function halves(cidr: string): readonly string[] {
  const [address = '', length = ''] = cidr.split('/');
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const spelled = (value: number): string =>
    [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  const start = number - (number % 2 ** (32 - Number(length)));
  return [start, start + 2 ** (31 - Number(length))].map((first) => `${spelled(first)}/${Number(length) + 1}`);
}

const openPorts = fc.constantFrom(
  [undefined],
  [[{ protocol: 'UDP' }]],
  [
    [
      { port: 1, endPort: 443 },
      { port: 444, endPort: 65_535 },
    ],
  ],
  [[{ port: 1, endPort: 999 }], [{ port: 500, endPort: 65_535 }]],
);
/** Rules that let all of IPv4 in, each block exactly once on each port, among rules and peers that are narrow. */
const anyOpening = fc.record({
  blocks: anyPartition,
  ports: openPorts,
  others: fc.array(
    fc.record({
      from: fc.array(
        anyPeer.filter((peer) => peer.ipBlock === undefined && peer.namespaceSelector === undefined),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});
const specWith = (
  peers: readonly object[],
  { ports, others }: { readonly ports: readonly unknown[]; readonly others: readonly object[] },
): object => ({
  podSelector: {},
  ingress: [...others, ...ports.flatMap((list) => peers.map((peer) => ({ from: [peer], ports: list })))],
});

describe('R17 the judgement is exact', () => {
  test('all of IPv4 in blocks is every source; without any one of the blocks it is not', () => {
    fc.assert(
      fc.property(anyOpening, fc.nat(), ({ blocks, ...rest }, at) => {
        const chosen = at % blocks.length;
        const whole = blocks.map((cidr) => block(cidr));
        expect(weakeningOf(specWith(whole, rest))?.ingress).toMatch(/^allows every IPv4 source on /);
        const lessOne =
          weakeningOf(
            specWith(
              whole.filter((_, index) => index !== chosen),
              rest,
            ),
          )?.ingress ?? '';
        expect(lessOne).not.toMatch(/every IPv4 source on /);
        const holed = blocks.map((cidr, index) =>
          index === chosen ? block(cidr, halves(cidr)[at % 2] ?? '') : block(cidr),
        );
        expect(weakeningOf(specWith(holed, rest))?.ingress ?? '').not.toMatch(/every IPv4 source on /);
      }),
    );
  });

  // Blocks no smaller than a sixteenth of IPv4 and ports in four ranges: one address and one port of each tell everything.
  const bigBlock = fc
    .tuple(fc.nat(15), fc.integer({ min: 0, max: 4 }))
    .map(([sixteenth, length]) => `${sixteenth * 16}.0.0.0/${length}`);
  const bigPeer = fc.record({ ipBlock: fc.record({ cidr: bigBlock, except: fc.array(bigBlock, { maxLength: 1 }) }) });
  const bigPorts = fc
    .record({ port: fc.constantFrom(1, 80, 81), endPort: fc.constantFrom(80, 443, 65_535) })
    .filter(({ port, endPort }) => port <= endPort);
  const bigRule = fc.record({
    from: fc.array(bigPeer, { minLength: 1, maxLength: 4 }),
    ports: fc.oneof(fc.constant(undefined), fc.array(bigPorts, { minLength: 1, maxLength: 3 })),
  });
  const bigRules = fc.array(bigRule, { maxLength: 5 });
  const isInBlock = (sixteenth: number, cidr: string): boolean => {
    const [first = 0, length = 0] = cidr
      .split(/[./]/)
      .flatMap((part, index) => (index === 0 || index === 4 ? Number(part) : []));
    return (sixteenth * 16) >> (8 - length) === first >> (8 - length);
  };

  test('it agrees with asking for each address and each port', () => {
    const seen = { open: 0, closed: 0 };
    fc.assert(
      fc.property(bigRules, (ingress) => {
        const isLetIn = (sixteenth: number, port: number): boolean =>
          ingress.some(
            ({ from: peers, ports }) =>
              (ports ?? [{ port: 1, endPort: 65_535 }]).some((range) => range.port <= port && port <= range.endPort) &&
              peers.some(
                ({ ipBlock }) =>
                  isInBlock(sixteenth, ipBlock.cidr) && !ipBlock.except.some((except) => isInBlock(sixteenth, except)),
              ),
          );
        const isOpen = Array.from({ length: 16 }, (_, sixteenth) =>
          [1024, 65_535].every((port) => isLetIn(sixteenth, port)),
        ).every(Boolean);
        seen[isOpen ? 'open' : 'closed'] += 1;
        expect(weakeningOf({ ingress }) !== undefined).toBe(isOpen);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(seen.open, seen.closed)).toBeGreaterThan(20);
  });
  test('the order of rules, of peers and of ports makes no difference, nor does a block cut into its halves', () => {
    const turned = (
      ingress: readonly { from: readonly unknown[]; ports: readonly unknown[] | undefined }[],
    ): object[] =>
      [...ingress]
        .reverse()
        .map((rule) => ({ ports: rule.ports && [...rule.ports].reverse(), from: [...rule.from].reverse() }));
    fc.assert(
      fc.property(bigRules, (ingress) => {
        const told = weakeningOf({ ingress });
        expect(weakeningOf({ ingress: turned(ingress) })).toEqual(told);
        const cut = ingress.map((rule) => ({
          ...rule,
          from: rule.from.flatMap(({ ipBlock }) =>
            halves(ipBlock.cidr).map((cidr) => ({ ipBlock: { ...ipBlock, cidr } })),
          ),
        }));
        expect(weakeningOf({ ingress: cut })).toEqual(told);
      }),
    );
  });
});
