import type { Peer, Rule } from '../model/cluster.ts';
import { type Selector, selects } from '../model/selector.ts';
import { NO, YES } from '../verdict/certainty.ts';
import { peerCertainty } from '../verdict/rule-match.ts';
import { addBits, type BitSet, emptyBits, fullBits, setBit } from './bit-set.ts';
import type { CompiledCluster } from './compiled-cluster.ts';
import type { PodClass } from './pod-classes.ts';

/** The classes that match for sure, and those that perhaps do; the first are among the second. Often one and the same set. */
export interface Bounds {
  readonly sure: BitSet;
  readonly possible: BitSet;
}

/** Finds the classes that a rule's peers match; equal peers are looked at once. */
export type PeerBits = (rule: Rule, namespace: string | undefined) => Bounds;

/** Makes the finder for these classes. */
export function peerBitsFor(compiled: CompiledCluster, classes: readonly PodClass[]): PeerBits {
  const size = classes.length;
  const everyone = fullBits(size);
  const known = new Map<string, Bounds>();
  const byNamespace = groupedBy(classes, ({ side }) => side.pod?.namespace);
  const byAddressKey = groupedBy(classes, ({ addressKey }) => addressKey);
  const byLabel = labelIndex(classes);
  const namespacesBySelector = new Map<string, readonly string[]>();

  function namespacesFor(selector: Selector): readonly string[] {
    let namespaces = namespacesBySelector.get(selector.text);
    if (namespaces === undefined) {
      namespaces = [...byNamespace.keys()].filter((name) => selects(selector, compiled.namespaceLabels(name)));
      namespacesBySelector.set(selector.text, namespaces);
    }
    return namespaces;
  }

  /** The classes that are worth a look: those of the namespaces, or the fewer with one of the wanted label values. */
  function candidates(peer: Peer & { readonly kind: 'pods' }, namespaces: readonly string[]): readonly PodClass[] {
    const wanted = peer.podSelector.requirements.find(({ operator }) => operator === 'In');
    if (namespaces.length <= 2 || wanted === undefined) {
      return namespaces.flatMap((name) => byNamespace.get(name) ?? []);
    }
    const chosen = new Set(namespaces);
    return wanted.values
      .flatMap((value) => byLabel.get(wanted.key)?.get(value) ?? [])
      .filter(({ pod }) => chosen.has(pod.namespace));
  }

  function podBits(peer: Peer & { readonly kind: 'pods' }, namespace: string | undefined): Bounds {
    const bits = emptyBits(size);
    const namespaces = peer.namespaceSelector === undefined ? [namespace ?? ''] : namespacesFor(peer.namespaceSelector);
    for (const { id, pod } of candidates(peer, namespaces)) {
      if (!(namespace === undefined && pod.isHostNetwork) && selects(peer.podSelector, pod.labels)) {
        setBit(bits, id);
      }
    }
    return { sure: bits, possible: bits };
  }

  /** One class of each address key is asked, and is right for the others. */
  function addressBits(certaintyFor: (example: PodClass) => number): Bounds {
    const sure = emptyBits(size);
    const possible = emptyBits(size);
    for (const [key, group] of byAddressKey) {
      const example = group[0];
      const certainty = key === '' || example === undefined ? NO : certaintyFor(example);
      for (const { id } of certainty === NO ? [] : group) {
        setBit(possible, id);
        if (certainty === YES) {
          setBit(sure, id);
        }
      }
    }
    return { sure, possible };
  }

  function cached(key: string, make: () => Bounds): Bounds {
    const bounds = known.get(key) ?? make();
    known.set(key, bounds);
    return bounds;
  }

  function boundsOfPeer(peer: Peer, namespace: string | undefined): Bounds {
    switch (peer.kind) {
      case 'pods': {
        const scope = peer.namespaceSelector === undefined ? `=${namespace ?? ''}` : `~${peer.namespaceSelector.text}`;
        const key = `pods|${namespace === undefined}|${scope}|${peer.podSelector.text}`;
        return cached(key, () => podBits(peer, namespace));
      }
      case 'nodes':
      case 'domains':
      case 'block': {
        const text = peer.kind === 'nodes' ? peer.selector.text : '';
        const make = (): Bounds => addressBits(({ side }) => peerCertainty(compiled, peer, namespace, side));
        return peer.kind === 'nodes' ? cached(`nodes|${text}`, make) : make();
      }
    }
  }

  const ofRule = new Map<Rule, Bounds>();

  function boundsOfRule(rule: Rule, namespace: string | undefined): Bounds {
    if (rule.peers === undefined) {
      return { sure: everyone, possible: everyone };
    }
    const parts = rule.peers.filter(({ kind }) => kind !== 'block').map((peer) => boundsOfPeer(peer, namespace));
    if (rule.blocks.length > 0) {
      // All blocks of a rule count as one.
      const block: Peer = { kind: 'block', text: '', addresses: rule.blocks };
      parts.push(boundsOfPeer(block, namespace));
    }
    return unionOf(parts, size);
  }

  return (rule, namespace) => {
    let bounds = ofRule.get(rule);
    if (bounds === undefined) {
      bounds = boundsOfRule(rule, namespace);
      ofRule.set(rule, bounds);
    }
    return bounds;
  };
}

function unionOf(parts: readonly Bounds[], size: number): Bounds {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) {
    return only;
  }
  const isSure = parts.every(({ sure, possible }) => sure === possible);
  const sure = emptyBits(size);
  const possible = isSure ? sure : emptyBits(size);
  for (const part of parts) {
    addBits(sure, part.sure);
    if (!isSure) {
      addBits(possible, part.possible);
    }
  }
  return { sure, possible };
}

function groupedBy<Key>(classes: readonly PodClass[], keyOf: (one: PodClass) => Key | undefined): Map<Key, PodClass[]> {
  const groups = new Map<Key, PodClass[]>();
  for (const one of classes) {
    const key = keyOf(one);
    if (key !== undefined) {
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, [one]);
      } else {
        group.push(one);
      }
    }
  }
  return groups;
}

/** The classes by key and value of the labels of their pods. */
function labelIndex(classes: readonly PodClass[]): ReadonlyMap<string, ReadonlyMap<string, readonly PodClass[]>> {
  const index = new Map<string, Map<string, PodClass[]>>();
  for (const one of classes) {
    for (const [key, value] of one.side.pod?.labels ?? []) {
      const values = index.get(key) ?? new Map<string, PodClass[]>();
      index.set(key, values);
      const group = values.get(value);
      if (group === undefined) {
        values.set(value, [one]);
      } else {
        group.push(one);
      }
    }
  }
  return index;
}
