import { fieldOf, itemsOf, textOf } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../actors/fake-cluster-actor.ts';
import {
  type DeclaredPolicy,
  declaredPolicy,
  isGoing,
  isKept,
  isLabelled,
  isSelecting,
  ownerNameOf,
  policyUidOf,
  recordedUids,
} from './declared-policy.ts';
import { asRenderedBy, type Version } from './dialect.ts';
import type { ExpectedPart } from './expected-parts.ts';
import { isAllowDns, type Resolver, resolverPlaces } from './expected-resolver.ts';
import { specText } from './spec-text.ts';

/**
 * What is not as declared in a cluster in which nothing moves any more, rendered by one of these versions; empty when all is
 * well. `resolverPeers`: where the cluster's DNS ever was, which allow-dns may still lead to.
 */
export function problemsAtRest(
  hands: FakeClusterActor,
  dialects: readonly Version[] = ['0.1.0'],
  resolverPeers: ReadonlySet<string> = new Set(),
): readonly string[] {
  const policies = hands.all(BASELINE_POLICIES).map(declaredPolicy);
  const places = resolverPlaces(hands.all(SERVICES, 'kube-system'), hands.all(ENDPOINT_SLICES, 'kube-system'));
  const resolver = { places, known: new Set([...resolverPeers, ...places.map(({ peer }) => peer)]) };
  const expectation: Expectation = { dialects, resolver };
  return [
    ...policies.flatMap((policy) => policyProblems(hands, policy)),
    ...hands.all(NAMESPACES).flatMap((namespace) => namespaceProblems(namespace, { hands, policies, expectation })),
  ];
}

/** What a cluster at rest is held against besides its declarations. */
interface Expectation {
  readonly dialects: readonly Version[];
  readonly resolver: Resolver;
}

function policyProblems(hands: FakeClusterActor, policy: DeclaredPolicy): readonly string[] {
  if (policy.isDeleting) {
    return [`BaselinePolicy ${policy.name} is never let go`];
  }
  const status = hands.read(BASELINE_POLICIES, { name: policy.name })?.status;
  const ready = itemsOf(fieldOf(status, 'conditions')).find((condition) => fieldOf(condition, 'type') === 'Ready');
  const copies = copyCount(hands, policy);
  const isObserved = fieldOf(status, 'observedGeneration') === policy.generation && fieldOf(ready, 'status') === 'True';
  return [
    ...(isObserved
      ? []
      : [`BaselinePolicy ${policy.name} at generation ${policy.generation} says ${JSON.stringify(status)}`]),
    ...((fieldOf(status, 'copies') ?? 0) === copies
      ? []
      : [`BaselinePolicy ${policy.name} counts ${String(fieldOf(status, 'copies'))} copies of ${copies}`]),
    ...(policy.hasFinalizer === (policy.removesOnDelete && policy.mode === 'Enforce')
      ? []
      : [`BaselinePolicy ${policy.name}: finalizer ${policy.hasFinalizer}`]),
  ];
}

/** R5: what carries all marks of the policy where it does not select the namespace and no NamespaceBaseline lists it. */
function copyCount(hands: FakeClusterActor, policy: DeclaredPolicy): number {
  return hands
    .all(NAMESPACES)
    .filter((namespace) => !isGoing(namespace) && !isSelecting(policy, namespace))
    .flatMap(({ metadata: { name = '' } }) => {
      const listed = recordedUids(hands.read(NAMESPACE_BASELINES, { namespace: name, name: 'baseline' }));
      return hands.all(NETWORK_POLICIES, name).filter((object) => !listed.has(object.metadata.uid ?? ''));
    })
    .filter(
      (object) =>
        ownerNameOf(object) === policy.name &&
        isLabelled(object) &&
        policyUidOf(object) === policy.uid &&
        !isKept(object),
    ).length;
}

function namespaceProblems(
  namespace: KubeObject,
  {
    hands,
    policies,
    expectation,
  }: {
    readonly hands: FakeClusterActor;
    readonly policies: readonly DeclaredPolicy[];
    readonly expectation: Expectation;
  },
): readonly string[] {
  const name = namespace.metadata.name ?? '';
  if (isGoing(namespace)) {
    return [`namespace ${name} is never gone`];
  }
  const objects = hands.all(NETWORK_POLICIES, name);
  const record = hands.read(NAMESPACE_BASELINES, { namespace: name, name: 'baseline' });
  const enforced = policies.filter(({ mode }) => mode === 'Enforce');
  const selecting = enforced.filter((policy) => isSelecting(policy, namespace));
  const wrong = selecting.flatMap((policy) => setProblems(policy, { objects, record, expectation }));
  const settled = enforced.filter((policy) => !selecting.includes(policy) || !isWaiting(policy, { objects, record }));
  const leftovers = settled.flatMap((policy) =>
    objects
      .filter((object) =>
        isLeftover(object, policy, {
          isSelected: selecting.includes(policy),
          liveUids: policies.map(({ uid }) => uid),
          listed: recordedUids(record),
        }),
      )
      .map(({ metadata }) => `${metadata.name ?? ''} should be gone`),
  );
  return [
    ...wrong,
    ...leftovers,
    ...recordProblems(
      record,
      policies.filter((policy) => isSelecting(policy, namespace)),
      objects,
    ),
  ].map((problem) => `in ${name}: ${problem}`);
}

/**
 * R3: whether a default-deny cannot become as declared, since somebody else's object is in the place of allow-dns. Then
 * parts that are declared no more stay as well: the default-deny that they were made for still isolates.
 */
function isWaiting(
  policy: DeclaredPolicy,
  { objects, record }: { readonly objects: readonly KubeObject[]; readonly record: KubeObject | undefined },
): boolean {
  const named = (name: string): KubeObject | undefined => objects.find(({ metadata }) => metadata.name === name);
  const dns = named(`${policy.name}.allow-dns`);
  const deny = policy.parts.find(({ part }) => part === 'default-deny');
  const standing = deny === undefined ? undefined : named(deny.name);
  const isDeclaredDns = policy.parts.some(({ part }) => part === 'allow-dns');
  return (
    isDeclaredDns &&
    dns !== undefined &&
    isForeign(dns, record) &&
    deny !== undefined &&
    (standing === undefined || !isRenderedBy('0.1.0', deny, standing))
  );
}

/** R2, R5: every part stands exactly, or somebody else's object is in its place. */
function setProblems(
  policy: DeclaredPolicy,
  {
    objects,
    record,
    expectation,
  }: {
    readonly objects: readonly KubeObject[];
    readonly record: KubeObject | undefined;
    readonly expectation: Expectation;
  },
): readonly string[] {
  const dns = objects.find(({ metadata }) => metadata.name === `${policy.name}.allow-dns`);
  // R3: without its allow-dns the set waits.
  if (dns !== undefined && isForeign(dns, record)) {
    return [];
  }
  return policy.parts.flatMap((part) => {
    const object = objects.find(({ metadata }) => metadata.name === part.name);
    if (object === undefined) {
      return [`${part.name} is missing`];
    }
    if (isForeign(object, record)) {
      return [];
    }
    return partProblems(policy, { part, object, expectation });
  });
}

function partProblems(
  policy: DeclaredPolicy,
  {
    part,
    object,
    expectation,
  }: { readonly part: ExpectedPart; readonly object: KubeObject; readonly expectation: Expectation },
): readonly string[] {
  const { dialects, resolver } = expectation;
  const isExact =
    part.part === 'allow-dns'
      ? isAllowDns(object, { part, dns: policy.dns, resolver })
      : dialects.some((version) => isRenderedBy(version, part, object));
  const isMarked = isLabelled(object) && policyUidOf(object) === policy.uid && !isKept(object);
  return [...(isExact ? [] : [`${part.name} has another spec`]), ...(isMarked ? [] : [`${part.name} lacks our marks`])];
}

/** Whether an object has the spec that this version renders for a part. */
export function isRenderedBy(version: Version, { spec }: ExpectedPart, object: KubeObject): boolean {
  return specText(object.spec) === asRenderedBy(version, specText(spec));
}

function isForeign(object: KubeObject, record: KubeObject | undefined): boolean {
  return !(isLabelled(object) && policyUidOf(object) !== '') && !recordedUids(record).has(object.metadata.uid ?? '');
}

function isLeftover(
  object: KubeObject,
  policy: DeclaredPolicy,
  facts: {
    readonly isSelected: boolean;
    readonly liveUids: readonly string[];
    readonly listed: ReadonlySet<string>;
  },
): boolean {
  if (ownerNameOf(object) !== policy.name || !isLabelled(object)) {
    return false;
  }
  const isUnwanted = !policy.parts.some(({ name }) => name === object.metadata.name);
  // R8: where it is selected, what a former policy of the name left is taken over.
  if (policyUidOf(object) !== policy.uid) {
    return facts.isSelected && isUnwanted && isOfFormer(object, facts.liveUids);
  }
  if (facts.isSelected) {
    return isUnwanted;
  }
  // R5: what no NamespaceBaseline lists is a copy there, and stays.
  return !policy.keepsOnOptOut && !isKept(object) && facts.listed.has(object.metadata.uid ?? '');
}

function isOfFormer(object: KubeObject, liveUids: readonly string[]): boolean {
  const uid = policyUidOf(object);
  return uid !== '' && !liveUids.includes(uid);
}

/** R16: the NamespaceBaseline speaks of every selecting policy, and says Protected exactly where nothing is in the way. */
function recordProblems(
  record: KubeObject | undefined,
  selecting: readonly DeclaredPolicy[],
  objects: readonly KubeObject[],
): readonly string[] {
  const entries = itemsOf(fieldOf(record?.status, 'policies'));
  return selecting.flatMap((policy) => {
    const entry = entries.find((candidate) => fieldOf(candidate, 'policy') === policy.name);
    if (entry === undefined) {
      return [`the NamespaceBaseline says nothing of ${policy.name}`];
    }
    const isObstructed = policy.parts.some(({ name }) =>
      objects.some((object) => object.metadata.name === name && isForeign(object, record)),
    );
    const phase = textOf(fieldOf(entry, 'phase'));
    // A policy that does not isolate the open direction is Protected all the same.
    const isOpen = fieldOf(record?.status, 'weakened') === 'open';
    const expectedWhole = isOpen ? ['Protected', 'Weakened'] : ['Protected'];
    const expectedEnforced = isObstructed ? ['Conflict', 'Failed'] : expectedWhole;
    const expected = policy.mode === 'Enforce' ? expectedEnforced : [policy.mode];
    return expected.includes(phase)
      ? []
      : [`the NamespaceBaseline says ${phase} of ${policy.name}: ${JSON.stringify(entry)}`];
  });
}
