import { describe, expect, test } from 'vitest';
import { failure } from '../../../../src/base/result.ts';
import { ObjectCache } from '../../../../src/kube/informer/object-cache.ts';
import { createReflector } from '../../../../src/kube/informer/reflector.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';
import { NAMESPACES } from '../loopback-server.ts';
import { bookmark, namespace, page, refusal, ScriptedServer } from '../scripted-server.ts';
import { cachedFormOf, reflectorAtWork } from './reflector-at-work.ts';

describe('a reflector keeps its sink equal to the server', () => {
  test('it lists the newest state, then watches from there with a silence limit', async () => {
    const { server, reflector, synced, held } = await reflectorAtWork();
    expect(held()).toEqual(['a@1', 'b@2']);
    expect(reflector.hasSynced()).toBe(true);
    expect(synced).toEqual([2]);
    expect(server.lists).toMatchObject([{ type: NAMESPACES, limit: 500 }]);
    expect(server.lists[0]?.resourceVersion).toBeUndefined();
    expect(server.watching.request).toMatchObject({
      resourceVersion: '10',
      silenceLimitMs: 70_000,
      timeoutSeconds: 450,
    });
    server.watching.send('ADDED', namespace('c', '11'));
    server.watching.send('MODIFIED', namespace('a', '12'));
    server.watching.send('DELETED', namespace('b', '13'));
    expect(held()).toEqual(['a@12', 'c@11']);
  });

  test('pages are put together, and only the last one completes the list', async () => {
    const { server, reflector, held } = await reflectorAtWork({ pageSize: 1 }, ({ nextLists }) => {
      nextLists.push(page('10', [namespace('a', '1')], 'two'), page('10', [namespace('b', '2')]));
    });
    expect(server.lists.map(({ limit, continueToken }) => [limit, continueToken])).toEqual([
      [1, undefined],
      [1, 'two'],
    ]);
    expect(held()).toEqual(['a@1', 'b@2']);
    expect(reflector.hasSynced()).toBe(true);
  });

  test('F8 bookmarks alone advance the position for hours and touch nothing', async () => {
    const { server, clock, held, reflector } = await reflectorAtWork();
    for (let minute = 1; minute <= 300; minute += 1) {
      await clock.advance(60_000);
      server.watching.send('BOOKMARK', bookmark(String(10 + minute)));
    }
    expect(reflector.lastActivityMs()).toBe(clock.nowMs());
    expect(reflector.lastTurnMs()).toBe(clock.nowMs());
    expect(held()).toEqual(['a@1', 'b@2']);
    server.resourceVersion = '310';
    server.watching.end();
    await settled();
    expect(server.watching.request.resourceVersion).toBe('310');
    expect(server.lists.filter(({ limit }) => limit === 500).length).toBe(1);
  });

  test('a watch that ends in order goes on at once from the last version seen', async () => {
    const { server, clock, restarts } = await reflectorAtWork();
    await clock.advance(400_000);
    server.watching.send('ADDED', namespace('c', '20'));
    server.resourceVersion = '20';
    server.watching.end();
    await clock.advance(1);
    expect(server.watches.map(({ request }) => request.resourceVersion)).toEqual(['10', '20']);
    expect(restarts).toEqual(['ended']);
  });

  test('what was not begun is not stuck', () => {
    const sink = new ObjectCache({ project: cachedFormOf, onChange: () => undefined });
    const reflector = createReflector({
      client: new ScriptedServer(),
      scope: { type: NAMESPACES },
      sink,
      clock: new ManualClock(),
      random: () => 0.5,
    });
    expect(reflector.lastTurnMs()).toBeUndefined();
  });

  test('it stops when told to, whatever it is doing', async () => {
    const watching = await reflectorAtWork();
    await watching.stop();
    const failing = await reflectorAtWork({}, ({ nextLists }) => nextLists.push(failure(refusal('network'))));
    await failing.stop();
    expect([watching.clock.pending, failing.clock.pending]).toEqual([0, 0]);
  });
});

describe('F14 the first state as a stream', () => {
  const end = { 'k8s.io/initial-events-end': 'true' };

  test('is complete with its bookmark, and the same watch goes on', async () => {
    const { server, reflector, held } = await reflectorAtWork({ initial: 'stream' });
    expect(server.watching.request).toMatchObject({ sendInitialEvents: true });
    expect(server.watching.request.resourceVersion).toBeUndefined();
    server.watching.send('ADDED', namespace('a', '1'));
    server.watching.send('BOOKMARK', bookmark('5'));
    expect(reflector.hasSynced()).toBe(false);
    server.watching.send('BOOKMARK', bookmark('9', end));
    expect(reflector.hasSynced()).toBe(true);
    server.watching.send('DELETED', namespace('a', '10'));
    expect(held()).toEqual([]);
    expect([server.watches.length, server.lists.length]).toEqual([1, 0]);
  });

  test('that is not served: pages at once', async () => {
    const { server, held, restarts } = await reflectorAtWork({ initial: 'stream' });
    server.watching.end({ kind: 'invalid', message: 'sendInitialEvents is forbidden', status: 422, causes: [] });
    await settled();
    expect(held()).toEqual(['a@1', 'b@2']);
    expect(restarts).toEqual([]);
  });

  test.each(['forbidden', 'network'] as const)('that is refused with %s: pages from then on', async (kind) => {
    const { server, held, retry } = await reflectorAtWork({ initial: 'stream' });
    server.watching.end(refusal(kind));
    await retry();
    expect(held()).toEqual(['a@1', 'b@2']);
    server.watching.end(refusal('expired'));
    await retry();
    expect(server.watches.map(({ request }) => request.sendInitialEvents)).toEqual([true, undefined, undefined]);
  });

  test('R13 that ends before its bookmark, or comes empty where there was something, removes nothing', async () => {
    const { server, held, retry } = await reflectorAtWork({ initial: 'stream' });
    server.watching.send('ADDED', namespace('a', '1'));
    server.watching.send('ADDED', namespace('b', '2'));
    server.watching.send('BOOKMARK', bookmark('9', end));
    server.watching.end(refusal('expired'));
    await retry();
    server.watching.send('BOOKMARK', bookmark('20', end));
    expect(held()).toEqual(['a@1', 'b@2']);
    await retry();
    expect(server.lists.length).toBe(1);
    expect(held()).toEqual(['a@1', 'b@2']);
  });
});
