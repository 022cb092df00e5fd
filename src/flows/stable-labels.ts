import type { Labels } from './flow.ts';

/**
 * Labels that controllers give to each rollout, run or replica
 * (https://kubernetes.io/docs/reference/labels-annotations-taints/): a selector with one of them stops matching with
 * the next one.
 */
const GENERATED: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'rollouts-pod-template-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'job-name',
  'controller-uid',
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-revision',
]);

/** Labels that change with a release, or with where a pod runs, although people or charts write them. */
const CHANGING: ReadonlySet<string> = new Set([
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
  'chart',
  'heritage',
  'release-revision',
  'version',
  'istio.io/rev',
]);

const CHANGING_KEY = /(hash|checksum|uid|revision|generation|timestamp)|^topology\./i;

/** Labels by which people name a workload, in the order in which they are tried. */
const NAMING = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/component',
  'app',
  'k8s-app',
  'component',
  'name',
  'tier',
  'role',
];

/** An owner's `matchLabels` without those that it generates: of a ReplicaSet or a Job the rest may be empty. */
export function ownerLabels(matchLabels: Labels): Labels {
  return Object.fromEntries(Object.entries(matchLabels).filter(([key]) => !GENERATED.has(key)));
}

/** The labels of a pod that also its next version has, those that name a workload first. */
export function stableLabels(podLabels: Labels): readonly (readonly [string, string])[] {
  return Object.entries(podLabels)
    .filter(([key]) => !GENERATED.has(key) && !CHANGING.has(key) && !CHANGING_KEY.test(key))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Whether the label is one by which people name a workload. */
export function isNaming(key: string): boolean {
  return NAMING.includes(key);
}

function rank(key: string): number {
  const index = NAMING.indexOf(key);
  return index === -1 ? NAMING.length : index;
}
