import { type BenchCluster, startBenchCluster } from './bench-cluster.ts';
import type { Figure } from './figure.ts';
import { pauseMs } from './operator-pages.ts';
import { type Measured, startFloor, startOperator } from './process.ts';
import type { ProtectedClusters } from './protected-clusters.ts';
import { completeMs } from './sightings.ts';

/** What is measured, or the floor beneath it. */
export type Subject = 'operator' | 'floor';

/** What a scenario may use. */
export interface Surroundings {
  /** So many of a number of namespaces: 1 is what the bars are for. */
  readonly sized: (count: number) => number;
  /** Shared between scenarios of one run, since it takes a minute to furnish one. */
  readonly estates: ProtectedClusters;
  /** Tells who waits what is going on. */
  readonly say: (text: string) => void;
}

/** One thing to measure. */
export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly what: string;
  /** Whether one run is enough, since it takes minutes. */
  readonly isLong?: boolean;
  readonly run: (surroundings: Surroundings) => Promise<readonly Figure[]>;
}

/** Longer than anything takes that is not broken. */
export const DEADLINE_MS = 900_000;

/** Names of namespaces. */
export function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index)}`);
}

/** A stage for one run; it is taken down whatever happens. */
export async function onBenchCluster<Value>(play: (stage: BenchCluster) => Promise<Value>): Promise<Value> {
  const stage = await startBenchCluster();
  try {
    return await play(stage);
  } finally {
    await stage.end();
  }
}

/** Starts the operator, and resolves when it leads and works. */
export async function leading(stage: BenchCluster): Promise<Measured> {
  const operator = startOperator(stage.kubeconfigPath);
  await operator.said('"msg":"leads"');
  return operator;
}

/** Starts who is measured, for changes that are yet to come, and resolves when it would see them. */
export async function ready(subject: Subject, stage: BenchCluster): Promise<Measured> {
  if (subject === 'operator') {
    return leading(stage);
  }
  const floor = startFloor('react', stage.kubeconfigPath);
  await floor.said('ready');
  return floor;
}

/** From the label to the last policy, in milliseconds, both as the independent watch saw them. */
export function protectedAfterMs(stage: BenchCluster, namespace: string): number {
  const seen = stage.sightings.of(namespace);
  return (completeMs(seen) ?? Number.NaN) - (seen.labelledMs ?? Number.NaN);
}

/** Resolves when every one of these has its set. */
export function allComplete(stage: BenchCluster, namespaces: readonly string[]): Promise<void> {
  const open = new Set(namespaces);
  return stage.sightings.until(() => {
    for (const name of open) {
      if (completeMs(stage.sightings.of(name)) === undefined) {
        return false;
      }
      open.delete(name);
    }
    return true;
  }, DEADLINE_MS);
}

/** Calls `act` for each name, one every so many milliseconds. */
export async function trickling(
  all: readonly string[],
  everyMs: number,
  act: (name: string) => Promise<void>,
): Promise<void> {
  const acts: Promise<void>[] = [];
  for (const name of all) {
    const acting = act(name);
    // It is waited for below; until then its failure is nobody's.
    acting.catch(() => undefined);
    acts.push(acting);
    await pauseMs(everyMs);
  }
  await Promise.all(acts);
}
