import type { CompiledCluster, TierGroups } from '../compile/compiled-cluster.ts';
import { addresses } from '../intervals/addresses.ts';
import type { ClusterNetworkPolicyModel, NetworkPolicyModel, Tier } from '../model/cluster.ts';
import { selects } from '../model/selector.ts';
import { type Certainty, NO, PERHAPS, YES } from './certainty.ts';
import { type Meeting, matchesPorts, ruleCertainty } from './rule-match.ts';

/** What the policies of one end may decide, with all that is not known: at least one of the two is true. */
export interface Outcome {
  readonly mayAllow: boolean;
  readonly mayDeny: boolean;
  /** The last of the tiers that had to be asked. */
  readonly decidedBy: DecidedBy;
}

/** Which policies decided: a tier, or none of them, so that the default of Kubernetes holds and everything is allowed. */
export type DecidedBy = Tier | 'NetworkPolicy' | 'default';

/**
 * What the policies that select the local pod decide: the Admin tier, then NetworkPolicies, which decide for good where
 * one selects the pod, then the Baseline tier
 * (https://network-policy-api.sigs.k8s.io/reference/spec/#clusternetworkpolicyspec).
 */
export function endOutcome(compiled: CompiledCluster, meeting: Meeting): Outcome {
  const admin = tierOutcome(compiled, selectedGroups(compiled, 'Admin', meeting), meeting);
  if (!admin.mayPass) {
    return { ...admin, decidedBy: 'Admin' };
  }
  const policies = selectingPolicies(compiled, meeting);
  const next = policies.length > 0 ? policiesOutcome(compiled, policies, meeting) : baselineOutcome(compiled, meeting);
  return {
    mayAllow: admin.mayAllow || next.mayAllow,
    mayDeny: admin.mayDeny || next.mayDeny,
    decidedBy: next.decidedBy,
  };
}

function baselineOutcome(compiled: CompiledCluster, meeting: Meeting): Outcome {
  const baseline = tierOutcome(compiled, selectedGroups(compiled, 'Baseline', meeting), meeting);
  return {
    mayAllow: baseline.mayAllow || baseline.mayPass,
    mayDeny: baseline.mayDeny,
    decidedBy: baseline.mayAllow || baseline.mayDeny ? 'Baseline' : 'default',
  };
}

/** The NetworkPolicies that select the local pod for the direction. */
export function selectingPolicies(compiled: CompiledCluster, meeting: Meeting): readonly NetworkPolicyModel[] {
  const { pod } = meeting.local;
  return compiled
    .policiesIn(pod.namespace, meeting.direction)
    .filter(({ podSelector }) => selects(podSelector, pod.labels));
}

/** The ClusterNetworkPolicies of a tier whose subject the local pod is. */
export function selectedGroups(compiled: CompiledCluster, tier: Tier, meeting: Meeting): TierGroups {
  const { pod } = meeting.local;
  const groups = compiled.tierGroups(tier, meeting.direction);
  if (pod.isHostNetwork || groups.length === 0) {
    return [];
  }
  const labels = compiled.namespaceLabels(pod.namespace);
  return groups.map((group) =>
    group.filter((policy) => selects(policy.namespaceSelector, labels) && selects(policy.podSelector, pod.labels)),
  );
}

function policiesOutcome(
  compiled: CompiledCluster,
  policies: readonly NetworkPolicyModel[],
  meeting: Meeting,
): Outcome {
  const certainty = policiesCertainty(compiled, policies, meeting);
  return { mayAllow: certainty !== NO, mayDeny: certainty !== YES, decidedBy: 'NetworkPolicy' };
}

function policiesCertainty(
  compiled: CompiledCluster,
  policies: readonly NetworkPolicyModel[],
  meeting: Meeting,
): Certainty {
  if (meeting.traffic.protocol === 'other') {
    return PERHAPS;
  }
  let best: Certainty = NO;
  for (const policy of policies) {
    for (const rule of policy[meeting.direction] ?? []) {
      const certainty = ruleCertainty(compiled, rule, policy.namespace, meeting);
      if (certainty === YES) {
        return YES;
      }
      best = certainty > best ? certainty : best;
    }
  }
  return best === PERHAPS && isCoveredTogether(policies, meeting) ? YES : best;
}

/** Whether the blocks of several rules together hold each of the addresses that are asked for, which no rule does alone. */
function isCoveredTogether(policies: readonly NetworkPolicyModel[], meeting: Meeting): boolean {
  if (meeting.remote.isEach !== true) {
    return false;
  }
  const rules = policies.flatMap((policy) => policy[meeting.direction] ?? []);
  const sets = rules.filter((rule) => matchesPorts(rule, meeting)).map(({ blocks }) => blocks);
  return addresses.covers(addresses.union(...sets), meeting.remote.addresses);
}

interface TierOutcome {
  readonly mayAllow: boolean;
  readonly mayDeny: boolean;
  /** Whether the next tier may have to decide. */
  readonly mayPass: boolean;
}

/** The rules in order, the first that matches decides; of policies with one priority any may be the first. */
function tierOutcome(compiled: CompiledCluster, groups: TierGroups, meeting: Meeting): TierOutcome {
  const may = { Accept: false, Deny: false, Pass: false };
  for (const group of groups) {
    let isDecided = false;
    for (const policy of group) {
      isDecided = addOutcomes(compiled, policy, meeting, may) || isDecided;
    }
    if (isDecided) {
      return { mayAllow: may.Accept, mayDeny: may.Deny, mayPass: may.Pass };
    }
  }
  return { mayAllow: may.Accept, mayDeny: may.Deny, mayPass: true };
}

/** Adds what the policy may decide to `may`; returns whether it decides for sure. */
function addOutcomes(
  compiled: CompiledCluster,
  policy: ClusterNetworkPolicyModel,
  meeting: Meeting,
  may: Record<'Accept' | 'Deny' | 'Pass', boolean>,
): boolean {
  for (const rule of policy[meeting.direction]) {
    const certainty = ruleCertainty(compiled, rule, undefined, meeting);
    if (certainty !== NO) {
      may[rule.action] = true;
    }
    if (certainty === YES) {
      return true;
    }
  }
  return false;
}
