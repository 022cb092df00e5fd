import { expect, test } from 'vitest';
import { OptOutTracker } from '../../../../src/operator/state/opt-out-tracker.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const standard = { name: 'standard', uid: 'u1', graceMs: 10_000 };

test('R4 an opt-out waits for the whole grace from its beginning, however often it is looked at', async () => {
  const clock = new ManualClock();
  const tracker = new OptOutTracker(clock);
  const begun = { waitMs: 10_000, untilTime: '2026-01-01T00:00:10Z' };
  expect(tracker.note('a', [standard]).get('standard')).toEqual(begun);
  await clock.advance(4000);
  expect(tracker.note('a', [standard]).get('standard')).toEqual({ ...begun, waitMs: 6000 });
  await clock.advance(6000);
  expect(tracker.note('a', [standard]).size).toBe(0);
});

test('R4 F53 a namespace that was selected again in between waits for the whole grace once more', async () => {
  const clock = new ManualClock();
  const tracker = new OptOutTracker(clock);
  tracker.note('a', [standard]);
  await clock.advance(9000);
  tracker.note('a', []);
  expect(tracker.note('a', [standard]).get('standard')?.waitMs).toBe(10_000);
});

test('R4 a policy that was deleted and created again under its name waits for itself, and 0s does not wait', () => {
  const clock = new ManualClock();
  const tracker = new OptOutTracker(clock);
  tracker.note('a', [standard]);
  clock.advanceNow(9000);
  expect(tracker.note('a', [{ ...standard, uid: 'u2' }]).get('standard')?.waitMs).toBe(10_000);
  expect(tracker.note('b', [{ ...standard, graceMs: 0 }]).size).toBe(0);
});
