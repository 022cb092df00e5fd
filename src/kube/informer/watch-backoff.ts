import { backoffMs } from '../../base/backoff.ts';
import type { KubeError } from '../client/kube-error.ts';

/**
 * Why a reflector restarted its list or watch: an error of the client, `ended` (the server ended the watch normally),
 * `sinkFailed` (the sink threw) or `rolledBack` (the server has lost changes that were seen: an etcd restore).
 */
export type RestartReason = KubeError['kind'] | 'ended' | 'sinkFailed' | 'rolledBack';

/** How an attempt of a reflector ended; times in milliseconds. */
export interface EndedAttempt {
  readonly reason: RestartReason;
  readonly retryAfterMs?: number | undefined;
  /** How long the interrupted watch had lasted; 0 when absent. */
  readonly livedMs?: number;
}

const BASE_DELAY_MS = 800;
const LONGEST_DELAY_MS = 30_000;
/** If the server does not answer at all, a longer pause helps no one; a short one notices its return soon. */
const LONGEST_DELAY_WITHOUT_ANSWER_MS = 5_000;
/** A type that is not served yet may appear at any moment: its CRD is being installed. */
const LONGEST_DELAY_FOR_MISSING_TYPE_MS = 2_000;
/** A watch that lasted this long, longer than any request may take, has nothing to do with the failures before it. */
const HEALTHY_MS = 15_000;
/** A watch that ends normally after less than this is not restarted at once, to prevent a hot loop. */
const HOT_MS = 1_000;

/** The pause before a reflector tries again: longer with each consecutive failure, with jitter. */
export class WatchBackoff {
  readonly #random: () => number;
  readonly #healthyMs: number;
  #attempt = 0;
  #hadNoAnswer = false;

  /** `random` returns a number from 0 up to, not including, 1. */
  constructor({ random, silenceLimitMs }: { readonly random: () => number; readonly silenceLimitMs: number }) {
    this.#random = random;
    // With a short limit, silence alone would end every watch before it counted as healthy.
    this.#healthyMs = Math.min(HEALTHY_MS, silenceLimitMs);
  }

  /** The pause after this attempt in milliseconds. Call it once per attempt. */
  afterMs({ reason, livedMs = 0, retryAfterMs = 0 }: EndedAttempt): number {
    const hasNoAnswer = reason === 'network' || reason === 'timeout';
    // The first answer after an outage, such as the refusal of a server that is still starting, starts a new count.
    if (livedMs >= this.#healthyMs || (this.#hadNoAnswer && !hasNoAnswer)) {
      this.#attempt = 0;
    }
    this.#hadNoAnswer = hasNoAnswer;
    if (reason === 'ended' && livedMs >= HOT_MS) {
      return 0;
    }
    const delayMs = backoffMs({
      attempt: this.#attempt,
      baseMs: BASE_DELAY_MS,
      capMs: longestMs(reason, hasNoAnswer),
      random: this.#random,
    });
    this.#attempt += 1;
    return Math.max(delayMs, retryAfterMs);
  }
}

function longestMs(reason: RestartReason, hasNoAnswer: boolean): number {
  if (reason === 'notFound') {
    return LONGEST_DELAY_FOR_MISSING_TYPE_MS;
  }
  return hasNoAnswer ? LONGEST_DELAY_WITHOUT_ANSWER_MS : LONGEST_DELAY_MS;
}
