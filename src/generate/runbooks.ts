import type { ConditionType } from '../api/names.ts';
import type { Phase } from '../api/namespace-baseline.ts';
import type { Reason } from '../api/reasons.ts';

/** The page of docs/runbooks, without `.md`, that says what to do about each reason. */
export const REASON_RUNBOOKS: Readonly<Record<Reason, string>> = {
  Applied: 'ready',
  DryRun: 'paused-and-dry-run',
  Paused: 'paused-and-dry-run',
  Progressing: 'reconciling',
  InvalidSpec: 'stalled',
  Forbidden: 'stalled',
  CrdOutdated: 'stalled',
  AllInPlace: 'all-protected',
  NoneSelected: 'all-protected',
  NotAllInPlace: 'all-protected',
  DnsNotFound: 'discovery-stale',
  DnsUnanswered: 'discovery-stale',
  DnsStale: 'discovery-stale',
  ApiServerNotFound: 'discovery-stale',
  PeersNotFound: 'peers-not-found',
  OwnRuleOpen: 'own-rule-open',
  Protected: 'ready',
  Pending: 'pending',
  Unprotected: 'unprotected',
  AllowDnsMissing: 'unprotected',
  ForeignObject: 'conflict',
  Denied: 'failed',
  Rejected: 'failed',
  Altered: 'failed',
  PolicyInvalid: 'stalled',
  Retrying: 'pending',
  RemovalHeld: 'removal-held',
  IsolationHeld: 'isolation-held',
  Approved: 'removal-held',
  Contested: 'contested',
  OptingOut: 'kept',
  KeptByFinalizer: 'contested',
  CopyFound: 'orphans-present',
  Kept: 'kept',
  OrphansPresent: 'orphans-present',
  Wide: 'weakened',
  Weakened: 'weakened',
  Repaired: 'repaired',
  Adopted: 'conflict',
  Removed: 'kept',
};

/** The page for each condition that is not as it should be. */
export const CONDITION_RUNBOOKS: Readonly<Record<ConditionType, string>> = {
  Ready: 'ready',
  AllProtected: 'all-protected',
  Reconciling: 'reconciling',
  Stalled: 'stalled',
  DiscoveryStale: 'discovery-stale',
  RemovalHeld: 'removal-held',
  IsolationHeld: 'isolation-held',
  OrphansPresent: 'orphans-present',
  Weakened: 'weakened',
  PeersNotFound: 'peers-not-found',
  OwnRuleOpen: 'own-rule-open',
};

/** The page for each phase of a namespace that needs an explanation. */
export const PHASE_RUNBOOKS: Readonly<Record<Exclude<Phase, 'Protected'>, string>> = {
  Failed: 'failed',
  Conflict: 'conflict',
  Weakened: 'weakened',
  Pending: 'pending',
  DryRun: 'paused-and-dry-run',
  Paused: 'paused-and-dry-run',
};
