import ipaddr from 'ipaddr.js';
import { text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { withRules } from './schema-rule.ts';

interface Block {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6;
  readonly prefixLength: number;
}

const IPV4_BLOCK = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}\/(0|[1-9]\d?)$/;
const IPV6_BLOCK = /^(?![0-9a-fA-F:.]*[0-9a-fA-F]{5})[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/(0|[1-9]\d{0,2})$/;

/** The syntax that CEL's `cidr()` accepts: no octets with leading zeros, no zones, no IPv4-mapped IPv6 (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cidr-library). */
function blockOf(cidr: string): Block | undefined {
  if (
    cidr.length > BOUNDS.cidrLength ||
    !(IPV4_BLOCK.test(cidr) || IPV6_BLOCK.test(cidr)) ||
    !ipaddr.isValidCIDR(cidr)
  ) {
    return undefined;
  }
  const [address, prefixLength] = ipaddr.parseCIDR(cidr);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? undefined : { address, prefixLength };
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
  const { address, prefixLength } = block;
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * index))) & 0xff);
  return `${ipaddr.fromByteArray(bytes).toString()}/${prefixLength}`;
}

/** Whether every address of `range` is in `cidr`; true if they are equal, false if either is not a block. */
export function isInside(range: string, cidr: string): boolean {
  const inner = blockOf(range);
  const outer = blockOf(cidr);
  if (inner === undefined || outer === undefined) {
    return false;
  }
  if (inner.address.kind() !== outer.address.kind()) {
    return false;
  }
  return inner.prefixLength >= outer.prefixLength && inner.address.match(outer.address, outer.prefixLength);
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
