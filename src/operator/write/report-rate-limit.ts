import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { ContestTracker } from '../state/contest-tracker.ts';

/**
 * Sees to it that nobody can have a NamespaceBaseline written in a hot loop: not somebody who keeps changing it, such as
 * an operator of another version, nor a webhook that alters what is stored. What is not as we left it counts as a repair
 * like that of a NetworkPolicy, and slows the writes down alike (R6). What is to be said anew is not held up by it.
 */
export class ReportRateLimit {
  readonly #repairLog: ContestTracker;
  /** The digest of what stood after our last write, by namespace; undefined where that was a removal. */
  readonly #left = new Map<string, string | undefined>();

  constructor(repairLog: ContestTracker) {
    this.#repairLog = repairLog;
  }

  /** How long until the NamespaceBaseline of this namespace may be written, in milliseconds; 0 when it may be now. */
  waitMs(namespace: string): number {
    return this.#repairLog.contestOver(recordIn(namespace))?.waitMs ?? 0;
  }

  /** It was written: digests of what stood before, of what was to be there and of what is; undefined where there is none. */
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
    const isChanged = this.#left.has(namespace) && this.#left.get(namespace) !== before;
    if (isChanged || stored !== wanted) {
      this.#repairLog.repaired(recordIn(namespace), '');
    }
    this.#left.set(namespace, stored);
  }

  /** The namespace is gone: one that comes anew under its name has no quarrel. */
  forget(namespace: string): void {
    this.#left.delete(namespace);
    this.#repairLog.forget(recordIn(namespace));
  }
}

function recordIn(namespace: string): { readonly namespace: string; readonly name: string } {
  return { namespace, name: NAMESPACE_BASELINE_NAME };
}
