/**
 * Time as the operator sees it. Every timer, age and backoff goes through this interface, so that tests and the
 * simulation can own time. All durations are milliseconds.
 */
export interface Clock {
  /** Milliseconds on a monotonic scale of unknown origin: for ages and durations, unmoved by wall-clock jumps. */
  nowMs(): number;
  /** The wall clock: for timestamps that people and the API read, never for measuring. */
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
