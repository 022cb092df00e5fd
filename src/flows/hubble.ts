import { fieldOf, isJsonObject, itemsOf, type JsonObject } from '../base/json.ts';
import { isLoopback } from './address.ts';
import { looksLikeReply } from './connection-ports.ts';
import type { Labels, Protocol, Verdict } from './flow.ts';
import {
  type FlowFormat,
  type IgnoredReason,
  ignored,
  type ParsedEnd,
  type ParsedFlow,
  type RecordReading,
} from './format.ts';
import { firstRecordsOf, jsonLineReader } from './json-records.ts';
import { labelsOfPairs, portOf, textOf, timeMsOf } from './untrusted-value.ts';
import { workloadField } from './workload.ts';

/**
 * Hubble's flows, of Cilium and, with the same protobuf message, of Retina on any network plugin. One JSON object a
 * line:
 *
 *     {"flow": {"time": RFC 3339, "verdict": "FORWARDED" | "DROPPED" | "AUDIT" | "REDIRECTED" | "TRANSLATED" | …,
 *       "drop_reason_desc": "POLICY_DENIED" | …, "IP": {"source", "destination"},
 *       "l4": {"TCP": {"source_port", "destination_port", "flags": {"SYN": true}}} | {"UDP": …} | {"SCTP": …} |
 *         {"ICMPv4": …},
 *       "source": {"namespace", "pod_name", "labels": ["k8s:app=x" | "reserved:world"],
 *         "workloads": [{"kind", "name"}]},
 *       "destination": {…}, "destination_service": {"namespace", "name"}, "is_reply": true,
 *       "traffic_direction": "EGRESS"},
 *      "node_name", "time"}
 *
 * The exporter's file may lack most of it when a field mask is set, and without `flow` around it the object itself is
 * the flow.
 * https://docs.cilium.io/en/stable/_api/v1/flow/README/
 */
export const HUBBLE: FlowFormat = {
  name: 'hubble',
  title: 'Hubble or Retina',
  command: 'hubble observe --output json --since 24h',
  documentation: 'https://docs.cilium.io/en/stable/observability/hubble/configuration/export/',
  caveats: ['shortMemory'],
  matches: (firstLines) => firstRecordsOf(firstLines).some((record) => isHubbleFlow(flowOf(record))),
  reader: () => jsonLineReader(readRecord),
};

const VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ['FORWARDED', 'allowed'],
  ['REDIRECTED', 'allowed'],
  ['AUDIT', 'allowed'],
  ['DROPPED', 'denied'],
]);

/** The reasons for a drop that mean a policy. */
const POLICY_DROPS = /^(POLICY_DEN|AUTH_REQUIRED)/;

function flowOf(record: JsonObject): unknown {
  return fieldOf(record, 'flow') ?? record;
}

function isHubbleFlow(flow: unknown): boolean {
  const isNamed =
    textOf(flow, 'verdict') !== '' && (isJsonObject(fieldOf(flow, 'l4')) || isJsonObject(fieldOf(flow, 'IP')));
  return isNamed || (textOf(flow, 'traffic_direction') !== '' && isJsonObject(fieldOf(flow, 'source')));
}

function readRecord(record: JsonObject): RecordReading {
  const flow = flowOf(record);
  if (!isHubbleFlow(flow)) {
    return ignored('otherEvent');
  }
  const verdict = VERDICTS.get(textOf(flow, 'verdict'));
  if (verdict === undefined) {
    return ignored(textOf(flow, 'verdict').startsWith('TRA') ? 'notTranslated' : 'notByPolicy');
  }
  if (verdict === 'denied' && !POLICY_DROPS.test(textOf(flow, 'drop_reason_desc'))) {
    return ignored('notByPolicy');
  }
  const layer4 = layer4Of(fieldOf(flow, 'l4'));
  return layer4 === undefined ? ignored('noPorts') : readFlow({ record, flow, verdict, layer4 });
}

interface Layer4 {
  readonly protocol: Protocol;
  readonly source: number | undefined;
  readonly destination: number;
  readonly flags: unknown;
}

function layer4Of(layer4: unknown): Layer4 | undefined {
  for (const protocol of ['TCP', 'UDP', 'SCTP'] as const) {
    const ports = fieldOf(layer4, protocol);
    const destination = portOf(ports, 'destination_port');
    if (destination !== undefined) {
      return { protocol, source: portOf(ports, 'source_port'), destination, flags: fieldOf(ports, 'flags') };
    }
  }
  const isIcmp = isJsonObject(fieldOf(layer4, 'ICMPv4')) || isJsonObject(fieldOf(layer4, 'ICMPv6'));
  return isIcmp ? { protocol: 'ICMP', source: undefined, destination: 0, flags: undefined } : undefined;
}

function readFlow(seen: {
  readonly record: JsonObject;
  readonly flow: unknown;
  readonly verdict: Verdict;
  readonly layer4: Layer4;
}): RecordReading {
  const { record, flow, verdict, layer4 } = seen;
  const reply = replyOf(flow, layer4);
  const addresses = fieldOf(flow, 'IP');
  const from = endOf(fieldOf(flow, 'source'), textOf(addresses, 'source'));
  const to = endOf(
    fieldOf(flow, 'destination'),
    textOf(addresses, 'destination'),
    fieldOf(flow, 'destination_service'),
  );
  const reason = reasonToIgnore({ isReply: reply.isReply, from, to, addresses });
  if (reason !== undefined) {
    return ignored(reason);
  }
  const timeMs = timeMsOf(flow, 'time') ?? timeMsOf(record, 'time');
  return {
    kind: 'flow',
    flow: {
      from,
      to,
      protocol: layer4.protocol,
      port: layer4.destination,
      verdict,
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      count: 1,
      reporter: reporterOf(textOf(flow, 'traffic_direction')),
      isOpenerKnown: reply.isKnown,
    },
  };
}

function reasonToIgnore(seen: {
  readonly isReply: boolean;
  readonly from: ParsedEnd;
  readonly to: ParsedEnd;
  readonly addresses: unknown;
}): IgnoredReason | undefined {
  if (seen.isReply) {
    return 'reply';
  }
  const isSelf =
    seen.from.kind === 'pod' &&
    seen.to.kind === 'pod' &&
    seen.from.name !== '*' &&
    seen.from.name === seen.to.name &&
    seen.from.namespace === seen.to.namespace;
  return isSelf || isLoopback(textOf(seen.addresses, 'destination')) ? 'loopback' : undefined;
}

/** `is_reply` where there is one; then the flags of TCP, of which an opening packet has SYN alone; then the ports. */
function replyOf(
  flow: unknown,
  { protocol, source, destination, flags }: Layer4,
): { isReply: boolean; isKnown: boolean } {
  const isReply = fieldOf(flow, 'is_reply') ?? fieldOf(flow, 'reply');
  if (typeof isReply === 'boolean') {
    return { isReply, isKnown: true };
  }
  if (protocol === 'TCP' && fieldOf(flags, 'SYN') === true) {
    return { isReply: fieldOf(flags, 'ACK') === true, isKnown: true };
  }
  return { isReply: source !== undefined && looksLikeReply({ source, destination }), isKnown: false };
}

function reporterOf(direction: string): ParsedFlow['reporter'] {
  if (direction === 'EGRESS') {
    return 'source';
  }
  return direction === 'INGRESS' ? 'destination' : undefined;
}

function endOf(endpoint: unknown, address: string, service?: unknown): ParsedEnd {
  const namespace = textOf(endpoint, 'namespace');
  const labels = itemsOf(fieldOf(endpoint, 'labels'));
  if (namespace !== '') {
    const [workload] = itemsOf(fieldOf(endpoint, 'workloads'));
    return {
      kind: 'pod',
      namespace,
      name: textOf(endpoint, 'pod_name') || '*',
      labels: () => podLabelsOf(labels),
      ...workloadField(textOf(workload, 'kind'), textOf(workload, 'name')),
    };
  }
  const serviceName = textOf(service, 'name');
  if (serviceName !== '') {
    return { kind: 'service', namespace: textOf(service, 'namespace'), name: serviceName };
  }
  return reservedEndOf(labels, address);
}

/**
 * The identities that Cilium reserves: https://docs.cilium.io/en/stable/gettingstarted/terminology/#special-identities
 */
const HOST_IDENTITIES = ['host', 'remote-node', 'health', 'init', 'ingress'].map((name) => `reserved:${name}`);

function reservedEndOf(labels: readonly unknown[], address: string): ParsedEnd {
  if (labels.includes('reserved:kube-apiserver')) {
    return address === '' ? { kind: 'apiserver' } : { kind: 'apiserver', address };
  }
  if (labels.some((label) => typeof label === 'string' && HOST_IDENTITIES.includes(label))) {
    return address === '' ? { kind: 'host' } : { kind: 'host', address };
  }
  if (labels.length > 0) {
    return address === '' ? { kind: 'external' } : { kind: 'external', address };
  }
  return address === '' ? { kind: 'host' } : { kind: 'address', address };
}

/** The pod's own labels: without the prefix of their source, and without those that Cilium derives. */
function podLabelsOf(labels: readonly unknown[]): Labels {
  return labelsOfPairs(
    labels
      .filter((label) => typeof label === 'string')
      .filter((label) => label.startsWith('k8s:') && !DERIVED_LABEL.test(label))
      .map((label) => label.slice('k8s:'.length)),
  );
}

const DERIVED_LABEL = /^k8s:(io\.cilium\.|io\.kubernetes\.pod\.namespace=)/;
