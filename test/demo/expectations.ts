import { isDeepStrictEqual } from 'node:util';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { Expectation } from './observer.ts';

/** A NetworkPolicy of the name comes to be there. */
export function standing(namespace: string, name: string): Expectation {
  return {
    sentence: `NetworkPolicy ${name} stands in ${namespace}`,
    matches: (seen) =>
      seen.kind === NETWORK_POLICIES.kind && seen.namespace === namespace && seen.name === name && !seen.isGone,
  };
}

/** A NetworkPolicy of the name goes. */
export function gone(namespace: string, name: string): Expectation {
  return {
    sentence: `NetworkPolicy ${name} is gone from ${namespace}`,
    matches: (seen) =>
      seen.kind === NETWORK_POLICIES.kind && seen.namespace === namespace && seen.name === name && seen.isGone,
  };
}

/** A new NetworkPolicy takes the place of a deleted one, with the same spec. */
export function restored(deleted: KubeObject): Expectation {
  return {
    sentence: `the deleted NetworkPolicy ${String(deleted.metadata.name)} is back as it was`,
    matches: ({ kind, isGone, object }) =>
      kind === NETWORK_POLICIES.kind &&
      !isGone &&
      isSamePlace(object, deleted) &&
      object.metadata.uid !== deleted.metadata.uid &&
      isDeepStrictEqual(object.spec, deleted.spec),
  };
}

/** A NetworkPolicy that was tampered with has its original spec again, in a generation after the tampered one. */
export function repaired({
  original,
  tampered,
}: {
  readonly original: KubeObject;
  readonly tampered: KubeObject;
}): Expectation {
  return {
    sentence: `the changed NetworkPolicy ${String(original.metadata.name)} has its spec back`,
    matches: ({ kind, isGone, object }) =>
      kind === NETWORK_POLICIES.kind &&
      !isGone &&
      object.metadata.uid === tampered.metadata.uid &&
      generationOf(object) > generationOf(tampered) &&
      isDeepStrictEqual(object.spec, original.spec),
  };
}

/** The NamespaceBaseline of a namespace tells this phase. */
export function phase(namespace: string, wanted: string): Expectation {
  return {
    sentence: `the NamespaceBaseline of ${namespace} says ${wanted}`,
    matches: (seen) =>
      seen.kind === NAMESPACE_BASELINES.kind &&
      seen.namespace === namespace &&
      !seen.isGone &&
      fieldOf(seen.object.status, 'phase') === wanted,
  };
}

/** The BaselinePolicy is Ready, for the generation it has. */
export function ready(policy: string): Expectation {
  return {
    sentence: `BaselinePolicy ${policy} is Ready`,
    matches: ({ kind, name, object }) =>
      kind === BASELINE_POLICIES.kind &&
      name === policy &&
      fieldOf(object.status, 'observedGeneration') === object.metadata.generation &&
      itemsOf(fieldOf(object.status, 'conditions')).some(
        (condition) => fieldOf(condition, 'type') === 'Ready' && fieldOf(condition, 'status') === 'True',
      ),
  };
}

function isSamePlace(one: KubeObject, other: KubeObject): boolean {
  return one.metadata.namespace === other.metadata.namespace && one.metadata.name === other.metadata.name;
}

function generationOf({ metadata }: KubeObject): number {
  return metadata.generation ?? 0;
}
