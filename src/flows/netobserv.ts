import { fieldOf, itemsOf, type JsonObject } from '../base/json.ts';
import { isLoopback } from './address.ts';
import { looksLikeReply } from './connection-ports.ts';
import type { Protocol, Verdict } from './flow.ts';
import { type FlowFormat, type IgnoredReason, ignored, type ParsedEnd, problem, type RecordReading } from './format.ts';
import { firstRecordsOf, jsonLineReader } from './json-records.ts';
import { integerOf, portOf, textOf } from './untrusted-value.ts';
import { workloadField } from './workload.ts';

/**
 * Network Observability of OpenShift, one JSON object a line or a list of them:
 *
 *     {"SrcAddr", "DstAddr", "SrcPort", "DstPort", "Proto": 6, "Flags": 2, "TimeFlowStartMs", "TimeFlowEndMs",
 *      "SrcK8S_Type": "Pod" | "Service" | "Node", "SrcK8S_Namespace", "SrcK8S_Name", "SrcK8S_OwnerType",
 *      "SrcK8S_OwnerName", "DstK8S_…", "Duplicate": false, "PktDropPackets", "Packets", "NetworkEvents": [{"Action"}],
 *      "Sampling": 50}
 *
 * Each record is one direction of a connection, so that answers are records, too. Pods come without labels.
 * https://github.com/netobserv/network-observability-operator/blob/main/docs/flows-format.adoc
 */
export const NETOBSERV: FlowFormat = {
  name: 'netobserv',
  title: 'NetObserv',
  command: 'oc netobserv flows',
  documentation: 'https://github.com/netobserv/network-observability-operator/blob/main/docs/flows-format.adoc',
  caveats: ['sampled'],
  matches: (firstLines) => firstRecordsOf(firstLines).some(isNetObserv),
  reader: () => jsonLineReader(readRecord),
};

/** https://www.iana.org/assignments/protocol-numbers/ */
const PROTOCOLS: ReadonlyMap<number, Protocol> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [58, 'ICMP'],
  [132, 'SCTP'],
]);

/** The flags of all packets of a record, as bits; NetObserv gives a SYN with ACK a bit of its own. */
const FLAG_SYN = 0x02;
const FLAG_SYN_ACK = 0x100;

function isNetObserv(record: JsonObject): boolean {
  return (
    textOf(record, 'SrcAddr') !== '' && textOf(record, 'DstAddr') !== '' && integerOf(record, 'Proto') !== undefined
  );
}

function readRecord(record: JsonObject): RecordReading {
  if (!isNetObserv(record)) {
    return ignored('otherEvent');
  }
  const protocol = protocolOf(record);
  const hasPorts = WITH_PORTS.has(protocol);
  const port = hasPorts ? portOf(record, 'DstPort') : 0;
  if (port === undefined) {
    return problem('DstPort is no port');
  }
  const opener = hasPorts ? openerOf(record) : { isReply: false, isKnown: true };
  const reason = reasonToIgnore(record, opener.isReply);
  const verdict = verdictOf(record);
  if (reason !== undefined || verdict === undefined) {
    return ignored(reason ?? 'notByPolicy');
  }
  return flowOf({ record, protocol, port, verdict, isOpenerKnown: opener.isKnown });
}

const WITH_PORTS: ReadonlySet<Protocol> = new Set(['TCP', 'UDP', 'SCTP']);

function protocolOf(record: JsonObject): Protocol {
  return PROTOCOLS.get(integerOf(record, 'Proto') ?? 0) ?? 'other';
}

function flowOf(seen: {
  readonly record: JsonObject;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: Verdict;
  readonly isOpenerKnown: boolean;
}): RecordReading {
  const { record, protocol, port, verdict, isOpenerKnown } = seen;
  return {
    kind: 'flow',
    flow: {
      from: endOf(record, 'Src'),
      to: endOf(record, 'Dst'),
      protocol,
      port,
      verdict,
      firstSeenMs: integerOf(record, 'TimeFlowStartMs'),
      lastSeenMs: integerOf(record, 'TimeFlowEndMs'),
      count: 1,
      reporter: undefined,
      isOpenerKnown,
    },
  };
}

function reasonToIgnore(record: JsonObject, isReply: boolean): IgnoredReason | undefined {
  if (fieldOf(record, 'Duplicate') === true) {
    return 'duplicate';
  }
  // A Service has no address of its own on the wire but before translation: it can only be the source of an answer.
  if (isReply || textOf(record, 'SrcK8S_Type') === 'Service') {
    return 'reply';
  }
  if (textOf(record, 'SrcAddr') === textOf(record, 'DstAddr') || isLoopback(textOf(record, 'DstAddr'))) {
    return 'loopback';
  }
  return undefined;
}

/** By the flags of TCP, where the record has the start of the connection; by the ports otherwise. */
function openerOf(record: JsonObject): { readonly isReply: boolean; readonly isKnown: boolean } {
  const flags = integerOf(record, 'Flags') ?? 0;
  if ((flags & FLAG_SYN_ACK) !== 0) {
    return { isReply: true, isKnown: true };
  }
  if ((flags & FLAG_SYN) !== 0) {
    return { isReply: false, isKnown: true };
  }
  const source = portOf(record, 'SrcPort');
  const destination = portOf(record, 'DstPort');
  const isReply = source !== undefined && destination !== undefined && looksLikeReply({ source, destination });
  return { isReply, isKnown: false };
}

/** Undefined when all of it was dropped and no policy is named. */
function verdictOf(record: JsonObject): Verdict | undefined {
  const isDenied = itemsOf(fieldOf(record, 'NetworkEvents')).some((event) =>
    /^(drop|deny)/i.test(textOf(event, 'Action')),
  );
  if (isDenied) {
    return 'denied';
  }
  const dropped = integerOf(record, 'PktDropPackets') ?? 0;
  return dropped > 0 && dropped >= (integerOf(record, 'Packets') ?? 0) ? undefined : 'allowed';
}

function endOf(record: JsonObject, side: 'Src' | 'Dst'): ParsedEnd {
  const name = textOf(record, `${side}K8S_Name`);
  const namespace = textOf(record, `${side}K8S_Namespace`);
  const address = textOf(record, `${side}Addr`);
  switch (name === '' ? '' : textOf(record, `${side}K8S_Type`)) {
    case 'Pod':
      return {
        kind: 'pod',
        namespace,
        name,
        labels: () => ({}),
        ...workloadField(textOf(record, `${side}K8S_OwnerType`), textOf(record, `${side}K8S_OwnerName`)),
      };
    case 'Service':
      return namespace === 'default' && name === 'kubernetes'
        ? { kind: 'apiserver' }
        : { kind: 'service', namespace, name };
    case 'Node':
      return { kind: 'host', name, address };
    default:
      return { kind: 'address', address };
  }
}
