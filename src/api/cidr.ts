import ipaddr from 'ipaddr.js';
import { BoundedMap } from '../base/bounded-map.ts';
import { text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { withRules } from './schema-rule.ts';

/** A block with its address in numbers: of IPv4 one of 32 bits, of IPv6 eight of 16. */
interface Block {
  readonly kind: 'ipv4' | 'ipv6';
  readonly parts: readonly number[];
  readonly prefixLength: number;
}

const IPV4_BLOCK = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\/(0|[1-9]\d?)$/;
const IPV6_BLOCK = /^(?![0-9a-fA-F:.]*[0-9a-fA-F]{5})[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/(0|[1-9]\d{0,2})$/;

/** Several rules read the same text one after another, and of IPv6 that is expensive. */
const REMEMBERED = 64;
const remembered = new BoundedMap<string, { readonly block: Block | undefined }>(REMEMBERED);

/** The syntax that CEL's `cidr()` accepts: no octets with leading zeros, no zones, no IPv4-mapped IPv6 (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cidr-library). */
function blockOf(cidr: string): Block | undefined {
  if (cidr.length > BOUNDS.cidrLength) {
    return undefined;
  }
  if (!cidr.includes(':')) {
    return ipv4Block(cidr);
  }
  const known = remembered.get(cidr);
  if (known !== undefined) {
    return known.block;
  }
  const block = ipv6Block(cidr);
  remembered.set(cidr, { block });
  return block;
}

function ipv4Block(cidr: string): Block | undefined {
  const digits = IPV4_BLOCK.exec(cidr);
  if (digits === null) {
    return undefined;
  }
  const octets = digits.slice(1, 5).map(Number);
  const prefixLength = Number(digits[5]);
  const isBlock = prefixLength <= 32 && octets.every((octet) => octet < 256);
  const address = octets.reduce((number, octet) => number * 256 + octet, 0);
  return isBlock ? { kind: 'ipv4', parts: [address], prefixLength } : undefined;
}

function ipv6Block(cidr: string): Block | undefined {
  if (!IPV6_BLOCK.test(cidr)) {
    return undefined;
  }
  try {
    const [address, prefixLength] = ipaddr.IPv6.parseCIDR(cidr);
    return address.isIPv4MappedAddress() ? undefined : { kind: 'ipv6', parts: address.parts, prefixLength };
  } catch {
    // ipaddr.js has no other way to say that it is no block.
    return undefined;
  }
}

const BITS = { ipv4: 32, ipv6: 16 } as const;

/** The numbers of a block without the bits beyond its prefix. */
function maskedParts({ kind, parts }: Block, prefixLength: number): readonly number[] {
  return parts.map((part, index) => {
    const freeBits = Math.min(BITS[kind], Math.max(0, BITS[kind] * (index + 1) - prefixLength));
    return part - (part % 2 ** freeBits);
  });
}

/** Whether the text is an address block, in canonical form or not. */
export function isCidr(cidr: string): boolean {
  return blockOf(cidr) !== undefined;
}

/**
 * The one canonical spelling of a block: its first address, IPv6 in the form of RFC 5952. Undefined if the text is not
 * a block.
 */
export function canonicalCidr(cidr: string): string | undefined {
  const block = blockOf(cidr);
  if (block === undefined) {
    return undefined;
  }
  const parts = maskedParts(block, block.prefixLength);
  return `${block.kind === 'ipv4' ? ipv4Text(parts[0] ?? 0) : new ipaddr.IPv6([...parts]).toString()}/${block.prefixLength}`;
}

function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Whether every address of `range` is in `cidr`; true if they are equal, false if either is not a block. */
export function isInside(range: string, cidr: string): boolean {
  const inner = blockOf(range);
  const outer = blockOf(cidr);
  if (inner === undefined || inner.kind !== outer?.kind) {
    return false;
  }
  const wanted = maskedParts(outer, outer.prefixLength);
  return (
    inner.prefixLength >= outer.prefixLength &&
    maskedParts(inner, outer.prefixLength).every((part, index) => part === wanted[index])
  );
}

/** An address block in its canonical form. */
export const cidrSchema = withRules(
  text(BOUNDS.cidrLength),
  {
    cel: 'isCIDR(self)',
    holds: isCidr,
    message:
      'is not a CIDR; write an address block such as 10.0.0.0/8 or 2001:db8::/32, a single address as 10.1.2.3/32, and IPv4 addresses as IPv4',
  },
  {
    cel: '!isCIDR(self) || string(cidr(self).masked()) == self',
    holds: (cidr) => !isCidr(cidr) || canonicalCidr(cidr) === cidr,
    message:
      'is not in canonical form; write the first address of the block (10.0.0.0/8, not 10.1.2.3/8), and IPv6 in lower case and shortened (2001:db8::/32)',
    suggestion: (cidr) => canonicalCidr(cidr) ?? cidr,
  },
);
