import type { Reason } from '../../api/reasons.ts';

/** Why an object could not be put in place, for good as far as anyone can tell. */
export type Refusal = Extract<Reason, 'ForeignObject' | 'Denied' | 'Rejected' | 'Altered' | 'Forbidden' | 'Contested'>;

/** What came of one action of a plan. */
export type Outcome =
  /** The object stands as declared; `hash` is the digest of its spec. */
  | { readonly kind: 'inPlace'; readonly name: string; readonly uid: string; readonly hash?: string }
  | { readonly kind: 'removed'; readonly name: string }
  /** It was left behind as it is, marked (R4). */
  | { readonly kind: 'left'; readonly name: string }
  /** Trying again soon would change nothing; `recheckMs` when a certain time is the right one. */
  | {
      readonly kind: 'refused';
      readonly name: string;
      readonly reason: Refusal;
      readonly message: string;
      readonly recheckMs?: number;
    }
  /** Worth trying again. */
  | { readonly kind: 'retry'; readonly name: string; readonly message: string; readonly retryAfterMs?: number }
  /** Not tried: its allow-dns is missing (R3), or what has to come first did not happen. */
  | { readonly kind: 'held'; readonly name: string }
  /** Not tried: the policy is frozen (R7, R11). */
  | { readonly kind: 'frozen'; readonly name: string }
  /** The namespace went away meanwhile (R12). */
  | { readonly kind: 'namespaceGone'; readonly name: string };

/** What came of each action, by the NetworkPolicy's name. */
export type Outcomes = ReadonlyMap<string, Outcome>;
