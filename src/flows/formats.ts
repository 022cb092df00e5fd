import { CONNTRACK } from './conntrack.ts';
import type { FlowFormat } from './format.ts';
import { GOLDMANE } from './goldmane.ts';
import { HUBBLE } from './hubble.ts';
import { NETOBSERV } from './netobserv.ts';
import { SNAPSHOT_SOCKET } from './snapshot-socket.ts';
import { TRACE_TCP } from './trace-tcp.ts';

/** Every format that can be read, in the order in which an input is compared with them. A new one only goes here. */
export const FLOW_FORMATS: readonly FlowFormat[] = [HUBBLE, GOLDMANE, TRACE_TCP, SNAPSHOT_SOCKET, NETOBSERV, CONNTRACK];

/** The format of that name. */
export function formatNamed(name: string): FlowFormat | undefined {
  return FLOW_FORMATS.find((format) => format.name === name);
}

/** The format of an input by its first lines, without prefixes of container logs. */
export function formatOf(firstLines: readonly string[]): FlowFormat | undefined {
  return FLOW_FORMATS.find((format) => format.matches(firstLines));
}
