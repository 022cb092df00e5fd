import { isDnsLabel } from '../../../api/dns-label.ts';
import { addressOf, addressRangeOf } from '../../../policy/index.ts';

/** One end of a connection as a person wrote it. */
export type AskedEnd =
  | { readonly kind: 'internet' | 'apiserver' | 'dns' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'block'; readonly cidr: string }
  /** A pod, a workload or a Service of that name, in this order. */
  | { readonly kind: 'name'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'workload'; readonly namespace: string; readonly workloadKind: string; readonly name: string }
  | { readonly kind: 'labels'; readonly namespace: string; readonly selector: string };

/** The names of kinds that kubectl knows, for the kinds that an end can have. */
const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Pod: ['po', 'pod', 'pods'],
    Service: ['svc', 'service', 'services'],
    Deployment: ['deploy', 'deployment', 'deployments'],
    StatefulSet: ['sts', 'statefulset', 'statefulsets'],
    DaemonSet: ['ds', 'daemonset', 'daemonsets'],
    ReplicaSet: ['rs', 'replicaset', 'replicasets'],
    ReplicationController: ['rc', 'replicationcontroller', 'replicationcontrollers'],
    Job: ['job', 'jobs'],
    CronJob: ['cj', 'cronjob', 'cronjobs'],
  }).flatMap(([kind, names]) => names.map((name) => [name, kind] as const)),
);

/**
 * Reads an end: `ns/pod`, `deploy/web`, `ns/deploy/web`, `svc/web`, `ns/app=web`, an address or block, `internet`,
 * `apiserver`, `dns`. Undefined for anything else. A name without a namespace is in `defaultNamespace`.
 */
export function askedEnd(text: string, defaultNamespace: string): AskedEnd | undefined {
  if (text === 'internet' || text === 'apiserver' || text === 'dns') {
    return { kind: text };
  }
  if (addressOf(text) !== undefined) {
    return { kind: 'address', address: text };
  }
  if (addressRangeOf(text) !== undefined) {
    return { kind: 'block', cidr: text };
  }
  return /[=!(]/.test(text) ? labelsEnd(text, defaultNamespace) : namedEnd(text, defaultNamespace);
}

/** The namespaces that an end names: where to look for a user who may not look everywhere. */
export function namespacesOf(end: AskedEnd | undefined): readonly string[] {
  return end !== undefined && 'namespace' in end ? [end.namespace] : [];
}

/** A label key may have a slash too, but its prefix is a domain with a dot in it. */
function labelsEnd(text: string, defaultNamespace: string): AskedEnd {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  return isDnsLabel(first)
    ? { kind: 'labels', namespace: first, selector: text.slice(slash + 1) }
    : { kind: 'labels', namespace: defaultNamespace, selector: text };
}

function namedEnd(text: string, defaultNamespace: string): AskedEnd | undefined {
  const parts = text.split('/');
  const [first = '', second = '', third = ''] = parts;
  if (parts.some((part) => part === '') || parts.length > 3) {
    return undefined;
  }
  if (parts.length === 1) {
    return { kind: 'name', namespace: defaultNamespace, name: first };
  }
  if (parts.length === 2) {
    const kind = KINDS.get(first);
    return kind === undefined
      ? { kind: 'name', namespace: first, name: second }
      : endOfKind(kind, defaultNamespace, second);
  }
  const kind = KINDS.get(second);
  return kind === undefined ? undefined : endOfKind(kind, first, third);
}

function endOfKind(kind: string, namespace: string, name: string): AskedEnd {
  switch (kind) {
    case 'Pod':
      return { kind: 'pod', namespace, name };
    case 'Service':
      return { kind: 'service', namespace, name };
    default:
      return { kind: 'workload', namespace, workloadKind: kind, name };
  }
}
