import { backoffMs } from '../../base/backoff.ts';
import type { Clock, Timer } from '../../base/clock.ts';

/** `fresh` work is done before any `resync`: a namespace that stands open, or an object that was tampered with. */
export type Priority = 'fresh' | 'resync';

/** What shall become of a key after its work was done. */
export type QueueAction =
  /** Done; its failures are forgotten. */
  | { readonly kind: 'forget' }
  /** Again, as urgently, after a pause that grows with every failure in a row; after a second at most when the key was added meanwhile. */
  | { readonly kind: 'backoff'; readonly atLeastMs?: number }
  /** Again after this pause. Its failures are forgotten. */
  | { readonly kind: 'after'; readonly delayMs: number };

interface Options {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** How many keys are worked on at once. */
  readonly workers: number;
  readonly work: (key: string, priority: Priority) => Promise<QueueAction>;
  readonly baseBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

/** What happens to a key during a failing attempt is answered after this at the latest, and when it happens every time no sooner, in milliseconds. */
const LONGEST_WAIT_OF_NEWS_MS = 1000;

/** Work that waits for nothing follows on other such work at most so long before the process attends to everything else: answers, watches, the lease, probes. */
const LONGEST_TURN_MS = 10;

/** So many newcomers may be remembered that are done. */
const MOST_NEWCOMERS_DONE = 1024;

/** A key that is to come back later; `isRetry` where a failure is to be over by then. */
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
 * A queue of keys, not of events: however often a key is added while it waits, it is worked on once, and a key that is
 * added while it is being worked on is worked on again afterwards. One key is never in two hands. A failing key waits
 * by itself and delays no other (R12).
 */
export class WorkQueue {
  readonly #options: Options;
  readonly #waiting = { fresh: new Map<string, Waiting>(), resync: new Map<string, Waiting>() };
  readonly #active = new Map<string, Priority | undefined>();
  readonly #delayed = new Map<string, Delay & { readonly timer: Timer; readonly dueMs: number }>();
  readonly #failures = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  /** In the order in which they came, some of them done already. */
  #newcomers: string[] = [];
  #isNewestNext = false;
  #retries = 0;
  /** When this turn of the event loop began, as far as work was handed out in it. */
  #turnSinceMs: number | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Begins to hand out work; keys added before are waiting already. */
  start(): void {
    this.#isStarted = true;
    this.#handOut();
  }

  /** Wants `key` to be worked on, now or as soon as the work in hand is done. A delayed key is brought forward. */
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
    this.#wait(key, priority);
    this.#handOut();
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

  /** As `add`, fresh; and it need not wait for all that came before it. */
  addNewestFirst(key: string): void {
    if (this.#newcomers.length > 2 * this.#waiting.fresh.size + MOST_NEWCOMERS_DONE) {
      this.#newcomers = this.#newcomers.filter((name) => this.#waiting.fresh.has(name));
    }
    this.#newcomers.push(key);
    this.add(key, 'fresh');
  }

  /** What made work fail is over: all that waits for a retry comes back within a second, not all of it at one moment. */
  retryNow(): void {
    for (const [key, { delayMs, priority, isRetry }] of [...this.#delayed]) {
      if (!isRetry || delayMs <= LONGEST_WAIT_OF_NEWS_MS) {
        continue;
      }
      this.#delay(key, { delayMs: LONGEST_WAIT_OF_NEWS_MS * this.#options.random(), priority, isRetry });
    }
  }

  /** Takes no more work, and resolves when what is in hand is done. */
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
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** How many keys wait, without those that wait for a later time. */
  depth(priority: Priority): number {
    return this.#waiting[priority].size;
  }

  /** Whether there is nothing to do now, nor any work in hand. */
  get isIdle(): boolean {
    return this.#active.size === 0 && this.depth('fresh') === 0 && this.depth('resync') === 0;
  }

  /** How long the longest-waiting key has waited, in milliseconds; 0 when none waits. */
  oldestMs(): number {
    const firsts = [this.#waiting.fresh, this.#waiting.resync].flatMap((waiting) => [...waiting.values()].slice(0, 1));
    return firsts.reduce((oldest, first) => Math.max(oldest, this.#options.clock.nowMs() - first.sinceMs), 0);
  }

  /** How often work was put off with a growing pause, since the start. */
  get retries(): number {
    return this.#retries;
  }

  #wait(key: string, priority: Priority): void {
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
   * The fresh key that waits longest and the newcomer that came last take turns: a single namespace need not wait for the
   * thousand that came before it, and each of these is reached in time.
   */
  #next(): readonly [string, Waiting] | undefined {
    const { fresh, resync } = this.#waiting;
    if (fresh.size === 0) {
      return firstOf(resync);
    }
    const isNewest = this.#isNewestNext;
    this.#isNewestNext = !isNewest;
    return (isNewest ? this.#newest() : undefined) ?? firstOf(fresh);
  }

  #newest(): readonly [string, Waiting] | undefined {
    for (let key = this.#newcomers.pop(); key !== undefined; key = this.#newcomers.pop()) {
      const waiting = this.#waiting.fresh.get(key);
      if (waiting !== undefined) {
        return [key, waiting];
      }
    }
    return undefined;
  }

  #handOut(): void {
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
      void this.#workOn(key, priority);
    }
  }

  /** A reconcile that finds everything in place asks nobody, so that a pass over all namespaces would be a single turn. */
  #isTurnLeft(): boolean {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#turnSinceMs === undefined) {
      this.#turnSinceMs = nowMs;
      clock.after(0, () => {
        this.#turnSinceMs = undefined;
        this.#handOut();
      });
    }
    return nowMs - this.#turnSinceMs < LONGEST_TURN_MS;
  }

  async #workOn(key: string, priority: Priority): Promise<void> {
    const action = await this.#options.work(key, priority).catch((): QueueAction => ({ kind: 'backoff' }));
    const again = this.#active.get(key);
    this.#active.delete(key);
    if (!this.#isClosed) {
      this.#settle(key, action, { priority, again });
    }
    this.#handOut();
    if (this.#isClosed && this.#active.size === 0) {
      this.#idle.splice(0).forEach((resolve) => {
        resolve();
      });
    }
  }

  #settle(
    key: string,
    action: QueueAction,
    { priority, again }: { readonly priority: Priority; readonly again: Priority | undefined },
  ): void {
    if (action.kind === 'backoff') {
      const { maxBackoffMs = 60_000 } = this.#options;
      const isFresh = priority === 'fresh' || again === 'fresh';
      // The failure says nothing about what happened since the attempt began.
      const delayMs =
        again === undefined
          ? Math.max(action.atLeastMs ?? 0, this.#backoffMs(key, maxBackoffMs))
          : this.#backoffMs(key, Math.min(maxBackoffMs, LONGEST_WAIT_OF_NEWS_MS));
      this.#delay(key, { delayMs, priority: isFresh ? 'fresh' : 'resync', isRetry: true });
      return;
    }
    this.#failures.delete(key);
    if (again !== undefined) {
      this.#wait(key, again);
    } else if (action.kind === 'after') {
      this.#delay(key, { delayMs: action.delayMs, priority: 'resync', isRetry: false });
    }
  }

  #backoffMs(key: string, capMs: number): number {
    const attempt = this.#failures.get(key) ?? 0;
    this.#failures.set(key, attempt + 1);
    this.#retries += 1;
    const { baseBackoffMs = 5, random } = this.#options;
    return backoffMs({ attempt, baseMs: baseBackoffMs, capMs, random });
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
