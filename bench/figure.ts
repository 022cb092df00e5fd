import type { Unit } from '../test/support/measuring/number-text.ts';
import { median } from '../test/support/measuring/statistics.ts';

/** What a figure must keep to; absent where nothing was promised. */
export interface Bar {
  /** In the figure's own unit. */
  readonly atMost?: number;
  /** So many times the floor. */
  readonly ratioAtMost?: number;
  /** So much above the floor, in the figure's own unit. */
  readonly aboveFloorAtMost?: number;
}

/** One thing that one run found out. */
export interface Figure {
  readonly scenario: string;
  /** What it is, in a few words; with the scenario its name. */
  readonly what: string;
  readonly unit: Unit;
  readonly value: number;
  /** The same of whatever decides nothing, in the same run. */
  readonly floor?: number;
  readonly bar?: Bar;
}

/** A figure over all runs: medians, and every run's own. */
export interface Summary extends Figure {
  /** The median of the runs' ratios, each to its own floor. */
  readonly ratio?: number;
  readonly values: readonly number[];
  readonly floors?: readonly number[];
}

/** The figures of several runs put together by name, in the order of their first appearance. */
export function summariesOf(figures: readonly Figure[]): readonly Summary[] {
  const byName = new Map<string, Figure[]>();
  for (const figure of figures) {
    const name = `${figure.scenario}: ${figure.what}`;
    byName.set(name, [...(byName.get(name) ?? []), figure]);
  }
  return [...byName.values()].flatMap((runs) => {
    const [first] = runs;
    return first === undefined ? [] : [summaryOf(first, runs)];
  });
}

function summaryOf(first: Figure, runs: readonly Figure[]): Summary {
  const { scenario, what, unit, bar } = first;
  const values = runs.map(({ value }) => value);
  const floors = runs.flatMap(({ floor }) => (floor === undefined ? [] : [floor]));
  const ratios = runs.flatMap(({ value, floor }) => (floor === undefined || floor === 0 ? [] : [value / floor]));
  return {
    scenario,
    what,
    unit,
    values,
    value: median(values),
    ...(bar === undefined ? {} : { bar }),
    ...(floors.length === 0 ? {} : { floor: median(floors), floors }),
    ...(ratios.length === 0 ? {} : { ratio: median(ratios) }),
  };
}

/** Whether a figure keeps to its bar; undefined where it has none. */
export function isWithinBar({ value, floor = Number.NaN, ratio = Number.NaN, bar }: Summary): boolean | undefined {
  if (bar === undefined) {
    return undefined;
  }
  const isKept = (measured: number, atMost: number | undefined): boolean => atMost === undefined || measured <= atMost;
  return isKept(value, bar.atMost) && isKept(ratio, bar.ratioAtMost) && isKept(value - floor, bar.aboveFloorAtMost);
}
