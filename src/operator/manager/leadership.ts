import type { Term } from '../../kube/lease/leader-election.ts';

/** Decides who may write, and when (R15, one writer). */
export interface Leadership {
  /**
   * Calls `lead` for each term until `signal` is aborted. `lead` must resolve soon after `signal` or the term's `lost` is
   * aborted.
   */
  run(signal: AbortSignal, lead: (term: Term) => Promise<void>): Promise<void>;
  /** The newest version that ever led; empty when a standby does not know it. */
  newestVersion(): string;
}

/** The leadership of an operator without other replicas: one term that is never lost. */
export function soleLeadership(version: string): Leadership {
  const term: Term = {
    lost: new AbortController().signal,
    remainingMs: () => Number.POSITIVE_INFINITY,
    newestVersion: version,
  };
  return { run: (_signal, lead) => lead(term), newestVersion: () => version };
}

/** Resolves when any of the signals is aborted. */
export function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  const either = AbortSignal.any([...signals]);
  return new Promise((resolve) => {
    if (either.aborted) {
      resolve();
    } else {
      either.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
