import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../base/clock.ts';
import {
  pauseAskedForMs,
  RECONCILE_RETRY,
  RETRY_OF_CHANGED_KEY,
  type RetryPolicy,
  retryPauseMs,
  spreadPauseMs,
} from './retry-policy.ts';

/** `fresh` keys go before every `resync` key: an unprotected namespace, or an object that another client changed. */
export type Priority = 'fresh' | 'resync';

/** What the queue does with a key after its work is done. */
export type QueueAction =
  /** Nothing more; its failures are forgotten. */
  | { readonly kind: 'forget' }
  /**
   * Retry with the same priority, after a pause that grows with every failure in a row and is at least `atLeastMs`;
   * after 1 s at most when the key was added again meanwhile.
   */
  | { readonly kind: 'backoff'; readonly atLeastMs?: number }
  /** Work on it again after this pause, which {@link spreadPauseMs} may shorten. Its failures are forgotten. */
  | { readonly kind: 'after'; readonly delayMs: number };

/** One attempt at the work on a key. */
export interface Attempt {
  readonly priority: Priority;
  /** Unique, for the log lines of this attempt. */
  readonly reconcileId: string;
}

/** An attempt that threw. */
export interface FailedAttempt {
  readonly key: string;
  readonly reconcileId: string;
  readonly cause: unknown;
}

/** How a queue is set up. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** How many keys are worked on at the same time. */
  readonly workers: number;
  readonly work: (key: string, attempt: Attempt) => Promise<QueueAction>;
  /** Receives everything that `work` throws; the key is then retried with a backoff. It must not throw. */
  readonly onError: (failed: FailedAttempt) => void;
  /** {@link RECONCILE_RETRY} when absent. */
  readonly retry?: RetryPolicy;
}

/** Work that needs no I/O runs back to back for at most this long; then the event loop runs watches, the Lease and probes. */
const LONGEST_TURN_MS = 10;

/** How many keys may stay in the list of newest keys although they are done; the list is cleaned beyond that. */
const MOST_STALE_NEWEST = 1024;

const BACKOFF: QueueAction = { kind: 'backoff' };

/** A key that returns later; `isRetry` after a failure. */
interface Delay {
  readonly delayMs: number;
  readonly priority: Priority;
  readonly isRetry: boolean;
}

interface Waiting {
  readonly priority: Priority;
  readonly sinceMs: number;
}

/**
 * A queue of keys, not of events: a key that is added many times while it waits is worked on once, and a key that is
 * added during its work is worked on again afterwards. No key is worked on twice at the same time. A failing key waits
 * by itself and delays no other (R12, one namespace's failure).
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #retry: RetryPolicy;
  readonly #waiting = { fresh: new Map<string, Waiting>(), resync: new Map<string, Waiting>() };
  /** Keys in work, with the priority under which each was added again meanwhile. */
  readonly #active = new Map<string, Priority | undefined>();
  readonly #delayed = new Map<string, Delay & { readonly timer: Timer; readonly dueMs: number }>();
  readonly #failures = new Map<string, number>();
  readonly #whenIdle: (() => void)[] = [];
  /** Keys of {@link WorkQueue.addNewestFirst} in the order of their arrival; some are done already. */
  #newest: string[] = [];
  #isNewestNext = false;
  #retries = 0;
  /** When this turn of the event loop began, if a key was dispatched in it. */
  #turnSinceMs: number | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#retry = options.retry ?? RECONCILE_RETRY;
  }

  /** Starts to work on keys; those that were added before wait already. */
  start(): void {
    this.#isStarted = true;
    this.#dispatch();
  }

  /** Works on `key` now, or again after the work on it that is under way. A delayed key is brought forward. */
  add(key: string, priority: Priority): void {
    if (this.#isClosed) {
      return;
    }
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
    if (this.#active.has(key)) {
      if (this.#active.get(key) !== 'fresh') {
        this.#active.set(key, priority);
      }
      return;
    }
    this.#enqueue(key, priority);
    this.#dispatch();
  }

  /**
   * As `add` with priority `resync`, once `delayMs` have passed. If the key waits already, or for an earlier time, that
   * counts (the promise of AddAfter in https://pkg.go.dev/k8s.io/client-go/util/workqueue).
   */
  addAfter(key: string, delayMs: number): void {
    if (!this.#isClosed && !this.#waiting.fresh.has(key) && !this.#waiting.resync.has(key)) {
      this.#delay(key, { delayMs, priority: 'resync', isRetry: false });
    }
  }

  /** Adds a fresh key that need not wait for every key before it: the newest and the oldest take turns. */
  addNewestFirst(key: string): void {
    if (this.#newest.length > 2 * this.#waiting.fresh.size + MOST_STALE_NEWEST) {
      this.#newest = this.#newest.filter((name) => this.#waiting.fresh.has(name));
    }
    this.#newest.push(key);
    this.add(key, 'fresh');
  }

  /** The cause of the failures is over: every key that waits for a retry returns within a second, at a random moment. */
  retryNow(): void {
    const { random } = this.#options;
    for (const [key, { delayMs, priority, isRetry }] of [...this.#delayed]) {
      if (!isRetry || delayMs <= RETRY_OF_CHANGED_KEY.capMs) {
        continue;
      }
      this.#delay(key, { delayMs: RETRY_OF_CHANGED_KEY.capMs * random(), priority, isRetry });
    }
  }

  /** Takes no more keys, and resolves when the work under way is done. */
  async drain(): Promise<void> {
    this.#isClosed = true;
    for (const { timer } of this.#delayed.values()) {
      timer.cancel();
    }
    this.#delayed.clear();
    this.#waiting.fresh.clear();
    this.#waiting.resync.clear();
    if (this.#active.size === 0) {
      return;
    }
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** How many keys wait, without delayed ones. */
  depth(priority: Priority): number {
    return this.#waiting[priority].size;
  }

  /** Whether no key waits and none is in work; delayed keys do not count. */
  get isIdle(): boolean {
    return this.#active.size === 0 && this.depth('fresh') === 0 && this.depth('resync') === 0;
  }

  /** How long the longest-waiting key has waited, in milliseconds; 0 when none waits. */
  oldestMs(): number {
    const nowMs = this.#options.clock.nowMs();
    const firsts = [firstOf(this.#waiting.fresh), firstOf(this.#waiting.resync)];
    return Math.max(0, ...firsts.flatMap((first) => (first === undefined ? [] : [nowMs - first[1].sinceMs])));
  }

  /** How many times a key was put back with a backoff, since the start. */
  get retries(): number {
    return this.#retries;
  }

  #enqueue(key: string, priority: Priority): void {
    if (this.#waiting.fresh.has(key)) {
      return;
    }
    const sinceMs = this.#waiting.resync.get(key)?.sinceMs ?? this.#options.clock.nowMs();
    if (priority === 'fresh') {
      this.#waiting.resync.delete(key);
    } else if (this.#waiting.resync.has(key)) {
      return;
    }
    this.#waiting[priority].set(key, { priority, sinceMs });
  }

  /**
   * The fresh key that has waited longest and the newest one take turns: a single namespace need not wait for the
   * thousand before it, and each of those is still reached in time.
   */
  #next(): readonly [string, Waiting] | undefined {
    const { fresh, resync } = this.#waiting;
    if (fresh.size === 0) {
      return firstOf(resync);
    }
    const isNewest = this.#isNewestNext;
    this.#isNewestNext = !isNewest;
    return (isNewest ? this.#takeNewest() : undefined) ?? firstOf(fresh);
  }

  #takeNewest(): readonly [string, Waiting] | undefined {
    for (let key = this.#newest.pop(); key !== undefined; key = this.#newest.pop()) {
      const waiting = this.#waiting.fresh.get(key);
      if (waiting !== undefined) {
        return [key, waiting];
      }
    }
    return undefined;
  }

  #dispatch(): void {
    while (this.#isStarted && !this.#isClosed && this.#active.size < this.#options.workers) {
      if (this.depth('fresh') + this.depth('resync') === 0 || !this.#isTurnLeft()) {
        return;
      }
      const next = this.#next();
      if (next === undefined) {
        return;
      }
      const [key, { priority }] = next;
      this.#waiting[priority].delete(key);
      this.#active.set(key, undefined);
      void this.#process(key, priority);
    }
  }

  /** A reconcile that finds everything in place makes no request: without a limit a pass over all namespaces would be one turn. */
  #isTurnLeft(): boolean {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#turnSinceMs === undefined) {
      this.#turnSinceMs = nowMs;
      clock.after(0, () => {
        this.#turnSinceMs = undefined;
        this.#dispatch();
      });
    }
    return nowMs - this.#turnSinceMs < LONGEST_TURN_MS;
  }

  async #process(key: string, priority: Priority): Promise<void> {
    const reconcileId = randomUUID();
    let action = BACKOFF;
    try {
      action = await this.#options.work(key, { priority, reconcileId });
    } catch (cause) {
      this.#options.onError({ key, reconcileId, cause });
    }
    const readded = this.#active.get(key);
    this.#active.delete(key);
    if (!this.#isClosed) {
      this.#requeue(key, action, { priority, readded });
    }
    this.#dispatch();
    if (this.#isClosed && this.#active.size === 0) {
      for (const resolve of this.#whenIdle.splice(0)) {
        resolve();
      }
    }
  }

  #requeue(
    key: string,
    action: QueueAction,
    { priority, readded }: { readonly priority: Priority; readonly readded: Priority | undefined },
  ): void {
    if (action.kind === 'backoff') {
      const isFresh = priority === 'fresh' || readded === 'fresh';
      const delayMs = this.#backoffMs(key, action, readded !== undefined);
      this.#delay(key, { delayMs, priority: isFresh ? 'fresh' : 'resync', isRetry: true });
      return;
    }
    this.#failures.delete(key);
    if (readded !== undefined) {
      this.#enqueue(key, readded);
    } else if (action.kind === 'after') {
      const delayMs = spreadPauseMs(action.delayMs, this.#options.random);
      this.#delay(key, { delayMs, priority: 'resync', isRetry: false });
    }
  }

  /**
   * A key that was added again while its attempt failed is retried after at most 1 s instead of the full backoff. That
   * pause grows too, so a key that changes on every attempt cannot spin.
   */
  #backoffMs(key: string, { atLeastMs = 0 }: { readonly atLeastMs?: number }, isChanged: boolean): number {
    const attempt = this.#failures.get(key) ?? 0;
    this.#failures.set(key, attempt + 1);
    this.#retries += 1;
    const { baseMs, capMs } = this.#retry;
    const { random } = this.#options;
    if (isChanged) {
      return retryPauseMs({ baseMs, capMs: Math.min(capMs, RETRY_OF_CHANGED_KEY.capMs) }, { attempt, random });
    }
    return Math.max(pauseAskedForMs(atLeastMs, random), retryPauseMs(this.#retry, { attempt, random }));
  }

  /** The earlier of two times counts. */
  #delay(key: string, delay: Delay): void {
    const dueMs = this.#options.clock.nowMs() + delay.delayMs;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.dueMs <= dueMs) {
      return;
    }
    before?.timer.cancel();
    const timer = this.#options.clock.after(delay.delayMs, () => {
      this.#delayed.delete(key);
      this.add(key, delay.priority);
    });
    this.#delayed.set(key, { ...delay, timer, dueMs });
  }
}

function firstOf<Key, Value>(map: ReadonlyMap<Key, Value>): readonly [Key, Value] | undefined {
  for (const entry of map) {
    return entry;
  }
  return undefined;
}
