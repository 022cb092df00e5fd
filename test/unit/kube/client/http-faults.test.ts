import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { success } from '../../../../src/base/result.ts';
import type { WatchEvent } from '../../../../src/kube/client/kube-client.ts';
import type { Cluster, CredentialHeaders } from '../../../../src/kube/credentials/cluster.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { answer, clientTo, line, loopbackServer, NAMESPACES, statusBody } from '../loopback-server.ts';

const reference = { type: NAMESPACES, name: 'a' };
const namespace = { metadata: { name: 'ä€𐍈', resourceVersion: '5' } };

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Everything that a watch gives until it is over. */
async function watched(
  url: string,
  options: { readonly signal?: AbortSignal; readonly silenceLimitMs?: number; readonly watchLineBytes?: number } = {},
): Promise<{ events: WatchEvent[]; over: unknown }> {
  const events: WatchEvent[] = [];
  const { watchLineBytes, ...request } = options;
  const client = clientTo(url, watchLineBytes === undefined ? {} : { limits: { watchLineBytes } });
  const over = await client.watch({ type: NAMESPACES, resourceVersion: '1', ...request }, (event) =>
    events.push(event),
  );
  return { events, over };
}

describe('connections that fail', () => {
  test('F1 a server that accepts and never answers ends in a timeout, and the next request gets a new connection', async () => {
    const clock = new ManualClock();
    const { url, seen } = await loopbackServer((response, _request, index) => {
      if (index > 0) {
        answer(response, 200, namespace);
      }
    });
    const client = clientTo(url, { clock });
    const first = client.get(reference);
    await expect.poll(() => seen.length).toBe(1);
    await clock.advance(10_000);
    expect(await first).toMatchObject({ ok: false, error: { kind: 'timeout', limitMs: 10_000 } });
    expect(await client.get(reference)).toMatchObject({ ok: true });
  });

  test('F1 a watch that falls silent ends in a timeout, counted from the last byte', async () => {
    const clock = new ManualClock();
    let bookmark = (): void => undefined;
    const { url } = await loopbackServer((response) => {
      response.write(line('ADDED', namespace));
      bookmark = () => response.write(line('BOOKMARK', namespace));
    });
    const events: string[] = [];
    const over = clientTo(url, { clock }).watch(
      { type: NAMESPACES, resourceVersion: '1', silenceLimitMs: 70_000 },
      ({ type }) => events.push(type),
    );
    let result: unknown;
    void over.then((value) => (result = value));
    await expect.poll(() => events.length).toBe(1);
    await clock.advance(60_000);
    bookmark();
    await expect.poll(() => events.length).toBe(2);
    await clock.advance(60_000);
    expect(result).toBeUndefined();
    await clock.advance(10_000);
    expect(await over).toMatchObject({ ok: false, error: { kind: 'timeout', limitMs: 70_000 } });
  });

  test('F2 a watch that is cut inside a character gives what came whole, then the error network', async () => {
    const bytes = Buffer.from(line('ADDED', namespace) + line('MODIFIED', namespace));
    const { url } = await loopbackServer((response) => {
      response.write(bytes.subarray(0, bytes.indexOf('€') + 1));
      setImmediate(() =>
        response.write(bytes.subarray(bytes.indexOf('€') + 1, bytes.lastIndexOf('€') + 1), () => response.destroy()),
      );
    });
    const { events, over } = await watched(url);
    expect(events).toEqual([{ type: 'ADDED', object: namespace }]);
    expect(over).toMatchObject({ ok: false, error: { kind: 'network' } });
  });

  test('F2 a watch that ends in order, but inside a line, is no orderly end', async () => {
    const { url } = await loopbackServer((response) => response.end('{"type":"ADDED","object":{"metadata":'));
    expect((await watched(url)).over).toMatchObject({ ok: false, error: { kind: 'network' } });
  });

  test('F2 a page that is cut short is an error, not a shorter list', async () => {
    const { url } = await loopbackServer((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"metadata":{"resourceVersion":"1"},"items":[]}', () => response.destroy());
    });
    expect(await clientTo(url).list({ type: NAMESPACES })).toMatchObject({ ok: false, error: { kind: 'network' } });
  });

  test('F39 a refused connection is network, with its code', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await clientTo(`http://127.0.0.1:${port}`).get(reference)).toMatchObject({
      ok: false,
      error: { kind: 'network', code: 'ECONNREFUSED' },
    });
  });

  test('what speaks no HTTP is network', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-x\r\n'));
    onTestFinished(() => void server.close());
    const port = await portOf(server);
    expect(await clientTo(`http://127.0.0.1:${port}`).get(reference)).toMatchObject({
      ok: false,
      error: { kind: 'network' },
    });
  });

  test("the caller's abort is aborted, before and while", async () => {
    const { url, seen } = await loopbackServer((response) => response.write(line('ADDED', namespace)));
    const stop = new AbortController();
    const watching = watched(url, { signal: stop.signal });
    await expect.poll(() => seen.length).toBe(1);
    stop.abort();
    expect((await watching).over).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    expect((await watched(url, { signal: stop.signal })).over).toMatchObject({ ok: false, error: { kind: 'aborted' } });
    expect(seen.length).toBe(1);
  });

  test('a closed client gives network and hangs nowhere', async () => {
    const { url, seen } = await loopbackServer((response) => response.write(line('ADDED', namespace)));
    const client = clientTo(url);
    const watching = client.watch({ type: NAMESPACES, resourceVersion: '1' }, () => undefined);
    await expect.poll(() => seen.length).toBe(1);
    await client.close();
    expect(await watching).toMatchObject({ ok: false, error: { kind: 'network' } });
    expect(await client.get(reference)).toMatchObject({ ok: false, error: { kind: 'network' } });
  });
});

describe('refusals', () => {
  test('F3 410 comes out the same as a response and as an event', async () => {
    const { url } = await loopbackServer((response, _request, index) => {
      if (index === 0) {
        answer(response, 410, statusBody(410, 'Expired'));
      } else {
        response.end(line('ADDED', namespace) + line('ERROR', statusBody(410, 'Expired')) + line('ADDED', namespace));
      }
    });
    expect(await watched(url)).toMatchObject({ events: [], over: { error: { kind: 'expired' } } });
    // Nothing after the error counts.
    expect(await watched(url)).toMatchObject({ events: [{ type: 'ADDED' }], over: { error: { kind: 'expired' } } });
  });

  test('F4 429 carries its Retry-After', async () => {
    const { url } = await loopbackServer((response) => {
      answer(response, 429, statusBody(429, 'TooManyRequests'), { 'retry-after': '2' });
    });
    expect(await clientTo(url).get(reference)).toMatchObject({
      ok: false,
      error: { kind: 'throttled', retryAfterMs: 2_000 },
    });
  });

  test.each([500, 503, 504])('F5 %i, even with a page of HTML for a body, is serverError', async (status) => {
    const { url, seen } = await loopbackServer((response) => {
      response.writeHead(status, { 'retry-after': '1' });
      response.end('<html>');
    });
    expect(await clientTo(url).get(reference)).toMatchObject({
      ok: false,
      error: { kind: 'serverError', status, retryAfterMs: 1_000 },
    });
    expect(seen.length).toBe(1);
  });
});

describe('F15 what is too large is an error, not memory', () => {
  test('an answer beyond its limit, with or without a length', async () => {
    const { url } = await loopbackServer((response, _request, index) => {
      const body = JSON.stringify({ metadata: { name: 'a', annotations: { large: 'x'.repeat(2_000) } } });
      if (index === 0) {
        response.setHeader('content-length', body.length);
      }
      response.end(body);
    });
    const client = clientTo(url, { limits: { objectBytes: 1_000 } });
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await client.get(reference)).toMatchObject({ ok: false, error: { kind: 'tooLarge', limitBytes: 1_000 } });
    }
  });

  test('an endless watch line', async () => {
    const { url } = await loopbackServer((response) => {
      response.write(line('ADDED', namespace));
      const more = (): void => {
        if (!response.destroyed) {
          response.write('x'.repeat(1_000), more);
        }
      };
      more();
    });
    expect(await watched(url, { watchLineBytes: 10_000 })).toMatchObject({
      events: [{ type: 'ADDED' }],
      over: { error: { kind: 'tooLarge', limitBytes: 10_000 } },
    });
  });

  test('an annotation of 1.5 MB is within the default limits', async () => {
    const large = { metadata: { name: 'a', annotations: { large: 'x'.repeat(1_500_000) } } };
    const { url } = await loopbackServer((response, _request, index) => {
      response.end(index === 0 ? JSON.stringify(large) : line('ADDED', large));
    });
    expect(await clientTo(url).get(reference)).toEqual({ ok: true, value: large });
    expect(await watched(url)).toMatchObject({ events: [{ object: large }], over: { ok: true } });
  });

  test('nothing compressed is asked for', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 200, namespace);
    });
    await clientTo(url).get(reference);
    expect(seen[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('F34 credentials that run out', () => {
  /** A cluster whose token is another one after each refresh. */
  function rotatingCluster(server: string): Cluster & { refreshes: number } {
    let headers: CredentialHeaders = { authorization: 'Bearer 0' };
    return {
      server,
      contextName: 'c',
      namespace: 'default',
      refreshes: 0,
      tls: () => ({}),
      authorization: () => Promise.resolve(success(headers)),
      refresh() {
        this.refreshes += 1;
        headers = { authorization: `Bearer ${this.refreshes}` };
        return Promise.resolve(success(undefined));
      },
    };
  }

  test('a 401 is answered by new credentials and one more try, with the same body', async () => {
    const { url, seen } = await loopbackServer((response, { headers }) => {
      answer(
        response,
        headers.authorization === 'Bearer 1' ? 200 : 401,
        headers.authorization === 'Bearer 1' ? namespace : statusBody(401, 'Unauthorized'),
      );
    });
    const object = { metadata: { name: 'a' } };
    expect(await clientTo(url, { cluster: rotatingCluster(url) }).create(NAMESPACES, object)).toMatchObject({
      ok: true,
    });
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([object, object]);
  });

  test('a second 401 is the answer', async () => {
    const { url, seen } = await loopbackServer((response) => {
      answer(response, 401, statusBody(401, 'Unauthorized'));
    });
    expect(await clientTo(url, { cluster: rotatingCluster(url) }).get(reference)).toMatchObject({
      ok: false,
      error: { kind: 'unauthorized' },
    });
    expect(seen.length).toBe(2);
  });

  test('many requests that fail together renew once', async () => {
    const { url } = await loopbackServer((response, { headers }) => {
      answer(response, headers.authorization === 'Bearer 0' ? 401 : 200, namespace);
    });
    const cluster = rotatingCluster(url);
    const client = clientTo(url, { cluster });
    const results = await Promise.all(Array.from({ length: 20 }, () => client.get(reference)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(cluster.refreshes).toBe(1);
  });
});
