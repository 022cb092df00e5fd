import type { Clock } from './clock.ts';

/** A rate limiter that allows a burst and then a steady rate. */
export interface TokenBucket {
  /** Takes one token; false when there is none. */
  take(): boolean;
}

/** A full bucket of `burst` tokens that gains one every `refillMs`, up to `burst`. */
export function tokenBucket({
  clock,
  burst,
  refillMs,
}: {
  readonly clock: Clock;
  readonly burst: number;
  readonly refillMs: number;
}): TokenBucket {
  let tokens = burst;
  let filledAtMs = clock.nowMs();
  return {
    take: () => {
      const gained = Math.floor((clock.nowMs() - filledAtMs) / refillMs);
      if (gained > 0) {
        tokens = Math.min(burst, tokens + gained);
        filledAtMs += gained * refillMs;
      }
      if (tokens < 1) {
        return false;
      }
      tokens -= 1;
      return true;
    },
  };
}
