import { describe, expect, test } from 'vitest';
import { type EndedAttempt, WatchBackoff } from '../../../../src/kube/informer/watch-backoff.ts';

/** The pauses after these attempts, without luck: the longest that jitter allows. */
function pauses(attempts: readonly EndedAttempt[], silenceLimitMs = 70_000): readonly number[] {
  const backoff = new WatchBackoff({ random: () => 1, silenceLimitMs });
  return attempts.map((attempt) => backoff.afterMs(attempt));
}

describe('the pause of a watch', () => {
  test('doubles with each failure in a row, up to 30 s', () => {
    expect(pauses(new Array<EndedAttempt>(8).fill({ reason: 'serverError' }))).toEqual([
      800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  test('is 5 s at most without an answer, and 2 s at most for a type that is not served', () => {
    expect(pauses(new Array<EndedAttempt>(5).fill({ reason: 'network' })).at(-1)).toBe(5_000);
    expect(pauses(new Array<EndedAttempt>(5).fill({ reason: 'notFound' })).at(-1)).toBe(2_000);
  });

  test('starts over after a healthy watch, and with the first answer after an outage', () => {
    const failed = { reason: 'serverError' } as const;
    expect(pauses([failed, failed, { ...failed, livedMs: 15_000 }])).toEqual([800, 1_600, 800]);
    expect(pauses([{ reason: 'network' }, { reason: 'network' }, failed, failed])).toEqual([800, 1_600, 800, 1_600]);
  });

  test('is none after a normal end, unless the watch lasted less than a second', () => {
    expect(pauses([{ reason: 'ended', livedMs: 1_000 }])).toEqual([0]);
    expect(pauses([{ reason: 'ended', livedMs: 999 }])).toEqual([800]);
  });

  test('is never shorter than a Retry-After', () => {
    expect(pauses([{ reason: 'throttled', retryAfterMs: 45_000 }])).toEqual([45_000]);
  });

  test('does not grow with a silence limit so short that silence ends every watch', () => {
    const silent = { reason: 'timeout', livedMs: 3_000 } as const;
    expect(pauses([silent, silent, silent], 3_000)).toEqual([800, 800, 800]);
  });
});
