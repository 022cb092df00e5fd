import { cleanedFlows, type ResolvedFlow } from './cleaned-flows.ts';
import { type ClusterLookup, NO_CLUSTER } from './cluster-lookup.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import type { Flow, WorkloadName } from './flow.ts';
import { directionsWithout, type Observation, observationOf } from './observation.ts';
import type { AddressQuestion, WorkloadProposal } from './proposal.ts';
import { proposalsFor } from './proposals.ts';
import type { FlowsRead } from './reading.ts';
import type { Direction, SetAside } from './set-aside.ts';
import { subjectOfWorkload } from './subject.ts';

/** {@link recommendationFor} */
export interface RecommendOptions {
  /** The cluster, as far as it is known; nothing unless given. */
  readonly lookup?: ClusterLookup;
  /** The namespaces to propose for; every one that the flows show unless given. */
  readonly namespaces?: readonly string[];
  /** Says what allows a flow already, such as `allow.dns` of a baseline; undefined when nothing does. */
  readonly allowedBy?: (flow: ResolvedFlow) => string | undefined;
}

/** A direction of a workload in which no flow was seen, refused ones included. */
export interface NotObserved {
  readonly workload: WorkloadName;
  readonly directions: readonly Direction[];
}

/** The proposals from some flows, and everything that did not become one. Nothing of it is applied. */
export interface Recommendation {
  readonly proposals: readonly WorkloadProposal[];
  readonly questions: readonly AddressQuestion[];
  /** Everything that was seen and is not proposed, each with its reason. */
  readonly setAside: readonly SetAside[];
  readonly notObserved: readonly NotObserved[];
  readonly coverage: Coverage;
  /** Every flow that worked when it was seen, for a replay under the proposed policies. */
  readonly kept: readonly ResolvedFlow[];
}

/** Proposes what the workloads of some flows need, from the flows of one or more inputs. */
export function recommendationFor(reads: readonly FlowsRead[], options: RecommendOptions = {}): Recommendation {
  const lookup = options.lookup ?? NO_CLUSTER;
  const flows = reads.flatMap((read) => read.flows);
  const wanted = options.namespaces === undefined ? undefined : new Set(options.namespaces);
  const inScope = wanted === undefined ? flows : flows.filter((flow) => isInScope(flow, wanted, lookup));
  const cleaned = cleanedFlows(inScope, lookup);
  const already = cleaned.kept.flatMap((flow): readonly SetAside[] => {
    const detail = options.allowedBy?.(flow);
    return detail === undefined ? [] : [{ flow, reason: 'AlreadyAllowed', detail }];
  });
  const covered = new Set<Flow>(already.map(({ flow }) => flow));
  const resolved = [...cleaned.kept, ...cleaned.setAside.map(({ flow }) => flow)];
  const namespaces = wanted ?? namespacesOf(resolved);
  const observed = observationOf(resolved, lookup);
  const { proposals, questions, setAside } = proposalsFor({
    flows: cleaned.kept.filter((flow) => !covered.has(flow)),
    lookup,
    namespaces,
    observed,
  });
  return {
    proposals,
    questions,
    setAside: [...cleaned.setAside, ...already, ...setAside],
    notObserved: notObservedIn({ proposals, observed, lookup, namespaces }),
    coverage: coverageOf(reads, lookup, namespaces),
    kept: cleaned.kept,
  };
}

/** Whether one of the ends is in one of the namespaces, or may be: an address that no pod has now stays in. */
function isInScope({ from, to }: Flow, namespaces: ReadonlySet<string>, lookup: ClusterLookup): boolean {
  return [from, to].some((end) => {
    const known = end.kind === 'address' ? lookup.endAt(end.address) : end;
    return known !== undefined && 'namespace' in known && namespaces.has(known.namespace);
  });
}

function namespacesOf(flows: readonly Flow[]): ReadonlySet<string> {
  return new Set(
    flows.flatMap(({ from, to }) => [from, to]).flatMap((end) => ('namespace' in end ? [end.namespace] : [])),
  );
}

/** Workloads with a direction in which nothing was seen: those with proposals, and all of the cluster's. */
function notObservedIn(wanted: {
  readonly proposals: readonly WorkloadProposal[];
  readonly observed: Observation;
  readonly lookup: ClusterLookup;
  readonly namespaces: ReadonlySet<string>;
}): readonly NotObserved[] {
  const found = new Map<string, NotObserved>();
  const note = ({ namespace, kind, name }: WorkloadName, directions: readonly Direction[]): void => {
    if (directions.length > 0) {
      found.set(`${namespace}/${kind}/${name}`, { workload: { namespace, kind, name }, directions });
    }
  };
  for (const { workload, notObserved } of wanted.proposals) {
    note(workload, notObserved);
  }
  for (const workload of [...wanted.namespaces].flatMap((namespace) => wanted.lookup.workloadsIn(namespace))) {
    note(workload, directionsWithout(wanted.observed, subjectOfWorkload(workload).key));
  }
  return [...found.values()];
}
