import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addresses,
  addressOf,
  addressRangeOf,
  addressText,
  cidrsOf,
  familyOf,
  portNumbers,
} from '../../../src/policy/index.ts';

const LAST = 40;
const interval = fc
  .tuple(fc.integer({ min: 1, max: LAST }), fc.integer({ min: 1, max: LAST }))
  .map(([one, other]) => ({ first: Math.min(one, other), last: Math.max(one, other) }));
const intervals = fc.array(interval, { maxLength: 6 });

/** The same set, point by point. */
function pointsOf(set: readonly { readonly first: number; readonly last: number }[]): ReadonlySet<number> {
  return new Set(set.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, step) => first + step)));
}

function isSubset(part: ReadonlySet<number>, whole: ReadonlySet<number>): boolean {
  return [...part].every((point) => whole.has(point));
}

describe('sets of intervals', () => {
  test('do what sets of points do', () => {
    fc.assert(
      fc.property(intervals, intervals, (some, others) => {
        const one = portNumbers.setOf(some);
        const other = portNumbers.setOf(others);
        const [left, right] = [pointsOf(some), pointsOf(others)];
        expect(pointsOf(portNumbers.union(one, other))).toEqual(new Set([...left, ...right]));
        expect(pointsOf(portNumbers.intersection(one, other))).toEqual(
          new Set([...left].filter((point) => right.has(point))),
        );
        expect(pointsOf(portNumbers.difference(one, other))).toEqual(
          new Set([...left].filter((point) => !right.has(point))),
        );
        expect(portNumbers.covers(one, other)).toBe(isSubset(right, left));
        expect(portNumbers.equal(one, other)).toBe(isSubset(left, right) && isSubset(right, left));
        const isPart = [...left].some((point) => right.has(point)) ? 'part' : 'none';
        expect(portNumbers.overlap(one, other)).toBe(left.size > 0 && isSubset(left, right) ? 'all' : isPart);
        for (let point = 1; point <= LAST; point += 1) {
          expect(portNumbers.contains(one, point)).toBe(left.has(point));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('have one form: ascending, and neither overlapping nor touching', () => {
    fc.assert(
      fc.property(intervals, intervals, (some, others) => {
        const one = portNumbers.setOf(some);
        const other = portNumbers.setOf(others);
        for (const set of [
          one,
          portNumbers.union(one, other),
          portNumbers.difference(one, other),
          portNumbers.intersection(one, other),
        ]) {
          expect(set).toEqual(portNumbers.setOf(set.toReversed()));
          expect(set.every(({ first }, index) => index === 0 || first > (set[index - 1]?.last ?? 0) + 1)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('addresses', () => {
  test('of both families lie apart', () => {
    const four = addressRangeOf('0.0.0.0/0');
    const six = addressRangeOf('::/0');
    expect(four === undefined || six === undefined ? '' : addresses.overlap([four], [six])).toBe('none');
    expect(familyOf(addressOf('10.0.0.1') ?? 0n)).toBe('IPv4');
    expect(familyOf(addressOf('::1') ?? 0n)).toBe('IPv6');
  });

  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['010.0.0.0/8', '10.0.0.0/8'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['2001:DB8::1/64', '2001:db8::/64'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['::/0', '::/0'],
  ])('%s is read as %s', (written, block) => {
    const range = addressRangeOf(written);
    expect(range === undefined ? [] : cidrsOf([range])).toEqual([block]);
  });

  test.each([
    '',
    'A',
    '10.0.0.0',
    '10.0.0.0/33',
    '256.0.0.0/8',
    '::/129',
    'fe80::1%eth0/64',
    `${'0'.repeat(90)}1.0.0.0/8`,
  ])('%j is no block', (written) => {
    expect(addressRangeOf(written)).toBeUndefined();
  });

  test('are written as the fewest blocks', () => {
    const [whole, hole] = [addressRangeOf('10.0.0.0/29'), addressRangeOf('10.0.0.4/32')];
    const left = whole === undefined || hole === undefined ? [] : addresses.difference([whole], [hole]);
    expect(cidrsOf(left)).toEqual(['10.0.0.0/30', '10.0.0.5/32', '10.0.0.6/31']);
    expect(addressText(addressOf('fd00:0:0::1') ?? 0n)).toBe('fd00::1');
  });
});
