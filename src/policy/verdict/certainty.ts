import type { Overlap } from '../intervals/interval-set.ts';

/** Whether something matches: not at all, perhaps (what is known does not tell), or for sure. Higher is more. */
export type Certainty = 0 | 1 | 2;

/** It does not match. */
export const NO: Certainty = 0;
/** It matches some of what the end may be, and not all. */
export const PERHAPS: Certainty = 1;
/** It matches whatever the end may be. */
export const YES: Certainty = 2;

/** From how much of the addresses that an end may have lie in those of a rule. */
export function certaintyOf(overlap: Overlap): Certainty {
  switch (overlap) {
    case 'all':
      return YES;
    case 'part':
      return PERHAPS;
    case 'none':
      return NO;
  }
}
