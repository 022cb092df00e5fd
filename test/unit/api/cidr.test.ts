import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalCidr, isCidr, isInside } from '../../../src/api/cidr.ts';

const ipv4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, length]) => `${address}/${length}`);
const ipv6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, length]) => `${address}/${length}`);
const anyCidr = fc.oneof(ipv4, ipv6).filter(isCidr);

test('the canonical form of a block is canonical, and the same block', () => {
  fc.assert(
    fc.property(anyCidr, (cidr) => {
      const canonical = canonicalCidr(cidr) ?? '';
      expect(canonicalCidr(canonical)).toBe(canonical);
      expect([isInside(cidr, canonical), isInside(canonical, cidr)]).toEqual([true, true]);
    }),
  );
});

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3/32', '10.1.2.3/32'],
  ['10.1.2.3/15', '10.0.0.0/15'],
  ['255.255.255.255/0', '0.0.0.0/0'],
  ['2001:DB8:0:0:0:0:0:1/32', '2001:db8::/32'],
  ['2001:db8::ffff/127', '2001:db8::fffe/127'],
  ['1:0:0:2:0:0:0:0/64', '1:0:0:2::/64'],
])('the canonical form of %s is %s', (cidr, canonical) => {
  expect(canonicalCidr(cidr)).toBe(canonical);
});

test('a block is inside another when it is a part of it or all of it, and never across families', () => {
  expect(isInside('10.1.0.0/16', '10.0.0.0/8')).toBe(true);
  expect(isInside('10.0.0.0/8', '10.0.0.0/8')).toBe(true);
  expect(isInside('10.0.0.0/8', '10.1.0.0/16')).toBe(false);
  expect(isInside('11.0.0.0/16', '10.0.0.0/8')).toBe(false);
  expect(isInside('::/128', '0.0.0.0/0')).toBe(false);
  expect(isInside('nowhere', '0.0.0.0/0')).toBe(false);
});

test('an answer comes for any text', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'f', ':', '::', '.', '/', '%') })),
      (text) => {
        if (!isCidr(text)) {
          expect(canonicalCidr(text)).toBeUndefined();
        }
      },
    ),
  );
});
