import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type HttpKubeClient } from '../../../../src/kube/transport/http-kube-client.ts';
import { neededPermissions } from '../../../../src/operator/startup/preflight.ts';
import { Prerequisites } from '../../../../src/operator/startup/prerequisites.ts';
import { neededFields } from '../../../../src/operator/watch/needed-fields.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { eventually } from '../../../support/actors/actors.ts';
import type { FakeApiServer } from '../../../support/fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../../../support/fake-api/nsbaseline-api-server.ts';

let server: FakeApiServer;
let kube: HttpKubeClient;
let clock: ManualClock;
let stop: AbortController;
let lines: string[];
let prerequisites: Prerequisites;
let watching: Promise<void>;

beforeEach(async () => {
  server = await fakeServerWithCrds();
  server.cluster.access.tokens = new Map([['token', 'nsbaseline']]);
  kube = createKubeClient({ cluster: server.asCluster('token'), fieldManager: 'x', userAgent: 'x/1' });
  clock = new ManualClock();
  stop = new AbortController();
  lines = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note, child: () => log };
  prerequisites = new Prerequisites({
    kube,
    clock,
    log,
    signal: stop.signal,
    unreachableLimitMs: 1_000,
    needed: { permissions: neededPermissions({ dnsNamespaces: ['kube-system'] }), fields: neededFields() },
  });
  expect(await prerequisites.met()).toEqual({ kind: 'ready' });
  watching = prerequisites.watch();
});

afterEach(async () => {
  stop.abort();
  await clock.advance(60_000);
  await watching;
  await kube.close();
  await server.close();
});

/** What `/readyz` says, after some time. */
async function readiness(): Promise<string> {
  await clock.advance(30_000);
  const { ok, message } = prerequisites.check();
  return ok ? 'ready' : message;
}

describe('F66 what the operator needed to start, and lacks now', () => {
  test('F66 rights that are withdrawn are named, said once, and seen when they are back', async () => {
    server.cluster.access.isAllowed = ({ verb, resource }) => verb !== 'patch' || resource !== 'namespacebaselines';
    await eventually(readiness).toBe(
      'waiting for the permission to patch namespacebaselines.nsbaseline.io in every namespace',
    );
    await readiness();
    expect(lines.filter((line) => line === 'waiting for what is missing')).toHaveLength(1);
    server.cluster.access.isAllowed = () => true;
    await eventually(readiness).toBe('ready');
    expect(lines.at(-1)).toBe('every permission is there again');
  });

  test('F66 a token that is revoked makes the operator not ready', async () => {
    server.cluster.access.tokens?.clear();
    await eventually(readiness).toMatch(/^waiting for valid credentials/);
  });

  test('F66 an API server that does not answer says nothing about rights', async () => {
    let asked = 0;
    server.intercept = () => {
      asked += 1;
      return { kind: 'respond', status: 503, body: '' };
    };
    await expect
      .poll(async () => {
        await clock.advance(30_000);
        return asked;
      })
      .toBeGreaterThan(100);
    expect(prerequisites.check()).toEqual({ ok: true, message: 'all there' });
    server.intercept = undefined;
  });
});
