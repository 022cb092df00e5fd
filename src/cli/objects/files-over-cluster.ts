import { fieldOf, itemsOf, textOf } from '../../base/json.ts';
import { withBaselines } from './baseline-objects.ts';
import { identityOf, kindOf, nameOf, namespaceOf } from './object-name.ts';
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

/** Of the workload that a pod belongs to, by its owner and the way in which Deployments name ReplicaSets. */
function workloadIdentityOf(pod: unknown, defaultNamespace: string): string {
  const metadata = fieldOf(pod, 'metadata');
  const owner = itemsOf(fieldOf(metadata, 'ownerReferences')).find((one) => fieldOf(one, 'controller') === true);
  const kind = kindOf(owner);
  const name = textOf(fieldOf(owner, 'name'));
  const hash = textOf(fieldOf(fieldOf(metadata, 'labels'), 'pod-template-hash'));
  const isDeployment = kind === 'ReplicaSet' && hash !== '' && name.endsWith(`-${hash}`);
  const workload = isDeployment
    ? { kind: 'Deployment', metadata: { name: name.slice(0, -hash.length - 1) } }
    : { kind, metadata: { name } };
  return `${workload.kind}/${namespaceOf(pod, defaultNamespace)}/${nameOf(workload)}`;
}
