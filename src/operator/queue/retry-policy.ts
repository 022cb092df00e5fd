import { backoffMs } from '../../base/backoff.ts';

/**
 * Every pause of the operator, in milliseconds. Pauses of watches are in src/kube/informer/watch-backoff.ts, those of the
 * Lease are flags (`--lease-duration` and its neighbours).
 */

/** A pause that doubles with every failure in a row, from `baseMs` up to `capMs`. */
export interface RetryPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/** A reconcile that failed, of a namespace or of a policy's deletion. */
export const RECONCILE_RETRY: RetryPolicy = { baseMs: 5, capMs: 60_000 };
/** A key that was added again while its attempt failed: the failure says nothing about the newer event. */
export const RETRY_OF_CHANGED_KEY: RetryPolicy = { baseMs: RECONCILE_RETRY.baseMs, capMs: 1_000 };
/** A write that got a 403 from a quota or from admission (reason `Denied`). */
export const DENIED_RETRY: RetryPolicy = { baseMs: 1_000, capMs: 300_000 };
/** A write that got a 403 because a permission is missing (reason `Forbidden`). */
export const FORBIDDEN_RETRY: RetryPolicy = { baseMs: 1_000, capMs: 30_000 };
/** The status of a BaselinePolicy that could not be written. */
export const STATUS_RETRY: RetryPolicy = { baseMs: 2_000, capMs: 30_000 };

/** The longest time until a namespace whose write was refused for good is reconciled again; any event comes first. */
export const SLOW_RECHECK_MS = 300_000;
/** The time until a namespace that waits for an approval (R9, removal limit) or for the end of a contest (R6) is reconciled again. */
export const HELD_RECHECK_MS = 30_000;
/** How often the deletion of a policy looks whether its last NetworkPolicy is gone (R8, deletion). */
export const REMOVAL_POLL_MS = 250;
/** A namespace in which removals are left over is reconciled again after this, and not sooner. */
export const REMOVAL_BATCH_MS = 1_000;
/** A NamespaceBaseline without its namespace is looked at again after this, and not removed sooner. */
export const STRAY_RECHECK_MS = 10_000;
/** A contested object is repaired at most this often (R6, repair). */
export const CONTEST_PACE_MS = 10_000;
/** A contested default-deny that is missing or changed is repaired at most this often: its namespace is open until then. */
export const CONTEST_PACE_OF_DENY_MS = 1_000;
/** A NamespaceBaseline whose content changes again and again is written at most this often, in milliseconds (R16, status). */
export const REPORT_INTERVAL_MS = 1_000;
/** The status of one BaselinePolicy is written at most this often (R16, status). */
export const STATUS_INTERVAL_MS = 1_000;
/** A standby that could not create what a namespace lacks tries again after this. */
export const STAND_IN_RETRY_MS = 10_000;
/** How often the start looks for a missing permission, CRD or API server. */
export const PREREQUISITES_POLL_MS = 1_000;
/** How often a running operator asks whether it still has every permission. */
export const PREREQUISITES_RECHECK_MS = 30_000;
/** How often the start looks whether every cache is filled. */
export const SYNC_POLL_MS = 5;

/** From this length on a fixed pause is a recheck, whose exact moment does not matter. */
const SPREAD_FROM_MS = 15_000;
/** The share of a pause that chance decides. */
const SPREAD = 0.1;

/** The pause after `attempt` earlier failures in a row, half of it random, in milliseconds; `random` is uniform in [0, 1). */
export function retryPauseMs(
  { baseMs, capMs }: RetryPolicy,
  { attempt, random }: { readonly attempt: number; readonly random: () => number },
): number {
  return backoffMs({ attempt, baseMs, capMs, random });
}

/**
 * The pause after a 403, in milliseconds. At the cap it is not random, since half of it would mean a third more requests
 * while a permission is missing; {@link spreadPauseMs} still separates the namespaces.
 */
export function pauseAfter403Ms(
  policy: RetryPolicy,
  failures: { readonly attempt: number; readonly random: () => number },
): number {
  const isCapped = policy.baseMs * 2 ** failures.attempt >= policy.capMs;
  return isCapped ? policy.capMs : retryPauseMs(policy, failures);
}

/**
 * A fixed pause, in milliseconds. A long one is shortened by up to a tenth, so that a thousand namespaces that were
 * refused in one burst do not come back in one burst. A short one is kept, as it may be a lower limit.
 */
export function spreadPauseMs(pauseMs: number, random: () => number): number {
  return pauseMs < SPREAD_FROM_MS ? pauseMs : pauseMs * (1 - SPREAD * random());
}

/** A pause that a server asked for (`Retry-After`), prolonged by up to a tenth: the same answer went to many requests. */
export function pauseAskedForMs(retryAfterMs: number, random: () => number): number {
  return retryAfterMs <= 0 ? 0 : retryAfterMs * (1 + SPREAD * random());
}
