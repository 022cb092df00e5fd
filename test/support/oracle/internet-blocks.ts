/**
 * The ranges that `allow.internet` reaches only when a cidr names them: IANA's private, shared, link-local, loopback,
 * benchmarking, multicast and reserved blocks (https://www.iana.org/assignments/iana-ipv4-special-registry/,
 * https://www.iana.org/assignments/iana-ipv6-special-registry/), and the addresses at which Azure and EC2 serve their
 * nodes. In the order of their addresses.
 */
const RESERVED = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fc00::/7',
  'fd00:ec2::/32',
  'fe80::/10',
  'ff00::/8',
];

/**
 * Each cidr without the reserved and excepted ranges inside it, the widest only. The cidrs are valid and in canonical
 * form.
 */
export function blocksOfInternet(cidrs: readonly string[], except: readonly string[]): readonly object[] {
  return cidrs.map((cidr) => {
    const inside = [...new Set([...RESERVED, ...except])].filter((range) => range !== cidr && isInside(range, cidr));
    const widest = inside.filter((range) => inside.every((other) => other === range || !isInside(range, other)));
    return widest.length > 0 ? { cidr, except: widest } : { cidr };
  });
}

function isInside(range: string, cidr: string): boolean {
  const inner = bitsOf(range);
  const outer = bitsOf(cidr);
  return inner.width === outer.width && inner.prefix.startsWith(outer.prefix);
}

/** The bits of a block that all of its addresses share, and how many bits an address of its family has. */
function bitsOf(cidr: string): { readonly prefix: string; readonly width: number } {
  const [address = '', length = ''] = cidr.split('/');
  const bits = address.includes(':') ? bitsOfIpv6(address) : bitsOfNumbers(address.split('.').map(Number), 8);
  return { prefix: bits.slice(0, Number(length)), width: bits.length };
}

function bitsOfIpv6(address: string): string {
  const [head = [], tail = []] = address.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return bitsOfNumbers(
    [...head, ...gap, ...tail].map((group) => Number.parseInt(group, 16)),
    16,
  );
}

function bitsOfNumbers(numbers: readonly number[], width: number): string {
  return numbers.map((number) => number.toString(2).padStart(width, '0')).join('');
}
