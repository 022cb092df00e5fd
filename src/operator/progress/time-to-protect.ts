import type { Clock } from '../../base/clock.ts';

/** Measures, for each namespace, the time from the event that selected it until it is protected. */
export class TimeToProtect {
  readonly #clock: Clock;
  readonly #startedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the time of a namespace; no effect while it runs already. */
  start(namespace: string): void {
    if (!this.#startedMs.has(namespace)) {
      this.#startedMs.set(namespace, this.#clock.nowMs());
    }
  }

  /** Returns the milliseconds since the start, once; undefined when the time was not running. */
  stop(namespace: string): number | undefined {
    const startedMs = this.#startedMs.get(namespace);
    this.#startedMs.delete(namespace);
    return startedMs === undefined ? undefined : this.#clock.nowMs() - startedMs;
  }

  /** Forgets a namespace that is gone or no longer selected. */
  cancel(namespace: string): void {
    this.#startedMs.delete(namespace);
  }
}
