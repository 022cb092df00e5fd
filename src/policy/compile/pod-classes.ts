import { type AddressSet, addresses, type Family } from '../intervals/addresses.ts';
import type { PodModel, Rule } from '../model/cluster.ts';
import type { Selector } from '../model/selector.ts';
import { familiesOf, podAddresses, type Reading, type Side } from '../verdict/side.ts';
import type { CompiledCluster } from './compiled-cluster.ts';

/**
 * Pods that no policy can tell apart, seen in one family and one reading: same namespace, same values of the labels that
 * a selector asks for, same ports, and addresses in the same blocks.
 */
export interface PodClass {
  readonly id: number;
  /** The first of its pods. */
  readonly pod: PodModel;
  readonly side: Side;
  /** Bit 1 when its pods have IPv4, bit 2 when they have IPv6. */
  readonly familyMask: number;
  /** Classes of one key have their addresses in the same blocks; empty when in none. */
  readonly addressKey: string;
}

/** How a pod is seen in one family and reading. */
export interface PodView {
  readonly family: Family;
  readonly reading: Reading;
  readonly classId: number;
}

/** All classes, and which pod is in which. */
export interface PodClasses {
  readonly classes: readonly PodClass[];
  /** The live pods, and the representatives. */
  readonly pods: readonly PodModel[];
  /** In the order of `pods`. */
  readonly views: readonly (readonly PodView[])[];
}

const MASKS: Readonly<Record<Family, number>> = { IPv4: 1, IPv6: 2 };

/** Sorts the live pods into classes. */
export function podClassesOf(compiled: CompiledCluster): PodClasses {
  const pods = compiled.cluster.pods.filter(({ phase }) => phase === 'live');
  const keys = labelKeys(compiled);
  const blocks = blockMap(compiled);
  const classes: PodClass[] = [];
  const byKey = new Map<string, PodClass>();

  function classFor(
    pod: PodModel,
    view: { family: Family; reading: Reading },
    base: string,
    familyMask: number,
  ): PodClass {
    const set = podAddresses(compiled, pod, view.family);
    const addressKey = blocks.keyOf(set);
    const isAddress = pod.isHostNetwork && view.reading === 'address';
    const key = `${isAddress ? `node|${portsKey(pod)}` : base}|${familyMask}|${addressKey}`;
    let found = byKey.get(key);
    if (found === undefined) {
      const side: Side = isAddress ? { addresses: set } : { pod, addresses: set };
      found = { id: classes.length, pod, side, familyMask, addressKey };
      classes.push(found);
      byKey.set(key, found);
    }
    return found;
  }

  const views = pods.map((pod) => {
    const families = familiesOf(compiled, { kind: 'pod', pod });
    const familyMask = families.reduce((mask, family) => mask | MASKS[family], 0);
    const base = classKey(pod, keys);
    const readings: readonly Reading[] = pod.isHostNetwork ? ['pod', 'address'] : ['pod'];
    return families.flatMap((family) =>
      readings.map((reading) => ({
        family,
        reading,
        classId: classFor(pod, { family, reading }, base, familyMask).id,
      })),
    );
  });
  return { classes, pods, views };
}

function classKey(pod: PodModel, keys: readonly string[]): string {
  const labels = keys.map((key) => pod.labels.get(key) ?? (pod.labels.has(key) ? '' : '\u0000')).join('\u0001');
  return `${pod.isHostNetwork ? 'host' : 'pod'}|${pod.namespace}|${labels}|${portsKey(pod)}`;
}

function portsKey({ ports }: PodModel): string {
  return ports.map(({ name, protocol, port }) => `${name ?? ''}/${protocol}/${port}`).join(',');
}

/** The keys of pod labels that any selector asks for. */
function labelKeys({ cluster }: CompiledCluster): readonly string[] {
  const keys = new Set<string>();
  const add = ({ requirements }: Selector): void => {
    for (const { key } of requirements) {
      keys.add(key);
    }
  };
  for (const { podSelector } of [...cluster.networkPolicies, ...cluster.clusterPolicies]) {
    add(podSelector);
  }
  for (const { peers } of rulesOf(cluster)) {
    for (const peer of peers ?? []) {
      if (peer.kind === 'pods') {
        add(peer.podSelector);
      }
    }
  }
  return [...keys].sort();
}

/** Every rule of every policy. */
export function rulesOf(cluster: CompiledCluster['cluster']): readonly Rule[] {
  return [...cluster.networkPolicies, ...cluster.clusterPolicies].flatMap(({ ingress, egress }) => [
    ...(ingress ?? []),
    ...(egress ?? []),
  ]);
}

/** Cuts all addresses where a block begins or ends: between two cuts no rule tells addresses apart. */
function blockMap(compiled: CompiledCluster): { readonly keyOf: (set: AddressSet) => string } {
  const { cluster } = compiled;
  const rules = rulesOf(cluster);
  const sets = [
    ...new Set(
      rules.flatMap(({ blocks, peers }) => [
        blocks,
        ...(peers ?? []).flatMap((peer) => (peer.kind === 'nodes' ? [compiled.nodeAddresses(peer.selector)] : [])),
      ]),
    ),
  ];
  const all = addresses.union(...sets);
  const points = new Set(sets.flatMap((set) => set.flatMap(({ first, last }) => [first, last + 1n])));
  const cuts = [...points].sort((one, other) => (one < other ? -1 : 1));
  return {
    keyOf: (set) => {
      const only = set[0];
      if (only === undefined || addresses.overlap(set, all) === 'none') {
        return '';
      }
      return `${cutBefore(cuts, only.first)}-${cutBefore(cuts, set.at(-1)?.last ?? only.last)}`;
    },
  };
}

/** How many of the cuts are not after the address. */
function cutBefore(cuts: readonly bigint[], address: bigint): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cuts[middle] ?? address) <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
