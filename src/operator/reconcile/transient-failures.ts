import type { Outcome, Outcomes } from '../../domain/planning/outcome.ts';
import { DENIED_RETRY, FORBIDDEN_RETRY, retryPauseMs } from '../queue/retry-policy.ts';

/** From this attempt on, a failure that may pass by itself is reported. */
const TOLD_FROM_ATTEMPT = 3;

/** Counts failures in a row that may pass by themselves, so that a hiccup of the API server changes no condition and makes no Event. */
export class TransientFailures {
  readonly #random: () => number;
  readonly #attempts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  /** `random` is uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

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
   * The pause before writes that got a 403 are tried again, in milliseconds; undefined when none did. It doubles with every
   * such reconcile in a row. An API server that has just started may refuse what it allows a moment later, since it has
   * not read every role yet; neither the response nor a SelfSubjectAccessReview says so.
   */
  pauseAfter403Ms(namespace: string, outcomes: Outcomes): number | undefined {
    const reasons = [...outcomes.values()].map(reasonOf);
    const isForbidden = reasons.includes('Forbidden');
    if (!isForbidden && !reasons.includes('Denied')) {
      this.#refusals.delete(namespace);
      return undefined;
    }
    const attempt = this.#refusals.get(namespace) ?? 0;
    this.#refusals.set(namespace, attempt + 1);
    return retryPauseMs(isForbidden ? FORBIDDEN_RETRY : DENIED_RETRY, { attempt, random: this.#random });
  }

  /** The namespace is gone. */
  forget(namespace: string): void {
    this.#attempts.delete(namespace);
    this.#refusals.delete(namespace);
  }
}

function reasonOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'refused' ? outcome.reason : undefined;
}
