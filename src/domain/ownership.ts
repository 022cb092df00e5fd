import { DENY_PART, type PartRole, roleOf } from '../api/parts.ts';
import { type ObservedNetworkPolicy, type RecordedReport, recordedEntry } from './world.ts';

/** Who owns a NetworkPolicy: see R5 (ownership) and R8 (deletion). */
export type Ownership =
  /** The operator, on behalf of the live policy in question. */
  | 'ours'
  /** The operator, but on behalf of another BaselinePolicy or of one that is gone. */
  | 'other-policy'
  /** Another client: never changed, never deleted. */
  | 'foreign';

/**
 * Tells who owns a NetworkPolicy, seen from one live policy. It is ours when the last NamespaceBaseline recorded its uid, or
 * when it carries our label and a policy uid; a copy in Git made from `render` has no policy uid and so is foreign. The
 * NamespaceBaseline is read once for all objects, as a tenant can make thousands.
 */
export function ownershipFor(
  policy: { readonly name: string; readonly uid: string },
  report: RecordedReport | undefined,
): (observed: ObservedNetworkPolicy) => Ownership {
  const recorded = new Set(recordedEntry(report, policy.name)?.managed.map(({ uid }) => uid));
  return (observed) => {
    const isRecordedHere = recorded.has(observed.uid);
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
  };
}

/** Whether an object carries all our marks, on behalf of any BaselinePolicy: our label and a policy uid (R5, ownership). */
export function isManaged({ isLabelled, policyUid }: Pick<ObservedNetworkPolicy, 'isLabelled' | 'policyUid'>): boolean {
  return isLabelled && policyUid !== '';
}

/** The uids that a NamespaceBaseline lists, by policy. */
export interface Listing {
  readonly entries: readonly { readonly managed: readonly { readonly uid: string }[] }[];
}

/** Whether a NamespaceBaseline lists the uid of this object, under whichever policy. */
export function isListed({ uid }: Pick<ObservedNetworkPolicy, 'uid'>, report: Listing | undefined): boolean {
  return report?.entries.some(({ managed }) => managed.some((listed) => listed.uid === uid)) === true;
}

/** The BaselinePolicy and the part that the name of a managed NetworkPolicy is made of, or undefined for any other name. */
export function managedName(name: string): { readonly policy: string; readonly part: string } | undefined {
  const dot = name.indexOf('.');
  if (dot <= 0 || dot === name.length - 1) {
    return undefined;
  }
  return { policy: name.slice(0, dot), part: name.slice(dot + 1) };
}

/** Whether `name` is that of a part of the BaselinePolicy `policy`, as {@link managedName} reads it. */
export function isNameOfPart(name: string, policy: string): boolean {
  return (
    policy !== '' && name.length > policy.length + 1 && name.indexOf('.') === policy.length && name.startsWith(policy)
  );
}

/** The role of the part that the name of a managed NetworkPolicy is made of; `other` for any other name. */
export function roleIn(name: string): PartRole {
  const dot = name.indexOf('.');
  return dot <= 0 ? 'other' : roleOf(name.slice(dot + 1));
}

/** The name of the NetworkPolicy that isolates on behalf of a BaselinePolicy. */
export function denyNameOf(policy: string): string {
  return `${policy}.${DENY_PART}`;
}
