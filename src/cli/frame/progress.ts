import type { Clock } from '../../base/clock.ts';

/** Nothing is shown of work that takes less than this, in milliseconds. */
export const QUIET_MS = 2_000;
const REFRESH_MS = 200;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows how far the work is, on one line of a terminal that is overwritten and finally removed. */
export class Progress {
  readonly #clock: Clock;
  readonly #write: (text: string) => void;
  readonly #isShown: boolean;
  readonly #startedMs: number;
  #writtenMs = -Infinity;

  /** Nothing is ever written where `isShown` is false, as without a terminal. */
  constructor(options: { readonly clock: Clock; readonly write: (text: string) => void; readonly isShown: boolean }) {
    this.#clock = options.clock;
    this.#write = options.write;
    this.#isShown = options.isShown;
    this.#startedMs = options.clock.nowMs();
  }

  /** Shows `text`, at most five times a second and only after {@link QUIET_MS}. */
  show(text: string): void {
    const nowMs = this.#clock.nowMs();
    if (!this.#isShown || nowMs - this.#startedMs < QUIET_MS || nowMs - this.#writtenMs < REFRESH_MS) {
      return;
    }
    this.#writtenMs = nowMs;
    this.#write(`${CLEAR_LINE}${text}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#writtenMs !== -Infinity) {
      this.#write(CLEAR_LINE);
    }
    this.#writtenMs = -Infinity;
  }
}
