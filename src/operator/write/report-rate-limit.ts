import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { ContestTracker } from '../state/contest-tracker.ts';

/**
 * Keeps the writes of a NamespaceBaseline out of a hot loop when another client keeps changing it, such as an operator of
 * another version or a webhook that alters what is stored. Each such change counts as a repair, like that of a
 * NetworkPolicy, and slows further writes down in the same way (R6, repair). A new content of our own is not delayed.
 */
export class ReportRateLimit {
  readonly #contestTracker: ContestTracker;
  /** By namespace, the digest of what the server stored at our last write; undefined after a removal. */
  readonly #stored = new Map<string, string | undefined>();

  constructor(contestTracker: ContestTracker) {
    this.#contestTracker = contestTracker;
  }

  /** How long until the NamespaceBaseline of this namespace may be written, in milliseconds; 0 when it may be written now. */
  waitMs(namespace: string): number {
    return this.#contestTracker.contestOver(reportIn(namespace))?.waitMs ?? 0;
  }

  /** Notes a write by the digests of the content before it, the wanted content and the stored one; undefined where there is none. */
  wrote(
    namespace: string,
    {
      before,
      wanted,
      stored,
    }: {
      readonly before: string | undefined;
      readonly wanted: string | undefined;
      readonly stored: string | undefined;
    },
  ): void {
    const isChanged = this.#stored.has(namespace) && this.#stored.get(namespace) !== before;
    if (isChanged || stored !== wanted) {
      this.#contestTracker.repaired(reportIn(namespace), '');
    }
    this.#stored.set(namespace, stored);
  }

  /** Forgets a namespace that is gone: a new one of the same name starts without a contest. */
  forget(namespace: string): void {
    this.#stored.delete(namespace);
    this.#contestTracker.forget(reportIn(namespace));
  }
}

function reportIn(namespace: string): { readonly namespace: string; readonly name: string } {
  return { namespace, name: NAMESPACE_BASELINE_NAME };
}
