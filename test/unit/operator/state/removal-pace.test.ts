import { describe, expect, test } from 'vitest';
import { REMOVAL_BATCH_MS } from '../../../../src/operator/queue/retry-policy.ts';
import { REMOVAL_BURST, RemovalPace } from '../../../../src/operator/state/removal-pace.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

function given(): { readonly clock: ManualClock; readonly pace: RemovalPace } {
  const clock = new ManualClock();
  return { clock, pace: new RemovalPace(clock) };
}

/** Takes as many removals as one batch gets. */
function taken(take: () => boolean): number {
  let count = 0;
  while (take()) {
    count += 1;
  }
  return count;
}

describe('the pace of removals in one namespace', () => {
  test('F58 R12 is a burst, and then so many a second, and each namespace has its own', async () => {
    const { clock, pace } = given();
    expect(taken(pace.begin('hostile').take)).toBe(REMOVAL_BURST);
    expect(taken(pace.begin('other').take)).toBe(REMOVAL_BURST);
    await clock.advance(1_000);
    expect(taken(pace.begin('hostile').take)).toBe(10);
  });

  test('F58 where removals are left over, the namespace rests for a second, or for three times as long as the batch took', async () => {
    const { clock, pace } = given();
    const first = pace.begin('hostile');
    taken(first.take);
    first.end();
    expect([pace.waitMs('hostile'), pace.waitMs('other')]).toEqual([REMOVAL_BATCH_MS, 0]);
    await clock.advance(REMOVAL_BATCH_MS);
    expect(pace.waitMs('hostile')).toBe(0);
    const slow = pace.begin('hostile');
    taken(slow.take);
    await clock.advance(3_000);
    slow.end();
    expect(pace.waitMs('hostile')).toBe(9_000);
  });

  test('a namespace in which nothing is left over does not rest', () => {
    const { pace } = given();
    const batch = pace.begin('team-a');
    expect(batch.take()).toBe(true);
    batch.end();
    expect(pace.waitMs('team-a')).toBe(0);
  });

  test('a namespace that is gone is forgotten', () => {
    const { pace } = given();
    const batch = pace.begin('hostile');
    taken(batch.take);
    batch.end();
    pace.forget('hostile');
    expect([pace.waitMs('hostile'), taken(pace.begin('hostile').take)]).toEqual([0, REMOVAL_BURST]);
  });
});
