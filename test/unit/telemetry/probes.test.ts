import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Check, cachesSynced, heartbeat, watchesAlive } from '../../../src/telemetry/checks.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import { type ProbeServer, startProbeServer } from '../../../src/telemetry/probes.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { SILENT_LOG } from '../../fixtures/silence.ts';

const open: ProbeServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const WELL: Check = { name: 'loop', check: () => ({ ok: true, message: 'it turns' }) };
const ILL: Check = { name: 'watches', check: () => ({ ok: false, message: 'silent: namespaces' }) };

async function serving(
  options: { livez?: Check[]; readyz?: Check[]; page?: () => Promise<string>; requestLimitMs?: number } = {},
) {
  const errors: string[] = [];
  const log: Log = { ...SILENT_LOG, error: (_, message) => errors.push(message), child: () => log };
  const { livez = [WELL], readyz = [WELL], page = () => Promise.resolve('a 1\n'), ...limits } = options;
  const started = await startProbeServer({
    listen: { host: '127.0.0.1', port: 0 },
    livez,
    readyz,
    metrics: { page, contentType: 'text/plain; version=0.0.4' },
    log,
    ...limits,
  });
  if (!started.ok) {
    throw started.error;
  }
  open.push(started.value);
  return {
    port: started.value.port,
    errors,
    get: (path: string, method = 'GET') => answerOf({ port: started.value.port, path, method }),
  };
}

function answerOf(target: {
  port: number;
  path: string;
  method: string;
}): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent: false, ...target }, (response) => {
      let body = '';
      response
        .setEncoding('utf8')
        .on('data', (text: string) => (body += text))
        .on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
    });
    sent.on('error', reject).end();
  });
}

/** All that the server says to these raw bytes until it hangs up. */
function saidTo(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => (said += text))
      .on('error', () => undefined)
      .on('close', () => {
        resolve(said);
      });
  });
}

describe('/livez and /readyz', () => {
  test('answer 200 ok when every check passes', async () => {
    const { get } = await serving();
    expect(await get('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok\n', headers: { 'cache-control': 'no-store' } });
  });

  test('answer 503 with every check named when one fails, each for itself', async () => {
    const { get } = await serving({ livez: [WELL, ILL] });
    expect(await get('/livez')).toMatchObject({
      status: 503,
      body: '[+]loop ok: it turns\n[-]watches failed: silent: namespaces\nlivez check failed\n',
    });
    expect(await get('/readyz')).toMatchObject({ status: 200 });
  });

  test('name every check when asked to with ?verbose', async () => {
    const { get } = await serving();
    expect((await get('/readyz?verbose')).body).toBe('[+]loop ok: it turns\nreadyz check passed\n');
  });

  test('are asked anew each time', async () => {
    let ok = false;
    const { get } = await serving({ readyz: [{ name: 'caches', check: () => ({ ok, message: '' }) }] });
    expect(await get('/readyz')).toMatchObject({ status: 503 });
    ok = true;
    expect(await get('/readyz')).toMatchObject({ status: 200 });
  });
});

describe('the server', () => {
  test('gives the metrics with their content type', async () => {
    const { get } = await serving();
    expect(await get('/metrics')).toMatchObject({
      status: 200,
      body: 'a 1\n',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
    });
  });

  test('answers HEAD without a body', async () => {
    const { get } = await serving();
    expect(await get('/livez', 'HEAD')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '3' } });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const { get } = await serving();
    expect(await get('/metrics', method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  test.each(['/', '/debug', '/metrics/', '//livez', '/constructor'])('has no page %s', async (path) => {
    const { get } = await serving();
    expect(await get(path)).toMatchObject({ status: 404 });
  });

  test('refuses a URL beyond its limit, and headers beyond theirs', async () => {
    const { get, port } = await serving();
    expect(await get(`/livez?${'x'.repeat(1_000)}`)).toMatchObject({ status: 414 });
    expect(await saidTo(port, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });

  test('hangs up on whoever sends a request too slowly', async () => {
    const { port } = await serving({ requestLimitMs: 200 });
    expect(await saidTo(port, 'GET /livez HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 /);
    expect(await saidTo(port, '')).not.toMatch(/200/);
  });

  test('answers 500 without a detail when a page cannot be made, and goes on', async () => {
    const { get, errors } = await serving({ page: () => Promise.reject(new Error('secret detail')) });
    expect(await get('/metrics')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(errors).toEqual(['a page could not be made']);
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });

  test('says so when its address is taken', async () => {
    const { port } = await serving();
    const log = {} as Log;
    const second = await startProbeServer({
      listen: { host: '127.0.0.1', port },
      livez: [],
      readyz: [],
      metrics: { page: () => Promise.resolve(''), contentType: '' },
      log,
    });
    expect(second).toMatchObject({ ok: false, error: { code: 'EADDRINUSE' } });
  });

  test('closes though a connection is in the middle of a request', async () => {
    let begun: () => void = () => undefined;
    const answering = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { port } = await serving({
      page: () => {
        begun();
        return new Promise(() => undefined);
      },
    });
    const said = saidTo(port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await answering;
    await Promise.all(open.splice(0).map((server) => server.close()));
    expect(await said).toBe('');
  });
});

describe('the checks', () => {
  test('a heartbeat fails when it is older than its limit, and recovers', () => {
    const clock = new ManualClock();
    const loop = heartbeat({ name: 'loop', clock, limitMs: 30_000 });
    clock.advanceNow(30_000);
    expect(loop.check()).toMatchObject({ ok: true });
    clock.advanceNow(1);
    expect(loop.check()).toEqual({ ok: false, message: 'turned 30.0 s ago, limit 30.0 s' });
    loop.beat();
    expect(loop.check()).toMatchObject({ ok: true });
  });

  test('a watch that has neither brought anything nor been tried again past the limit is named, and what was not begun is not', () => {
    const check = watchesAlive({
      name: 'watches',
      limitMs: 70_000,
      watches: () => [
        { resource: 'namespaces', standingStillMs: 70_001 },
        { resource: 'networkpolicies', standingStillMs: 70_000 },
        { resource: 'services', standingStillMs: undefined },
      ],
    });
    expect(check.check()).toEqual({ ok: false, message: 'standing still: namespaces for 70.0 s, limit 70.0 s' });
  });

  test('a cache that is not synced is named', () => {
    const check = cachesSynced({
      name: 'caches',
      caches: () => [
        { resource: 'namespaces', isSynced: true },
        { resource: 'services', isSynced: false },
        { resource: 'services', isSynced: false },
      ],
    });
    expect(check.check()).toEqual({ ok: false, message: 'not synced: services' });
    expect(cachesSynced({ name: 'caches', caches: () => [] }).check()).toMatchObject({ ok: true });
  });
});
