import { describe, expect, test } from 'vitest';
import { failure, type Result, success } from '../../../../src/base/result.ts';
import { ConcurrencyLimiter } from '../../../../src/kube/client/concurrency-limiter.ts';
import type { RequestPriority } from '../../../../src/kube/client/fair-queue.ts';
import type { KubeError } from '../../../../src/kube/client/kube-error.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';

/** A limit, and requests that end when the test says so. */
function given(maxInFlight = 8): {
  clock: ManualClock;
  flow: ConcurrencyLimiter;
  begun: string[];
  /** A request whose name begins with that of its namespace: `team-a/1`. */
  begin: (name: string, priority?: RequestPriority) => Promise<Result<string, KubeError>>;
  end: (name: string, error?: KubeError) => Promise<void>;
} {
  const clock = new ManualClock();
  const flow = new ConcurrencyLimiter({ clock, maxInFlight });
  const begun: string[] = [];
  const open = new Map<string, (result: Result<string, KubeError>) => void>();
  return {
    clock,
    flow,
    begun,
    begin: (name, priority = 'urgent') =>
      flow.run({ priority, namespace: name.split('/')[0] ?? '' }, () => {
        begun.push(name);
        return new Promise<Result<string, KubeError>>((resolve) => open.set(name, resolve));
      }),
    end: async (name, error) => {
      await settled();
      open.get(name)?.(error === undefined ? success(name) : failure(error));
      await settled();
    },
  };
}

const throttled: KubeError = { kind: 'throttled', message: 'slow down', retryAfterMs: 5_000 };

describe('a flow limit', () => {
  test('lets no more run at once than its limit, and gives each its own result', async () => {
    const { begun, begin, end } = given(2);
    const results = ['a', 'b', 'c'].map((name) => begin(name));
    await settled();
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a');
    await end('c', { kind: 'conflict', message: 'conflict' });
    expect(await Promise.all(results)).toMatchObject([{ value: 'a' }, { value: 'b' }, { error: { kind: 'conflict' } }]);
  });

  test('lets urgent work go first, and background work every eighth time', async () => {
    const { begun, begin, end } = given(1);
    void begin('first');
    for (let index = 0; index < 10; index += 1) {
      void begin(`b${index}`, 'background');
    }
    for (let index = 0; index < 10; index += 1) {
      void begin(`u${index}`);
    }
    await settled();
    while (begun.length < 18) {
      await end(begun.at(-1) ?? '');
    }
    expect(begun.filter((name) => name.startsWith('u')).length).toBe(10);
    const beforeLastUrgent = begun.slice(0, begun.lastIndexOf('u9'));
    expect(beforeLastUrgent.filter((name) => name.startsWith('b')).length).toBe(1);
  });

  test('F58 a request of one namespace waits for one of another that has a thousand, and for a place to become free', async () => {
    const { begun, begin, end } = given(8);
    for (let index = 0; index < 1_000; index += 1) {
      void begin(`hostile/${index}`);
    }
    await settled();
    expect(begun.length).toBe(8);
    for (let index = 0; index < 3; index += 1) {
      void begin(`fresh/${index}`);
    }
    await end('hostile/0');
    await end('hostile/1');
    await end('hostile/2');
    expect(begun.slice(8)).toEqual(['fresh/0', 'fresh/1', 'fresh/2']);
    await end('fresh/0');
    expect(begun.at(-1)).toBe('hostile/8');
  });

  test('says how many requests wait, and how long the first of them has', async () => {
    const { clock, flow, begin, end } = given(1);
    void begin('a/1');
    void begin('a/2', 'background');
    await clock.advance(2_000);
    void begin('b/1');
    await clock.advance(1_000);
    expect([flow.waiting('urgent'), flow.waiting('background'), flow.oldestMs()]).toEqual([1, 1, 3_000]);
    await end('a/1');
    await end('b/1');
    await end('a/2');
    expect([flow.waiting('urgent'), flow.waiting('background'), flow.oldestMs()]).toEqual([0, 0, 0]);
  });

  test('F4 halves at a 429, once for all that were in flight, and rests as long as it is told', async () => {
    const { clock, flow, begun, begin, end } = given(8);
    for (let index = 0; index < 8; index += 1) {
      void begin(`a${index}`);
    }
    await clock.advance(10);
    for (let index = 0; index < 8; index += 1) {
      await end(`a${index}`, throttled);
    }
    expect(flow.limit).toBe(4);
    for (let index = 0; index < 8; index += 1) {
      void begin(`b${index}`);
    }
    await clock.advance(4_000);
    expect(begun.length).toBe(8);
    await clock.advance(1_000);
    expect(begun.length).toBe(12);
    await end('b0', throttled);
    expect(flow.limit).toBe(2);
  });

  test('F4 a Retry-After of minutes, as a webhook of one namespace may send it, lets the others go on after seconds', async () => {
    const { clock, begun, begin, end } = given(8);
    void begin('refused', 'background');
    await end('refused', { kind: 'throttled', message: 'denied by a webhook', retryAfterMs: 120_000 });
    void begin('other');
    await clock.advance(5_000);
    expect(begun).toEqual(['refused', 'other']);
  });

  test('R12 requests that time out again and again, as behind a hung webhook of one namespace, leave the others their room', async () => {
    const { clock, flow, begin, end } = given(64);
    for (let index = 0; index < 20; index += 1) {
      void begin(`a${index}`, 'background');
      await clock.advance(10_000);
      await end(`a${index}`, { kind: 'timeout', message: 'late', limitMs: 10_000 });
    }
    expect(flow.limit).toBe(8);
  });

  test('rises again slowly with each round that goes well, and not above its maximum', async () => {
    const { clock, flow, begin, end } = given(8);
    void begin('a');
    await end('a', { kind: 'throttled', message: 'slow down', retryAfterMs: 0 });
    await clock.advance(1);
    expect(flow.limit).toBe(4);
    for (let index = 0; index < 5; index += 1) {
      void begin(`b${index}`);
      await end(`b${index}`);
    }
    expect(flow.limit).toBe(5);
    for (let index = 0; index < 100; index += 1) {
      void begin(`c${index}`);
      await end(`c${index}`);
    }
    expect(flow.limit).toBe(8);
  });

  test('falls when answers take many times as long as they can, but never to nothing', async () => {
    const { clock, flow, begin, end } = given(64);
    const take = async (durationMs: number, times: number): Promise<void> => {
      for (let index = 0; index < times; index += 1) {
        const done = begin('x');
        await clock.advance(durationMs);
        await end('x');
        await done;
      }
    };
    await take(5, 20);
    expect(flow.limit).toBe(64);
    await take(500, 100);
    expect(flow.limit).toBe(8);
    await take(5, 2_500);
    expect(flow.limit).toBe(64);
  });

  test('a task that throws leaves its place to the next', async () => {
    const { flow, begun, begin } = given(1);
    await expect(
      flow.run({ priority: 'urgent', namespace: 'a' }, () => Promise.reject(new Error('bug'))),
    ).rejects.toThrow('bug');
    void begin('a');
    await settled();
    expect(begun).toEqual(['a']);
  });
});
