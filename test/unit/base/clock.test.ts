import { expect, test } from 'vitest';
import { pause } from '../../../src/base/clock.ts';
import { ManualClock, settled } from '../../fixtures/manual-clock.ts';

/** A pause of 100 ms, and whether it is over. */
function given(signal?: AbortSignal): { clock: ManualClock; isOver: () => boolean } {
  const clock = new ManualClock();
  let isOver = false;
  void pause(clock, 100, signal).then(() => {
    isOver = true;
  });
  return { clock, isOver: () => isOver };
}

test('a pause ends after its time', async () => {
  const { clock, isOver } = given();
  await clock.advance(99);
  expect(isOver()).toBe(false);
  await clock.advance(1);
  expect(isOver()).toBe(true);
});

test('a pause ends at once when its signal is aborted, before or meanwhile', async () => {
  const stop = new AbortController();
  const { isOver } = given(stop.signal);
  await settled();
  expect(isOver()).toBe(false);
  stop.abort();
  await settled();
  expect(isOver()).toBe(true);
  const late = given(stop.signal);
  await settled();
  expect(late.isOver()).toBe(true);
});
