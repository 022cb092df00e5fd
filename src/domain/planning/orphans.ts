import { ALWAYS_EXCLUDED_NAMESPACES } from '../../api/names.ts';
import type { LabelSelector } from '../../api/network-policy.ts';
import { isManaged, managedName } from '../ownership.ts';
import { isMatch, type Labels } from '../selection.ts';

/** The fields of a NetworkPolicy that decide whether it is an orphan. */
export interface OrphanCandidate {
  readonly namespace: string;
  readonly name: string;
  /** Whether it carries our managed-by label. */
  readonly isLabelled: boolean;
  /** The value of our policy label; empty when it has none. */
  readonly policyLabel: string;
  /** The value of our policy-uid annotation; empty when it has none. */
  readonly policyUid: string;
  /** Whether it was kept on purpose (R4, opting out). */
  readonly isKept: boolean;
}

/** A BaselinePolicy that exists, one that is being deleted included. */
export interface LivePolicy {
  readonly name: string;
  readonly uid: string;
  /** Undefined where the selection is not known, as for an invalid spec: then it may select anything. */
  readonly selector: LabelSelector | undefined;
}

/**
 * The NetworkPolicies whose BaselinePolicy is gone (R8, deletion): they carry our label and the uid of a policy that is not
 * among `policies`, which must be all there are, read after the NetworkPolicies. Where a live policy of the same name
 * selects the namespace, or may do so, it takes them over, and they are no orphans. Nor are objects that were kept on
 * purpose (R4, opting out), unless `includesKept`. A fact that is not known counts against being an orphan.
 */
export function orphansIn<T extends OrphanCandidate>(facts: {
  readonly networkPolicies: readonly T[];
  readonly policies: readonly LivePolicy[];
  /** The labels of a namespace; undefined where they are not known. */
  readonly labelsOf: (namespace: string) => Labels | undefined;
  readonly includesKept?: boolean;
}): readonly T[] {
  const uids = new Set(facts.policies.map(({ uid }) => uid));
  const byName = new Map(facts.policies.map((policy) => [policy.name, policy]));
  return facts.networkPolicies.filter((candidate) => {
    if (!isManaged(candidate) || uids.has(candidate.policyUid)) {
      return false;
    }
    if (candidate.isKept && facts.includesKept !== true) {
      return false;
    }
    return !namesakesOf(candidate, byName).some((policy) =>
      maySelect(policy, candidate.namespace, facts.labelsOf(candidate.namespace)),
    );
  });
}

/**
 * Whether a managed object belongs to a former policy of the same name and was not kept on purpose (R8, deletion): it is an
 * orphan, unless this policy selects its namespace.
 */
export function isOfFormer(candidate: OrphanCandidate, policy: Pick<LivePolicy, 'name' | 'uid'>): boolean {
  return (
    isManaged(candidate) &&
    !candidate.isKept &&
    candidate.policyLabel === policy.name &&
    candidate.policyUid !== policy.uid
  );
}

/** The live policies that the object's name or its label names. */
function namesakesOf(candidate: OrphanCandidate, byName: ReadonlyMap<string, LivePolicy>): readonly LivePolicy[] {
  const names = new Set([managedName(candidate.name)?.policy ?? '', candidate.policyLabel]);
  return [...names].flatMap((name) => byName.get(name) ?? []);
}

/** Ignores the exclusions of the configuration, which the command line may not know. */
function maySelect({ selector }: LivePolicy, namespace: string, labels: Labels | undefined): boolean {
  if (ALWAYS_EXCLUDED_NAMESPACES.some((excluded) => excluded === namespace)) {
    return false;
  }
  return selector === undefined || labels === undefined || isMatch(selector, labels);
}
