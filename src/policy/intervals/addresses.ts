import ipaddr from 'ipaddr.js';
import { type Interval, type IntervalAlgebra, type IntervalSet, intervalAlgebra } from './interval-set.ts';

/** An address family. */
export type Family = 'IPv4' | 'IPv6';
/** Both, in the order in which results list them. */
export const FAMILIES = ['IPv4', 'IPv6'] as const satisfies readonly Family[];

/**
 * The addresses from `first` to `last`, both included. Both families stand on one line of numbers, so far apart that no
 * range of one ever touches one of the other: `::/0` holds no IPv4 address and `0.0.0.0/0` no IPv6 address.
 */
export type AddressRange = Interval<bigint>;

/** A set of addresses of both families. */
export type AddressSet = IntervalSet<bigint>;

const IPV4_START = 1n << 129n;

/** Every address of each family. */
export const ADDRESS_SPACE: Readonly<Record<Family, AddressRange>> = {
  IPv4: { first: IPV4_START, last: IPV4_START + (1n << 32n) - 1n },
  IPv6: { first: 0n, last: (1n << 128n) - 1n },
};

/** Every address of both families. */
export const EVERY_ADDRESS: AddressSet = [ADDRESS_SPACE.IPv6, ADDRESS_SPACE.IPv4];

/** The operations on sets of addresses. */
export const addresses: IntervalAlgebra<bigint> = intervalAlgebra<bigint>({
  next: (address) => address + 1n,
  previous: (address) => address - 1n,
});

const IPV4_BLOCK = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})\.(\d{1,10})\/(\d{1,3})$/;
const LEADING_ZEROS = /\b0+(?=[0-9a-f])/gi;
const LONGEST_TEXT = 64;

/**
 * The addresses of a block as it is written in a NetworkPolicy; undefined when it is no block. It reads what the API
 * server takes in that field, which is more than CEL's `cidr()` does: host bits that are set, leading zeros (decimal,
 * never octal), and IPv4 blocks written as IPv6, which are read as the IPv4 blocks that they mean
 * (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go, IsValidCIDRForLegacyField).
 */
export function addressRangeOf(cidr: string): AddressRange | undefined {
  if (cidr.length > LONGEST_TEXT) {
    return undefined;
  }
  return cidr.includes(':') ? ipv6Range(cidr) : ipv4Range(cidr);
}

/** The number of one address, such as `10.0.0.1` or `2001:db8::1`; undefined when it is no address. */
export function addressOf(text: string): bigint | undefined {
  return addressRangeOf(`${text}/${text.includes(':') ? 128 : 32}`)?.first;
}

/** The family of an address. */
export function familyOf(address: bigint): Family {
  return address >= IPV4_START ? 'IPv4' : 'IPv6';
}

/** An address in its usual spelling. */
export function addressText(address: bigint): string {
  if (familyOf(address) === 'IPv4') {
    const number = Number(address - IPV4_START);
    return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
  }
  const parts = Array.from({ length: 8 }, (_, index) => Number((address >> BigInt(112 - 16 * index)) & 0xffffn));
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** The shortest list of blocks that holds exactly the addresses of the set, in ascending order, IPv4 last. */
export function cidrsOf(set: AddressSet): readonly string[] {
  return set.flatMap(blocksOf);
}

function blocksOf({ first, last }: AddressRange): readonly string[] {
  const blocks: string[] = [];
  const family = familyOf(first);
  const width = family === 'IPv4' ? 32 : 128;
  const start = ADDRESS_SPACE[family].first;
  let next = first;
  while (next <= last) {
    let freeBits = 0;
    while (freeBits < width && isBlock({ offset: next - start, freeBits: freeBits + 1, room: last - next })) {
      freeBits += 1;
    }
    blocks.push(`${addressText(next)}/${width - freeBits}`);
    next += 1n << BigInt(freeBits);
  }
  return blocks;
}

function isBlock(block: { readonly offset: bigint; readonly freeBits: number; readonly room: bigint }): boolean {
  const size = 1n << BigInt(block.freeBits);
  return block.offset % size === 0n && size - 1n <= block.room;
}

/** In plain numbers up to the last step: a policy can have tens of thousands of blocks. */
function ipv4Range(cidr: string): AddressRange | undefined {
  const block = IPV4_BLOCK.exec(cidr);
  if (block === null) {
    return undefined;
  }
  let address = 0;
  for (let index = 1; index <= 4; index += 1) {
    const octet = Number(block[index]);
    if (octet > 255) {
      return undefined;
    }
    address = address * 256 + octet;
  }
  const prefixLength = Number(block[5]);
  if (prefixLength > 32) {
    return undefined;
  }
  const size = 2 ** (32 - prefixLength);
  const first = address - (address % size);
  return { first: IPV4_START + BigInt(first), last: IPV4_START + BigInt(first + size - 1) };
}

function ipv6Range(cidr: string): AddressRange | undefined {
  const plain = cidr.replaceAll(LEADING_ZEROS, '');
  const parsed = plain.includes('%') ? undefined : parsedIpv6(plain);
  if (parsed === undefined) {
    return undefined;
  }
  const [address, prefixLength] = parsed;
  const isIpv4 = prefixLength >= 96 && address.isIPv4MappedAddress();
  const parts = isIpv4 ? address.parts.slice(6) : address.parts;
  const offset = parts.reduce((number, part) => (number << 16n) | BigInt(part), 0n);
  const freeBits = BigInt(128 - prefixLength);
  const first = ADDRESS_SPACE[isIpv4 ? 'IPv4' : 'IPv6'].first + ((offset >> freeBits) << freeBits);
  return { first, last: first + (1n << freeBits) - 1n };
}

/** Not asked first whether it is valid, since that reads it a second time. */
function parsedIpv6(cidr: string): ReturnType<typeof ipaddr.IPv6.parseCIDR> | undefined {
  try {
    return ipaddr.IPv6.parseCIDR(cidr);
  } catch {
    return undefined;
  }
}
