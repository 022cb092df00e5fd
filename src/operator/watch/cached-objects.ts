import type { Direction } from '../../api/network-policy.ts';
import type { Labels } from '../../domain/selection.ts';
import type { Openness } from '../../domain/weakening/openness.ts';
import type { NamespaceFacts, ObservedNetworkPolicy, RecordedEntry, RecordedReport } from '../../domain/world.ts';
import { packedUids, unpackedUids } from '../../kube/informer/packed-uid.ts';
import { InternPool } from './intern-pool.ts';

/** What every cached object has, to find it and to compare versions. */
export interface Identity {
  readonly name: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** The label that the API server sets on every namespace. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * A packed cache entry. There are tens of thousands, so equal values are stored once for all objects, a uid as its bytes and
 * a version as a number; readers get the plain values (docs/adr/0009-slim-forms.md).
 */
abstract class SlimObject {
  readonly #uid: string;
  readonly #version: string | number;

  constructor({ uid, resourceVersion }: Pick<Identity, 'uid' | 'resourceVersion'>) {
    this.#uid = packedUids([uid]);
    const number = Number(resourceVersion);
    this.#version = String(number) === resourceVersion ? number : resourceVersion;
  }

  get uid(): string {
    return unpackedUids(this.#uid)[0] ?? '';
  }

  get resourceVersion(): string {
    return String(this.#version);
  }
}

/** The namespace of a cluster-scoped object. */
const NOWHERE = '';

/** The values that namespaces share; `isNamed` when the label with the name is added on reading. */
type NamespaceTraits = Pick<NamespaceFacts, 'labels' | 'isTerminating' | 'isExcluded'> & { readonly isNamed: boolean };

const namespaceTraits = new InternPool<NamespaceTraits>();

/** A Namespace as the cache keeps it. */
export class CachedNamespace extends SlimObject implements Identity, NamespaceFacts {
  readonly name: string;
  readonly #traits: NamespaceTraits;

  constructor(facts: Omit<Identity & NamespaceFacts, 'namespace'>) {
    super(facts);
    const { labels, name, isTerminating, isExcluded } = facts;
    this.name = name;
    const isNamed = labels[NAME_LABEL] === name;
    const others = isNamed ? Object.fromEntries(Object.entries(labels).filter(([key]) => key !== NAME_LABEL)) : labels;
    const traits = { labels: others, isTerminating, isExcluded, isNamed };
    this.#traits = namespaceTraits.interned(JSON.stringify(traits), () => traits);
  }

  get namespace(): string {
    return NOWHERE;
  }

  get labels(): Labels {
    const { labels, isNamed } = this.#traits;
    return isNamed ? { ...labels, [NAME_LABEL]: this.name } : labels;
  }

  get isTerminating(): boolean {
    return this.#traits.isTerminating;
  }

  get isExcluded(): boolean {
    return this.#traits.isExcluded;
  }
}

/** The values that NetworkPolicies share. */
type NetworkPolicyTraits = Omit<ObservedNetworkPolicy, 'uid'> & {
  /** The generation whose spec the facts are of, where judging it again would be expensive; 0 for any other object. */
  readonly largeGeneration: number;
};

const networkPolicyTraits = new InternPool<NetworkPolicyTraits>();

/** A NetworkPolicy as the cache keeps it. */
export class CachedNetworkPolicy extends SlimObject implements Identity, ObservedNetworkPolicy {
  readonly namespace: string;
  readonly #traits: NetworkPolicyTraits;

  constructor(identity: Identity, facts: Omit<NetworkPolicyTraits, 'name'>) {
    super(identity);
    this.namespace = identity.namespace;
    const traits = { name: identity.name, ...facts };
    this.#traits = networkPolicyTraits.interned(JSON.stringify(traits), () => traits);
  }

  get name(): string {
    return this.#traits.name;
  }

  get isLabelled(): boolean {
    return this.#traits.isLabelled;
  }

  get policyLabel(): string {
    return this.#traits.policyLabel;
  }

  get policyUid(): string {
    return this.#traits.policyUid;
  }

  get purpose(): string {
    return this.#traits.purpose;
  }

  get isAdoptable(): boolean {
    return this.#traits.isAdoptable;
  }

  get isKept(): boolean {
    return this.#traits.isKept;
  }

  get isTerminating(): boolean {
    return this.#traits.isTerminating;
  }

  get isolates(): readonly Direction[] {
    return this.#traits.isolates;
  }

  get openness(): Openness | undefined {
    return this.#traits.openness;
  }

  get otherManager(): string {
    return this.#traits.otherManager;
  }

  get hash(): string {
    return this.#traits.hash;
  }

  get largeGeneration(): number {
    return this.#traits.largeGeneration;
  }
}

type Managed = RecordedEntry['managed'][number];

/** The values that the entries of one policy share. */
type EntryTraits = Omit<RecordedEntry, 'managed'> & { readonly managed: readonly Omit<Managed, 'uid'>[] };

const entryTraits = new InternPool<EntryTraits>();

class CachedEntry implements RecordedEntry {
  readonly #traits: EntryTraits;
  readonly #uids: string;

  constructor(entry: RecordedEntry) {
    const { policy, generation, phase, inPlace, managed } = entry;
    const traits = {
      policy,
      generation,
      phase,
      inPlace,
      managed: managed.map(({ name, hash = '' }) => ({ name, hash })),
    };
    this.#traits = entryTraits.interned(JSON.stringify(traits), () => traits);
    this.#uids = packedUids(managed.map(({ uid }) => uid));
  }

  get policy(): string {
    return this.#traits.policy;
  }

  get generation(): number {
    return this.#traits.generation;
  }

  get phase(): RecordedEntry['phase'] {
    return this.#traits.phase;
  }

  get inPlace(): boolean {
    return this.#traits.inPlace;
  }

  get managed(): readonly Managed[] {
    const uids = unpackedUids(this.#uids);
    return this.#traits.managed.map((object, index) => ({ ...object, uid: uids[index] ?? '' }));
  }
}

/** The values that NamespaceBaselines share. */
type ReportTraits = Pick<Identity & RecordedReport, 'name' | 'readyStatus' | 'readySince'>;

const reportTraits = new InternPool<ReportTraits>();

/** A NamespaceBaseline as the cache keeps it. */
export class CachedReport extends SlimObject implements Identity, RecordedReport {
  readonly namespace: string;
  readonly hash: string;
  /** A single entry without an array, as nearly always. */
  readonly #entries: CachedEntry | readonly CachedEntry[];
  readonly #traits: ReportTraits;

  constructor(identity: Identity, { hash, entries, readyStatus, readySince }: Omit<RecordedReport, 'uid'>) {
    super(identity);
    this.namespace = identity.namespace;
    this.hash = hash;
    const kept = entries.map((entry) => new CachedEntry(entry));
    this.#entries = kept.length === 1 && kept[0] !== undefined ? kept[0] : kept;
    const traits = { name: identity.name, readyStatus, readySince };
    this.#traits = reportTraits.interned(JSON.stringify(traits), () => traits);
  }

  get name(): string {
    return this.#traits.name;
  }

  get entries(): readonly RecordedEntry[] {
    return this.#entries instanceof CachedEntry ? [this.#entries] : this.#entries;
  }

  get readyStatus(): string {
    return this.#traits.readyStatus;
  }

  get readySince(): string {
    return this.#traits.readySince;
  }
}
