import ipaddr from 'ipaddr.js';

/**
 * The addresses from `first` to `last`, both included. Both families stand on one line of numbers, so far apart that no
 * range of one ever touches one of the other: `::/0` holds no IPv4 address and `0.0.0.0/0` no IPv6 address.
 */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** Every IPv6 address. */
export const IPV6_SPACE: AddressRange = { first: 0n, last: (1n << 128n) - 1n };
/** Every IPv4 address. */
export const IPV4_SPACE: AddressRange = { first: 1n << 129n, last: (1n << 129n) + (1n << 32n) - 1n };

const IPV4_BLOCK = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/;
const LEADING_ZEROS = /\b0+(?=[0-9a-f])/gi;

/**
 * The addresses of a block as it is written in a NetworkPolicy; undefined when it is no block. It reads what the
 * API server takes in that field, which is more than CEL's `cidr()` does: host bits that are set, leading zeros (decimal,
 * never octal), and IPv4 blocks written as IPv6, which are read as the IPv4 blocks that they mean
 * (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go, IsValidCIDRForLegacyField).
 */
export function rangeOf(cidr: string): AddressRange | undefined {
  return cidr.includes(':') ? ipv6Range(cidr) : ipv4Range(cidr);
}

/** In plain numbers up to the last step: a tenant's policy can have tens of thousands of blocks. */
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
  return { first: IPV4_SPACE.first + BigInt(first), last: IPV4_SPACE.first + BigInt(first + size - 1) };
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
  return rangeAround({
    space: isIpv4 ? IPV4_SPACE : IPV6_SPACE,
    offset: numberOf(parts, 16n),
    freeBits: 128 - prefixLength,
  });
}

/** Not asked first whether it is valid, since that reads it a second time. */
function parsedIpv6(cidr: string): ReturnType<typeof ipaddr.IPv6.parseCIDR> | undefined {
  try {
    return ipaddr.IPv6.parseCIDR(cidr);
  } catch {
    return undefined;
  }
}

/** The block of `2 ** freeBits` addresses in which the address at `offset` of `space` lies. */
function rangeAround(block: {
  readonly space: AddressRange;
  readonly offset: bigint;
  readonly freeBits: number;
}): AddressRange {
  const freeBits = BigInt(block.freeBits);
  const first = block.space.first + ((block.offset >> freeBits) << freeBits);
  return { first, last: first + (1n << freeBits) - 1n };
}

function numberOf(digits: readonly number[], bitsPerDigit: bigint): bigint {
  return digits.reduce((number, digit) => (number << bitsPerDigit) | BigInt(digit), 0n);
}

/** The same addresses in ascending ranges that neither overlap nor touch: equal sets have equal unions. */
export function unionOf(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const union: AddressRange[] = [];
  for (const range of [...ranges].sort(byFirst)) {
    const before = union.at(-1);
    if (before === undefined || range.first > before.last + 1n) {
      union.push(range);
    } else if (range.last > before.last) {
      union[union.length - 1] = { first: before.first, last: range.last };
    }
  }
  return union;
}

/** The parts of a range outside `holes`, which may overlap and lie anywhere; in ascending order. */
export function rangeWithout(range: AddressRange, holes: readonly AddressRange[]): readonly AddressRange[] {
  const left: AddressRange[] = [];
  let next = range.first;
  for (const hole of unionOf(holes)) {
    if (hole.last < next) {
      continue;
    }
    if (hole.first > range.last) {
      break;
    }
    if (hole.first > next) {
      left.push({ first: next, last: hole.first - 1n });
    }
    next = hole.last + 1n;
  }
  return next > range.last ? left : [...left, { first: next, last: range.last }];
}

/** Whether every address of `range` lies in `union`, which must come from {@link unionOf}. */
export function isCovered(range: AddressRange, union: readonly AddressRange[]): boolean {
  return union.some(({ first, last }) => first <= range.first && last >= range.last);
}

function byFirst(one: AddressRange, other: AddressRange): number {
  if (one.first === other.first) {
    return 0;
  }
  return one.first < other.first ? -1 : 1;
}
