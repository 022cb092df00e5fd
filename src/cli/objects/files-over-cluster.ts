import { controllerOf, workloadByName } from '../../policy/index.ts';
import { withBaselines } from './baseline-objects.ts';
import { identityOf, kindOf, namespaceOf } from './object-name.ts';
import type { SourcedObject } from './objects-read.ts';
import { templateText } from './slim-object.ts';

const WORKLOAD_KINDS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicationController',
]);

/**
 * The cluster as it would be with the files applied and rolled out; with an empty cluster, what the files alone make. An
 * object of the files replaces the cluster's of its kind, namespace and name. Where it changes the labels, ports or
 * network of a workload's template, the pods of that workload give way to the template. BaselinePolicies take effect as
 * {@link withBaselines} says. Pure, so a command can lay anything over a cluster that it wants to know about.
 */
export function filesOverCluster(
  cluster: readonly SourcedObject[],
  files: readonly SourcedObject[],
  defaultNamespace: string,
): readonly SourcedObject[] {
  const replaced = new Map(files.map(({ object }) => [identityOf(object, defaultNamespace), object]));
  const changed = new Set(
    cluster.flatMap(({ object }) => {
      const identity = identityOf(object, defaultNamespace);
      const next = replaced.get(identity);
      const isChanged =
        next !== undefined && WORKLOAD_KINDS.has(kindOf(object)) && templateText(next) !== templateText(object);
      return isChanged ? [identity] : [];
    }),
  );
  const kept = cluster.filter(
    ({ object }) =>
      !replaced.has(identityOf(object, defaultNamespace)) &&
      !(kindOf(object) === 'Pod' && changed.has(workloadIdentityOf(object, defaultNamespace))),
  );
  return withBaselines([...kept, ...files]);
}

/** Of the workload that a pod belongs to; empty without one. */
function workloadIdentityOf(pod: unknown, defaultNamespace: string): string {
  const owner = controllerOf(pod);
  if (owner === undefined) {
    return '';
  }
  const { kind, name } = workloadByName(owner, pod);
  return `${kind}/${namespaceOf(pod, defaultNamespace)}/${name}`;
}
