import { backoffMs } from '../../base/backoff.ts';
import type { KubeError } from '../client/kube-error.ts';

/**
 * Why a reflector had to begin anew: an error of the API layer, or `ended` (the server ended the watch in order),
 * `sinkFailed` (what we fill threw) or `wentBack` (the server knows less than it did: an etcd restore).
 */
export type RestartReason = KubeError['kind'] | 'ended' | 'sinkFailed' | 'wentBack';

/** What ended an attempt of a reflector; times in milliseconds. */
export interface EndedAttempt {
  readonly reason: RestartReason;
  readonly retryAfterMs?: number | undefined;
  /** How long the watch lasted that was interrupted. */
  readonly livedMs?: number;
}

const BASE_DELAY_MS = 800;
const LONGEST_DELAY_MS = 30_000;
/** Where nobody answers there is nobody to be spared, and what happens once somebody does must not wait for long. */
const LONGEST_DELAY_FOR_NOBODY_MS = 5_000;
/** A type that is not served yet may come any moment: its CRD is being installed. */
const LONGEST_DELAY_FOR_MISSING_TYPE_MS = 2_000;
/** A watch that lived for so long, longer than any request may take to be answered, has nothing to do with the failures before it. */
const HEALTHY_MS = 15_000;
/** A watch that ends in order sooner than this is not begun again at once. */
const HOT_MS = 1_000;

/** How long a reflector waits before it tries again: ever longer with each failure in a row, never hot. */
export class WatchBackoff {
  readonly #random: () => number;
  readonly #healthyMs: number;
  #attempt = 0;
  #hadNobody = false;

  /** `random` is uniform in [0, 1). */
  constructor({ random, silenceLimitMs }: { readonly random: () => number; readonly silenceLimitMs: number }) {
    this.#random = random;
    // With a short limit, silence alone would end every watch before it counted as healthy.
    this.#healthyMs = Math.min(HEALTHY_MS, silenceLimitMs);
  }

  /** The pause after this attempt, in milliseconds; to be asked once for each. */
  afterMs({ reason, livedMs = 0, retryAfterMs = 0 }: EndedAttempt): number {
    const hasNobody = reason === 'network' || reason === 'timeout';
    // The first answer after a silence, such as a refusal of a server that is still starting, is the first of its kind.
    if (livedMs >= this.#healthyMs || (this.#hadNobody && !hasNobody)) {
      this.#attempt = 0;
    }
    this.#hadNobody = hasNobody;
    if (reason === 'ended' && livedMs >= HOT_MS) {
      return 0;
    }
    const delayMs = backoffMs({
      attempt: this.#attempt,
      baseMs: BASE_DELAY_MS,
      capMs: longestMs(reason, hasNobody),
      random: this.#random,
    });
    this.#attempt += 1;
    return Math.max(delayMs, retryAfterMs);
  }
}

function longestMs(reason: RestartReason, hasNobody: boolean): number {
  if (reason === 'notFound') {
    return LONGEST_DELAY_FOR_MISSING_TYPE_MS;
  }
  return hasNobody ? LONGEST_DELAY_FOR_NOBODY_MS : LONGEST_DELAY_MS;
}
