/** The parameters of a pause; times in milliseconds. */
export interface BackoffRequest {
  /** The number of consecutive failures before this one. */
  readonly attempt: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * An exponential pause with "equal jitter": one half is fixed, which prevents hot loops, and the other half is random,
 * so that many clients do not return to a recovered server at the same moment
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Never above the cap.
 */
export function backoffMs({ attempt, baseMs, capMs, random }: BackoffRequest): number {
  // Beyond 2^30 the cap applies anyway, and a larger exponent would overflow.
  const fullMs = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 0), 30));
  return fullMs / 2 + (fullMs / 2) * random();
}
