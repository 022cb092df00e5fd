import type { Peer } from '../../policy/index.ts';
import { selects } from '../../policy/index.ts';
import type { Found } from '../finding.ts';
import {
  DIRECTIONS,
  type LintContext,
  type LintedNetworkPolicy,
  peersField,
  rulesOf,
  selectsAll,
} from '../lint-context.ts';

/** A peer with its path, for a NetworkPolicy. */
export interface PlacedPeer {
  readonly networkPolicy: LintedNetworkPolicy;
  readonly peer: Peer;
  readonly path: string;
}

/** The peers of all rules of a NetworkPolicy. */
export function peersOf(networkPolicy: LintedNetworkPolicy): readonly PlacedPeer[] {
  return DIRECTIONS.flatMap((direction) =>
    rulesOf(networkPolicy, direction).flatMap(({ rule, path }) =>
      (rule.peers ?? []).map((peer, index) => ({
        networkPolicy,
        peer,
        path: `${path}.${peersField(direction)}[${index}]`,
      })),
    ),
  );
}

/** A namespaceSelector and a podSelector as two items where one item was probably meant. */
export function* orForAnd({ networkPolicies }: LintContext): Iterable<Found> {
  for (const networkPolicy of networkPolicies) {
    const placed = peersOf(networkPolicy);
    for (const [index, { peer, path }] of placed.entries()) {
      const next = placed[index + 1];
      const isNeighbour = next !== undefined && listOf(next.path) === listOf(path);
      if (isNeighbour && isNamespacesAlone(peer) && isPodsAlone(next.peer)) {
        yield {
          object: networkPolicy.name,
          path,
          message: `two items mean OR: every pod of these namespaces, and in namespace ${networkPolicy.model.namespace} the pods of the next item`,
          fix: 'for pods with that label in these namespaces put podSelector into the same item, without the dash before it',
        };
      }
    }
  }
}

/** Peers that match nothing that is there. */
export function* peersThatAreNobody(context: LintContext): Iterable<Found> {
  for (const { networkPolicy, peer, path } of context.networkPolicies.flatMap(peersOf)) {
    const message = peer.kind === 'pods' ? nobodyText(context, peer, networkPolicy.model.namespace) : undefined;
    if (message !== undefined) {
      yield {
        object: networkPolicy.name,
        path,
        message,
        fix: 'write the labels as the namespaces and pods have them; the name of a namespace is its label kubernetes.io/metadata.name',
      };
    }
  }
}

function nobodyText(
  { cluster, isWholeCluster, podsOfPeer, podsIn }: LintContext,
  peer: Peer & { readonly kind: 'pods' },
  namespace: string,
): string | undefined {
  const { namespaceSelector, podSelector } = peer;
  const namespaces =
    namespaceSelector === undefined
      ? [namespace]
      : [...cluster.namespaces.values()]
          .filter(({ labels }) => selects(namespaceSelector, labels))
          .map(({ name }) => name);
  if (namespaceSelector !== undefined && namespaces.length === 0) {
    return isWholeCluster ? `matches no namespace: none has ${namespaceSelector.text}` : undefined;
  }
  const hasPods = !selectsAll(podSelector) && namespaces.some((name) => podsIn(name).length > 0);
  return hasPods && podsOfPeer(peer, namespace)?.length === 0
    ? `matches no pod: none has ${podSelector.text}`
    : undefined;
}

function listOf(path: string): string {
  return path.slice(0, path.lastIndexOf('['));
}

function isNamespacesAlone(peer: Peer): boolean {
  return peer.kind === 'pods' && peer.namespaceSelector !== undefined && selectsAll(peer.podSelector);
}

function isPodsAlone(peer: Peer): boolean {
  return peer.kind === 'pods' && peer.namespaceSelector === undefined && !selectsAll(peer.podSelector);
}
