import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import { ADDRESS_SPACE, type AddressSet, addresses, FAMILIES, type Family, familyOf } from '../intervals/addresses.ts';
import type { Protocol } from '../intervals/ports.ts';
import type { PodModel } from '../model/cluster.ts';

/** One end of a connection: a pod, or addresses that are no pod's. */
export type End =
  | { readonly kind: 'pod'; readonly pod: PodModel }
  | { readonly kind: 'addresses'; readonly addresses: AddressSet; readonly node?: string };

/**
 * How implementations see a host network pod: as a pod, which selectors select, or as nothing but the address of its
 * node. The API leaves that to them
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods).
 */
export type Reading = 'pod' | 'address';

/** An end as a rule sees it, in one family and one reading. */
export interface Side {
  /** Absent when no selector selects it. */
  readonly pod?: PodModel;
  /** All the addresses that it may have; one when it is known. */
  readonly addresses: AddressSet;
  /** Set when not one of the addresses is meant, but each of them. */
  readonly isEach?: true;
}

/** What is sent: to a port, or of a protocol that NetworkPolicies say nothing about. */
export type Traffic = { readonly protocol: Protocol; readonly port: number } | { readonly protocol: 'other' };

/** The families that the end has addresses of, or may have. */
export function familiesOf(compiled: CompiledCluster, end: End): readonly Family[] {
  if (end.kind === 'addresses') {
    return FAMILIES.filter((family) => addresses.overlap([ADDRESS_SPACE[family]], end.addresses) !== 'none');
  }
  if (end.pod.addresses.length > 0) {
    return end.pod.addresses.map(familyOf);
  }
  return FAMILIES.filter((family) => compiled.cluster.podSpace[family] !== undefined);
}

/** Whether the end is one whose addresses are not known. */
export function isAddressUnknown(end: End): boolean {
  return end.kind === 'pod' && end.pod.addresses.length === 0;
}

/** Whether the end is a host network pod. */
export function isHostNetwork(end: End): boolean {
  return end.kind === 'pod' && end.pod.isHostNetwork;
}

/** The node that the end runs on, or whose address it is. */
export function nodeOf(end: End): string | undefined {
  return end.kind === 'pod' ? end.pod.node : end.node;
}

/** The end in one family and reading. */
export function sideOf(
  compiled: CompiledCluster,
  end: End,
  view: { readonly family: Family; readonly reading: Reading },
): Side {
  if (end.kind === 'addresses') {
    return { addresses: addresses.intersection(end.addresses, [ADDRESS_SPACE[view.family]]), isEach: true };
  }
  const set = podAddresses(compiled, end.pod, view.family);
  return end.pod.isHostNetwork && view.reading === 'address' ? { addresses: set } : { pod: end.pod, addresses: set };
}

/** The one address that the pod has of a family, or all those that it may get. */
export function podAddresses(compiled: CompiledCluster, pod: PodModel, family: Family): AddressSet {
  const known = pod.addresses.find((address) => familyOf(address) === family);
  if (known !== undefined) {
    return [{ first: known, last: known }];
  }
  return pod.isHostNetwork ? [ADDRESS_SPACE[family]] : (compiled.cluster.podSpace[family] ?? []);
}
