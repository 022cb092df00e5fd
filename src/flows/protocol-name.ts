import type { Protocol } from './flow.ts';

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['sctp', 'SCTP'],
  ['icmp', 'ICMP'],
  ['icmpv6', 'ICMP'],
]);

/** The protocol that a source writes by its name, in whatever letter case. */
export function protocolNamed(name: string): Protocol {
  return PROTOCOLS.get(name.toLowerCase()) ?? 'other';
}
