import type { ClusterNetworkPolicyModel, Direction, NamespaceModel, ObjectName, PodModel } from '../../policy/index.ts';
import { selects } from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import { DIRECTIONS, isEveryPod, type LintContext, selectsAll } from '../lint-context.ts';

/** Namespaces of Kubernetes itself, where a default-deny needs more care than a linter can give. */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** Namespaces with pods that nothing isolates as a whole, in any direction. */
export function* withoutDefaultDeny(context: LintContext): Iterable<Found> {
  for (const { namespace, isolated } of namespacesWithPods(context)) {
    if (isolated.length === 0) {
      yield {
        object: namespaceName(namespace),
        path: '',
        message: 'has pods and no default-deny: a pod that no other NetworkPolicy selects is open to everyone',
        fix: 'add a NetworkPolicy with podSelector: {} and policyTypes: [Ingress, Egress], or label the namespace for a BaselinePolicy',
      };
    }
  }
}

/** Namespaces whose default-deny isolates one direction only. */
export function* halfOpen(context: LintContext): Iterable<Found> {
  for (const { namespace, isolated } of namespacesWithPods(context)) {
    const [only] = isolated;
    if (isolated.length === 1 && only !== undefined) {
      const open = only === 'ingress' ? 'egress' : 'ingress';
      yield {
        object: namespaceName(namespace),
        path: '',
        message: `has a default-deny for ${only} only: ${open} is open for every pod that no other NetworkPolicy selects`,
        fix: `add ${open === 'egress' ? 'Egress' : 'Ingress'} to policyTypes of the NetworkPolicy with podSelector: {}`,
      };
    }
  }
}

/** Workloads that no NetworkPolicy selects, though their namespace has some. */
export function* uncoveredWorkloads(context: LintContext): Iterable<Found> {
  for (const { namespace } of namespacesWithPods(context)) {
    const networkPolicies = context.networkPoliciesIn(namespace);
    if (networkPolicies.length === 0) {
      continue;
    }
    const uncovered = podsToProtect(context, namespace).filter(
      (pod) => !networkPolicies.some(({ model }) => selects(model.podSelector, pod.labels)),
    );
    for (const object of workloadsOf(uncovered)) {
      yield {
        object,
        path: 'spec.template.metadata.labels',
        message: 'is selected by no NetworkPolicy of its namespace, so it is open in both directions',
        fix: 'select it, or add a default-deny with podSelector: {}',
      };
    }
  }
}

/** NetworkPolicies in namespaces without pods. */
export function* inEmptyNamespaces(context: LintContext): Iterable<Found> {
  for (const { model, name } of context.hasPods ? context.networkPolicies : []) {
    if (context.podsIn(model.namespace).length === 0) {
      yield {
        object: name,
        path: 'metadata.namespace',
        message: 'is in a namespace without pods',
        fix: 'check the name of the namespace; a NetworkPolicy selects pods of its own namespace only',
      };
    }
  }
}

/** NetworkPolicies whose selector selects no pod, in namespaces that have pods. */
export function* selectsNothing(context: LintContext): Iterable<Found> {
  for (const { model, name } of context.networkPolicies) {
    const pods = context.podsIn(model.namespace);
    if (pods.length > 0 && !pods.some(({ labels }) => selects(model.podSelector, labels))) {
      yield {
        object: name,
        path: 'spec.podSelector',
        message: `selects no pod: none of ${pods.length} has ${model.podSelector.text}`,
        fix: 'write the labels as the pod templates have them',
      };
    }
  }
}

/** NetworkPolicies that select pods of the host's network, which the API does not define. */
export function* hostNetworkPods(context: LintContext): Iterable<Found> {
  for (const { model, name } of context.networkPolicies) {
    const pods = context
      .podsIn(model.namespace)
      .filter(({ isHostNetwork, labels }) => isHostNetwork && selects(model.podSelector, labels));
    const [first] = workloadsOf(pods);
    if (first !== undefined && !selectsAll(model.podSelector)) {
      yield {
        object: name,
        path: 'spec.podSelector',
        message: `selects ${first.kind} ${first.name}, which uses the network of its node: most network plugins do not apply NetworkPolicies to it`,
        fix: 'do without hostNetwork, or protect the node itself',
      };
    }
  }
}

function namespacesWithPods(
  context: LintContext,
): readonly { readonly namespace: string; readonly isolated: readonly Direction[] }[] {
  return [...context.cluster.namespaces.values()]
    .filter(({ name }) => !SYSTEM_NAMESPACES.has(name) && podsToProtect(context, name).length > 0)
    .map((namespace) => ({
      namespace: namespace.name,
      isolated: DIRECTIONS.filter((direction) => isIsolated(context, namespace, direction)),
    }));
}

function podsToProtect(context: LintContext, namespace: string): readonly PodModel[] {
  return context.podsIn(namespace).filter(({ isHostNetwork }) => !isHostNetwork);
}

function isIsolated(context: LintContext, namespace: NamespaceModel, direction: Direction): boolean {
  return (
    context
      .networkPoliciesIn(namespace.name)
      .some(({ model }) => selectsAll(model.podSelector) && model[direction] !== undefined) ||
    context.cluster.clusterPolicies.some((one) => isBaselineDeny(one, namespace, direction))
  );
}

/** Whether a ClusterNetworkPolicy of the Baseline tier denies the direction to every pod of the namespace. */
function isBaselineDeny(model: ClusterNetworkPolicyModel, { labels }: NamespaceModel, direction: Direction): boolean {
  return (
    model.tier === 'Baseline' &&
    selects(model.namespaceSelector, labels) &&
    selectsAll(model.podSelector) &&
    model[direction].some(
      ({ action, ports, peers }) => action === 'Deny' && ports === undefined && peers?.some(isEveryPod) === true,
    )
  );
}

function workloadsOf(pods: readonly PodModel[]): readonly ObjectName[] {
  const names = new Map<string, ObjectName>();
  for (const { namespace, name, workload } of pods) {
    const object = { kind: workload?.kind ?? 'Pod', namespace, name: workload?.name ?? name };
    names.set(`${object.kind}/${object.name}`, object);
  }
  return [...names.values()];
}

function namespaceName(name: string): ObjectName {
  return { kind: 'Namespace', name };
}
