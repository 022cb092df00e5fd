/**
 * The source of time for timers, ages and backoffs, so that tests and the simulation can control it. All durations are
 * in milliseconds.
 */
export interface Clock {
  /** Monotonic milliseconds of unknown origin, for ages and durations; jumps of the wall clock do not affect them. */
  nowMs(): number;
  /** The wall clock, for timestamps that people and the API read; never for measuring. */
  wallTime(): Date;
  /** Calls `callback` once after `delayMs`. The timer never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
}

/** A timer that was started by {@link Clock.after}. */
export interface Timer {
  /** Cancels the timer; harmless when it has fired already. */
  cancel(): void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallTime: () => new Date(),
  after(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs);
    timeout.unref();
    return {
      cancel: () => {
        clearTimeout(timeout);
      },
    };
  },
};

/** Resolves after `delayMs`, or at once when `signal` is aborted; it never rejects. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const wake = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = clock.after(delayMs, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}
