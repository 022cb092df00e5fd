import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../../src/base/backoff.ts';

describe('backoff', () => {
  const waits = (random: number): number[] =>
    [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) =>
      backoffMs({ attempt, baseMs: 800, capMs: 30_000, random: () => random }),
    );

  test('doubles up to the cap, and stays there for ever', () => {
    expect(waits(0.999_999).map(Math.round)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  test('never falls under half, so that nothing loops hot', () => {
    expect(waits(0)).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
  });
});
