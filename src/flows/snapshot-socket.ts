import { fieldOf, isJsonObject, type JsonObject } from '../base/json.ts';
import { looksLikeReply } from './connection-ports.ts';
import type { Verdict } from './flow.ts';
import { type FlowFormat, ignored, type ParsedEnd, problem, type RecordReading } from './format.ts';
import { gadgetPeer, gadgetPod, gadgetProtocol, isGadgetEndpoint } from './gadget-endpoint.ts';
import { firstRecordsOf, recordsOf } from './json-records.ts';
import { integerOf, portOf, textOf, timeMsOf } from './untrusted-value.ts';

/**
 * Inspektor Gadget's `snapshot_socket`: a list of all sockets of a node on one line, or one socket a line:
 *
 *     {"k8s": {"namespace", "podName", "podLabels", "hostnetwork", "owner"}, "netns_id",
 *      "src": {"addr", "port", "proto": "TCP" | "UDP", "k8s": {…}}, "dst": {…}, "state": "ESTABLISHED" | "LISTEN" | …}
 *
 * `src` is the pod's own socket. Nothing in a socket says which end opened the connection: it is the other end when the
 * pod listens on the port, which is only known of sockets in the same list or on earlier lines.
 * https://inspektor-gadget.io/docs/latest/gadgets/snapshot_socket
 */
export const SNAPSHOT_SOCKET: FlowFormat = {
  name: 'snapshot_socket',
  title: 'Inspektor Gadget snapshot_socket',
  command: 'kubectl gadget run snapshot_socket --all-namespaces --output json',
  documentation: 'https://inspektor-gadget.io/docs/latest/gadgets/snapshot_socket',
  caveats: ['snapshot'],
  matches: (firstLines) => firstRecordsOf(firstLines).some(isSocket),
  reader: () => {
    const listening = new Set<string>();
    return (line) => {
      const records = recordsOf(line);
      if (records === undefined) {
        return [problem('the line is no JSON')];
      }
      for (const record of records) {
        rememberListening(record, listening);
      }
      return records.map((record) =>
        isJsonObject(record) ? readRecord(record, listening) : problem('the record is no JSON object'),
      );
    };
  },
};

/** Listening sockets that are remembered; a cluster with more of them falls back to comparing ports. */
const MAX_LISTENING = 200_000;

function isSocket(record: JsonObject): boolean {
  return (
    textOf(record, 'state') !== '' &&
    isGadgetEndpoint(fieldOf(record, 'src')) &&
    isGadgetEndpoint(fieldOf(record, 'dst'))
  );
}

function socketKey(record: unknown): string {
  const src = fieldOf(record, 'src');
  const k8s = fieldOf(record, 'k8s');
  const owner = `${textOf(k8s, 'namespace')}/${textOf(k8s, 'podName')}/${integerOf(record, 'netns_id') ?? ''}`;
  return `${owner} ${gadgetProtocol(src)} ${portOf(src, 'port') ?? 0}`;
}

function rememberListening(record: unknown, listening: Set<string>): void {
  if (textOf(record, 'state') === 'LISTEN' && listening.size < MAX_LISTENING) {
    listening.add(socketKey(record));
  }
}

function readRecord(record: JsonObject, listening: ReadonlySet<string>): RecordReading {
  if (!isSocket(record)) {
    return ignored('otherEvent');
  }
  const ownPort = portOf(fieldOf(record, 'src'), 'port');
  const peerPort = portOf(fieldOf(record, 'dst'), 'port');
  const own = gadgetPod(record);
  const peer = gadgetPeer(fieldOf(record, 'dst'));
  if (ownPort === undefined || peerPort === undefined || own === undefined || peer === undefined) {
    return ignored('noConnection');
  }
  const isListening = listening.has(socketKey(record));
  const isInbound = isListening || looksLikeReply({ source: ownPort, destination: peerPort });
  return connection({ record, own, peer, port: isInbound ? ownPort : peerPort, isInbound, isListening });
}

function connection(seen: {
  readonly record: JsonObject;
  readonly own: ParsedEnd;
  readonly peer: ParsedEnd;
  readonly port: number;
  readonly isInbound: boolean;
  readonly isListening: boolean;
}): RecordReading {
  const timeMs = timeMsOf(seen.record, 'timestamp');
  return {
    kind: 'flow',
    flow: {
      from: seen.isInbound ? seen.peer : seen.own,
      to: seen.isInbound ? seen.own : seen.peer,
      protocol: gadgetProtocol(fieldOf(seen.record, 'dst')),
      port: seen.port,
      verdict: verdictOf(textOf(seen.record, 'state')),
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      count: 1,
      reporter: seen.isInbound ? 'destination' : 'source',
      isOpenerKnown: seen.isListening,
    },
  };
}

/** A socket that only sent its SYN got no answer so far. */
function verdictOf(state: string): Verdict {
  return state === 'SYN_SENT' ? 'unknown' : 'allowed';
}
