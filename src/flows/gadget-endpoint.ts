import { fieldOf } from '../base/json.ts';
import { isLoopback, isUnspecified } from './address.ts';
import type { Protocol } from './flow.ts';
import type { ParsedEnd } from './format.ts';
import { integerOf, labelsOfValue, textOf } from './untrusted-value.ts';
import { workloadField } from './workload.ts';

/**
 * The pod of an event of Inspektor Gadget, from its field `k8s`: {namespace, podName, podLabels, hostnetwork,
 * owner: {kind, name}}. A pod in the network of its node is the host. Undefined when the event is of no pod.
 * https://inspektor-gadget.io/docs/latest/spec/operators/kubemanager
 */
export function gadgetPod(event: unknown): ParsedEnd | undefined {
  const k8s = fieldOf(event, 'k8s');
  const namespace = textOf(k8s, 'namespace');
  const name = textOf(k8s, 'podName');
  if (namespace === '' || name === '') {
    return undefined;
  }
  if (fieldOf(k8s, 'hostnetwork') === true) {
    return { kind: 'host', name: `${namespace}/${name}` };
  }
  const owner = fieldOf(k8s, 'owner');
  return {
    kind: 'pod',
    namespace,
    name,
    labels: () => labelsOfValue(fieldOf(k8s, 'podLabels')),
    ...workloadField(textOf(owner, 'kind'), textOf(owner, 'name')),
  };
}

/**
 * The other end: {addr, version, port, proto, k8s: {kind: "pod" | "svc" | "raw", namespace, name, labels}}. Undefined
 * when there is no peer, or when it is the pod itself.
 * https://inspektor-gadget.io/docs/latest/spec/operators/kubeipresolver
 */
export function gadgetPeer(endpoint: unknown): ParsedEnd | undefined {
  const address = textOf(endpoint, 'addr');
  const k8s = fieldOf(endpoint, 'k8s');
  const namespace = textOf(k8s, 'namespace');
  const name = textOf(k8s, 'name');
  const kind = textOf(k8s, 'kind');
  if (isUnspecified(address) || isLoopback(address)) {
    return undefined;
  }
  if (name !== '' && kind === 'pod') {
    return { kind: 'pod', namespace, name, labels: () => labelsOfValue(fieldOf(k8s, 'labels')) };
  }
  if (name !== '' && kind === 'svc') {
    return { kind: 'service', namespace, name };
  }
  return { kind: 'address', address };
}

/** The protocol of an endpoint, which gadgets write by name. */
export function gadgetProtocol(endpoint: unknown): Protocol {
  const protocol = textOf(endpoint, 'proto').toUpperCase();
  return protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'other';
}

/** Whether an endpoint has the fields that all gadgets of sockets write. */
export function isGadgetEndpoint(endpoint: unknown): boolean {
  return typeof fieldOf(endpoint, 'addr') === 'string' && integerOf(endpoint, 'port') !== undefined;
}
