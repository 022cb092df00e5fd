import { ANNOTATIONS } from '../../src/api/names.ts';
import type { Clock } from '../../src/base/clock.ts';
import { fieldOf, itemsOf, textOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { LEASES } from '../../src/kube/lease/lease-record.ts';
import { LEASE_NAME } from '../../src/operator/startup/preflight.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { StoredEvent } from '../support/fake-api/event-log.ts';
import { kubeObjectIn } from '../support/fake-api/stored-object.ts';
import {
  type DeclaredPolicy,
  declaredPolicy,
  isKept,
  isLabelled,
  ownerNameOf,
  policyUidOf,
} from '../support/oracle/declared-policy.ts';
import { VERSIONS, type Version } from '../support/oracle/dialect.ts';
import { openedPlaces, resolverPlaces } from '../support/oracle/expected-resolver.ts';
import { isRenderedBy } from '../support/oracle/problems-at-rest.ts';
import { OPERATOR_NAMESPACE } from './simulated-operator.ts';
import type { Writer } from './write-oracle.ts';

/** The Lease that all operators of a history share. */
export const LEASE = { namespace: OPERATOR_NAMESPACE, name: LEASE_NAME } as const;

/** After the store went back so far two may take themselves for the leader: nothing in it tells them apart. */
const DOUBTFUL_MS = 30_000;
/** How long an operator takes from its start until it has read the Lease for the first time. */
const FIRST_LOOK_MS = 1_000;
/** How long a holder whose Lease was deleted may go on before it looks at the Lease again. */
const RENEWAL_MS = 2_500;

/** Who leads, as the Lease in the store has it, and what that allows (R15). */
export class Terms {
  readonly #hands: FakeClusterActor;
  readonly #clock: Clock;
  readonly #isShared: boolean;
  readonly #operators = new Set<string>();
  /** For each policy the resolvers in the status that the newest version wrote last. */
  readonly #resolversOfNewest = new Map<string, ReadonlySet<string>>();
  #doubtfulUntilMs = 0;
  #startedMs = Number.NEGATIVE_INFINITY;
  #leaseDeletedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: { readonly hands: FakeClusterActor; readonly clock: Clock; readonly isShared: boolean }) {
    this.#hands = parts.hands;
    this.#clock = parts.clock;
    this.#isShared = parts.isShared;
  }

  /** An operator of this name was started. */
  started(name: string): void {
    this.#operators.add(name);
    this.#startedMs = this.#clock.nowMs();
  }

  /** Somebody deleted the Lease. */
  leaseDeleted(): void {
    this.#leaseDeletedMs = this.#clock.nowMs();
  }

  /** The store was restored to an older state, and the Lease with it. */
  wentBack(): void {
    this.#doubtfulUntilMs = this.#clock.nowMs() + DOUBTFUL_MS;
  }

  /** The operator that holds the Lease; undefined when none does. */
  get holder(): string | undefined {
    const holder = textOf(fieldOf(this.#hands.read(LEASES, LEASE)?.spec, 'holderIdentity'));
    return this.#operators.has(holder) ? holder : undefined;
  }

  /** The newest version that ever led, as the Lease says. */
  get newestVersion(): Version | undefined {
    const said = this.#hands.read(LEASES, LEASE)?.metadata.annotations?.[ANNOTATIONS.version];
    return VERSIONS.find((version) => version === said);
  }

  /** What is wrong about who made this write; undefined when nothing is. */
  breachBy(writer: Writer, write: { readonly type: ResourceType; readonly event: StoredEvent }): string | undefined {
    this.#noteResolvers(writer, write);
    if (!this.#isShared || this.#isDoubtful()) {
      return undefined;
    }
    const isStandIn = write.type.plural === NETWORK_POLICIES.plural && write.event.type === 'ADDED';
    const { holder } = this;
    if (holder !== undefined && holder !== writer.name && !isStandIn) {
      return `${writer.name} writes although ${holder} leads`;
    }
    return this.#isTakingBack(writer, write) ? `${writer.name} takes back what a newer version rendered` : undefined;
  }

  /**
   * Whether two may take themselves for the leader: nothing in a store that went back tells them apart, and an operator
   * that looks for the Lease for the first time while it is deleted cannot know that there is a leader.
   */
  #isDoubtful(): boolean {
    const nowMs = this.#clock.nowMs();
    const hasNewcomer = this.#startedMs > this.#leaseDeletedMs - FIRST_LOOK_MS;
    return nowMs < this.#doubtfulUntilMs || (hasNewcomer && nowMs < this.#leaseDeletedMs + RENEWAL_MS);
  }

  /** Whether an older version writes its own form over that of a newer one, for the same generation, which nobody had touched. */
  #isTakingBack(
    { version }: Writer,
    { type, event }: { readonly type: ResourceType; readonly event: StoredEvent },
  ): boolean {
    const newest = this.newestVersion;
    if (newest === undefined || newest === version || type.plural !== NETWORK_POLICIES.plural) {
      return false;
    }
    if (event.type !== 'MODIFIED' || event.before === undefined) {
      return false;
    }
    return (
      !this.#hasResolverMoved(kubeObjectIn(NETWORK_POLICIES, event.before)) &&
      this.#isWorkOf(newest, kubeObjectIn(NETWORK_POLICIES, event.before)) &&
      !this.#isWorkOf(newest, kubeObjectIn(NETWORK_POLICIES, event.object))
    );
  }

  #noteResolvers(
    { version }: Writer,
    { type, event }: { readonly type: ResourceType; readonly event: StoredEvent },
  ): void {
    if (type.plural === BASELINE_POLICIES.plural && version === this.newestVersion && event.type !== 'DELETED') {
      const { metadata, status } = kubeObjectIn(BASELINE_POLICIES, event.object);
      const egress = fieldOf(fieldOf(fieldOf(status, 'discovered'), 'dns'), 'egress');
      this.#resolversOfNewest.set(
        metadata.name ?? '',
        new Set(openedPlaces({ metadata: {}, spec: { egress } }).keys()),
      );
    }
  }

  /** Whether the DNS of the cluster is elsewhere than the newest version had noted: its work is outdated then (R15). */
  #hasResolverMoved(object: KubeObject): boolean {
    const noted = this.#resolversOfNewest.get(ownerNameOf(object)) ?? new Set();
    const places = resolverPlaces(
      this.#hands.all(SERVICES, 'kube-system'),
      this.#hands.all(ENDPOINT_SLICES, 'kube-system'),
    );
    const peers = new Set(places.map(({ peer }) => peer));
    return peers.size !== noted.size || [...peers].some((peer) => !noted.has(peer));
  }

  /** Whether an object is just as this version renders it for the present generation, and reported so. */
  #isWorkOf(version: Version, object: KubeObject): boolean {
    const policy = this.#ownerOf(object);
    const part = policy?.parts.find(({ name }) => name === object.metadata.name);
    return (
      policy !== undefined &&
      part !== undefined &&
      this.#isReported(object, policy) &&
      isRenderedBy(version, part, object)
    );
  }

  /** The policy whose marks an object carries in full. */
  #ownerOf(object: KubeObject): DeclaredPolicy | undefined {
    const standing = this.#hands.read(BASELINE_POLICIES, { name: ownerNameOf(object) });
    const policy = standing === undefined ? undefined : declaredPolicy(standing);
    const isWhole = isLabelled(object) && !isKept(object) && policyUidOf(object) === policy?.uid;
    return isWhole ? policy : undefined;
  }

  #isReported({ metadata }: KubeObject, policy: { readonly name: string; readonly generation: number }): boolean {
    const record = this.#hands.read(NAMESPACE_BASELINES, { namespace: metadata.namespace ?? '', name: 'baseline' });
    const entry = itemsOf(fieldOf(record?.status, 'policies')).find(
      (candidate) =>
        fieldOf(candidate, 'policy') === policy.name && fieldOf(candidate, 'generation') === policy.generation,
    );
    return itemsOf(fieldOf(entry, 'managed')).some((managed) => fieldOf(managed, 'uid') === metadata.uid);
  }
}
