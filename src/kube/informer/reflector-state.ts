import type { Result } from '../../base/result.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { EndedAttempt, RestartReason } from './watch-backoff.ts';

/**
 * The state of a reflector, as in kube-rs (https://docs.rs/kube-runtime/latest/kube_runtime/watcher/): each step of
 * a reflector returns the next one.
 *
 * ```
 * empty ──► initPage ⟲ ──► initListed ──► watching ──► verifying ──► watching
 *   └─────► initialWatch (synced within one watch) ─────────┘
 * ```
 * An interruption leads to `verifying` when the last version may still be valid, and to `empty` otherwise.
 */
export type State =
  /** No version to continue from: everything must be read. */
  | { readonly kind: 'empty' }
  /** A list in pages is in progress. */
  | ({ readonly kind: 'initPage'; readonly limit: number; readonly continueToken?: string } & InitialList)
  /** The first state is to be read as a stream. */
  | { readonly kind: 'initialWatch' }
  /** All pages are in the sink, which has not been told yet that they are complete. */
  | ({ readonly kind: 'initListed'; readonly resourceVersion: string } & InitialList)
  /** A watch ended at this version; the server may have been restored from a backup since. */
  | { readonly kind: 'verifying'; readonly resourceVersion: string }
  /** The sink is at this version, and the next step watches from there. */
  | { readonly kind: 'watching'; readonly resourceVersion: string };

/** The part of a list in pages that has been read. */
export interface InitialList {
  readonly count: number;
  /** Whether this is the second list because the first one was unexpectedly empty. */
  readonly isRepeated: boolean;
}

/** How far a watch has come: in the objects that exist already, or in the changes after them. */
export type WatchProgress =
  | { readonly kind: 'initial'; readonly count: number }
  | { readonly kind: 'live'; readonly resourceVersion: string };

/** The result of one step. Without an interruption the next step follows at once. */
export interface Step {
  readonly next: State;
  readonly interruption?: Interruption;
}

/** Why a step was interrupted; `message` is for people. */
export interface Interruption extends EndedAttempt {
  readonly message: string;
}

/** The first state, and the state after the last version has become useless. */
export const EMPTY: State = { kind: 'empty' };

/** After these the reflector cannot continue from its last version and must list again. */
const RELIST_REASONS: ReadonlySet<RestartReason> = new Set<RestartReason>([
  'expired',
  'resourceVersionTooLarge',
  'malformed',
  'tooLarge',
  'invalid',
  'notFound',
  'sinkFailed',
  'rolledBack',
]);

/** Continues from the version if the reason allows it, and lists again otherwise. */
export function interrupted(interruption: Interruption, resourceVersion?: string): Step {
  const mustList = resourceVersion === undefined || RELIST_REASONS.has(interruption.reason);
  return { interruption, next: mustList ? EMPTY : { kind: 'verifying', resourceVersion } };
}

/** The interruption that the end of a watch is: the server also ends healthy watches. */
export function endOf(watch: Result<unknown, KubeError>): Interruption {
  return watch.ok ? { reason: 'ended', message: 'the server ended the watch' } : interruptionFor(watch.error);
}

/** The interruption that a failed request is. */
export function interruptionFor(error: KubeError): Interruption {
  return {
    reason: error.kind,
    message: error.message,
    ...('retryAfterMs' in error ? { retryAfterMs: error.retryAfterMs } : {}),
  };
}

/** The step after a sink threw outside of a watch. */
export function sinkFailed(thrown: unknown): Step {
  return interrupted(sinkFailure(thrown));
}

/** The interruption that an exception of the sink is. */
export function sinkFailure(thrown: unknown): Interruption {
  return { reason: 'sinkFailed', message: thrown instanceof Error ? thrown.message : 'the sink threw' };
}
