import type { CompiledCluster, TierGroups } from '../compile/compiled-cluster.ts';
import type { ClusterNetworkPolicyModel, NetworkPolicyModel, Rule } from '../model/cluster.ts';
import { NO, PERHAPS, YES } from './certainty.ts';
import { endOutcome, type Outcome, selectedGroups, selectingPolicies } from './end-outcome.ts';
import {
  type EndExplanation,
  type PolicyExplanation,
  type PolicyName,
  podName,
  type RuleMatch,
  type VerdictKind,
} from './explanation.ts';
import { nearestMissOf } from './nearest-miss.ts';
import { type Meeting, matchesPort, matchesPorts, peerCertainty, peersCertainty } from './rule-match.ts';

/** Explains one end; the outcome is that of {@link endOutcome}. */
export function explainEnd(compiled: CompiledCluster, meeting: Meeting): EndExplanation {
  const outcome = endOutcome(compiled, meeting);
  const explained = (policy: NetworkPolicyModel | ClusterNetworkPolicyModel): PolicyExplanation =>
    explainPolicy(compiled, policy, meeting);
  const tier = (groups: TierGroups): readonly PolicyExplanation[] => groups.flat().map(explained);
  const policies = selectingPolicies(compiled, meeting);
  return {
    direction: meeting.direction,
    end: podName(meeting.local.pod),
    outcome: kindOf(outcome),
    decidedBy: outcome.decidedBy,
    policies: [
      ...tier(selectedGroups(compiled, 'Admin', meeting)),
      ...policies.map(explained),
      ...tier(selectedGroups(compiled, 'Baseline', meeting)),
    ],
  };
}

/** The answer for one end. */
export function kindOf({ mayAllow, mayDeny }: Pick<Outcome, 'mayAllow' | 'mayDeny'>): VerdictKind {
  if (mayAllow && mayDeny) {
    return 'undefined';
  }
  return mayAllow ? 'allowed' : 'denied';
}

function explainPolicy(
  compiled: CompiledCluster,
  policy: NetworkPolicyModel | ClusterNetworkPolicyModel,
  meeting: Meeting,
): PolicyExplanation {
  const namespace = policy.kind === 'NetworkPolicy' ? policy.namespace : undefined;
  const rules = policy[meeting.direction] ?? [];
  let perhaps: RuleMatch | undefined;
  for (const [index, rule] of rules.entries()) {
    const certainty = matchesPorts(rule, meeting) ? peersCertainty(compiled, rule, namespace, meeting.remote) : NO;
    const isOther = meeting.traffic.protocol === 'other' && namespace !== undefined;
    if (certainty === YES && !isOther) {
      return {
        policy: nameOfPolicy(policy),
        matches: 'yes',
        match: matchOf(compiled, { rule, index, namespace }, meeting),
      };
    }
    if (certainty !== NO) {
      perhaps ??= matchOf(compiled, { rule, index, namespace }, meeting);
    }
  }
  return {
    policy: nameOfPolicy(policy),
    matches: perhaps === undefined ? 'no' : 'perhaps',
    ...(perhaps === undefined ? {} : { match: perhaps }),
    nearestMiss: nearestMissOf(compiled, rules, namespace, meeting),
  };
}

function matchOf(
  compiled: CompiledCluster,
  at: { readonly rule: Rule; readonly index: number; readonly namespace: string | undefined },
  meeting: Meeting,
): RuleMatch {
  const { rule, index } = at;
  const certainties = (rule.peers ?? []).map((peer) => peerCertainty(compiled, peer, at.namespace, meeting.remote));
  const sure = certainties.indexOf(YES);
  const peer = sure === -1 ? certainties.indexOf(PERHAPS) : sure;
  const port = rule.ports?.findIndex((item) => matchesPort(item, meeting)) ?? -1;
  return {
    rule: index,
    ...(rule.name === undefined ? {} : { ruleName: rule.name }),
    action: rule.action,
    ...(peer === -1 ? {} : { peer }),
    ...(port === -1 ? {} : { port }),
  };
}

/** Names a policy. */
export function nameOfPolicy(policy: NetworkPolicyModel | ClusterNetworkPolicyModel): PolicyName {
  return policy.kind === 'NetworkPolicy'
    ? { kind: policy.kind, namespace: policy.namespace, name: policy.name }
    : { kind: policy.kind, name: policy.name, tier: policy.tier, priority: policy.priority };
}
