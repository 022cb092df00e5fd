import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import { REPORT_INTERVAL_MS } from '../queue/retry-policy.ts';
import type { ContestTracker } from '../state/contest-tracker.ts';

/** How many writes of one NamespaceBaseline need not wait for each other: what a namespace goes through when it is new or edited. */
const REPORTS_AT_ONCE = 10;

/** The last write of a NamespaceBaseline. */
interface LastWrite {
  /** The digest of what the server stored; undefined after a removal. */
  readonly stored: string | undefined;
  /** When all writes so far would be over if they had come one each interval. */
  readonly paidUntilMs: number;
}

/**
 * Keeps the writes of a NamespaceBaseline out of a hot loop when another client keeps changing it, such as an operator of
 * another version or a webhook that alters what is stored. Each such change counts as a repair, like that of a
 * NetworkPolicy, and slows further writes down in the same way (R6, repair). A content of our own that changes again and
 * again, as a tenant can make it by a NetworkPolicy that comes and goes, is written once a second after the first ten times
 * (R16, status).
 */
export class ReportRateLimit {
  readonly #contestTracker: ContestTracker;
  readonly #clock: Clock;
  /** By namespace. */
  readonly #lastWrites = new Map<string, LastWrite>();

  constructor(contestTracker: ContestTracker, clock: Clock) {
    this.#contestTracker = contestTracker;
    this.#clock = clock;
  }

  /** How long until the NamespaceBaseline of this namespace may be written, in milliseconds; 0 when it may be written now. */
  waitMs(namespace: string): number {
    const paidUntilMs = this.#lastWrites.get(namespace)?.paidUntilMs ?? Number.NEGATIVE_INFINITY;
    const paceMs = paidUntilMs - this.#clock.nowMs() - (REPORTS_AT_ONCE - 1) * REPORT_INTERVAL_MS;
    return Math.max(0, paceMs, this.#contestTracker.contestOver(reportIn(namespace))?.waitMs ?? 0);
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
    const last = this.#lastWrites.get(namespace);
    const isChanged = last !== undefined && last.stored !== before;
    if (isChanged || stored !== wanted) {
      this.#contestTracker.repaired(reportIn(namespace), '');
    }
    const nowMs = this.#clock.nowMs();
    const paidUntilMs = Math.max(nowMs, last?.paidUntilMs ?? nowMs) + REPORT_INTERVAL_MS;
    this.#lastWrites.set(namespace, { stored, paidUntilMs });
  }

  /** Forgets a namespace that is gone: a new one of the same name starts without a contest. */
  forget(namespace: string): void {
    this.#lastWrites.delete(namespace);
    this.#contestTracker.forget(reportIn(namespace));
  }
}

function reportIn(namespace: string): { readonly namespace: string; readonly name: string } {
  return { namespace, name: NAMESPACE_BASELINE_NAME };
}
