import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startProbeServer } from '../../src/telemetry/probes.ts';
import { SILENT_LOG } from '../fixtures/silence.ts';

/** A server of probes that ends with the test, and a way to ask it as the kubelet does: by a connection for each request. */
async function serving(page: () => Promise<string> = () => Promise.resolve('a 1\n')): Promise<{
  readonly port: number;
  readonly statusOf: (path: string) => Promise<number>;
}> {
  const started = await startProbeServer({
    listen: { host: '127.0.0.1', port: 0 },
    livez: [],
    readyz: [],
    metrics: { page, contentType: 'text/plain' },
    log: SILENT_LOG,
  });
  if (!started.ok) {
    throw started.error;
  }
  onTestFinished(() => started.value.close());
  const { port } = started.value;
  return {
    port,
    statusOf: async (path) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Connection: 'close' } })).status,
  };
}

/** Opens connections, some at a time, and leaves them as they are: with nothing sent, or after `bytes`. They close with the test. */
async function opened(
  count: number,
  target: { readonly port: number; readonly from: string; readonly bytes?: string },
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(250, count - sockets.length) }, () => openedOne(target));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

function openedOne({ port, from, bytes }: { port: number; from: string; bytes?: string }): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from }, () => {
      if (bytes === undefined) {
        resolve(socket);
      } else {
        socket.write(bytes);
      }
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(socket);
      });
    socket.once('data', () => {
      resolve(socket);
    });
  });
}

const KEPT_ALIVE = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
const FOR_METRICS = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
/** The addresses of the kubelet and of another client. */
const [KUBELET, STRANGER] = ['127.0.0.1', '127.0.0.2'];

describe('F64 connections that nobody closes', () => {
  test('F64 a probe and a scrape are answered after 10,000 idle connections, of which few are kept', async () => {
    const { port, statusOf } = await serving();
    const idle = await opened(10_000, { port, from: KUBELET });
    expect(await statusOf('/livez')).toBe(200);
    expect(await statusOf('/metrics')).toBe(200);
    await expect.poll(() => idle.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(128);
  }, 60_000);

  test('F64 the longest idle connection goes for a new one, and one in use stays', async () => {
    const { port } = await serving();
    const [first] = await opened(1, { port, from: KUBELET, bytes: KEPT_ALIVE });
    const [second] = await opened(1, { port, from: KUBELET, bytes: KEPT_ALIVE });
    await opened(126, { port, from: KUBELET });
    const answered = new Promise((resolve) => first?.once('data', resolve));
    first?.write(KEPT_ALIVE);
    await answered;
    const [newest] = await opened(1, { port, from: KUBELET, bytes: KEPT_ALIVE });
    expect(newest?.destroyed).toBe(false);
    await expect.poll(() => second?.destroyed).toBe(true);
    expect(first?.destroyed).toBe(false);
  });

  test.runIf(process.platform === 'linux').each([
    ['says nothing', undefined],
    ['asks for a page again and again and reads none', KEPT_ALIVE.repeat(50)],
  ])('F64 an address that %s closes no connection but its own', async (_what, bytes) => {
    const { port, statusOf } = await serving();
    const [kept] = await opened(1, { port, from: KUBELET, bytes: KEPT_ALIVE });
    await opened(400, { port, from: STRANGER, ...(bytes === undefined ? {} : { bytes }) });
    expect(kept?.destroyed).toBe(false);
    expect(await statusOf('/readyz')).toBe(200);
  });

  test('F64 a connection whose page is being made goes only where its address has no idle one', async () => {
    const making = { count: 0 };
    const { port, statusOf } = await serving(() => {
      making.count += 1;
      return new Promise(() => undefined);
    });
    const [idle] = await opened(1, { port, from: KUBELET, bytes: KEPT_ALIVE });
    const busy = await opened(127, { port, from: KUBELET });
    for (const socket of busy) {
      socket.write(FOR_METRICS);
    }
    const goneCount = (): number => busy.filter(({ destroyed }) => destroyed).length;
    await expect.poll(() => making.count).toBe(127);
    expect(await statusOf('/livez')).toBe(200);
    await expect.poll(() => idle?.destroyed).toBe(true);
    expect(goneCount()).toBe(0);
    const [last] = await opened(1, { port, from: KUBELET });
    last?.write(FOR_METRICS);
    await expect.poll(() => making.count).toBe(128);
    expect(await statusOf('/livez')).toBe(200);
    await expect.poll(goneCount).toBe(1);
  });
});
