import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFlows } from '../../../src/flows/reading.ts';
import { capture, flowText, pieces, read } from './captures.ts';

const [GOOD = ''] = capture('hubble.jsonl').split('\n');

function hubbleLine(fields: object): string {
  return JSON.stringify({
    flow: {
      verdict: 'FORWARDED',
      IP: { source: '10.244.1.10', destination: '10.244.2.20' },
      l4: { TCP: { source_port: 40_000, destination_port: 8080 } },
      source: { namespace: 'shop', pod_name: 'web-1', labels: ['k8s:app=web'] },
      destination: { namespace: 'shop', pod_name: 'api-1', labels: ['k8s:app=api'] },
      is_reply: false,
      ...fields,
    },
  });
}

describe('reading flows', () => {
  test('a line that cannot be read is counted and named, and the rest is read', async () => {
    const result = await read(`${GOOD}\n{"flow":\n\nnull\n${GOOD}`);
    expect(result).toMatchObject({ lines: 4, problemCount: 2 });
    expect(result.problems.map(({ line }) => line)).toEqual([2, 4]);
    expect(result.flows).toHaveLength(1);
  });

  test('of many problems only the first are kept, and all are counted', async () => {
    const result = await read(`${GOOD}\n${'broken\n'.repeat(100)}`, { maxProblems: 3 });
    expect([result.problemCount, result.problems.length]).toEqual([100, 3]);
  });

  test('a line beyond the limit is a problem, in however many pieces it comes, and the next one is read', async () => {
    const result = await read(`${GOOD}\n${'x'.repeat(30_000)}\n${GOOD}`, { maxLineLength: 10_000 });
    expect(result.problems).toEqual([{ line: 2, message: 'the line is longer than is read' }]);
    expect(result.flows[0]?.count).toBe(2);
  });

  test('beyond the most flows that are kept, records are dropped and counted', async () => {
    const lines = Array.from({ length: 20 }, (_, port) =>
      hubbleLine({ l4: { TCP: { source_port: 40_000, destination_port: 8000 + port } } }),
    );
    const result = await read([...lines, ...lines].join('\n'), { maxFlows: 5 });
    expect([result.flows.length, result.dropped]).toEqual([5, 30]);
    expect(result.flows.every(({ count }) => count === 2)).toBe(true);
  });

  test('many clients from outside are kept as blocks, and do not push out other flows', async () => {
    const clients = Array.from({ length: 20_000 }, (_, index) =>
      hubbleLine({
        IP: { source: `${1 + (index % 200)}.${(index * 7) % 256}.${(index * 13) % 256}.${index % 256}` },
        source: { labels: ['reserved:world'] },
        destination: { namespace: 'shop', pod_name: 'web-1', labels: ['k8s:app=web'] },
      }),
    );
    const result = await read([...clients, GOOD].join('\n'), { maxFlows: 3000 });
    expect(result.dropped).toBe(0);
    expect(result.flows.length).toBeLessThan(2000);
    expect(result.flows.reduce((total, { count }) => total + count, 0)).toBe(20_001);
  });

  test('names of the prototype in a record are names and nothing else', async () => {
    const line = hubbleLine({
      source: { namespace: '__proto__', pod_name: 'constructor', labels: ['k8s:constructor=a', 'k8s:__proto__=b'] },
    }).replace('"verdict"', '"__proto__":{"verdict":"DROPPED","polluted":true},"verdict"');
    const { flows } = await read(line);
    expect(flows.map(flowText)).toEqual(['__proto__/constructor → shop/api-1 TCP 8080 allowed ×1']);
    expect(flows[0]?.from).toMatchObject({ labels: { constructor: 'a' } });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('an address that is none is a problem of its line', async () => {
    const line = hubbleLine({
      IP: { source: '10.0.0.1', destination: '999.1.1.1' },
      destination: { labels: ['reserved:world'] },
    });
    expect((await read(line)).problems).toEqual([{ line: 1, message: 'an end has an address that is none' }]);
  });

  test('labels that no Kubernetes label can be are left out', async () => {
    const labels = ['k8s:app=web', 'k8s:a b=c', 'k8s:ok=not ok', `k8s:long=${'x'.repeat(64)}`, 'k8s:=x', 7];
    const { flows } = await read(hubbleLine({ source: { namespace: 'shop', pod_name: 'web-1', labels } }));
    expect(flows[0]?.from).toMatchObject({ labels: { app: 'web' } });
  });

  test('JSON over many lines is refused with the way to put it on one', async () => {
    const result = await readFlows(pieces(JSON.stringify(JSON.parse(GOOD), null, 2)));
    expect(result.ok ? '' : result.message).toContain('jq -c .');
  });

  test('an unknown format, an unknown name of a format and an empty input are refused', async () => {
    const unknown = await readFlows(pieces('<html>\n'));
    const named = await readFlows(pieces(GOOD), { format: 'pcap' });
    const empty = await readFlows(pieces('\n \n'));
    expect([unknown, named, empty].map(({ ok }) => ok)).toEqual([false, false, false]);
  });

  test('bytes are read like text, also where a piece ends within a letter', async () => {
    const bytes = new TextEncoder().encode(GOOD.replace('"uuid":"', '"uuid":"ü'));
    async function* halves(): AsyncGenerator<Uint8Array> {
      const middle = bytes.indexOf(0xc3) + 1;
      yield await Promise.resolve(bytes.slice(0, middle));
      yield bytes.slice(middle);
    }
    expect(await readFlows(halves())).toMatchObject({ ok: true, problemCount: 0 });
  });

  test('progress is reported after each piece', async () => {
    const seen: number[] = [];
    await read(`${GOOD}\n`.repeat(200), { progress: ({ records }) => seen.push(records) });
    expect(seen.at(-1)).toBe(200);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test('no text makes it throw', async () => {
    const scrap = fc.constantFrom(
      ...[
        '{"flow":{"verdict":"FORWARDED","l4":',
        '{"TCP":{"destination_port":',
        '"source":',
        '[',
        ']',
        '}',
        '{',
        'null',
        '-1',
      ],
      ...['"SrcAddr":', 'src=', 'dst=1.1.1.1', 'tcp      6 ', '2026-01-01T00:00:00Z stdout P ', ' [NEW] ', '\n', ','],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(scrap, fc.string()), { maxLength: 30 }), async (scraps) => {
        for (const format of ['hubble', 'goldmane', 'trace_tcp', 'snapshot_socket', 'conntrack', 'netobserv']) {
          expect(await readFlows(pieces(scraps.join('')), { format })).toHaveProperty('ok');
        }
      }),
    );
  });

  test('no JSON makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { maxLength: 5 }), async (values) => {
        const lines = values.map((value) => value.replaceAll('\n', ' ')).join('\n');
        expect(await readFlows(pieces(`${GOOD}\n${lines}`))).toMatchObject({ ok: true });
      }),
    );
  });
});
