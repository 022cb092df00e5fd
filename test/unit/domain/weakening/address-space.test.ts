import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AddressRange,
  IPV4_SPACE,
  IPV6_SPACE,
  isCovered,
  rangeOf,
  rangeWithout,
  unionOf,
} from '../../../../src/domain/weakening/address-space.ts';

/** Small numbers, so that ranges overlap, touch and nest often. */
const anyRange: fc.Arbitrary<AddressRange> = fc
  .tuple(fc.bigInt(0n, 30n), fc.bigInt(0n, 8n))
  .map(([first, length]) => ({ first, last: first + length }));
const anyRanges = fc.array(anyRange, { maxLength: 6 });

const NUMBERS = Array.from({ length: 45 }, (_, number) => BigInt(number));
const isIn = (ranges: readonly AddressRange[], number: bigint): boolean =>
  ranges.some(({ first, last }) => first <= number && number <= last);
const numbersIn = (ranges: readonly AddressRange[]): readonly bigint[] =>
  NUMBERS.filter((number) => isIn(ranges, number));

describe('the addresses of a block', () => {
  test.each([
    ['0.0.0.0/0', IPV4_SPACE],
    ['::/0', IPV6_SPACE],
    ['255.255.255.255/32', { first: IPV4_SPACE.last, last: IPV4_SPACE.last }],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', { first: IPV6_SPACE.last, last: IPV6_SPACE.last }],
    ['128.0.0.0/1', { first: IPV4_SPACE.first + (1n << 31n), last: IPV4_SPACE.last }],
    ['8000::/1', { first: 1n << 127n, last: IPV6_SPACE.last }],
    ['::1/128', { first: 1n, last: 1n }],
  ])('%s', (cidr, range) => {
    expect(rangeOf(cidr)).toEqual(range);
  });

  test.each([
    ['host bits that are set', '10.1.2.3/8', '10.0.0.0/8'],
    ['host bits that are set, in IPv6', '2001:db8::1/32', '2001:db8::/32'],
    ['leading zeros, which are not octal', '010.000.0.0/08', '10.0.0.0/8'],
    ['leading zeros in IPv6', '02001:00db8::/032', '2001:db8::/32'],
    ['capital letters', '2001:DB8::/32', '2001:db8::/32'],
    ['IPv4 written as IPv6', '::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['all of IPv4 written as IPv6', '::ffff:0:0/96', '0.0.0.0/0'],
    ['IPv4 written as IPv6 with leading zeros, which are not octal', '::ffff:010.0.0.0/104', '10.0.0.0/8'],
    ['more than all of IPv4 written as IPv6, which is IPv6', '::ffff:0:0/95', '::fffe:0:0/95'],
  ])('%s are read as the API server reads them', (_what, written, plain) => {
    expect(rangeOf(plain)).toBeDefined();
    expect(rangeOf(written)).toEqual(rangeOf(plain));
  });

  test.each([
    '',
    '/',
    '0/0',
    '0.0.0.0',
    '0.0.0/0',
    '0.0.0.0/33',
    '256.0.0.0/8',
    '0x0.0.0.0/0',
    '-1.0.0.0/8',
    ' 0.0.0.0/0',
    '0.0.0.0/0\n',
    '::',
    '::/129',
    'fe80::%eth0/64',
    '1:2/16',
    'all',
  ])('%j is no block', (text) => {
    expect(rangeOf(text)).toBeUndefined();
  });

  test('no text is thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./%]{0,60}$/)), (text) => {
        expect(() => rangeOf(text)).not.toThrow();
      }),
    );
  });
});

describe('sets of addresses', () => {
  test('a union holds what its ranges hold, in ascending ranges that do not touch', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const union = unionOf(ranges);
        expect(numbersIn(union)).toEqual(numbersIn(ranges));
        for (const [index, { first }] of union.slice(1).entries()) {
          expect(first).toBeGreaterThan((union[index]?.last ?? first) + 1n);
        }
      }),
    );
  });

  test('a range without holes of any kind holds just what is in none of them', () => {
    fc.assert(
      fc.property(anyRange, anyRanges, (range, holes) => {
        expect(numbersIn(rangeWithout(range, holes))).toEqual(
          NUMBERS.filter((number) => isIn([range], number) && !isIn(holes, number)),
        );
      }),
    );
  });

  test('a range is covered exactly when each of its addresses is', () => {
    fc.assert(
      fc.property(anyRange, anyRanges, (range, ranges) => {
        expect(isCovered(range, unionOf(ranges))).toBe(numbersIn([range]).every((number) => isIn(ranges, number)));
      }),
    );
  });

  test('no family fills the other: ::/0 holds no IPv4 address, and 0.0.0.0/0 no IPv6 address', () => {
    expect(isCovered(IPV4_SPACE, unionOf([IPV6_SPACE]))).toBe(false);
    expect(isCovered(IPV6_SPACE, unionOf([IPV4_SPACE]))).toBe(false);
    expect(unionOf([IPV4_SPACE, IPV6_SPACE])).toEqual([IPV6_SPACE, IPV4_SPACE]);
  });
});
