import dns from 'node:dns';
import { describe, expect, test, vi } from 'vitest';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { OPTED_IN } from '../support/actors/actors.ts';
import { staticCluster } from '../support/static-cluster.ts';
import { everywhere, type Target, type Where, watchesOf } from './fault-proxy.ts';
import { proxiedCluster } from './proxied-cluster.ts';
import type { Cut } from './proxied-connection.ts';

const scene = proxiedCluster();
/** A silent watch is given up within this, in milliseconds. */
const SILENCE_LIMIT_MS = 70_000;
const MINUTE_MS = 60_000;
const isNoWatch: Where = (connection) => !watchesOf()(connection);

describe('F1 connections that die without a word', () => {
  test.each([
    ['the watches, towards us', watchesOf(), 'toClient' as const],
    ['all, towards us', everywhere, 'toClient' as const],
    ['all, both ways', everywhere, 'both' as const],
  ])('F1 %s: they are given up, and what happened meanwhile is made good', async (_which, where, direction) => {
    await scene.settled();
    const lift = scene.proxy.set({ kind: 'lose', direction }, where);
    scene.disturb();
    const before = scene.attempts();
    await scene.pass(2 * SILENCE_LIMIT_MS);
    expect(scene.attempts() - before).toBeLessThan(200);
    lift();
    await scene.recovered();
  });

  test('F1 every watch that stands is dead for good: within the silence limit all is as declared again', async () => {
    await scene.settled();
    const isStanding = scene.proxy.standing();
    scene.proxy.set(
      { kind: 'lose', direction: 'both' },
      (connection) => isStanding(connection) && watchesOf()(connection),
    );
    await scene.recovered({ withinMs: SILENCE_LIMIT_MS + 10_000 });
  });

  test('F1 a line that stands still for longer than a request may take, and then brings everything at once', async () => {
    await scene.settled();
    const lift = scene.proxy.set({ kind: 'hold', direction: 'both' });
    scene.disturb();
    await scene.pass(30_000);
    lift();
    await scene.recovered();
  });

  test('F1 a line of 2,000 bytes a second: slow, and never wrong', async () => {
    await scene.settled();
    const lift = scene.proxy.set({ kind: 'slow', bytesPerSecond: 2_000 });
    scene.disturb();
    const before = scene.attempts();
    await scene.pass(5 * MINUTE_MS);
    expect(scene.attempts() - before).toBeLessThan(400);
    expect(scene.stage.problems()).toEqual([]);
    lift();
    await scene.recovered();
  });
});

/** Where in some bytes to cut; -1 for nowhere. */
const CUTS: readonly (readonly [string, (bytes: Buffer) => number])[] = [
  ['a line', (bytes) => bytes.indexOf('{"type":') + 4],
  ['the JSON of an object', (bytes) => bytes.indexOf('"spec":')],
  ['a character', (bytes) => bytes.findIndex((byte) => byte >= 0xf0) + 2],
];

describe('F2 connections that break in the middle', () => {
  const broken = CUTS.flatMap(([where, at]) => (['reset', 'end'] as const).map((how) => ({ where, at, how })));

  test.each(broken)(
    'F2 of $where, by $how: what is not whole is not read, and the watch goes on where it was',
    async ({ at, how }) => {
      await scene.settled();
      scene.stage.actor.annotate(
        NETWORK_POLICIES,
        { namespace: 'team-0', name: 'standard.default-deny' },
        { annotation: 'note', value: 'x' },
      );
      let left = 12;
      const cut = (bytes: Buffer): Buffer => {
        const index = bytes.includes('{"type":') && left > 0 ? at(bytes) : -1;
        if (index < 5) {
          return bytes;
        }
        left -= 1;
        setImmediate(() => {
          scene.proxy.cut(watchesOf(), how);
        });
        return bytes.subarray(0, index);
      };
      const lift = scene.proxy.set({ kind: 'corrupt', edit: cut }, watchesOf());
      for (let round = 0; round < 3; round += 1) {
        for (const name of ['team-3', 'team-4']) {
          scene.stage.actor.annotate(
            NETWORK_POLICIES,
            { namespace: name, name: 'standard.allow-dns' },
            { annotation: 'note', value: `ein 🦊 und ein ü, ${round}` },
          );
        }
        scene.disturb();
        await scene.pass(20_000);
      }
      expect(left).toBeLessThan(12);
      lift();
      await scene.recovered();
    },
  );

  test('F2 lists that break off: half a list removes nothing, and the cache is as full as it was', async () => {
    const operator = await scene.settled();
    const objects = (): readonly number[] => [...operator.runtime.watches()].map((watch) => watch.objects);
    const before = objects();
    const lift = scene.proxy.set({ kind: 'cutAfter', bytes: 700, how: 'end' }, isNoWatch);
    scene.stage.scene.server.cluster.compactHistory();
    scene.proxy.cut();
    const attempts = scene.attempts();
    await scene.pass(5 * MINUTE_MS, 2_000);
    expect(scene.attempts() - attempts).toBeLessThan(1_000);
    expect(objects()).toEqual(before);
    lift();
    await scene.recovered();
  });

  test('F2 bytes that come as others end the watch, and it is listed anew', async () => {
    await scene.settled();
    const lift = scene.proxy.set(
      { kind: 'corrupt', edit: (bytes) => Buffer.from(bytes.map((byte) => (byte === 0x7b ? 0x00 : byte))) },
      watchesOf(),
    );
    scene.disturb();
    const attempts = scene.attempts();
    await scene.pass(5 * MINUTE_MS, 2_000);
    expect(scene.attempts() - attempts).toBeLessThan(400);
    // A list tells what the watch cannot.
    expect(scene.stage.problems()).toEqual([]);
    lift();
    await scene.recovered();
  });
});

describe('F6 a load balancer that cuts idle connections', () => {
  test.each([
    ['60 s, by reset', 60_000, 'reset' as const],
    ['60 s, in silence', 60_000, 'silence' as const],
    ['350 s, in order', 350_000, 'end' as const],
    ['350 s, in silence', 350_000, 'silence' as const],
  ])(
    'F6 after %s: an hour of it costs little, and nothing is missed',
    async (_when, idleMs: number, how: Cut | 'silence') => {
      await scene.settled();
      scene.proxy.set({ kind: 'idleLimit', idleMs, how });
      const before = scene.attempts();
      await scene.pass(60 * MINUTE_MS, 10_000);
      // Each of some ten watches is begun anew every minute at most, after a look at the server's version.
      expect(scene.attempts() - before).toBeLessThan(10 * 60 * 2);
      await scene.recovered();
    },
  );
});

describe('F39 no way to the API server', () => {
  test.each<[string, Target]>([
    ['refuses', 'refusing'],
    ['is silent', 'silent'],
  ])('F39 one of three API servers %s: the others are enough', async (_how, dead) => {
    await scene.settled();
    const port = Number(new URL(scene.stage.scene.server.url).port);
    scene.proxy.leadTo([port, dead, port]);
    scene.proxy.cut();
    for (let round = 0; round < 3; round += 1) {
      scene.disturb();
      await scene.pass(90_000);
      expect(scene.stage.problems()).toEqual([]);
    }
    expect(scene.attempts()).toBeLessThan(700);
    scene.proxy.leadTo([port]);
    await scene.recovered();
  });

  test('F39 all of them refuse for ten minutes: it tries ever more rarely, and is back within seconds', async () => {
    await scene.settled();
    const accept = scene.proxy.refuse();
    scene.proxy.cut();
    scene.disturb();
    const before = scene.attempts();
    await scene.pass(10 * MINUTE_MS);
    // Each of some ten watches every 2.5 s at the most.
    expect(scene.attempts() - before).toBeLessThan(2_500);
    accept();
    await scene.recovered({ withinMs: 15_000 });
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'EMFILE'])(
    'F39 %s instead of a connection: what stands stays, and all is made good when it is over',
    async (code) => {
      const cluster = staticCluster({ server: `http://localhost:${scene.proxy.port}` });
      const lookup = vi.spyOn(dns, 'lookup');
      await scene.settled({ cluster });
      const failing = (...call: readonly unknown[]): void => {
        const callback = call.at(-1) as (error: Error) => void;
        setImmediate(() => {
          callback(Object.assign(new Error(`no connection: ${code}`), { code }));
        });
      };
      lookup.mockImplementation(failing);
      scene.proxy.cut();
      scene.disturb();
      scene.stage.actor.createNamespace('unseen', OPTED_IN);
      const before = scene.attempts();
      await scene.pass(5 * MINUTE_MS);
      expect(scene.attempts() - before).toBeLessThan(1_300);
      expect(scene.stage.actor.all(NETWORK_POLICIES, 'unseen')).toEqual([]);
      lookup.mockRestore();
      await scene.recovered();
    },
  );
});
