import { clusterOf, compile, type Endpoint, type Query, type Verdict, verdict } from '../../../src/policy/index.ts';

/** Labels in kubectl's spelling, such as `app=web,tier=`. */
function labelsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [key = '', value = ''] = pair.split('=');
        return [key, value];
      }),
  );
}

/** What a pod may have besides a name and labels. */
export interface PodParts {
  readonly ips?: readonly string[];
  /** Such as `http:TCP:8080`. */
  readonly ports?: readonly string[];
  readonly phase?: string;
  readonly node?: string;
  readonly hostNetwork?: boolean;
  readonly owner?: { readonly kind: string; readonly name: string };
}

/** A Pod called `namespace/name`. */
export function pod(path: string, labels = '', parts: PodParts = {}): unknown {
  const { ips = [], ports = [], phase = 'Running', node, hostNetwork, owner } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...nameOf(path),
      labels: labelsOf(labels),
      ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', ...owner, controller: true }] }),
    },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
      containers: [{ name: 'main', ports: containerPorts(ports) }],
    },
    status: { phase, podIPs: ips.map((ip) => ({ ip })) },
  };
}

/** Container ports such as `http:TCP:8080`; the name may be empty. */
export function containerPorts(ports: readonly string[]): readonly unknown[] {
  return ports.map((text) => {
    const [name = '', protocol = 'TCP', port = ''] = text.split(':');
    return { ...(name === '' ? {} : { name }), protocol, containerPort: Number(port) };
  });
}

/** A Namespace. */
export function namespace(name: string, labels = ''): unknown {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(labels) } };
}

/** A NetworkPolicy called `namespace/name`. */
export function policy(path: string, spec: unknown): unknown {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: nameOf(path), spec };
}

/** A ClusterNetworkPolicy. */
export function clusterPolicy(name: string, spec: unknown): unknown {
  return { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', metadata: { name }, spec };
}

/** A Service called `namespace/name`. */
export function service(path: string, spec: unknown): unknown {
  return { apiVersion: 'v1', kind: 'Service', metadata: nameOf(path), spec };
}

/** A selector of these labels. */
export function labelled(labels: string): unknown {
  return { matchLabels: labelsOf(labels) };
}

function nameOf(path: string): { readonly namespace: string; readonly name: string } {
  const [namespaceName = '', name = ''] = path.split('/');
  return { namespace: namespaceName, name };
}

/** `namespace/name` is a pod, `namespace/Deployment/name` a workload, `svc:namespace/name` a Service, all else an address. */
export function endpoint(text: string): Endpoint {
  if (text.startsWith('svc:')) {
    return { kind: 'service', ...nameOf(text.slice('svc:'.length)) };
  }
  const [first = '', second, third] = text.split('/');
  if (second === undefined) {
    return { kind: 'address', address: text };
  }
  return third === undefined
    ? { kind: 'pod', namespace: first, name: second }
    : { kind: 'workload', namespace: first, workload: { kind: second, name: third } };
}

/** The whole answer to a question such as `a/web to b/db TCP 80`. */
export function answer(objects: readonly unknown[], question: string): Verdict {
  return verdict(compile(clusterOf(objects)), queryOf(question));
}

/** The verdict on a question such as `a/web to b/db TCP 80`. */
export function ask(objects: readonly unknown[], question: string): string {
  return answer(objects, question).kind;
}

/** The query that a question such as `a/web to b/db TCP 80` means. */
export function queryOf(question: string): Query {
  const [from = '', , to = '', protocol = 'TCP', port] = question.split(' ');
  const number = Number(port);
  return {
    from: endpoint(from),
    to: endpoint(to),
    protocol,
    ...(port === undefined ? {} : { port: Number.isInteger(number) ? number : port }),
  };
}
