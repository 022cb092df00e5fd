import { describe, expect, test } from 'vitest';
import { failure } from '../../../../src/base/result.ts';
import { settled } from '../../../fixtures/manual-clock.ts';
import { namespace, page, refusal } from '../scripted-server.ts';
import { reflectorAtWork } from './reflector-at-work.ts';

describe('a reflector survives', () => {
  test('F1 silence: it goes on from where it was', async () => {
    const { server, restarts, retry } = await reflectorAtWork();
    server.watching.end({ kind: 'timeout', message: 'silent', limitMs: 70_000 });
    await retry();
    expect(server.watches.map(({ request }) => request.resourceVersion)).toEqual(['10', '10']);
    expect(restarts).toEqual(['timeout']);
  });

  test('F3 an expired version: it lists again, and finds what it missed', async () => {
    const { server, held, retry } = await reflectorAtWork();
    server.watching.end(refusal('expired'));
    server.objects = [namespace('b', '2'), namespace('c', '700')];
    server.resourceVersion = '700';
    await retry();
    expect(held()).toEqual(['b@2', 'c@700']);
    expect(server.watching.request.resourceVersion).toBe('700');
  });

  test('F4 a Retry-After longer than its own wait', async () => {
    const { server, clock } = await reflectorAtWork({}, ({ nextLists }) =>
      nextLists.push(failure({ kind: 'throttled', message: 'slow down', retryAfterMs: 20_000 })),
    );
    await clock.advance(19_000);
    expect(server.lists.length).toBe(1);
    await clock.advance(1_000);
    expect(server.lists.length).toBe(2);
  });

  test('F5 errors without end: it waits longer and longer, up to 30 s, and never gives up', async () => {
    const { server, clock } = await reflectorAtWork({ random: () => 0.999_999 }, ({ nextLists }) => {
      for (let turn = 0; turn < 12; turn += 1) {
        nextLists.push(failure({ kind: 'serverError', message: 'etcd', status: 500 }));
      }
    });
    const triedAtMs = [0];
    for (let tries = 1; tries < 12; ) {
      await clock.advance(100);
      if (server.lists.length > tries) {
        triedAtMs.push(clock.nowMs());
      }
      tries = server.lists.length;
    }
    const waits = triedAtMs.slice(1).map((atMs, index) => Math.round((atMs - (triedAtMs[index] ?? 0)) / 100) * 100);
    expect(waits.slice(0, 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    await clock.advance(31_000);
    expect(server.watches.length).toBe(1);
  });

  test('F5 an API server that is away for long: attempts go on showing that the reflector itself is not stuck', async () => {
    const { clock, reflector, server } = await reflectorAtWork({}, ({ nextLists }) => {
      for (let turn = 0; turn < 300; turn += 1) {
        nextLists.push(failure(refusal('network')));
      }
    });
    await clock.advance(600_000);
    expect(reflector.hasSynced()).toBe(false);
    expect(server.watches.length).toBe(0);
    expect(clock.nowMs() - (reflector.lastTurnMs() ?? 0)).toBeLessThanOrEqual(5_000);
    expect(reflector.lastActivityMs()).toBe(0);
  });

  test('F5 F48 an API server that went away again and again: when it is back, the wait is 5 s at most', async () => {
    const { server, clock } = await reflectorAtWork({ random: () => 0.999_999 }, ({ nextLists }) => {
      for (let turn = 0; turn < 20; turn += 1) {
        nextLists.push(failure(refusal('network')));
      }
    });
    while (server.nextLists.length > 0) {
      await clock.advance(5_000);
    }
    const backAtMs = clock.nowMs();
    await clock.advance(5_000);
    expect(server.watches.length).toBe(1);
    expect(server.lists.length).toBe(21);
    expect(backAtMs).toBeGreaterThan(80_000);
  });

  test('F5 an API server that answers for the first time, and refuses: that is asked again soon', async () => {
    const { server, clock } = await reflectorAtWork({ random: () => 0.999_999 }, ({ nextLists }) => {
      for (let turn = 0; turn < 20; turn += 1) {
        nextLists.push(failure({ kind: 'timeout', message: 'no answer', limitMs: 10_000 }));
      }
      nextLists.push(failure(refusal('forbidden')));
    });
    while (server.nextLists.length > 1) {
      await clock.advance(100);
    }
    await clock.advance(5_800);
    expect(server.watches.length).toBe(1);
  });

  test('F1 a silence limit below the time between two bookmarks: quiet watches are begun anew without growing pauses', async () => {
    const { server, clock } = await reflectorAtWork({ silenceLimitMs: 5_000 });
    for (let turn = 1; turn <= 10; turn += 1) {
      await clock.advance(5_000);
      server.watching.end({ kind: 'timeout', message: 'silent', limitMs: 5_000 });
      await clock.advance(800);
      expect(server.watches.length).toBe(turn + 1);
    }
  });

  test('F6 idle connections cut every minute: the wait starts from the beginning each time', async () => {
    const { server, clock } = await reflectorAtWork();
    for (let turn = 1; turn <= 10; turn += 1) {
      await clock.advance(55_000);
      server.watching.end(refusal('network'));
      await clock.advance(800);
      expect(server.watches.length).toBe(turn + 1);
    }
  });

  test('F9 watches that end at once: no hot loop', async () => {
    const { server, clock } = await reflectorAtWork({}, (scripted) => {
      scripted.watchEnding = () => ({ ok: true, value: undefined });
    });
    await clock.advance(60_000);
    expect(server.watches.length).toBeGreaterThan(2);
    expect(server.watches.length).toBeLessThan(12);
  });

  test('F10 R13 a page that expires: the list begins anew, and nothing is removed by the unfinished one', async () => {
    const { server, held, retry } = await reflectorAtWork();
    server.watching.end(refusal('expired'));
    server.nextLists.push(page('20', [namespace('c', '15')], 'two'), failure(refusal('expired')));
    server.objects = [namespace('a', '1'), namespace('b', '2'), namespace('c', '15')];
    await retry();
    expect(server.lists.map(({ continueToken }) => continueToken)).toEqual([undefined, undefined, 'two', undefined]);
    expect(held()).toEqual(['a@1', 'b@2', 'c@15']);
  });

  test('F11 a server that is behind: it lists again', async () => {
    const { server, restarts, retry } = await reflectorAtWork();
    server.watching.end(refusal('resourceVersionTooLarge'));
    await retry();
    expect(server.lists.filter(({ limit }) => limit === 500).length).toBe(2);
    expect(restarts).toEqual(['resourceVersionTooLarge']);
  });

  test('F12 an etcd restore: the version went back, so it lists again instead of waiting for the future', async () => {
    const { server, clock, restarts, held, retry } = await reflectorAtWork({}, (scripted) => {
      scripted.resourceVersion = '1000';
    });
    await clock.advance(20_000);
    server.objects = [namespace('a', '1'), namespace('restored', '400')];
    server.resourceVersion = '500';
    server.watching.end();
    await retry();
    expect(restarts).toEqual(['ended', 'rolledBack']);
    expect(held()).toEqual(['a@1', 'restored@400']);
    expect(server.watching.request.resourceVersion).toBe('500');
  });

  test('F12 an etcd restore whose versions have caught up: what was seen last is not there in its version, so it lists again', async () => {
    const { server, restarts, held, retry } = await reflectorAtWork();
    server.watching.send('MODIFIED', namespace('a', '11'));
    server.watching.end(refusal('network'));
    server.objects = [namespace('a', '1'), namespace('b', '2'), namespace('c', '12')];
    server.resourceVersion = '500';
    await retry();
    expect(server.lists.at(1)).toMatchObject({ fieldSelector: 'metadata.name=a', limit: 1 });
    expect(restarts).toEqual(['network', 'rolledBack']);
    expect(held()).toEqual(['a@1', 'b@2', 'c@12']);
  });

  test('F12 after a deletion there is nothing to tell two histories apart by, so it lists again, once', async () => {
    const { server, restarts, held, retry } = await reflectorAtWork();
    server.watching.send('DELETED', namespace('a', '11'));
    server.watching.end(refusal('network'));
    server.resourceVersion = '500';
    await retry();
    expect(held()).toEqual(['a@1', 'b@2']);
    server.watching.end(refusal('network'));
    await retry();
    expect(restarts).toEqual(['network', 'rolledBack', 'network']);
  });

  test('F6 a connection that was cut while nothing happened goes on from where it was, without a list', async () => {
    const { server, restarts, retry } = await reflectorAtWork();
    server.watching.send('MODIFIED', namespace('b', '11'));
    server.objects = [namespace('a', '1'), namespace('b', '11')];
    server.resourceVersion = '500';
    server.watching.end(refusal('network'));
    await retry();
    expect(restarts).toEqual(['network']);
    expect(server.watching.request.resourceVersion).toBe('11');
  });

  test('R13 F12 what it fills is in doubt from the end of a watch until the server has shown how far it is', async () => {
    const { server, sink, retry } = await reflectorAtWork();
    expect(sink.isStale).toBe(false);
    server.nextLists.push(failure(refusal('network')), failure(refusal('network')));
    server.watching.end(refusal('network'));
    await settled();
    expect(sink.isStale).toBe(true);
    await retry();
    expect(sink.isStale).toBe(false);
    server.watching.end(refusal('expired'));
    await settled();
    expect(sink.isStale).toBe(true);
    await retry();
    expect(sink.isStale).toBe(false);
  });

  test('F15 a page that is too large is asked for in smaller parts', async () => {
    const { server, held } = await reflectorAtWork({}, ({ nextLists }) => {
      nextLists.push(
        failure({ kind: 'tooLarge', message: 'large', limitBytes: 1 }),
        page('10', [namespace('a', '1')], 'two'),
        page('10', [namespace('b', '2')]),
      );
    });
    expect(server.lists.map(({ limit }) => limit)).toEqual([500, 125, 125]);
    expect(held()).toEqual(['a@1', 'b@2']);
  });

  test('R13 an empty list where there was something is asked for once more', async () => {
    const { server, held, synced, retry } = await reflectorAtWork();
    server.watching.end(refusal('expired'));
    server.nextLists.push(page('30', []));
    await retry();
    expect(held()).toEqual(['a@1', 'b@2']);
    server.watching.end(refusal('expired'));
    server.nextLists.push(page('40', []), page('41', []));
    await retry();
    expect(held()).toEqual([]);
    expect(synced).toEqual([2, 2, 0]);
  });

  test('F37 a type that is not served yet: it looks every two seconds and says so', async () => {
    const { server, clock, restarts, held, reflector } = await reflectorAtWork({}, ({ nextLists }) => {
      for (let turn = 0; turn < 20; turn += 1) {
        nextLists.push(failure(refusal('notFound')));
      }
    });
    await clock.advance(20_000);
    expect(reflector.hasSynced()).toBe(false);
    expect(new Set(restarts)).toEqual(new Set(['notFound']));
    server.nextLists.length = 0;
    await clock.advance(2_000);
    expect(held()).toEqual(['a@1', 'b@2']);
  });

  test('F38 a sink that throws on an event: it says so, lists again and brings the change after all', async () => {
    const { server, restarts, held, failSink, retry } = await reflectorAtWork();
    failSink(1);
    server.watching.send('MODIFIED', namespace('a', '11'));
    server.watching.send('MODIFIED', namespace('b', '12'));
    server.objects = [namespace('a', '11'), namespace('b', '12')];
    await retry();
    expect(restarts).toEqual(['sinkFailed']);
    expect(held()).toEqual(['a@11', 'b@12']);
  });

  test('F38 a sink that throws in a list: the list is not counted as complete', async () => {
    const { server, restarts, held, failSink, retry } = await reflectorAtWork();
    failSink(1);
    server.watching.end(refusal('expired'));
    server.objects = [namespace('a', '11')];
    await retry();
    expect(restarts).toEqual(['expired', 'sinkFailed']);
    expect(held()).toEqual(['a@11']);
  });

  test('an event without a version ends the watch and is not taken in', async () => {
    const { server, restarts, held, retry } = await reflectorAtWork();
    server.watching.send('ADDED', { metadata: { name: 'x', uid: 'x' } });
    await retry();
    expect(restarts).toEqual(['malformed']);
    expect(held()).toEqual(['a@1', 'b@2']);
  });
});
