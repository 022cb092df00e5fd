import type { Outcomes, Refusal } from '../../domain/planning/outcome.ts';
import { DENIED_RETRY, FORBIDDEN_RETRY, pauseAfter403Ms } from '../queue/retry-policy.ts';

/** A transient failure is reported from this attempt on. */
const REPORTED_FROM_ATTEMPT = 3;

/**
 * Counts the transient failures of each namespace in a row, so that a short failure of the API server changes no condition
 * and makes no Event.
 */
export class TransientFailures {
  readonly #random: () => number;
  readonly #attempts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  /** `random` is uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Notes an attempt, and returns whether to report it; a success and a lasting failure are always reported. */
  shouldReport(namespace: string, outcomes: Outcomes): boolean {
    if (!hasRetry(outcomes)) {
      this.#attempts.delete(namespace);
      return true;
    }
    const attempt = (this.#attempts.get(namespace) ?? 0) + 1;
    this.#attempts.set(namespace, attempt);
    return attempt >= REPORTED_FROM_ATTEMPT;
  }

  /**
   * How long to wait before writes that got a 403 are tried again, in milliseconds: twice as long each time in a row;
   * undefined when none did. An API server that has just started refuses what it allows a moment later, as it has not read
   * every role yet, and neither the refusal nor a review of our permissions shows that.
   */
  pauseAfter403Ms(namespace: string, outcomes: Outcomes): number | undefined {
    const isForbidden = hasRefusal(outcomes, 'Forbidden');
    if (!isForbidden && !hasRefusal(outcomes, 'Denied')) {
      this.#refusals.delete(namespace);
      return undefined;
    }
    const attempt = this.#refusals.get(namespace) ?? 0;
    this.#refusals.set(namespace, attempt + 1);
    return pauseAfter403Ms(isForbidden ? FORBIDDEN_RETRY : DENIED_RETRY, { attempt, random: this.#random });
  }

  /** Forgets a namespace that is gone. */
  forget(namespace: string): void {
    this.#attempts.delete(namespace);
    this.#refusals.delete(namespace);
  }
}

function hasRetry(outcomes: Outcomes): boolean {
  for (const { kind } of outcomes.values()) {
    if (kind === 'retry') {
      return true;
    }
  }
  return false;
}

function hasRefusal(outcomes: Outcomes, reason: Refusal): boolean {
  for (const outcome of outcomes.values()) {
    if (outcome.kind === 'refused' && outcome.reason === reason) {
      return true;
    }
  }
  return false;
}
