import type { Outcomes } from '../baseline/outcome.ts';

/** From this attempt on, a failure that may pass is told of (design: outcome "transient"). */
const TOLD_FROM_ATTEMPT = 3;

/** Counts failures in a row that may pass by themselves, so that a hiccup of the API server changes no condition and makes no Event. */
export class Patience {
  readonly #attempts = new Map<string, number>();

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

  /** The namespace is gone. */
  forget(namespace: string): void {
    this.#attempts.delete(namespace);
  }
}
