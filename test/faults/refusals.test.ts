import { describe, expect, test } from 'vitest';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import {
  type ApiFailure,
  expiredPage,
  expiredWatch,
  internalError,
  statusFailure,
  versionTooLarge,
} from '../support/fake-api/api-status.ts';
import type { InterceptedRequest, Intervention } from '../support/fake-api/fake-api-server.ts';
import { proxiedCluster } from './proxied-cluster.ts';

const scene = proxiedCluster();
const MINUTE_MS = 60_000;

function answering({ status, body }: ApiFailure, headers: Readonly<Record<string, string>> = {}): Intervention {
  return { kind: 'respond', status, body: typeof body === 'string' ? body : JSON.stringify(body), headers };
}

const isWatch = ({ verb }: InterceptedRequest): boolean => verb === 'watch';
const isRead = ({ verb }: InterceptedRequest): boolean => verb === 'watch' || verb === 'list';

/** While every request that `isFor` picks is answered like this, people go on; gives how many requests were begun. */
async function during(
  durationMs: number,
  isFor: (request: InterceptedRequest) => boolean,
  answer: Intervention,
): Promise<number> {
  const before = scene.attempts();
  scene.stage.intercept((request) => (isFor(request) ? answer : undefined));
  scene.stage.scene.server.cluster.dropWatches();
  scene.disturb();
  await scene.pass(durationMs, 2_000);
  scene.stage.intercept(undefined);
  return scene.attempts() - before;
}

describe('F3 a version that is too old', () => {
  test('F3 410 to every watch for five minutes: it lists anew with growing pauses, and what lists show is acted upon', async () => {
    await scene.settled();
    expect(await during(5 * MINUTE_MS, isWatch, answering(expiredWatch(1, 2)))).toBeLessThan(450);
    expect(scene.stage.problems()).toEqual([]);
    await scene.recovered();
  });

  test('F3 as an event in the watch, again and again: what went meanwhile is found by comparing', async () => {
    await scene.settled();
    const { cluster } = scene.stage.scene.server;
    const before = scene.attempts();
    for (let round = 0; round < 6; round += 1) {
      cluster.dropWatches();
      scene.disturb();
      cluster.compactHistory();
      await scene.pass(20_000);
      expect(scene.stage.problems()).toEqual([]);
    }
    expect(scene.attempts() - before).toBeLessThan(450);
    await scene.recovered();
  });
});

describe('F4 an API server that asks to slow down', () => {
  const throttled = statusFailure({ code: 429, message: 'too many requests', reason: 'TooManyRequests' });

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ['without Retry-After', {}, 250],
    ['with Retry-After of 0', { 'retry-after': '0' }, 250],
    ['with Retry-After of 30 s', { 'retry-after': '30' }, 110],
    ['with Retry-After of a year', { 'retry-after': '31536000' }, 60],
    ['with a Retry-After that is none', { 'retry-after': 'soon' }, 250],
  ])(
    'F4 429 %s to everything for five minutes: it keeps to it, and is back when it is over',
    async (_which, headers, most) => {
      await scene.settled();
      expect(await during(5 * MINUTE_MS, () => true, answering(throttled, headers))).toBeLessThan(most);
      await scene.recovered({ withinMs: 150_000 });
    },
  );

  test('F4 429 to one write in two: everything is written all the same', async () => {
    await scene.settled();
    let turn = 0;
    scene.stage.intercept(({ verb }) => {
      turn += verb === 'create' || verb === 'patch' ? 1 : 0;
      return (verb === 'create' || verb === 'patch') && turn % 2 === 1
        ? answering(throttled, { 'retry-after': '1' })
        : undefined;
    });
    await scene.recovered();
  });
});

describe('F5 an API server that fails', () => {
  test.each<[string, ApiFailure]>([
    ['500', internalError('etcdserver: leader changed')],
    ['503 with a page of HTML', { status: 503, body: '<html><body>Service Unavailable</body></html>' }],
    ['504 without a body', { status: 504, body: '' }],
  ])(
    'F5 %s to everything for five minutes: ever fewer requests, nothing is given up, and it comes right by itself',
    async (_which, answer) => {
      await scene.settled();
      expect(await during(5 * MINUTE_MS, () => true, answering(answer))).toBeLessThan(250);
      await scene.recovered();
    },
  );

  test('F5 an ERROR event 500 in every watch for five minutes: what lists show is acted upon', async () => {
    await scene.settled();
    const line = `${JSON.stringify({ type: 'ERROR', object: internalError('etcdserver: no leader').body })}\n`;
    expect(await during(5 * MINUTE_MS, isWatch, { kind: 'respond', status: 200, body: line })).toBeLessThan(450);
    await scene.recovered();
  });
});

describe('F9 watches that are closed at once', () => {
  test('F9 empty, for ten minutes: no hot loop', async () => {
    await scene.settled();
    expect(await during(10 * MINUTE_MS, isWatch, { kind: 'respond', status: 200, body: '' })).toBeLessThan(700);
    await scene.recovered();
  });

  test('F9 after they have told what there was to tell: all of it is acted upon, and no hot loop', async () => {
    await scene.settled();
    const { cluster } = scene.stage.scene.server;
    scene.stage.intercept((request) => {
      if (isWatch(request)) {
        setImmediate(() => {
          cluster.dropWatches('end');
        });
      }
      return undefined;
    });
    cluster.dropWatches('end');
    const before = scene.attempts();
    for (let round = 0; round < 5; round += 1) {
      scene.disturb();
      await scene.pass(2 * MINUTE_MS);
      expect(scene.stage.problems()).toEqual([]);
    }
    expect(scene.attempts() - before).toBeLessThan(800);
    scene.stage.intercept(undefined);
    await scene.recovered();
  });
});

describe('F10 a list whose next page is gone', () => {
  test('F10 R13 while lists of several pages expire, the half of them removes nothing; the first that is whole counts', async () => {
    const { actor: hands } = scene.stage;
    // A page of others' policies comes before any of ours.
    hands.createNamespace('a-crowd');
    for (let index = 0; index < 600; index += 1) {
      hands.putForeign('a-crowd', `theirs-${index}`, 'none');
    }
    const operator = await scene.settled();
    const known = (): number =>
      [...operator.runtime.watches()].find(({ resource }) => resource === NETWORK_POLICIES.plural)?.objects ?? 0;
    const before = known();
    const { cluster } = scene.stage.scene.server;
    const attempts = scene.attempts();
    scene.stage.intercept(({ query }) => (query.has('continue') ? answering(expiredPage('x')) : undefined));
    cluster.dropWatches();
    cluster.compactHistory();
    for (let passedMs = 0; passedMs < 3 * MINUTE_MS; passedMs += 1_000) {
      await scene.pass(1_000);
      expect(known()).toBe(before);
    }
    expect(scene.attempts() - attempts).toBeLessThan(200);
    scene.stage.intercept(undefined);
    await scene.recovered();
  });
});

describe('F11 an API server that is behind another', () => {
  test.each<[string, (request: InterceptedRequest) => boolean]>([
    ['to every watch', isWatch],
    ['to every watch and list', isRead],
  ])(
    'F11 "too large resource version" %s for five minutes: it asks again with pauses, and misses nothing',
    async (_which, isFor) => {
      await scene.settled();
      expect(await during(5 * MINUTE_MS, isFor, answering(versionTooLarge(1_000, 900)))).toBeLessThan(450);
      await scene.recovered();
    },
  );
});
