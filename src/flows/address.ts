import ipaddr from 'ipaddr.js';

/** An address or block, as bytes. */
interface Bits {
  readonly bytes: readonly number[];
  readonly prefixLength: number;
}

/** IPv4 in its one spelling, which most addresses are in: no need to take it apart. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * The one spelling of an address: IPv4 as such even when it came as IPv4-mapped IPv6, IPv6 in the form of RFC 5952.
 * Undefined for anything that is no address, and for addresses with a zone.
 */
export function canonicalAddress(text: string): string | undefined {
  if (IPV4.test(text)) {
    return text;
  }
  if (text.length > 45 || !ipaddr.isValid(text) || text.includes('%')) {
    return undefined;
  }
  if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return undefined;
  }
  return ipaddr.process(text).toString();
}

/** Whether traffic to or from the address stays inside of one network namespace, or the text means "no address". */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

/** Whether it is the unspecified address, which a socket without a peer has. */
export function isUnspecified(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

/**
 * Whether the address is one of the internet. Private, link-local and shared ranges are not, nor are those for
 * documentation, benchmarks and multicast (https://www.iana.org/assignments/iana-ipv4-special-registry/).
 */
export function isPublic(address: string): boolean {
  const [first = address] = address.split('/');
  return ipaddr.isValid(first) && ipaddr.process(first).range() === 'unicast';
}

/** The addresses that serve instance metadata, credentials among it, on the large clouds. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['169.254.169.254', 'fd00:ec2::254', '100.100.100.200']);

/** Whether pods reach the credentials of their node there: never to be allowed because it was merely seen. */
export function isCloudMetadata(address: string): boolean {
  return METADATA_ADDRESSES.has(address);
}

/** The block of exactly this address: `/32` for IPv4, `/128` for IPv6. A block is returned as it is. */
export function hostBlock(address: string): string {
  if (address.includes('/')) {
    return address;
  }
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/**
 * The block of `prefixLength` bits around an address or block, in canonical form. A block that is wider stays as it
 * is.
 */
export function widened(address: string, prefixLength: number): string {
  const [first = '', ownLength] = address.split('/');
  if (prefixLength % 8 === 0 && IPV4.test(first)) {
    const length = Math.min(prefixLength, Number(ownLength ?? 32));
    return length === prefixLength
      ? `${[...first.split('.').slice(0, length / 8), '0', '0', '0', '0'].slice(0, 4).join('.')}/${length}`
      : address;
  }
  const { bytes, prefixLength: own } = bitsOf(address);
  return blockText({ bytes, prefixLength: Math.min(own, prefixLength) });
}

/** A block and how many of the given addresses and blocks lie in it. */
export interface CoveringBlock {
  readonly cidr: string;
  readonly covers: number;
}

/**
 * The smallest blocks that cover all addresses (or blocks), at most `limit` of each family: again and again the two
 * neighbours are joined whose common block is the smallest.
 */
export function coveringBlocks(addresses: readonly string[], limit: number): readonly CoveringBlock[] {
  const all = [...new Set(addresses.map(hostBlock))].map(bitsOf);
  return [4, 16].flatMap((width) => {
    const family = all.filter(({ bytes }) => bytes.length === width).sort(byAddress);
    return joined(
      family.map((block) => ({ block, covers: 1 })),
      limit,
    ).map(({ block, covers }) => ({ cidr: blockText(block), covers }));
  });
}

interface Covered {
  readonly block: Bits;
  readonly covers: number;
}

function joined(sorted: readonly Covered[], limit: number): readonly Covered[] {
  const blocks = [...sorted];
  while (blocks.length > 1) {
    const { index, common } = bestJoin(blocks);
    const [left, right] = blocks.slice(index, index + 2);
    if (left === undefined || right === undefined) {
      break;
    }
    if (blocks.length <= limit && !isFree({ left: left.block, right: right.block, common })) {
      break;
    }
    blocks.splice(index, 2, { block: common, covers: left.covers + right.covers });
  }
  return blocks;
}

/** Whether a join covers no address that the two did not cover: one is inside of the other, or they are its halves. */
function isFree({
  left,
  right,
  common,
}: {
  readonly left: Bits;
  readonly right: Bits;
  readonly common: Bits;
}): boolean {
  const halves = common.prefixLength + 1;
  return (
    common.prefixLength === left.prefixLength ||
    common.prefixLength === right.prefixLength ||
    (left.prefixLength === halves && right.prefixLength === halves)
  );
}

function bestJoin(blocks: readonly Covered[]): { readonly index: number; readonly common: Bits } {
  let best: { index: number; common: Bits } = { index: 0, common: { bytes: [], prefixLength: -1 } };
  for (const [index, { block }] of blocks.entries()) {
    const next = blocks[index + 1];
    const common = next === undefined ? undefined : commonBlock(block, next.block);
    if (common !== undefined && common.prefixLength > best.common.prefixLength) {
      best = { index, common };
    }
  }
  return best;
}

function commonBlock(a: Bits, b: Bits): Bits {
  const most = Math.min(a.prefixLength, b.prefixLength);
  let same = 0;
  while (same < most && bitAt(a.bytes, same) === bitAt(b.bytes, same)) {
    same += 1;
  }
  return { bytes: a.bytes, prefixLength: same };
}

function bitAt(bytes: readonly number[], bit: number): number {
  return ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
}

function byAddress(a: Bits, b: Bits): number {
  for (const [index, byte] of a.bytes.entries()) {
    const difference = byte - (b.bytes[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return a.prefixLength - b.prefixLength;
}

function bitsOf(addressOrBlock: string): Bits {
  const [address, prefixLength] = ipaddr.parseCIDR(hostBlock(addressOrBlock));
  return { bytes: address.toByteArray(), prefixLength };
}

function blockText({ bytes, prefixLength }: Bits): string {
  const masked = bytes.map(
    (byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * index))) & 0xff,
  );
  return `${ipaddr.fromByteArray(masked).toString()}/${prefixLength}`;
}
