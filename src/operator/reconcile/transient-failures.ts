import type { Outcomes } from '../../domain/planning/outcome.ts';

/** A transient failure is reported from this attempt on. */
const REPORTED_FROM_ATTEMPT = 3;

/** The first pause after a 403, in milliseconds. */
const FIRST_PAUSE_AFTER_403_MS = 1_000;

/**
 * Counts the transient failures of each namespace in a row, so that a short failure of the API server changes no condition
 * and makes no Event.
 */
export class TransientFailures {
  readonly #attempts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

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
   * How long to wait after a 403, in milliseconds: twice as long each time in a row; undefined when there was none. An API
   * server that has just started refuses what it allows a moment later, as it has not read every role yet, and neither the
   * refusal nor a review of our permissions shows that.
   */
  pauseAfter403Ms(namespace: string, outcomes: Outcomes): number | undefined {
    if (!has403(outcomes)) {
      this.#refusals.delete(namespace);
      return undefined;
    }
    const before = this.#refusals.get(namespace) ?? 0;
    this.#refusals.set(namespace, before + 1);
    return FIRST_PAUSE_AFTER_403_MS * 2 ** before;
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

function has403(outcomes: Outcomes): boolean {
  for (const outcome of outcomes.values()) {
    if (outcome.kind === 'refused' && (outcome.reason === 'Denied' || outcome.reason === 'Forbidden')) {
      return true;
    }
  }
  return false;
}
