import type { ClusterLookup } from './cluster-lookup.ts';
import type { Flow, FlowEnd } from './flow.ts';
import type { Direction } from './set-aside.ts';
import { subjectOf } from './subject.ts';

/** In which directions each workload was seen, by {@link Subject.key}. */
export type Observation = ReadonlyMap<string, ReadonlySet<Direction>>;

/** The directions that flows show, refused and unanswered ones included: they prove the observation as well. */
export function observationOf(flows: readonly Flow[], lookup: ClusterLookup): Observation {
  const observed = new Map<string, Set<Direction>>();
  const note = (end: FlowEnd, direction: Direction): void => {
    const known = end.kind === 'address' ? lookup.endAt(end.address) : end;
    if (known?.kind === 'pod') {
      const { key } = subjectOf(known, lookup);
      observed.set(key, (observed.get(key) ?? new Set()).add(direction));
    }
  };
  for (const { from, to } of flows) {
    note(from, 'Egress');
    note(to, 'Ingress');
  }
  return observed;
}

/** The directions in which nothing was seen of the workload with this key. */
export function directionsWithout(observed: Observation, key: string): readonly Direction[] {
  const directions: readonly Direction[] = ['Ingress', 'Egress'];
  return directions.filter((direction) => observed.get(key)?.has(direction) !== true);
}
