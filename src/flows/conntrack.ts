import { isLoopback } from './address.ts';
import type { Protocol } from './flow.ts';
import { type FlowFormat, ignored, type LineReader, problem, type RecordReading } from './format.ts';
import { protocolNamed } from './protocol-name.ts';

/**
 * The table of connections of a node's kernel, one connection a line, as `conntrack -L` prints it, also with
 * `-o extended`, with counters, or as `conntrack -E -o timestamp`:
 *
 *     tcp      6 86392 ESTABLISHED src=10.244.1.5 dst=10.96.0.10 sport=51234 dport=80
 *       src=10.244.2.7 dst=10.244.1.5 sport=8080 dport=51234 [ASSURED] mark=0 use=1
 *
 * (on one line). The first tuple is what the client sent, the second what the answer looks like: its source is the pod
 * behind a Service, with the pod's own port. `[UNREPLIED]` says that no answer came.
 * https://conntrack-tools.netfilter.org/conntrack.html
 */
export const CONNTRACK: FlowFormat = {
  name: 'conntrack',
  title: 'conntrack',
  command: 'conntrack -L',
  documentation: 'https://conntrack-tools.netfilter.org/conntrack.html',
  caveats: ['snapshot', 'noTimes', 'addressesOnly'],
  matches: (firstLines) => firstLines.some((line) => connectionOf(line) !== undefined),
  reader: (): LineReader => (line) => [readLine(line)],
};

const PROTOCOL = /(?:^|\s)(tcp|udp|sctp|icmp|icmpv6|dccp|gre|unknown|udplite)\s+\d{1,3}\s/;
const FIELD = /(?:^|\s)(src|dst|sport|dport)=(\S{1,45})/g;
const TIMESTAMP = /^\s*\[(\d{9,12})\.(\d{3})\d*\]/;
/** The last line, which conntrack prints to its standard error. */
const SUMMARY = /^conntrack v\S+ \(conntrack-tools\)/;

interface Connection {
  readonly protocol: Protocol;
  readonly client: string;
  readonly server: string;
  readonly port: number;
}

/** The fields of a tuple by their names. */
type Tuple = ReadonlyMap<string, string>;

/** The two tuples of a line: the fields repeat, the first of each name are those of the client. */
function tuplesOf(line: string): { readonly original: Tuple; readonly reply: Tuple } {
  const original = new Map<string, string>();
  const reply = new Map<string, string>();
  for (const [, name = '', value = ''] of line.matchAll(FIELD)) {
    (original.has(name) ? reply : original).set(name, value);
  }
  return { original, reply };
}

function connectionOf(line: string): Connection | undefined {
  const protocol = PROTOCOL.exec(line)?.[1];
  if (protocol === undefined) {
    return undefined;
  }
  const { original, reply } = tuplesOf(line);
  const client = original.get('src');
  const server = reply.get('src') ?? original.get('dst');
  const port = portOf(reply.get('sport') ?? original.get('dport'));
  if (client === undefined || server === undefined || port === undefined) {
    return undefined;
  }
  return { protocol: protocolNamed(protocol), client, server, port };
}

/** Zero for protocols without ports; undefined for a number that is no port. */
function portOf(text: string | undefined): number | undefined {
  const port = Number(text ?? 0);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function readLine(line: string): RecordReading {
  if (SUMMARY.test(line)) {
    return ignored('otherEvent');
  }
  const connection = connectionOf(line);
  if (connection === undefined) {
    return problem('the line has no protocol with src= and dst=');
  }
  const { client, server, protocol, port } = connection;
  if (isLoopback(client) || isLoopback(server) || client === server) {
    return ignored('loopback');
  }
  if (line.includes('[DESTROY]')) {
    return ignored('close');
  }
  const timeMs = timeMsOf(line);
  return {
    kind: 'flow',
    flow: {
      from: { kind: 'address', address: client },
      to: { kind: 'address', address: server },
      protocol,
      port,
      verdict: line.includes('[UNREPLIED]') ? 'unknown' : 'allowed',
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      count: 1,
      reporter: undefined,
      isOpenerKnown: true,
    },
  };
}

function timeMsOf(line: string): number | undefined {
  const [, seconds, milliseconds] = TIMESTAMP.exec(line) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000 + Number(milliseconds);
}
