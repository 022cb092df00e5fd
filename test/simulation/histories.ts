import fc from 'fast-check';
import { byTenants, declaring, inNamespaces, toProcesses, toServer, waiting } from './any-step.ts';
import type { History, Step } from './steps.ts';

/** Of what there is more, and how long a history is at most. */
interface Temper {
  readonly length: number;
  readonly weights: { readonly declaring: number; readonly inNamespaces: number; readonly byTenants: number; readonly toProcesses: number; readonly toServer: number; readonly waiting: number };
}

/** The kinds of histories. */
export const TEMPERS = {
  short: { length: 12, weights: { declaring: 10, inNamespaces: 14, byTenants: 10, toProcesses: 4, toServer: 5, waiting: 14 } },
  long: { length: 40, weights: { declaring: 10, inNamespaces: 14, byTenants: 10, toProcesses: 4, toServer: 5, waiting: 14 } },
  stormy: { length: 40, weights: { declaring: 10, inNamespaces: 12, byTenants: 4, toProcesses: 3, toServer: 16, waiting: 14 } },
  restless: { length: 40, weights: { declaring: 10, inNamespaces: 12, byTenants: 5, toProcesses: 14, toServer: 4, waiting: 14 } },
} as const satisfies Readonly<Record<string, Temper>>;

/** The name of a kind of histories. */
export type TemperName = keyof typeof TEMPERS;

const NAMES = Object.keys(TEMPERS) as readonly TemperName[];

/** Seeds take turns in what kind of history they are. */
export function temperOf(seed: number): TemperName {
  return NAMES[seed % NAMES.length] ?? 'short';
}

/** The first so many seeds of one kind. */
export function seedsOf(temper: TemperName, count: number): readonly number[] {
  return Array.from({ length: count }, (_nothing, index) => index * NAMES.length + NAMES.indexOf(temper));
}

function stepsOf({ length, weights }: Temper): fc.Arbitrary<readonly Step[]> {
  const step = fc.oneof(
    { weight: weights.declaring, arbitrary: declaring },
    { weight: weights.inNamespaces, arbitrary: inNamespaces },
    { weight: weights.byTenants, arbitrary: byTenants },
    { weight: weights.toProcesses, arbitrary: toProcesses },
    { weight: weights.toServer, arbitrary: toServer },
    { weight: weights.waiting, arbitrary: waiting },
  );
  return fc.array(step, { minLength: 1, maxLength: length, size: 'max' });
}

const arbitraries: Readonly<Record<TemperName, fc.Arbitrary<readonly Step[]>>> = { short: stepsOf(TEMPERS.short), long: stepsOf(TEMPERS.long), stormy: stepsOf(TEMPERS.stormy), restless: stepsOf(TEMPERS.restless) };

/** The history of a seed: always the same, but for changes to this folder. */
export function historyOf(seed: number): History {
  const [steps = []] = fc.sample(arbitraries[temperOf(seed)], { seed, numRuns: 1 });
  return { seed, steps };
}
