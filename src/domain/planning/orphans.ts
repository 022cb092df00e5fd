import { ALWAYS_EXCLUDED_NAMESPACES } from '../../api/names.ts';
import type { LabelSelector } from '../../api/network-policy.ts';
import { isManaged, managedName } from '../ownership.ts';
import { isMatch, type Labels } from '../selection.ts';

/** A NetworkPolicy, as far as it is asked whether it is an orphan. */
export interface OrphanCandidate {
  readonly namespace: string;
  readonly name: string;
  /** Whether it carries our managed-by label. */
  readonly isLabelled: boolean;
  /** The value of our policy label; empty when it has none. */
  readonly policyLabel: string;
  /** The value of our policy-uid annotation; empty when it has none. */
  readonly policyUid: string;
  /** Whether it was left behind on purpose (R4). */
  readonly isKept: boolean;
}

/** A BaselinePolicy that exists, one that is being deleted included. */
export interface LivePolicy {
  readonly name: string;
  readonly uid: string;
  /** Undefined where it is not known what it selects, as for a spec that is not valid: then it may select anything. */
  readonly selector: LabelSelector | undefined;
}

/**
 * The NetworkPolicies that no BaselinePolicy stands behind any more (R8): they carry our label and the uid of a policy
 * that is none of `policies`, which must be all there are, read after the NetworkPolicies. Where a live policy of the
 * same name selects the namespace, or may do so, they are taken over and are no orphans; nor is what was left behind on
 * purpose (R4), unless `includesKept`. Whatever is not known speaks against being an orphan.
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

/** Whether a managed object is of a former policy of this one's name, and nobody left it behind on purpose (R8): an orphan, unless this policy selects its namespace. */
export function isOfFormer(candidate: OrphanCandidate, policy: Pick<LivePolicy, 'name' | 'uid'>): boolean {
  return (
    isManaged(candidate) &&
    !candidate.isKept &&
    candidate.policyLabel === policy.name &&
    candidate.policyUid !== policy.uid
  );
}

/** The live policies that the object's name or its label speaks of. */
function namesakesOf(candidate: OrphanCandidate, byName: ReadonlyMap<string, LivePolicy>): readonly LivePolicy[] {
  const names = new Set([managedName(candidate.name)?.policy ?? '', candidate.policyLabel]);
  return [...names].flatMap((name) => byName.get(name) ?? []);
}

/** Exclusions of the configuration are not looked at: whoever asks may not know them. */
function maySelect({ selector }: LivePolicy, namespace: string, labels: Labels | undefined): boolean {
  if (ALWAYS_EXCLUDED_NAMESPACES.some((excluded) => excluded === namespace)) {
    return false;
  }
  return selector === undefined || labels === undefined || isMatch(selector, labels);
}
