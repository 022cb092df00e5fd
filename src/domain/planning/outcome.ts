import type { Reason } from '../../api/reasons.ts';

/** Why an object cannot be put in place until something else changes. */
export type Refusal = Extract<Reason, 'ForeignObject' | 'Denied' | 'Rejected' | 'Altered' | 'Forbidden' | 'Contested'>;

/** The outcome of one action of a plan. */
export type Outcome =
  /** The object is as declared; `hash` is the digest of its spec. */
  | { readonly kind: 'inPlace'; readonly name: string; readonly uid: string; readonly hash?: string }
  | { readonly kind: 'removed'; readonly name: string }
  /** It was deleted, but another client's finalizer keeps it in the API server. */
  | { readonly kind: 'terminating'; readonly name: string }
  /** It was kept as it is and marked so (R4, opting out). */
  | { readonly kind: 'left'; readonly name: string }
  /** Another attempt soon would change nothing; `recheckMs` when one certain time is the right one. */
  | {
      readonly kind: 'refused';
      readonly name: string;
      readonly reason: Refusal;
      readonly message: string;
      readonly recheckMs?: number;
    }
  /** Worth another attempt. */
  | { readonly kind: 'retry'; readonly name: string; readonly message: string; readonly retryAfterMs?: number }
  /** Not attempted: allow-dns is missing (R3, order of writes), an earlier stage did not succeed, or DNS is in doubt (R14, discovery). */
  | { readonly kind: 'blocked'; readonly name: string }
  /** Not attempted yet: one reconcile removes a limited number of objects, and the next one goes on. */
  | { readonly kind: 'postponed'; readonly name: string }
  /** Not attempted: the policy is frozen (R7 DryRun and Paused, R11 invalid policy). */
  | { readonly kind: 'frozen'; readonly name: string }
  /** The namespace is terminating or gone (R12, one namespace's failure). */
  | { readonly kind: 'namespaceGone'; readonly name: string };

/** The outcome of each action, by the NetworkPolicy's name. */
export type Outcomes = ReadonlyMap<string, Outcome>;
