import type { Outcomes } from '../../domain/planning/outcome.ts';

/** From this attempt on, a failure that may pass is told of (design: outcome "transient"). */
const TOLD_FROM_ATTEMPT = 3;

/** The first pause after a 403, in milliseconds. */
const FIRST_PAUSE_AFTER_403_MS = 1_000;

/** Counts failures in a row that may pass by themselves, so that a hiccup of the API server changes no condition and makes no Event. */
export class TransientFailures {
  readonly #attempts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  /** Whether what came of this attempt is to be told; a success, and everything that will not pass, always is. */
  isToBeTold(namespace: string, outcomes: Outcomes): boolean {
    if (![...outcomes.values()].some(({ kind }) => kind === 'retry')) {
      this.#attempts.delete(namespace);
      return true;
    }
    const attempt = (this.#attempts.get(namespace) ?? 0) + 1;
    this.#attempts.set(namespace, attempt);
    return attempt >= TOLD_FROM_ATTEMPT;
  }

  /**
   * How long, in milliseconds, what was refused by a 403 is to wait: twice as long each time in a row, without end; undefined
   * where nothing was. An API server that has just started refuses what it allows a moment later, as it has not read every
   * role yet, and neither the refusal nor a review of our permissions says so.
   */
  pauseAfter403Ms(namespace: string, outcomes: Outcomes): number | undefined {
    if (
      ![...outcomes.values()].some(
        (outcome) => outcome.kind === 'refused' && (outcome.reason === 'Denied' || outcome.reason === 'Forbidden'),
      )
    ) {
      this.#refusals.delete(namespace);
      return undefined;
    }
    const before = this.#refusals.get(namespace) ?? 0;
    this.#refusals.set(namespace, before + 1);
    return FIRST_PAUSE_AFTER_403_MS * 2 ** before;
  }

  /** The namespace is gone. */
  forget(namespace: string): void {
    this.#attempts.delete(namespace);
    this.#refusals.delete(namespace);
  }
}
