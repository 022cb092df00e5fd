import type { Scenario } from '../scenario.ts';
import { drift } from './drift.ts';
import { hostile } from './hostile.ts';
import { burst, trickle } from './labelling.ts';
import { coldStart, edit, restart } from './large-clusters.ts';
import { handOver } from './replicas.ts';
import { idle, memory } from './resources.ts';
import { scale } from './scale.ts';
import { starting } from './starting.ts';
import { traffic } from './traffic.ts';

const SMALL = 1000;
const LARGE = 10_000;

/** Every scenario, in the order in which those that use one estate can share it. */
export const SCENARIOS: readonly Scenario[] = [
  starting,
  trickle,
  burst,
  drift,
  traffic,
  hostile,
  handOver,
  coldStart(SMALL),
  restart(SMALL),
  edit(SMALL),
  coldStart(LARGE),
  restart(LARGE),
  memory,
  idle,
  edit(LARGE),
  scale,
];

/** The scenarios that these words name, in their order: `cold` names both cold starts, no word all of them. */
export function scenariosNamed(words: readonly string[]): readonly Scenario[] {
  const isNamed = ({ name }: Scenario, word: string): boolean => name === word || name.startsWith(`${word}-`);
  const strange = words.find((word) => !SCENARIOS.some((scenario) => isNamed(scenario, word)));
  if (strange !== undefined) {
    throw new Error(`there is no scenario "${strange}"; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  }
  return words.length === 0 ? SCENARIOS : SCENARIOS.filter((scenario) => words.some((word) => isNamed(scenario, word)));
}
