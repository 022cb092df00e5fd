import fc from 'fast-check';
import {
  byTenants,
  declaring,
  inNamespaces,
  toProcesses,
  toReplicas,
  toResolver,
  toServer,
  waiting,
} from './any-step.ts';
import type { History, Step } from './steps.ts';

const STEPS = { declaring, inNamespaces, byTenants, toResolver, toProcesses, toReplicas, toServer, waiting };

/** Of what there is more, and how long a history is at most. */
interface Temper {
  readonly length: number;
  readonly weights: Readonly<Partial<Record<keyof typeof STEPS, number>>>;
  /** Whether something stands already when the history begins. */
  readonly isSettled?: boolean;
  /** How many operators share a Lease, by the seed; one without a Lease when absent. */
  readonly operatorsFor?: (seed: number) => number;
}

const EVERYDAY = {
  declaring: 10,
  inNamespaces: 14,
  byTenants: 11,
  toResolver: 3,
  toProcesses: 4,
  toServer: 5,
  waiting: 14,
};

/** One policy, in place in three namespaces. */
const PROLOGUE: readonly Step[] = [
  { do: 'declare', policy: 'p', spec: { namespaceSelector: { matchLabels: { team: 'x' } } } },
  ...(['a', 'b', 'c'] as const).flatMap((namespace): readonly Step[] => [
    { do: 'team on', namespace },
    { do: 'opt in', namespace },
  ]),
  { do: 'wait', ms: 2_000 },
];

/** The kinds of histories. */
const TEMPERS = {
  short: { length: 12, weights: EVERYDAY },
  long: { length: 40, weights: EVERYDAY },
  stormy: {
    length: 40,
    weights: {
      declaring: 10,
      inNamespaces: 12,
      byTenants: 5,
      toResolver: 2,
      toProcesses: 3,
      toServer: 16,
      waiting: 14,
    },
    isSettled: true,
  },
  restless: {
    length: 40,
    weights: {
      declaring: 10,
      inNamespaces: 12,
      byTenants: 6,
      toResolver: 2,
      toProcesses: 14,
      toServer: 4,
      waiting: 14,
    },
    isSettled: true,
  },
  crowded: {
    length: 30,
    weights: { declaring: 10, inNamespaces: 14, byTenants: 6, toResolver: 2, toReplicas: 14, toServer: 5, waiting: 18 },
    isSettled: true,
    operatorsFor: (seed: number) => 2 + (seed % 2),
  },
} as const satisfies Readonly<Record<string, Temper>>;

/** The name of a kind of histories. */
export type TemperName = keyof typeof TEMPERS;

const NAMES = Object.keys(TEMPERS) as readonly TemperName[];

/** Seeds take turns in what kind of history they are. */
function temperOf(seed: number): TemperName {
  return NAMES[seed % NAMES.length] ?? 'short';
}

/** The first so many seeds of one kind. */
export function seedsOf(temper: TemperName, count: number): readonly number[] {
  return Array.from({ length: count }, (_nothing, index) => index * NAMES.length + NAMES.indexOf(temper));
}

function stepsOf({ length, weights }: Temper): fc.Arbitrary<readonly Step[]> {
  const names = Object.keys(weights) as readonly (keyof typeof STEPS)[];
  const step = fc.oneof(...names.map((name) => ({ weight: weights[name] ?? 0, arbitrary: STEPS[name] })));
  return fc.array(step, { minLength: 1, maxLength: length, size: 'max' });
}

const arbitraries = new Map(NAMES.map((name) => [name, stepsOf(TEMPERS[name])]));

/** The history of a seed: always the same, but for changes to this folder. */
export function historyOf(seed: number): History {
  const name = temperOf(seed);
  const temper: Temper = TEMPERS[name];
  const arbitrary = arbitraries.get(name) ?? fc.constant([]);
  const [steps = []] = fc.sample(arbitrary, { seed, numRuns: 1 });
  const operators = temper.operatorsFor?.(seed);
  return {
    seed,
    ...(operators === undefined ? {} : { operators }),
    steps: [...(temper.isSettled === true ? PROLOGUE : []), ...steps],
  };
}
