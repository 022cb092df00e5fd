/** How long to wait before trying again; times in milliseconds. */
export interface BackoffRequest {
  /** How many attempts have failed in a row: 0 before the first failure. */
  readonly attempt: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * An exponential wait with "equal jitter": half of it is sure, so that nothing becomes a hot loop, half is random, so
 * that many clients of a server that was away do not come back at one moment
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Never above the cap.
 */
export function backoffMs({ attempt, baseMs, capMs, random }: BackoffRequest): number {
  // Beyond 2^30 the cap has long decided; a larger exponent would only overflow.
  const fullMs = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 0), 30));
  return fullMs / 2 + (fullMs / 2) * random();
}
