import type { Sample } from './crew.ts';

/** What a process held in the first and in the last quarter of its life, after warming up: medians. */
export interface Quarters {
  readonly firstRssBytes: number;
  readonly lastRssBytes: number;
  readonly firstHandles: number;
  readonly lastHandles: number;
  readonly lifeMs: number;
  /** Undefined where it lived too shortly for this to mean anything. */
  readonly isFlat: boolean | undefined;
}

/** Caches, compiled code and the young generation of the heap have their size after this share of a life. */
const WARM_UP = 0.2;
/** Below this a heap has not come to rest yet. */
const SHORTEST_LIFE_MS = 240_000;
const MOST_GROWTH = 1.15;
const MOST_GROWTH_BYTES = 16 * 1024 ** 2;
const MOST_HANDLES_MORE = 10;

/** Compares the two quarters of a life; undefined where there are not enough samples. */
export function quartersOf(life: readonly Sample[]): Quarters | undefined {
  const warm = life.slice(Math.floor(life.length * WARM_UP));
  const quarter = Math.floor(warm.length / 4);
  const [start, end] = [life[0], life.at(-1)];
  if (quarter < 2 || start === undefined || end === undefined) return undefined;
  const [first, last] = [warm.slice(0, quarter), warm.slice(-quarter)];
  const firstRssBytes = median(first.map(({ rssBytes }) => rssBytes));
  const lastRssBytes = median(last.map(({ rssBytes }) => rssBytes));
  const firstHandles = median(first.map(({ handles }) => handles));
  const lastHandles = median(last.map(({ handles }) => handles));
  const lifeMs = end.atMs - start.atMs;
  const isSteady = lastRssBytes <= firstRssBytes * MOST_GROWTH + MOST_GROWTH_BYTES && lastHandles <= firstHandles + MOST_HANDLES_MORE;
  return { firstRssBytes, lastRssBytes, firstHandles, lastHandles, lifeMs, isFlat: lifeMs >= SHORTEST_LIFE_MS ? isSteady : undefined };
}

/** The value in the middle; 0 of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of all values lies; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
