import type { Clock } from '../../base/clock.ts';

/** What takes less than this passes without a word, in milliseconds. */
export const PATIENCE_MS = 2_000;
const REFRESH_MS = 200;
const CLEAR_LINE = '\r\u001b[2K';

/** Tells a person who waits how far something has come, on one line that is written over and in the end taken away. */
export class Progress {
  readonly #clock: Clock;
  readonly #write: (text: string) => void;
  readonly #isShown: boolean;
  readonly #startedMs: number;
  #writtenMs = -Infinity;

  /** Nothing is ever written where `isShown` is false, as where nobody watches. */
  constructor(options: { readonly clock: Clock; readonly write: (text: string) => void; readonly isShown: boolean }) {
    this.#clock = options.clock;
    this.#write = options.write;
    this.#isShown = options.isShown;
    this.#startedMs = options.clock.nowMs();
  }

  /** Shows `text` when it is time to. */
  say(text: string): void {
    const nowMs = this.#clock.nowMs();
    if (!this.#isShown || nowMs - this.#startedMs < PATIENCE_MS || nowMs - this.#writtenMs < REFRESH_MS) {
      return;
    }
    this.#writtenMs = nowMs;
    this.#write(`${CLEAR_LINE}${text}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#writtenMs !== -Infinity) {
      this.#write(CLEAR_LINE);
    }
    this.#writtenMs = -Infinity;
  }
}
