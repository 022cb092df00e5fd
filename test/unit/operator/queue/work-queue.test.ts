import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import {
  type Attempt,
  type FailedAttempt,
  type Priority,
  type QueueAction,
  WorkQueue,
} from '../../../../src/operator/queue/work-queue.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';

interface Harness {
  readonly queue: WorkQueue;
  readonly clock: ManualClock;
  /** Keys in the order in which work on them began. */
  readonly begun: string[];
  /** How urgent each was when it began. */
  readonly priorities: Priority[];
  /** Ends the work on a key. */
  readonly finish: (key: string, action?: QueueAction) => Promise<void>;
}

function unexpected({ key, cause }: FailedAttempt): never {
  throw new Error(`the work on ${key} failed`, { cause });
}

function harness({
  workers = 1,
  random = () => 1,
}: {
  readonly workers?: number;
  readonly random?: () => number;
} = {}): Harness {
  const clock = new ManualClock();
  const begun: string[] = [];
  const priorities: Priority[] = [];
  const open = new Map<string, (action: QueueAction) => void>();
  const work = (key: string, { priority }: Attempt): Promise<QueueAction> => {
    expect(open.has(key)).toBe(false);
    begun.push(key);
    priorities.push(priority);
    return new Promise((resolve) => open.set(key, resolve));
  };
  const queue = new WorkQueue({
    clock,
    random,
    workers,
    work,
    onError: unexpected,
    retry: { baseMs: 100, capMs: 1000 },
  });
  const finish = async (key: string, action: QueueAction = { kind: 'forget' }): Promise<void> => {
    const resolve = open.get(key);
    if (resolve === undefined) {
      throw new Error(`${key} is not being worked on`);
    }
    open.delete(key);
    resolve(action);
    await settled();
  };
  return { queue, clock, begun, priorities, finish };
}

describe('a queue of keys', () => {
  test('works once on a key that was added often', async () => {
    const { queue, begun, finish } = harness();
    for (let count = 0; count < 5; count += 1) {
      queue.add('a', 'resync');
    }
    queue.start();
    await finish('a');
    expect(begun).toEqual(['a']);
    expect(queue.isIdle).toBe(true);
  });

  test('addAfter waits, the earlier of two times counts, and add brings it forward', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 300);
    queue.addAfter('b', 1000);
    await clock.advance(99);
    expect(begun).toEqual([]);
    await clock.advance(1);
    await finish('a');
    queue.add('b', 'fresh');
    await finish('b');
    await clock.advance(2000);
    expect(begun).toEqual(['a', 'b']);
  });

  test('addAfter during the work on a key counts before a later retry of it', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.add('a', 'resync');
    queue.start();
    queue.addAfter('a', 50);
    await finish('a', { kind: 'after', delayMs: 1000 });
    await clock.advance(50);
    expect(begun).toEqual(['a', 'a']);
    await finish('a');
    await clock.advance(2000);
    expect(begun).toEqual(['a', 'a']);
  });

  test('works again on a key that was added while it was in hand, and never twice at once', async () => {
    const { queue, begun, finish } = harness({ workers: 4 });
    queue.start();
    queue.add('a', 'fresh');
    queue.add('a', 'fresh');
    expect(begun).toEqual(['a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
  });

  test('hands out nothing before it is started', () => {
    const { queue, begun } = harness();
    queue.add('a', 'fresh');
    expect(begun).toEqual([]);
    expect(queue.depth('fresh')).toBe(1);
  });

  test('R14 does what is fresh before any resync', async () => {
    const { queue, begun, finish } = harness();
    for (const key of ['r1', 'r2', 'r3']) {
      queue.add(key, 'resync');
    }
    queue.start();
    queue.add('f1', 'fresh');
    queue.add('r3', 'fresh');
    for (const key of ['r1', 'f1', 'r3', 'r2']) {
      await finish(key);
    }
    expect(begun).toEqual(['r1', 'f1', 'r3', 'r2']);
  });

  test('R14 the fresh key that waits longest and the newcomer that came last take turns', async () => {
    const { queue, begun, finish } = harness();
    for (const key of ['a', 'b']) {
      queue.add(key, 'fresh');
    }
    for (const key of ['c', 'd']) {
      queue.addNewestFirst(key);
    }
    queue.add('e', 'fresh');
    queue.start();
    await finish('a');
    queue.addNewestFirst('late');
    await finish('d');
    await finish('b');
    for (const key of ['late', 'c', 'e']) {
      await finish(key);
    }
    expect(begun).toEqual(['a', 'd', 'b', 'late', 'c', 'e']);
    expect(queue.isIdle).toBe(true);
  });

  test('R12 a key that fails waits by itself, longer each time, and delays no other', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.add('bad', 'fresh');
    await finish('bad', { kind: 'backoff' });
    queue.add('good', 'fresh');
    await finish('good');
    expect(begun).toEqual(['bad', 'good']);
    await clock.advance(100);
    expect(begun).toEqual(['bad', 'good', 'bad']);
    await finish('bad', { kind: 'backoff' });
    await clock.advance(199);
    expect(begun).toHaveLength(3);
    await clock.advance(1);
    expect(begun).toHaveLength(4);
    expect(queue.retries).toBe(2);
  });

  test('R14 a fresh key that failed once still goes before resyncs', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.add('new', 'fresh');
    queue.add('r1', 'resync');
    await finish('new', { kind: 'backoff' });
    queue.add('r2', 'resync');
    await clock.advance(100);
    await finish('r1');
    expect(begun).toEqual(['new', 'r1', 'new']);
  });

  test('F4 what happens to a key during a failing attempt is answered soon and as fresh, whatever pause its failures have earned', async () => {
    const { queue, clock, begun, priorities, finish } = harness();
    queue.start();
    queue.add('a', 'resync');
    queue.add('a', 'fresh');
    await finish('a', { kind: 'backoff', atLeastMs: 60_000 });
    expect(begun).toHaveLength(1);
    await clock.advance(1_000);
    expect(priorities).toEqual(['resync', 'fresh']);
  });

  test('a key that fails and to which something happens each time is no hot loop', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.add('a', 'fresh');
    for (let elapsedMs = 0; elapsedMs < 20_000; elapsedMs += 100) {
      if (queue.isIdle) {
        await clock.advance(100);
      } else {
        queue.add('a', 'fresh');
        await finish('a', { kind: 'backoff' });
      }
    }
    expect(begun.length).toBeLessThan(25);
  });

  test('F4 waits at least as long as the server asked', async () => {
    const { queue, clock, begun, finish } = harness({ random: () => 0 });
    queue.start();
    queue.add('a', 'fresh');
    await finish('a', { kind: 'backoff', atLeastMs: 5000 });
    await clock.advance(4999);
    expect(begun).toHaveLength(1);
    await clock.advance(1);
    expect(begun).toHaveLength(2);
  });

  test('F4 keys that got the same Retry-After do not come back together', async () => {
    const chance = { share: 0 };
    const { queue, clock, begun, finish } = harness({ workers: 2, random: () => chance.share });
    queue.start();
    for (const key of ['a', 'b']) {
      queue.add(key, 'fresh');
      await finish(key, { kind: 'backoff', atLeastMs: 10_000 });
      chance.share = 0.5;
    }
    await clock.advance(10_000);
    expect(begun).toEqual(['a', 'b', 'a']);
    await clock.advance(1_000);
    expect(begun).toEqual(['a', 'b', 'a', 'b']);
  });

  test('F5 a long fixed pause is shortened by up to a tenth, so that refused keys do not come back together', async () => {
    const chance = { share: 0 };
    const { queue, clock, begun, finish } = harness({ workers: 2, random: () => chance.share });
    queue.start();
    for (const key of ['a', 'b']) {
      queue.add(key, 'fresh');
      await finish(key, { kind: 'after', delayMs: 300_000 });
      chance.share = 0.9;
    }
    await clock.advance(273_000);
    expect(begun).toEqual(['a', 'b', 'b']);
    await clock.advance(27_000);
    expect(begun).toEqual(['a', 'b', 'b', 'a']);
  });

  test('a short fixed pause is a lower limit', async () => {
    const { queue, clock, begun, finish } = harness({ random: () => 0.9 });
    queue.start();
    queue.add('a', 'fresh');
    await finish('a', { kind: 'after', delayMs: 10_000 });
    await clock.advance(9_999);
    expect(begun).toEqual(['a']);
    await clock.advance(1);
    expect(begun).toEqual(['a', 'a']);
  });

  test('an event brings a waiting key forward', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.add('a', 'fresh');
    await finish('a', { kind: 'after', delayMs: 300_000 });
    queue.add('a', 'fresh');
    expect(begun).toHaveLength(2);
    await finish('a');
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  test('F50 a pass over many keys that wait for nothing lets everything else have its turn every few of them', async () => {
    const state = { nowMs: 0, begun: 0 };
    const turns: (() => void)[] = [];
    const clock: Clock = {
      nowMs: () => state.nowMs,
      wallTime: () => new Date(0),
      after: (_delayMs, callback) => ({ cancel: () => undefined, number: turns.push(callback) }),
    };
    const work = (): Promise<QueueAction> => {
      state.nowMs += 1;
      state.begun += 1;
      return Promise.resolve({ kind: 'forget' });
    };
    const queue = new WorkQueue({ clock, random: () => 1, workers: 4, work, onError: unexpected });
    for (let key = 0; key < 1_000; key += 1) {
      queue.add(String(key), 'resync');
    }
    queue.start();
    await settled();
    expect(state.begun).toBeLessThan(20);
    while (turns.length > 0) {
      turns.splice(0).forEach((turn) => {
        turn();
      });
      await settled();
    }
    expect(state.begun).toBe(1_000);
  });

  test('success forgets the failures before it', async () => {
    const { queue, clock, begun, finish } = harness();
    queue.start();
    queue.add('a', 'fresh');
    await finish('a', { kind: 'backoff' });
    await clock.advance(100);
    await finish('a');
    queue.add('a', 'fresh');
    await finish('a', { kind: 'backoff' });
    await clock.advance(100);
    expect(begun).toHaveLength(4);
  });

  test('F30 drains: what is in hand is finished, what waits is not begun', async () => {
    const { queue, begun, finish } = harness();
    queue.start();
    queue.add('a', 'fresh');
    queue.add('b', 'fresh');
    let isDrained = false;
    const draining = queue.drain().then(() => {
      isDrained = true;
    });
    await settled();
    expect(isDrained).toBe(false);
    await finish('a', { kind: 'backoff' });
    await draining;
    expect(begun).toEqual(['a']);
  });

  test.each(['at once', 'after a while'])(
    'F38 work that throws %s is passed to onError with its key, is retried, and harms no other key',
    async (when) => {
      const clock = new ManualClock();
      const begun: string[] = [];
      const failed: FailedAttempt[] = [];
      const attempts: string[] = [];
      const bug = new TypeError('bug');
      const rejecting = async (): Promise<QueueAction> => {
        await Promise.resolve();
        throw bug;
      };
      const throwing = (): Promise<QueueAction> => {
        if (when === 'at once') {
          throw bug;
        }
        return rejecting();
      };
      const work = (key: string, { reconcileId }: Attempt): Promise<QueueAction> => {
        begun.push(key);
        attempts.push(reconcileId);
        return key === 'bad' && begun.length < 5 ? throwing() : Promise.resolve({ kind: 'forget' });
      };
      const queue = new WorkQueue({
        clock,
        random: () => 1,
        workers: 1,
        work,
        onError: (attempt) => void failed.push(attempt),
        retry: { baseMs: 100, capMs: 1_000 },
      });
      queue.start();
      queue.add('bad', 'fresh');
      queue.add('good', 'fresh');
      await clock.advance(300);
      expect(begun).toEqual(['bad', 'good', 'bad', 'bad']);
      const [first, , second, third] = attempts;
      expect(failed).toEqual([first, second, third].map((reconcileId) => ({ key: 'bad', reconcileId, cause: bug })));
      expect(new Set(attempts).size).toBe(4);
      expect(queue.retries).toBe(3);
    },
  );

  test('after any sequence of adds, every key is worked on after its last add', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom<Priority>('fresh', 'resync'),
      yields: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
        let turn = 0;
        const addedAt = new Map<string, number>();
        const begunAt = new Map<string, number>();
        const work = async (key: string): Promise<QueueAction> => {
          begunAt.set(key, (turn += 1));
          await settled();
          return { kind: 'forget' };
        };
        const queue = new WorkQueue({
          clock: new ManualClock(),
          random: () => 0,
          workers,
          work,
          onError: unexpected,
        });
        queue.start();
        for (const { key, priority, yields } of steps) {
          addedAt.set(key, (turn += 1));
          queue.add(key, priority);
          if (yields) {
            await settled();
          }
        }
        while (!queue.isIdle) {
          await settled();
        }
        for (const [key, added] of addedAt) {
          expect(begunAt.get(key)).toBeGreaterThan(added);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('F28 when what made work fail is over', () => {
  test('F28 what waits for a retry comes back within a second, and what waits for its time does not', async () => {
    const { queue, clock, begun, finish } = harness({ workers: 3, random: () => 0.5 });
    for (const key of ['failed', 'refused', 'retried soon']) {
      queue.add(key, 'fresh');
    }
    queue.start();
    await finish('failed', { kind: 'backoff', atLeastMs: 60_000 });
    await finish('refused', { kind: 'after', delayMs: 300_000 });
    await finish('retried soon', { kind: 'backoff', atLeastMs: 900 });
    begun.splice(0);
    queue.retryNow();
    await clock.advance(499);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual(['failed']);
    await clock.advance(450);
    expect(begun).toEqual(['failed', 'retried soon']);
    await clock.advance(60_000);
    expect(begun).toEqual(['failed', 'retried soon']);
  });
});
