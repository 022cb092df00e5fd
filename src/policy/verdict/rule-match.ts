import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import { addresses } from '../intervals/addresses.ts';
import type { ContainerPort, Direction, Peer, PodModel, Rule, RulePort } from '../model/cluster.ts';
import { selects } from '../model/selector.ts';
import { type Certainty, certaintyOf, NO, PERHAPS, YES } from './certainty.ts';
import type { Side, Traffic } from './side.ts';

/** A connection seen from one of its ends, whose policies are asked. */
export interface Meeting {
  readonly direction: Direction;
  /** The end that policies select. */
  readonly local: Side & { readonly pod: PodModel };
  readonly remote: Side;
  readonly traffic: Traffic;
}

/** Whether a rule matches; `namespace` is the policy's, absent for a cluster-scoped one. */
export function ruleCertainty(
  compiled: CompiledCluster,
  rule: Rule,
  namespace: string | undefined,
  meeting: Meeting,
): Certainty {
  return matchesPorts(rule, meeting) ? peersCertainty(compiled, rule, namespace, meeting.remote) : NO;
}

/** Whether one of the rule's ports matches. */
export function matchesPorts(rule: Rule, meeting: Meeting): boolean {
  return rule.ports?.some((port) => matchesPort(port, meeting)) ?? true;
}

/** Whether one item of `ports` matches. A name is looked up on the pod that is connected to, and on no address. */
export function matchesPort(port: RulePort, { direction, local, remote, traffic }: Meeting): boolean {
  if (traffic.protocol === 'other') {
    return false;
  }
  if (port.kind === 'numbers') {
    return port.protocol === traffic.protocol && port.first <= traffic.port && traffic.port <= port.last;
  }
  const destination = direction === 'ingress' ? local.pod : remote.pod;
  return (
    (port.protocol ?? traffic.protocol) === traffic.protocol &&
    namedPort(destination, { name: port.name, protocol: traffic.protocol })?.port === traffic.port
  );
}

/** The container port of that name and protocol; of several the first, as kubelet and the CNIs take it. */
export function namedPort(
  pod: PodModel | undefined,
  wanted: Pick<ContainerPort, 'protocol'> & { readonly name: string },
): ContainerPort | undefined {
  return pod?.ports.find(({ name, protocol }) => name === wanted.name && protocol === wanted.protocol);
}

/** Whether one of the rule's peers matches. All blocks count as one, so that together they may cover what no one covers. */
export function peersCertainty(
  compiled: CompiledCluster,
  rule: Rule,
  namespace: string | undefined,
  remote: Side,
): Certainty {
  if (rule.peers === undefined) {
    return YES;
  }
  let best = rule.blocks.length === 0 ? NO : certaintyOf(addresses.overlap(remote.addresses, rule.blocks));
  for (const peer of rule.peers) {
    if (best === YES) {
      break;
    }
    const certainty = peer.kind === 'block' ? NO : peerCertainty(compiled, peer, namespace, remote);
    best = certainty > best ? certainty : best;
  }
  return best;
}

/** Whether one item of `from` or `to` matches. */
export function peerCertainty(
  compiled: CompiledCluster,
  peer: Peer,
  namespace: string | undefined,
  remote: Side,
): Certainty {
  switch (peer.kind) {
    case 'pods':
      return selectsPeer(compiled, peer, namespace, remote.pod) ? YES : NO;
    case 'block':
      return certaintyOf(addresses.overlap(remote.addresses, peer.addresses));
    case 'nodes':
      return certaintyOf(addresses.overlap(remote.addresses, compiled.nodeAddresses(peer.selector)));
    case 'domains':
      return remote.pod === undefined ? PERHAPS : NO;
  }
}

function selectsPeer(
  compiled: CompiledCluster,
  peer: Peer & { readonly kind: 'pods' },
  namespace: string | undefined,
  pod: PodModel | undefined,
): boolean {
  // A ClusterNetworkPolicy never selects host network pods, whatever the implementation.
  if (pod === undefined || (namespace === undefined && pod.isHostNetwork)) {
    return false;
  }
  const isNamespace =
    peer.namespaceSelector === undefined
      ? pod.namespace === namespace
      : selects(peer.namespaceSelector, compiled.namespaceLabels(pod.namespace));
  return isNamespace && selects(peer.podSelector, pod.labels);
}
