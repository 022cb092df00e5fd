import type { ClusterNetworkPolicyModel, Direction, NetworkPolicyModel, Rule } from '../model/cluster.ts';
import {
  addBits,
  addCommonBits,
  addMissingBits,
  type BitSet,
  emptyBits,
  fullBits,
  keepBits,
  removeBits,
} from './bit-set.ts';
import type { TierGroups } from './compiled-cluster.ts';
import type { Bounds } from './peer-bits.ts';

/** The policies that select a class for one direction. */
export interface Profile {
  readonly admin: TierGroups;
  readonly policies: readonly NetworkPolicyModel[];
  readonly baseline: TierGroups;
}

/** For each number what may come out; a number that is in both sets is undefined. */
export interface Flow {
  readonly mayAllow: BitSet;
  readonly mayDeny: BitSet;
}

/** What a rule matches; undefined when nothing. */
export type BoundsFor = (rule: Rule, namespace: string | undefined) => Bounds | undefined;

/**
 * What the policies of a profile decide, for many connections at once: each number is a connection. The same as
 * `endOutcome` decides for one.
 */
export function flowOf(profile: Profile, direction: Direction, size: number, boundsFor: BoundsFor): Flow {
  const may = { Accept: emptyBits(size), Deny: emptyBits(size), Pass: emptyBits(size) };
  let reach = throughTier(profile.admin, { direction, reach: fullBits(size), may }, boundsFor);
  if (profile.policies.length > 0) {
    addPolicies(profile.policies, { direction, reach, may }, boundsFor);
  } else {
    may.Pass = emptyBits(size);
    reach = throughTier(profile.baseline, { direction, reach, may }, boundsFor);
    addBits(may.Accept, reach);
  }
  return { mayAllow: may.Accept, mayDeny: may.Deny };
}

interface State {
  readonly direction: Direction;
  /** What may come this far without having been decided. */
  readonly reach: BitSet;
  readonly may: Readonly<Record<'Accept' | 'Deny' | 'Pass', BitSet>>;
}

function addPolicies(policies: readonly NetworkPolicyModel[], state: State, boundsFor: BoundsFor): void {
  const sure = new Uint32Array(state.reach.length);
  for (const policy of policies) {
    for (const rule of policy[state.direction] ?? []) {
      const bounds = boundsFor(rule, policy.namespace);
      if (bounds !== undefined) {
        addBits(sure, bounds.sure);
        addCommonBits(state.may.Accept, state.reach, bounds.possible);
      }
    }
  }
  addMissingBits(state.may.Deny, state.reach, sure);
}

/** Returns what may go on to the next tier. */
function throughTier(groups: TierGroups, { direction, reach: start, may }: State, boundsFor: BoundsFor): BitSet {
  let reach = start;
  for (const group of groups) {
    let next: BitSet | undefined;
    for (const policy of group) {
      const left = throughPolicy(policy, { direction, reach, may }, boundsFor);
      if (next === undefined) {
        next = left;
      } else {
        keepBits(next, left);
      }
    }
    reach = next ?? reach;
  }
  if (groups.length > 0) {
    reach = reach.slice();
    addBits(reach, may.Pass);
  }
  return reach;
}

function throughPolicy(
  policy: ClusterNetworkPolicyModel,
  { direction, reach, may }: State,
  boundsFor: BoundsFor,
): BitSet {
  const left = reach.slice();
  for (const rule of policy[direction]) {
    const bounds = boundsFor(rule, undefined);
    if (bounds !== undefined) {
      addCommonBits(may[rule.action], left, bounds.possible);
      removeBits(left, bounds.sure);
    }
  }
  return left;
}
