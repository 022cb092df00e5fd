import type { Clock } from '../../base/clock.ts';
import type { Result } from '../../base/result.ts';
import { FairQueue, type RequestPriority, type Turn } from './fair-queue.ts';
import type { KubeError } from './kube-error.ts';

/** The options of a limiter. */
export interface ConcurrencyLimiterOptions {
  readonly clock: Clock;
  /** The most requests in flight at once; 64 when absent. */
  readonly maxInFlight?: number;
}

type Task<Value> = () => Promise<Result<Value, KubeError>>;

/** The pause after a 429 without a Retry-After. */
const PAUSE_MS = 1_000;
/**
 * The longest pause of all requests: a refused request waits as long as it was asked to, but the 429 may come from a
 * webhook of one namespace.
 */
const LONGEST_PAUSE_MS = 5_000;
/** A latency above this multiple of the best one seen, plus a margin for noise, counts as queueing in the server. */
const SLOW_FACTOR = 4;
const SLOW_MARGIN_MS = 50;
/**
 * Slow or missing responses never lower the limit below this: a slow server or a hung webhook of one namespace must not
 * block the other namespaces.
 */
const SLOW_FLOOR = 8;
const SMOOTHING = 0.1;
/** How fast, per request, the best latency seen is forgotten: a cluster may become slower permanently. */
const FLOOR_DRIFT = 0.001;

/**
 * Limits the requests in flight, and adapts the limit to the server (additive increase, multiplicative decrease): one
 * more after each round of successful requests, half after a 429 or a timeout, 20 % less when responses are much slower
 * than the best ones. Only a 429 lowers it below {@link SLOW_FLOOR}. One overload counts once, however many requests in
 * flight it affects. Waiting requests are taken in turns by namespace ({@link FairQueue}).
 */
export class ConcurrencyLimiter {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #waiting = new FairQueue();
  #limit: number;
  #inFlight = 0;
  #pauseUntilMs = Number.NEGATIVE_INFINITY;
  #isWakePending = false;
  #loweredAtMs = Number.NEGATIVE_INFINITY;
  #latencyMs: number | undefined;
  #bestLatencyMs: number | undefined;

  constructor({ clock, maxInFlight = 64 }: ConcurrencyLimiterOptions) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#limit = maxInFlight;
  }

  /** The current limit of requests in flight. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** The number of waiting requests of one priority. */
  waiting(priority: RequestPriority): number {
    return this.#waiting.count(priority);
  }

  /** How long the longest-waiting request has waited, in milliseconds; 0 when none waits. */
  oldestMs(): number {
    const nowMs = this.#clock.nowMs();
    return nowMs - (this.#waiting.oldestSinceMs() ?? nowMs);
  }

  /**
   * Runs the task as soon as the limit and the turns of others allow it, and returns its result. It never retries.
   */
  async run<Value>(turn: Turn, task: Task<Value>): Promise<Result<Value, KubeError>> {
    await this.#untilTurn(turn);
    const startedMs = this.#clock.nowMs();
    try {
      const result = await task();
      this.#learn(result, startedMs);
      return result;
    } finally {
      this.#inFlight -= 1;
      this.#waiting.ended(turn.namespace);
      this.#startWaiting();
    }
  }

  #untilTurn(turn: Turn): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(turn, { start: resolve, sinceMs: this.#clock.nowMs() });
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    const pauseMs = this.#pauseUntilMs - this.#clock.nowMs();
    if (pauseMs > 0) {
      this.#wakeAfter(pauseMs);
      return;
    }
    while (this.#inFlight < this.limit) {
      const start = this.#waiting.take();
      if (start === undefined) {
        return;
      }
      this.#inFlight += 1;
      start();
    }
  }

  get #isNoneWaiting(): boolean {
    return this.waiting('urgent') + this.waiting('background') === 0;
  }

  #wakeAfter(pauseMs: number): void {
    if (this.#isWakePending || this.#isNoneWaiting) {
      return;
    }
    this.#isWakePending = true;
    this.#clock.after(pauseMs, () => {
      this.#isWakePending = false;
      this.#startWaiting();
    });
  }

  #learn(result: Result<unknown, KubeError>, startedMs: number): void {
    const nowMs = this.#clock.nowMs();
    if (!result.ok && result.error.kind === 'throttled') {
      this.#pauseUntilMs = Math.max(
        this.#pauseUntilMs,
        nowMs + Math.min(result.error.retryAfterMs ?? PAUSE_MS, LONGEST_PAUSE_MS),
      );
      this.#lower(startedMs, Math.max(1, this.#limit / 2));
    } else if (!result.ok && result.error.kind === 'timeout') {
      this.#slow(startedMs, this.#limit / 2);
    } else if (result.ok) {
      this.#learnLatency(nowMs - startedMs, startedMs);
    }
  }

  #learnLatency(tookMs: number, startedMs: number): void {
    const best =
      this.#bestLatencyMs === undefined
        ? tookMs
        : Math.min(tookMs, this.#bestLatencyMs + (tookMs - this.#bestLatencyMs) * FLOOR_DRIFT);
    const latency = this.#latencyMs === undefined ? tookMs : this.#latencyMs + (tookMs - this.#latencyMs) * SMOOTHING;
    this.#bestLatencyMs = best;
    this.#latencyMs = latency;
    if (latency > best * SLOW_FACTOR + SLOW_MARGIN_MS) {
      this.#slow(startedMs, this.#limit * 0.8);
    } else {
      this.#limit = Math.min(this.#maxInFlight, this.#limit + 1 / this.#limit);
    }
  }

  #slow(startedMs: number, limit: number): void {
    if (this.#limit > SLOW_FLOOR) {
      this.#lower(startedMs, Math.max(SLOW_FLOOR, limit));
    }
  }

  /** Requests that started before the last decrease say nothing about the current limit. */
  #lower(startedMs: number, limit: number): void {
    if (startedMs < this.#loweredAtMs) {
      return;
    }
    this.#limit = limit;
    this.#loweredAtMs = this.#clock.nowMs();
  }
}
