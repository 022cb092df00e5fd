import { describe, expect, test } from 'vitest';
import { FLOW_FORMATS } from '../../../src/flows/formats.ts';
import { readFlows } from '../../../src/flows/reading.ts';
import { capture, flowText, pieces, read } from './captures.ts';

const CAPTURES: readonly (readonly [file: string, format: string, flows: readonly string[]])[] = [
  [
    'hubble.jsonl',
    'hubble',
    [
      'shop/web → shop/api TCP 8080 allowed ×2',
      'shop/api → external 203.0.113.7 TCP 443 allowed ×1',
      'shop/web → data/db TCP 5432 denied ×1',
      'host 10.0.0.5 → shop/api TCP 8080 allowed ×1',
      'shop/api → apiserver 10.0.0.2 TCP 6443 allowed ×1',
      'shop/web → shop/api ICMP 0 allowed ×1',
    ],
  ],
  ['retina-cri.txt', 'hubble', ['shop/web-6d4b9c8f5-aaaaa → shop/api-7c9d8b7f6-bbbbb TCP 8080 allowed ×2']],
  [
    'goldmane.jsonl',
    'goldmane',
    [
      'shop/web-6d4b9c8f5-* → shop/api-7c9d8b7f6-* TCP 8080 allowed ×5',
      'shop/web-6d4b9c8f5-* → data/db-* TCP 5432 denied ×2',
      'shop/api-7c9d8b7f6-* → external TCP 443 allowed ×1',
    ],
  ],
  [
    'whisker.jsonl',
    'goldmane',
    [
      'shop/web-6d4b9c8f5-* → shop/api-7c9d8b7f6-* TCP 8080 allowed ×1',
      'external → shop/api-7c9d8b7f6-* TCP 8080 allowed ×1',
    ],
  ],
  [
    'trace_tcp.jsonl',
    'trace_tcp',
    [
      'shop/web → service shop/api TCP 80 allowed ×1',
      'shop/web → shop/api TCP 8080 allowed ×1',
      'shop/api → 2a00:1450:4001:811::200e TCP 443 allowed ×1',
      'shop/api → 8.8.4.4 TCP 853 unknown ×1',
    ],
  ],
  [
    'snapshot_socket.json',
    'snapshot_socket',
    [
      'shop/web-6d4b9c8f5-aaaaa → shop/api TCP 50051 allowed ×1',
      'shop/api → data/db-0 TCP 5432 allowed ×1',
      'shop/api → 198.51.100.9 TCP 25 unknown ×1',
    ],
  ],
  [
    'conntrack.txt',
    'conntrack',
    [
      '10.244.1.10 → 10.244.2.20 TCP 8080 allowed ×2',
      '10.244.1.10 → 10.244.9.90 UDP 53 allowed ×1',
      '10.244.1.10 → 10.244.3.30 TCP 5432 unknown ×1',
      '10.244.2.20 → 8.8.8.8 TCP 443 allowed ×1',
      '10.244.1.10 → 10.244.2.20 ICMP 0 allowed ×1',
    ],
  ],
  [
    'netobserv.jsonl',
    'netobserv',
    [
      'shop/web → shop/api TCP 8080 allowed ×1',
      'shop/web → service shop/api TCP 80 allowed ×1',
      'host 10.0.0.5 → shop/api TCP 8080 allowed ×1',
      'shop/web → data/db TCP 5432 denied ×1',
    ],
  ],
];

describe('the formats of flows', () => {
  test.each(CAPTURES)('%s is recognised as %s and read without a problem', async (file, format, flows) => {
    const result = await read(capture(file));
    expect({
      format: result.format.name,
      flows: result.flows.map(flowText).sort(),
      problems: result.problems,
    }).toEqual({ format, flows: [...flows].sort(), problems: [] });
  });

  test.each(CAPTURES)('%s reads the same in whatever pieces it arrives', async (file) => {
    const whole = await readFlows(pieces(capture(file), 1_000_000));
    for (const size of [1, 7, 4096]) {
      expect(await readFlows(pieces(capture(file), size))).toEqual(whole);
    }
  });

  test.each(CAPTURES)('%s is of one format only', (file, format) => {
    const firstLines = capture(file)
      .split('\n')
      .map((line) => line.replace(/^\S+Z stdout [FP] /, ''));
    expect(FLOW_FORMATS.filter((each) => each.matches(firstLines)).map(({ name }) => name)).toEqual([format]);
  });

  test('every format says how to get it, where it is documented, and is found by its name', () => {
    for (const { name, command, documentation } of FLOW_FORMATS) {
      expect(command).not.toBe('');
      expect(documentation).toMatch(/^https:\/\//);
      expect(FLOW_FORMATS.filter((each) => each.name === name)).toHaveLength(1);
    }
  });

  test('Hubble: answers, lost events and drops that no policy made are counted, by reason', async () => {
    const { ignored } = await read(capture('hubble.jsonl'));
    expect(Object.fromEntries(ignored)).toEqual({ reply: 1, notByPolicy: 1, otherEvent: 1 });
  });

  test('Hubble: all pods of a workload are one end, with the labels that they share', async () => {
    const { flows } = await read(capture('hubble.jsonl'));
    const web = flows.find(({ port }) => port === 8080)?.from;
    expect(web).toMatchObject({ labels: { app: 'web' }, workload: { kind: 'Deployment', name: 'web' } });
    expect(web).not.toHaveProperty('labels.pod-template-hash');
  });

  test('Hubble: times are those of the first and the last record', async () => {
    const { flows } = await read(capture('hubble.jsonl'));
    expect(flows.find(({ port, verdict }) => port === 8080 && verdict === 'allowed')).toMatchObject({
      firstSeenMs: Date.parse('2026-11-01T08:00:00Z'),
      lastSeenMs: Date.parse('2026-11-02T09:30:00Z'),
    });
  });

  test('snapshot_socket: a port that a pod listens on is its own, however high it is', async () => {
    const { flows } = await read(capture('snapshot_socket.json'));
    expect(flows.find(({ port }) => port === 50_051)?.isOpenerKnown).toBe(true);
  });

  test('trace_tcp: of a connection that was accepted the port is that of the pod that accepted it', async () => {
    const accepted = capture('trace_tcp.jsonl').split('\n')[1] ?? '';
    const { flows } = await read(accepted);
    expect(flows.map(flowText)).toEqual(['shop/web-6d4b9c8f5-aaaaa → shop/api TCP 8080 allowed ×1']);
  });

  test('conntrack: the line with a time stamp of an event has a time, a line of the table has none', async () => {
    const event =
      '[1793520000.123456]\t    [NEW] tcp      6 120 SYN_SENT src=10.244.1.10 dst=10.96.12.34 sport=5 dport=80 ' +
      '[UNREPLIED] src=10.244.2.20 dst=10.244.1.10 sport=8080 dport=5';
    const [seen] = (await read(event)).flows;
    const [listed] = (await read(capture('conntrack.txt'))).flows;
    expect([seen?.firstSeenMs, listed?.firstSeenMs]).toEqual([1_793_520_000_123, undefined]);
  });

  test('Whisker: a list of flows in one object, and events of its stream, are read like lines', async () => {
    const [first = '', second = ''] = capture('whisker.jsonl').split('\n');
    const asList = await read(`{"meta":{"totalPages":1},"items":[${first},${second}]}`);
    const asEvents = await read(`data: ${first}\n\ndata: ${second}\n`);
    expect(asList.flows).toEqual((await read(capture('whisker.jsonl'))).flows);
    expect(asEvents.flows).toEqual(asList.flows);
  });

  test('Goldmane: the camel case of protobuf’s own JSON is read as well', async () => {
    const camel = capture('goldmane.jsonl').replaceAll(
      /"(\w+)":/g,
      (_, key: string) => `"${key.replaceAll(/_(.)/g, (__, letter: string) => letter.toUpperCase())}":`,
    );
    expect((await read(camel)).flows).toEqual((await read(capture('goldmane.jsonl'))).flows);
  });
});
