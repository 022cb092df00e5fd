import type { Clock, Timer } from '../../base/clock.ts';
import type { KubeError } from '../client/kube-error.ts';

/**
 * Ends one request before the server does: because of the caller's signal, a time limit, or the content of the response.
 * The first cause wins, and its error is the `reason`, so that an abort is never mistaken for a network failure.
 */
export class RequestDeadline {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => {
    this.end({ kind: 'aborted', message: 'the request was aborted' });
  };
  #reason: KubeError | undefined;
  #timer: Timer | undefined;
  #lastTouchMs = 0;

  constructor(clock: Clock, caller?: AbortSignal) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller?.aborted === true) {
      this.#onCallerAbort();
    } else {
      caller?.addEventListener('abort', this.#onCallerAbort, { once: true });
    }
  }

  /** Aborted when there is a reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The reason why we ended the request; `undefined` if we did not. */
  get reason(): KubeError | undefined {
    return this.#reason;
  }

  /** Allows `limitMs` from now and replaces the previous limit; no limit when absent. */
  allow(limitMs: number | undefined): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.touch();
    if (limitMs !== undefined && this.#reason === undefined) {
      this.#arm(limitMs, limitMs);
    }
  }

  /** Restarts the current limit. It is cheap: the timer is only moved when it fires. */
  touch(): void {
    this.#lastTouchMs = this.#clock.nowMs();
  }

  /** Ends the request for this reason, unless it has ended. */
  end(reason: KubeError): void {
    if (this.#reason !== undefined) {
      return;
    }
    this.#reason = reason;
    this.dispose();
    this.#controller.abort();
  }

  /** Cancels the timer and stops listening to the caller's signal. */
  dispose(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }

  #arm(limitMs: number, delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      const leftMs = limitMs - (this.#clock.nowMs() - this.#lastTouchMs);
      if (leftMs > 0) {
        this.#arm(limitMs, leftMs);
      } else {
        this.end({ kind: 'timeout', message: `nothing came within ${limitMs} ms`, limitMs });
      }
    });
  }
}
