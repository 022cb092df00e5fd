import type { Sample } from './soak-operators.ts';

/** What one process held the first and the last time that everything was at rest. */
export interface Rests {
  readonly first: Sample;
  readonly last: Sample;
  readonly isFlat: boolean;
}

const MOST_GROWTH = 1.15;
const MOST_GROWTH_BYTES = 16 * 1024 ** 2;
const MOST_HANDLES_MORE = 10;

/**
 * Compares a process at rest with itself at rest: under way it holds what the moment needs, and more as leader than as
 * standby. Undefined where it did not live through two rests.
 */
export function restsOf(life: readonly Sample[]): Rests | undefined {
  const [first, last] = [life[0], life.at(-1)];
  if (first === undefined || last === undefined || first === last) {
    return undefined;
  }
  return {
    first,
    last,
    isFlat:
      last.rssBytes <= first.rssBytes * MOST_GROWTH + MOST_GROWTH_BYTES &&
      last.handles <= first.handles + MOST_HANDLES_MORE,
  };
}
