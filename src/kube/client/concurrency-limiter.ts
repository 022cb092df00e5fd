import type { Clock } from '../../base/clock.ts';
import { failure, type Result } from '../../base/result.ts';
import type { KubeError } from './kube-error.ts';

/** `urgent` work goes first; `background` work still gets every eighth turn, so that it is late but never starved. */
export type RequestPriority = 'urgent' | 'background';

/** How a flow limit is set up. */
export interface ConcurrencyLimiterOptions {
  readonly clock: Clock;
  /** The most requests in flight at once; 64 when absent. */
  readonly maxInFlight?: number;
}

type Task<Value> = () => Promise<Result<Value, KubeError>>;

const BACKGROUND_TURN = 8;
/** Without a Retry-After, a server that asks to slow down gets this much rest. */
const REST_MS = 1_000;
/** The longest rest of all: who was refused waits as long as asked, but a webhook of one namespace may have said it. */
const LONGEST_REST_MS = 5_000;
/** Latency that counts as queueing in the server: so many times the best seen, and not just noise. */
const SLOW_FACTOR = 4;
const SLOW_MARGIN_MS = 50;
/** Latency and requests without an answer never take the limit below this: a slow server, or a hung webhook of one namespace, refuses nobody else. */
const SLOW_FLOOR = 8;
const SMOOTHING = 0.1;
/** How fast the best latency seen is forgotten, per request: a cluster may become slower for good. */
const FLOOR_DRIFT = 0.001;

/**
 * How many requests may be in flight, found out by trying: one more for each round that went well, half as many when
 * the server says 429 or does not answer in time, somewhat fewer when answers take much longer than they can. Only a
 * 429 takes it below {@link SLOW_FLOOR}. One overload counts once, however many of the requests in flight it hits.
 */
export class ConcurrencyLimiter {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #waiting: Record<RequestPriority, (() => void)[]> = { urgent: [], background: [] };
  #limit: number;
  #inFlight = 0;
  #turn = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #isWakePending = false;
  #loweredAtMs = Number.NEGATIVE_INFINITY;
  #latencyMs: number | undefined;
  #bestLatencyMs: number | undefined;

  constructor({ clock, maxInFlight = 64 }: ConcurrencyLimiterOptions) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#limit = maxInFlight;
  }

  /** How many requests may be in flight now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** How many are in flight now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.urgent.length + this.#waiting.background.length;
  }

  /**
   * Runs the task as soon as there is room and gives what it gives. It never retries. When the signal is aborted before
   * the task's turn has come, the task is not run and the error is `aborted`; from then on the signal is the task's own matter.
   */
  async run<Value>(
    priority: RequestPriority,
    task: Task<Value>,
    signal?: AbortSignal,
  ): Promise<Result<Value, KubeError>> {
    await this.#turnOf(priority);
    const startedMs = this.#clock.nowMs();
    try {
      if (signal?.aborted === true) {
        return failure({ kind: 'aborted', message: 'the request was aborted while it waited for its turn' });
      }
      const result = await task();
      this.#learn(result, startedMs);
      return result;
    } finally {
      this.#inFlight -= 1;
      this.#admit();
    }
  }

  #turnOf(priority: RequestPriority): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting[priority].push(resolve);
      this.#admit();
    });
  }

  #admit(): void {
    const restMs = this.#restUntilMs - this.#clock.nowMs();
    if (restMs > 0) {
      this.#wakeAfter(restMs);
      return;
    }
    while (this.#inFlight < this.limit) {
      const next = this.#next();
      if (next === undefined) {
        return;
      }
      this.#inFlight += 1;
      next();
    }
  }

  #next(): (() => void) | undefined {
    const { urgent, background } = this.#waiting;
    this.#turn = (this.#turn + 1) % BACKGROUND_TURN;
    return this.#turn === 0 ? (background.shift() ?? urgent.shift()) : (urgent.shift() ?? background.shift());
  }

  #wakeAfter(restMs: number): void {
    if (this.#isWakePending || this.waiting === 0) {
      return;
    }
    this.#isWakePending = true;
    this.#clock.after(restMs, () => {
      this.#isWakePending = false;
      this.#admit();
    });
  }

  #learn(result: Result<unknown, KubeError>, startedMs: number): void {
    const nowMs = this.#clock.nowMs();
    if (!result.ok && result.error.kind === 'throttled') {
      this.#restUntilMs = Math.max(
        this.#restUntilMs,
        nowMs + Math.min(result.error.retryAfterMs ?? REST_MS, LONGEST_REST_MS),
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

  /** Only what began after the last lowering can speak against the limit that holds since. */
  #lower(startedMs: number, limit: number): void {
    if (startedMs < this.#loweredAtMs) {
      return;
    }
    this.#limit = limit;
    this.#loweredAtMs = this.#clock.nowMs();
  }
}
