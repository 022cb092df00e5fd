import type { ClusterLookup } from './cluster-lookup.ts';
import { evidenceOf } from './evidence.ts';
import type { WorkloadName } from './flow.ts';
import type { Caveat } from './format.ts';
import { observationOf } from './observation.ts';
import type { FlowsRead } from './reading.ts';

/** How much the flows can say: what a report needs for its line on coverage. */
export interface Coverage {
  /** Milliseconds since the Unix epoch of the first and the last record; undefined when the source has no times. */
  readonly firstSeenMs: number | undefined;
  readonly lastSeenMs: number | undefined;
  readonly durationMs: number | undefined;
  readonly records: number;
  readonly problems: number;
  /** Records of flows beyond the limit: there is traffic that is in no list. */
  readonly dropped: number;
  readonly sources: readonly string[];
  readonly caveats: readonly Caveat[];
  /** Restarts of containers, whose traffic at start may have been seen; undefined when it was not looked up. */
  readonly restarts: number | undefined;
  /** Workloads of the cluster without any traffic in the flows, CronJobs that did not run among them. */
  readonly neverSeen: readonly WorkloadName[];
}

/** {@link Coverage} of these inputs for these namespaces. */
export function coverageOf(
  reads: readonly FlowsRead[],
  lookup: ClusterLookup,
  namespaces: ReadonlySet<string>,
): Coverage {
  const flows = reads.flatMap((read) => read.flows);
  const { firstSeenMs, lastSeenMs } = evidenceOf(flows);
  const seen = observationOf(flows, lookup);
  const workloads = [...namespaces].flatMap((namespace) => lookup.workloadsIn(namespace));
  const restarts = workloads.flatMap((workload) => (workload.restarts === undefined ? [] : [workload.restarts]));
  return {
    firstSeenMs,
    lastSeenMs,
    durationMs: firstSeenMs === undefined || lastSeenMs === undefined ? undefined : lastSeenMs - firstSeenMs,
    records: sum(reads.map((read) => read.records)),
    problems: sum(reads.map((read) => read.problemCount)),
    dropped: sum(reads.map((read) => read.dropped)),
    sources: [...new Set(reads.map((read) => read.format.name))],
    caveats: [...new Set(reads.flatMap((read) => read.format.caveats))],
    restarts: restarts.length === 0 ? undefined : sum(restarts),
    neverSeen: workloads
      .map(({ namespace, kind, name }) => ({ namespace, kind, name }))
      .filter(({ namespace, kind, name }) => !seen.has(`${namespace}/${kind}/${name}`)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
