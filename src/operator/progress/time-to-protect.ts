import type { Clock } from '../../base/clock.ts';

/** Measures, for each namespace, from the moment it was seen to want protection until it has it. */
export class TimeToProtect {
  readonly #clock: Clock;
  readonly #startedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts for a namespace; no effect while it runs already. */
  start(namespace: string): void {
    if (!this.#startedMs.has(namespace)) {
      this.#startedMs.set(namespace, this.#clock.nowMs());
    }
  }

  /** The milliseconds since the start, once; undefined when it was not running. */
  stop(namespace: string): number | undefined {
    const startedMs = this.#startedMs.get(namespace);
    this.#startedMs.delete(namespace);
    return startedMs === undefined ? undefined : this.#clock.nowMs() - startedMs;
  }

  /** Forgets a namespace that went away. */
  cancel(namespace: string): void {
    this.#startedMs.delete(namespace);
  }
}
