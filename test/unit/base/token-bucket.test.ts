import { expect, test } from 'vitest';
import { tokenBucket } from '../../../src/base/token-bucket.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

test('a burst goes through, then one token in each refill time, up to the burst', async () => {
  const clock = new ManualClock();
  const bucket = tokenBucket({ clock, burst: 2, refillMs: 100 });
  const taken = (): number => [1, 2, 3, 4].filter(() => bucket.take()).length;
  expect(taken()).toBe(2);
  await clock.advance(99);
  expect(taken()).toBe(0);
  await clock.advance(1);
  expect(taken()).toBe(1);
  await clock.advance(10_000);
  expect(taken()).toBe(2);
});

test('a part of a refill time is not lost', async () => {
  const clock = new ManualClock();
  const bucket = tokenBucket({ clock, burst: 1, refillMs: 100 });
  expect(bucket.take()).toBe(true);
  await clock.advance(150);
  expect(bucket.take()).toBe(true);
  await clock.advance(50);
  expect(bucket.take()).toBe(true);
});
