import type { ClusterLookup, Workload } from './cluster-lookup.ts';
import type { Labels, PodEnd, WorkloadName } from './flow.ts';
import { isNaming, ownerLabels, stableLabels } from './stable-labels.ts';

/** A workload with the labels by which a policy may select its pods. */
export interface Subject extends WorkloadName {
  /** One for each workload of a namespace; of pods without a known owner, one for each set of stable labels. */
  readonly key: string;
  /** The owner's `matchLabels` without generated ones; empty when the owner is not known, or has none. */
  readonly ownerLabels: Labels;
  /** The pods' stable labels, those that name a workload first. */
  readonly podLabels: readonly (readonly [string, string])[];
}

/** The workload that a policy would select for this pod. */
export function subjectOf(pod: PodEnd, lookup: ClusterLookup): Subject {
  const workload = lookup.workloadOf(pod);
  if (workload !== undefined) {
    return subjectOfWorkload(workload);
  }
  const podLabels = stableLabels(pod.labels);
  if (pod.workload !== undefined) {
    const { kind, name } = pod.workload;
    return { namespace: pod.namespace, kind, name, key: keyOf(pod.namespace, kind, name), ownerLabels: {}, podLabels };
  }
  const name = podLabels.find(([key]) => isNaming(key))?.[1] ?? pod.name.replace(/-?\*$/, '');
  const labelKey = podLabels.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    namespace: pod.namespace,
    kind: 'Pod',
    name: name === '' ? 'unnamed' : name,
    key: keyOf(pod.namespace, 'Pod', labelKey === '' ? pod.name : labelKey),
    ownerLabels: {},
    podLabels,
  };
}

/** {@link subjectOf}, of a workload of the cluster. */
export function subjectOfWorkload(workload: Workload): Subject {
  const { namespace, kind, name, matchLabels, podLabels } = workload;
  return {
    namespace,
    kind,
    name,
    key: keyOf(namespace, kind, name),
    ownerLabels: ownerLabels(matchLabels),
    podLabels: stableLabels(podLabels),
  };
}

function keyOf(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`;
}

/** A selector that is never empty, and the other workloads of the namespace that no label tells apart from this one. */
export interface SubjectSelector {
  readonly matchLabels: Labels;
  readonly alsoSelects: readonly WorkloadName[];
}

/**
 * The labels that select the pods of this workload and, if labels can do it, of no other: all that its owner selects
 * by; without an owner, as few of the naming labels as tell it apart, and of the others only what is needed besides.
 * Undefined when the pods have no stable label: an empty selector would be every pod of the namespace
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/).
 */
export function selectorFor(subject: Subject, others: readonly Subject[]): SubjectSelector | undefined {
  const chosen = new Map<string, string>(Object.entries(subject.ownerLabels));
  const rivals = others.filter((other) => other.key !== subject.key && other.namespace === subject.namespace);
  for (const [key, value] of subject.podLabels) {
    const selected = rivals.filter((rival) => isSelected(rival, chosen));
    const isTold = chosen.size > 0 && selected.length === 0;
    if (isTold) {
      break;
    }
    if (chosen.size === 0 || selected.some((rival) => !hasLabel(rival, key, value))) {
      chosen.set(key, value);
    }
  }
  if (chosen.size === 0) {
    return undefined;
  }
  return {
    matchLabels: Object.fromEntries([...chosen].sort(([a], [b]) => (a < b ? -1 : 1))),
    alsoSelects: rivals
      .filter((rival) => isSelected(rival, chosen))
      .map(({ namespace, kind, name }) => ({ namespace, kind, name })),
  };
}

function isSelected(subject: Subject, labels: ReadonlyMap<string, string>): boolean {
  return [...labels].every(([key, value]) => hasLabel(subject, key, value));
}

function hasLabel({ podLabels, ownerLabels: own }: Subject, key: string, value: string): boolean {
  const isOwn = Object.hasOwn(own, key) && own[key] === value;
  return isOwn || podLabels.some(([podKey, podValue]) => podKey === key && podValue === value);
}
