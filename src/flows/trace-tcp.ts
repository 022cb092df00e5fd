import { fieldOf, type JsonObject } from '../base/json.ts';
import { type FlowFormat, ignored, type ParsedEnd, problem, type RecordReading } from './format.ts';
import { gadgetPeer, gadgetPod, gadgetProtocol, isGadgetEndpoint } from './gadget-endpoint.ts';
import { firstRecordsOf, jsonLineReader } from './json-records.ts';
import { portOf, textOf, timeMsOf } from './untrusted-value.ts';

/**
 * Inspektor Gadget's `trace_tcp`, one JSON object a line:
 *
 *     {"k8s": {"namespace", "podName", "podLabels": "app=web,…" | {…}, "hostnetwork", "owner": {"kind", "name"}},
 *      "src": {"addr", "port", "proto": "TCP", "k8s": {"kind", "namespace", "name", "labels"}}, "dst": {…},
 *      "type": "connect" | "accept" | "close", "error": "" | "ECONNREFUSED", "timestamp"}
 *
 * `k8s` is the pod in which it happened, `src` its own socket and `dst` the other end, for `accept`, too: there the
 * other end opened the connection, and the port that counts is that of `src`. The port of a Service is reported as it
 * is before translation. https://inspektor-gadget.io/docs/latest/gadgets/trace_tcp
 */
export const TRACE_TCP: FlowFormat = {
  name: 'trace_tcp',
  title: 'Inspektor Gadget trace_tcp',
  command: 'kubectl gadget run trace_tcp --all-namespaces --output json',
  documentation: 'https://inspektor-gadget.io/docs/latest/gadgets/trace_tcp',
  caveats: ['tcpOnly'],
  matches: (firstLines) => firstRecordsOf(firstLines).some(isTraceTcp),
  reader: () => jsonLineReader(readRecord),
};

const TYPES = new Set(['connect', 'accept', 'close']);

function isTraceTcp(record: JsonObject): boolean {
  return (
    TYPES.has(textOf(record, 'type')) &&
    isGadgetEndpoint(fieldOf(record, 'src')) &&
    isGadgetEndpoint(fieldOf(record, 'dst'))
  );
}

function readRecord(record: JsonObject): RecordReading {
  if (!isTraceTcp(record)) {
    return ignored('otherEvent');
  }
  const type = textOf(record, 'type');
  if (type === 'close') {
    return ignored('close');
  }
  const own = gadgetPod(record) ?? gadgetPeer(fieldOf(record, 'src'));
  const peer = gadgetPeer(fieldOf(record, 'dst'));
  return own === undefined || peer === undefined
    ? ignored('loopback')
    : connection({ record, own, peer, isConnect: type === 'connect' });
}

function connection(seen: {
  readonly record: JsonObject;
  readonly own: ParsedEnd;
  readonly peer: ParsedEnd;
  readonly isConnect: boolean;
}): RecordReading {
  const { record, own, peer, isConnect } = seen;
  const port = portOf(fieldOf(record, isConnect ? 'dst' : 'src'), 'port');
  if (port === undefined) {
    return problem('the port is none');
  }
  const timeMs = timeMsOf(record, 'timestamp');
  return {
    kind: 'flow',
    flow: {
      from: isConnect ? own : peer,
      to: isConnect ? peer : own,
      protocol: gadgetProtocol(fieldOf(record, 'dst')),
      port,
      verdict: textOf(record, 'error') === '' ? 'allowed' : 'unknown',
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      count: 1,
      reporter: isConnect ? 'source' : 'destination',
      isOpenerKnown: true,
    },
  };
}
