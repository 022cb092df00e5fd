import { expect } from 'vitest';
import { textOf } from '../../src/base/json.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { Simulation } from './simulation.ts';

/** Ends a simulation in which no rule may have been broken, and nothing may have gone wrong unexpectedly. */
export async function endFlawless(simulation: Simulation): Promise<void> {
  expect(simulation.observer.violations).toEqual([]);
  expect(simulation.errors).toEqual([]);
  await simulation.stop('crash');
}

/** The names of all NetworkPolicies in a namespace, in their order. */
export function networkPolicyNames({ hands }: Simulation, namespace: string): readonly string[] {
  return hands
    .all(NETWORK_POLICIES, namespace)
    .map(({ metadata }) => textOf(metadata.name))
    .sort();
}
