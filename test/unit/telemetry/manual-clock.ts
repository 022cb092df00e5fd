import type { Clock, Timer } from '../../../src/base/clock.ts';

/** A clock that moves only when told to; the wall clock begins on 2026-01-02T03:04:05.678Z. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Map<Timer, { readonly dueMs: number; readonly callback: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678) + this.#nowMs);
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer: Timer = { cancel: () => this.#timers.delete(timer) };
    this.#timers.set(timer, { dueMs: this.#nowMs + delayMs, callback });
    return timer;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves on and fires what is due, in order, what timers set meanwhile included. */
  advance(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, { dueMs }]) => dueMs <= untilMs)
        .sort(([, a], [, b]) => a.dueMs - b.dueMs);
      if (next === undefined) {
        break;
      }
      const [timer, { dueMs, callback }] = next;
      this.#timers.delete(timer);
      this.#nowMs = dueMs;
      callback();
    }
    this.#nowMs = untilMs;
  }
}
