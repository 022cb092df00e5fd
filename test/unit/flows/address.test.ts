import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { canonicalAddress, coveringBlocks, hostBlock, isPublic, widened } from '../../../src/flows/address.ts';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6().filter((text) => !text.includes('.'));

describe('addresses of flows', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['010.0.0.1', undefined],
    ['10.0.0', undefined],
    ['256.1.1.1', undefined],
    ['1.2.3.4.', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%s is written as %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test('one address is /32 for IPv4 and /128 for IPv6', () => {
    expect([hostBlock('192.0.2.1'), hostBlock('2001:db8::1')]).toEqual(['192.0.2.1/32', '2001:db8::1/128']);
  });

  test.each([
    ['8.8.8.8', true],
    ['10.1.2.3', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['2a00:1450::1', true],
    ['fd00::1', false],
  ])('%s is public: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });

  test('a wider block holds the address and has its length', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), fc.constantFrom(8, 16, 24, 32, 13), (text, length) => {
        const address = canonicalAddress(text) ?? '';
        const block = widened(address, length);
        expect(block.endsWith(`/${length}`)).toBe(true);
        expect(isInside(address, block)).toBe(true);
        expect(widened(block, length)).toBe(block);
      }),
    );
  });

  test('neighbours become their common block, however few blocks are asked for', () => {
    expect(coveringBlocks(['192.0.2.4', '192.0.2.5', '192.0.2.6', '192.0.2.7'], 8)).toEqual([
      { cidr: '192.0.2.4/30', covers: 4 },
    ]);
  });

  test('the smallest gap is closed first', () => {
    expect(coveringBlocks(['8.8.8.1', '8.8.8.9', '1.1.1.1'], 2)).toEqual([
      { cidr: '1.1.1.1/32', covers: 1 },
      { cidr: '8.8.8.0/28', covers: 2 },
    ]);
  });

  test('blocks cover every address, no more of them than asked for, and none lies in another', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(ipv4, ipv6), { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (texts, limit) => {
        const addresses = texts.map((text) => canonicalAddress(text) ?? '');
        const blocks = coveringBlocks(addresses, limit);
        const holding = addresses.map((address) => blocks.filter(({ cidr }) => isInside(address, cidr)).length);
        expect(holding.every((count) => count === 1)).toBe(true);
        for (const isIpv6 of [true, false]) {
          expect(blocks.filter(({ cidr }) => cidr.includes(':') === isIpv6).length).toBeLessThanOrEqual(limit);
        }
        expect(blocks.reduce((total, { covers }) => total + covers, 0)).toBe(new Set(addresses).size);
      }),
    );
  });
});

function isInside(address: string, cidr: string): boolean {
  const parsed = ipaddr.parse(address);
  const [block, length] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === block.kind() && parsed.match(block, length);
}
