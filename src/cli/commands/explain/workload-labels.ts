import type { CompiledCluster, PodModel } from '../../../policy/index.ts';

/** Labels that controllers give to each rollout, run or replica: a selector with one of them soon matches nothing. */
const GENERATED =
  /^(?:pod-template-hash|controller-revision-hash|pod-template-generation|rollouts-pod-template-hash|job-name|controller-uid|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/.*|helm\.sh\/chart|app\.kubernetes\.io\/(?:version|managed-by)|version|chart)$/;
/** By which people name a workload, in the order in which they are tried. */
const NAMING = ['app.kubernetes.io/name', 'app', 'k8s-app', 'app.kubernetes.io/component', 'component', 'name'];

/**
 * The fewest labels that select the workload of a pod and nothing else in its namespace: one label where one does, else
 * all that stay from one version to the next. Empty where the pod has none.
 */
export function workloadLabels(compiled: CompiledCluster, pod: PodModel): Readonly<Record<string, string>> {
  const stable = [...pod.labels].filter(([key]) => !GENERATED.test(key)).sort(([a], [b]) => rank(a) - rank(b));
  const others = compiled.cluster.pods.filter((other) => other.namespace === pod.namespace && !isSibling(pod, other));
  const single = stable.find(([key, value]) => !others.some(({ labels }) => labels.get(key) === value));
  return Object.fromEntries(single === undefined ? stable : [single]);
}

function isSibling(pod: PodModel, other: PodModel): boolean {
  return pod.workload === undefined
    ? pod.name === other.name
    : other.workload?.kind === pod.workload.kind && other.workload.name === pod.workload.name;
}

function rank(key: string): number {
  const index = NAMING.indexOf(key);
  return index === -1 ? NAMING.length : index;
}
