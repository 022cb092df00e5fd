import type { ObservedNetworkPolicy, RecordedReport } from './world.ts';

/** Whose a NetworkPolicy is: see R5 and R8. */
export type Ownership =
  /** The operator's, on behalf of the live policy that was asked about. */
  | 'ours'
  /** The operator's, but of another BaselinePolicy or of one that is gone. */
  | 'other-policy'
  /** Somebody else's: never changed, never deleted. */
  | 'foreign';

/**
 * Whose `observed` is, seen from one live policy. Ours is what the last NamespaceBaseline recorded by uid, or what
 * carries our label and a policy uid; a copy in Git made from `render` has no policy uid and so is foreign.
 */
export function ownershipOf(
  observed: ObservedNetworkPolicy,
  policy: { readonly name: string; readonly uid: string },
  record: RecordedReport | undefined,
): Ownership {
  const isRecordedHere = isRecorded(observed, policy.name, record);
  if (observed.policyUid === policy.uid && (observed.isLabelled || isRecordedHere)) {
    return 'ours';
  }
  if (observed.policyUid === '' && isRecordedHere) {
    return 'ours';
  }
  if (isManaged(observed)) {
    return 'other-policy';
  }
  return isRecordedHere ? 'other-policy' : 'foreign';
}

/** Whether an object carries all our marks, whichever BaselinePolicy it is of: our label and a policy uid (R5). */
export function isManaged({ isLabelled, policyUid }: Pick<ObservedNetworkPolicy, 'isLabelled' | 'policyUid'>): boolean {
  return isLabelled && policyUid !== '';
}

function isRecorded({ uid }: ObservedNetworkPolicy, policyName: string, record: RecordedReport | undefined): boolean {
  return (
    record?.entries.some(
      (entry) => entry.policy === policyName && entry.managed.some((managed) => managed.uid === uid),
    ) === true
  );
}

/** The BaselinePolicy and part that a managed NetworkPolicy's name stands for, or undefined when it is no such name. */
export function managedName(name: string): { readonly policy: string; readonly part: string } | undefined {
  const dot = name.indexOf('.');
  if (dot <= 0 || dot === name.length - 1) {
    return undefined;
  }
  return { policy: name.slice(0, dot), part: name.slice(dot + 1) };
}
