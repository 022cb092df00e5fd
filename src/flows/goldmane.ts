import { fieldOf, isJsonObject, itemsOf } from '../base/json.ts';
import type { Labels, Verdict } from './flow.ts';
import { type FlowFormat, ignored, type ParsedEnd, type ParsedFlow, problem, type RecordReading } from './format.ts';
import { firstRecordsOf, recordsOf } from './json-records.ts';
import { protocolNamed } from './protocol-name.ts';
import { integerOf, labelsOfPairs, labelsOfValue, textOf } from './untrusted-value.ts';

/**
 * Calico's flow aggregator, in either of its JSON forms, one object a line (or a list, or `{"items": […]}`).
 * Whisker's, with times of RFC 3339 and labels as one text:
 *
 *     {"start_time", "end_time", "action": "Allow" | "Deny", "source_name": "web-6d4b-*" | "pub" | "pvt",
 *      "source_namespace", "source_labels": "app=web | tier=front", "dest_name", "dest_namespace", "dest_labels",
 *      "protocol": "tcp", "dest_port": 8080, "reporter": "Src" | "Dst"}
 *
 * and that of the gRPC API `goldmane.Flows`, with field names in snake or camel case and 64-bit integers as text:
 *
 *     {"id", "flow": {"Key": {"source_name", "source_namespace", "source_type": "WorkloadEndpoint", …, "dest_port": "8080",
 *        "dest_service_name", "proto", "reporter", "action"}, "start_time": seconds, "end_time", "source_labels": ["app=web"],
 *        "num_connections_started"}}
 *
 * Both ends of a connection report it. Names are those of sets of pods that share a `generateName`; networks outside
 * are only `pub` or `pvt`. https://github.com/projectcalico/calico/blob/master/goldmane/proto/api.proto
 */
export const GOLDMANE: FlowFormat = {
  name: 'goldmane',
  title: 'Calico Goldmane or Whisker',
  command: 'curl -s http://localhost:8081/whisker-backend/flows | jq -c ".items[]"',
  documentation: 'https://docs.tigera.io/calico/latest/observability/view-flow-logs',
  caveats: ['noExternalAddresses', 'shortMemory'],
  matches: (firstLines) => firstRecordsOf(firstLines).flatMap(flowsIn).some(isGoldmane),
  reader: () => (line) => {
    const records = recordsOf(line);
    return records === undefined ? [problem('the line is no JSON')] : records.flatMap(flowsIn).map(readRecord);
  },
};

const VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ['allow', 'allowed'],
  ['deny', 'denied'],
]);

/** One flow, whatever the form: the fields of the key, and the object with times, labels and numbers. */
interface GoldmaneFlow {
  readonly key: unknown;
  readonly flow: unknown;
}

function flowsIn(record: unknown): readonly GoldmaneFlow[] {
  const list = fieldOf(record, 'items') ?? fieldOf(record, 'flows');
  return (Array.isArray(list) ? itemsOf(list) : [record]).map((item) => {
    const flow = fieldOf(item, 'flow') ?? item;
    return { key: fieldOf(flow, 'Key') ?? fieldOf(flow, 'key') ?? flow, flow };
  });
}

/** The field by its name in the API, or in the camel case that protobuf makes of it. */
function either(value: unknown, name: string): unknown {
  return fieldOf(value, name) ?? fieldOf(value, camelCased(name));
}

const camelCase = new Map<string, string>();

function camelCased(name: string): string {
  const known = camelCase.get(name) ?? name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  camelCase.set(name, known);
  return known;
}

function text(value: unknown, name: string): string {
  const found = textOf({ field: either(value, name) }, 'field');
  return found === '-' ? '' : found;
}

function whole(value: unknown, name: string): number | undefined {
  return integerOf({ field: either(value, name) }, 'field');
}

function isGoldmane({ key }: GoldmaneFlow): boolean {
  return text(key, 'source_name') !== '' && text(key, 'dest_name') !== '' && text(key, 'reporter') !== '';
}

function readRecord(read: GoldmaneFlow): RecordReading {
  if (!isJsonObject(read.key)) {
    return problem('the record is no JSON object');
  }
  if (!isGoldmane(read)) {
    return ignored('otherEvent');
  }
  const { key, flow } = read;
  const from = endOf(read, 'source');
  const to = endOf(read, 'dest');
  if (from === undefined || to === undefined) {
    return problem('an end has no name');
  }
  return {
    kind: 'flow',
    flow: {
      from,
      to,
      protocol: protocolNamed(text(key, 'proto') || text(key, 'protocol')),
      port: whole(key, 'dest_port') ?? 0,
      verdict: VERDICTS.get(text(key, 'action').toLowerCase()) ?? 'unknown',
      firstSeenMs: timeMs(flow, 'start_time'),
      lastSeenMs: timeMs(flow, 'end_time'),
      count: Math.max(1, whole(flow, 'num_connections_started') ?? 1),
      reporter: reporterOf(text(key, 'reporter')),
      isOpenerKnown: true,
    },
  };
}

function reporterOf(reporter: string): ParsedFlow['reporter'] {
  if (/^src$/i.test(reporter)) {
    return 'source';
  }
  return /^dst$/i.test(reporter) ? 'destination' : undefined;
}

/** Whisker writes RFC 3339, the gRPC API seconds. */
function timeMs(flow: unknown, name: string): number | undefined {
  const seconds = whole(flow, name);
  if (seconds !== undefined) {
    return seconds * 1000;
  }
  const parsed = Date.parse(text(flow, name));
  return Number.isNaN(parsed) ? undefined : parsed;
}

function endOf({ key, flow }: GoldmaneFlow, side: 'source' | 'dest'): ParsedEnd | undefined {
  const name = text(key, `${side}_name`);
  const namespace = text(key, `${side}_namespace`);
  const type = text(key, `${side}_type`).toLowerCase();
  if (name === '') {
    return undefined;
  }
  if (namespace !== '' && (type === '' || type === 'workloadendpoint')) {
    return { kind: 'pod', namespace, name: name.endsWith('*') ? name : `${name}*`, labels: () => labels(flow, side) };
  }
  if (type === 'hostendpoint') {
    return { kind: 'host', name };
  }
  if (side === 'dest' && text(key, 'dest_service_name') === 'kubernetes' && isDefaultService(key)) {
    return { kind: 'apiserver' };
  }
  return { kind: 'external' };
}

function isDefaultService(key: unknown): boolean {
  return text(key, 'dest_service_namespace') === 'default';
}

function labels(flow: unknown, side: 'source' | 'dest'): Labels {
  const value = either(flow, `${side}_labels`);
  return Array.isArray(value) ? labelsOfPairs(itemsOf(value)) : labelsOfValue(value);
}
