import type { Clock } from '../../src/base/clock.ts';

/** What an operator may ask for at its start: every list in its pages, every watch, and a look at each namespace. */
const AT_START = 400;
/** What may follow from one change that somebody else makes. */
const PER_CHANGE = 120;
/** What may be asked for in each second, whatever happens: retries, watches, checks. */
const PER_SECOND = 20;

/**
 * How much operators ask of the API server, against what the changes of others, starts and time explain. It is a limit
 * that only a loop goes over which does not wait.
 */
export class RequestBudget {
  readonly problems: string[] = [];
  readonly #clock: Clock;
  readonly #left = new Map<string, { requests: number; atMs: number }>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All requests so far. */
  get count(): number {
    return this.#count;
  }

  /** An operator starts. */
  begin(name: string): void {
    this.#left.set(name, { requests: AT_START, atMs: this.#clock.nowMs() });
  }

  /** Somebody else made so many changes. */
  allow(changes = 1): void {
    for (const left of this.#left.values()) {
      left.requests += changes * PER_CHANGE;
    }
  }

  /** An operator sends a request. */
  spend(name: string, method: string): void {
    this.#count += 1;
    const left = this.#left.get(name);
    if (left === undefined) {
      return;
    }
    const nowMs = this.#clock.nowMs();
    left.requests += ((nowMs - left.atMs) / 1_000) * PER_SECOND - 1;
    left.atMs = nowMs;
    if (left.requests < 0 && this.problems.length === 0) {
      this.problems.push(
        `R12 ${name} sends more than it can have reason to, the last of it a ${method} at ${Math.round(nowMs)} ms`,
      );
    }
  }
}
