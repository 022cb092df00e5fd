import ipaddr from 'ipaddr.js';
import { isInside } from '../../api/cidr.ts';
import type { IpBlock } from '../../api/network-policy.ts';

/**
 * The ranges that `allow.internet` reaches only when a cidr names them: private, shared, link-local, loopback, benchmark,
 * multicast and reserved ranges, and the NAT64 prefix, through which IPv6 would reach the IPv4 ones
 * (https://www.iana.org/assignments/iana-ipv4-special-registry/); and what clouds serve to nodes on other addresses:
 * Azure's platform (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16), and EC2's
 * metadata and resolver over IPv6, which would be opened by whoever names a wider private block
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html).
 */
export const NOT_INTERNET = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
  'fc00::/7',
  'fe80::/10',
  // IPv6 leads to IPv4 through these, too: NAT64 with a prefix of the network's own (RFC 8215), and 6to4 (RFC 3056).
  '64:ff9b:1::/48',
  '2002::/16',
  'ff00::/8',
  '64:ff9b::/96',
  'fd00:ec2::/32',
] as const;

/** The whole of both address families. */
export const EVERYWHERE = ['0.0.0.0/0', '::/0'] as const;

/**
 * The address blocks that `allow.internet` opens: each cidr without every excepted range that lies inside it. A range
 * of {@link NOT_INTERNET} inside a wider cidr is cut out; a cidr that lies inside such a range itself was named on purpose.
 * A range inside another one is not repeated: some network plugins err where excepted blocks overlap
 * (https://github.com/aws/aws-network-policy-agent/pull/344).
 */
export function internetBlocks(declared: {
  readonly cidrs: readonly string[];
  readonly except: readonly string[];
}): readonly IpBlock[] {
  const excepted = [...new Set([...NOT_INTERNET, ...declared.except])];
  return declared.cidrs.map((cidr) => {
    const inside = excepted.filter((range) => range !== cidr && isInside(range, cidr));
    const except = inside.filter((range) => !inside.some((wider) => wider !== range && isInside(range, wider)));
    return except.length > 0 ? { cidr, except } : { cidr };
  });
}

/** The block of exactly one address, without a zone and IPv4 as IPv4, or undefined when the text is no address. */
export function singleAddressBlock(address: string): IpBlock | undefined {
  if (!ipaddr.isValid(address)) {
    return undefined;
  }
  const parsed = ipaddr.process(address);
  return { cidr: `${ipaddr.fromByteArray(parsed.toByteArray()).toString()}/${parsed.kind() === 'ipv4' ? 32 : 128}` };
}
