import { BoundedMap } from '../../base/bounded-map.ts';
import type { Clock } from '../../base/clock.ts';
import { type TokenBucket, tokenBucket } from '../../base/token-bucket.ts';
import { REMOVAL_BATCH_MS } from '../queue/retry-policy.ts';

/**
 * So many NetworkPolicies of one namespace are removed, or marked as kept, one after the other. It is more than the parts of
 * a BaselinePolicy, so that only surplus objects ever wait.
 */
export const REMOVAL_BURST = 64;
/** After that, one in so many milliseconds. */
const REMOVAL_EVERY_MS = 100;
/** How many times as long as a batch the pause after it is, where that is longer than {@link REMOVAL_BATCH_MS}. */
const PAUSE_FACTOR = 3;
/** How many namespaces are remembered. One that is forgotten has its whole burst again. */
const MAX_REMEMBERED = 10_000;

/** What one reconcile may remove. */
export interface RemovalBatch {
  /** Asked before each removal: whether it may be carried out now. */
  readonly take: () => boolean;
  /** The batch is over. */
  readonly end: () => void;
}

interface Pace {
  readonly bucket: TokenBucket;
  /** No reconcile before, since removals were left over. */
  notBeforeMs: number;
}

/**
 * Bounds what the removals in one namespace cost everybody else: whoever may write NetworkPolicies there can make thousands
 * that carry our marks, and go on making them (R12, one namespace's failure). Where removals are left over, the namespace is
 * reconciled again after {@link REMOVAL_BATCH_MS} and not before, whatever happens in it meanwhile, since each of its
 * reconciles looks at all of its NetworkPolicies. The pause is longer where the batch took long: a slow API server has less
 * of them to do.
 */
export class RemovalPace {
  readonly #clock: Clock;
  readonly #paces = new BoundedMap<string, Pace>(MAX_REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The batch of the reconcile that begins its removals now. */
  begin(namespace: string): RemovalBatch {
    const pace = this.#paceOf(namespace);
    const sinceMs = this.#clock.nowMs();
    let isLeftOver = false;
    return {
      take: () => {
        const isDue = pace.bucket.take();
        isLeftOver ||= !isDue;
        return isDue;
      },
      end: () => {
        const nowMs = this.#clock.nowMs();
        if (isLeftOver) {
          pace.notBeforeMs = nowMs + Math.max(REMOVAL_BATCH_MS, PAUSE_FACTOR * (nowMs - sinceMs));
        }
      },
    };
  }

  /** How long until the namespace may be reconciled, in milliseconds; 0 when it may be now. */
  waitMs(namespace: string): number {
    return Math.max(0, (this.#paces.get(namespace)?.notBeforeMs ?? 0) - this.#clock.nowMs());
  }

  /** Forgets a namespace that is gone. */
  forget(namespace: string): void {
    this.#paces.delete(namespace);
  }

  #paceOf(namespace: string): Pace {
    const pace = this.#paces.get(namespace) ?? {
      bucket: tokenBucket({ clock: this.#clock, burst: REMOVAL_BURST, refillMs: REMOVAL_EVERY_MS }),
      notBeforeMs: Number.NEGATIVE_INFINITY,
    };
    this.#paces.set(namespace, pace);
    return pace;
  }
}
