import type { Direction } from '../model/cluster.ts';
import { selectedGroups, selectingPolicies } from '../verdict/end-outcome.ts';
import type { CompiledCluster } from './compiled-cluster.ts';
import type { PodClass } from './pod-classes.ts';
import type { Profile } from './tier-flow.ts';

/** The profiles of a direction, and which one each class has. */
export interface Profiles {
  readonly profiles: readonly Profile[];
  /** By class. */
  readonly ofClass: Int32Array;
}

/** Finds the policies that select each class; classes that the same policies select share a profile. */
export function profilesOf(compiled: CompiledCluster, classes: readonly PodClass[], direction: Direction): Profiles {
  const profiles: Profile[] = [];
  const byKey = new Map<string, number>();
  const numbers = new Map<unknown, number>();
  const numberOf = (policy: unknown): number => {
    const number = numbers.get(policy) ?? numbers.size;
    numbers.set(policy, number);
    return number;
  };
  const ofClass = new Int32Array(classes.length);
  for (const { id, side } of classes) {
    const profile = profileOf(compiled, side.pod, direction);
    const key = [...profile.policies, ...profile.admin.flat(), ...profile.baseline.flat()].map(numberOf).join(',');
    let index = byKey.get(key);
    if (index === undefined) {
      index = profiles.length;
      profiles.push(profile);
      byKey.set(key, index);
    }
    ofClass[id] = index;
  }
  return { profiles, ofClass };
}

function profileOf(compiled: CompiledCluster, pod: PodClass['side']['pod'], direction: Direction): Profile {
  if (pod === undefined) {
    return { admin: [], policies: [], baseline: [] };
  }
  const at = { direction, local: { pod } };
  return {
    admin: selectedGroups(compiled, 'Admin', at),
    policies: selectingPolicies(compiled, at),
    baseline: selectedGroups(compiled, 'Baseline', at),
  };
}
