import type { Clock } from '../../src/base/clock.ts';
import { fieldOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { LEASES } from '../../src/kube/lease/lease-record.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../src/operator/watch/resources.ts';
import type { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { StoredEvent } from '../support/fake-api/event-log.ts';
import { kubeObjectIn } from '../support/fake-api/stored-object.ts';
import {
  type DeclaredPolicy,
  declaredPolicy,
  isGoing,
  isHandedOver,
  isKept,
  isLabelled,
  isolatedBy,
  isSelecting,
  ownerNameOf,
  policyUidOf,
  recordedUids,
} from '../support/oracle/declared-policy.ts';
import type { Version } from '../support/oracle/dialect.ts';
import { openedPlaces, type ResolverPlace, resolverPlaces } from '../support/oracle/expected-resolver.ts';
import { DNS_NAMESPACE } from './resolver.ts';
import { type ShownMoment, type ShownWorld, shownKey } from './shown-world.ts';
import type { Terms } from './terms.ts';
import { WritePace } from './write-pace.ts';

/** One write of the operator that breaks a rule. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** What the observer looks at. */
export interface WriteOracleParts {
  readonly clock: Clock;
  readonly hands: FakeClusterActor;
  readonly terms: Terms;
  /** How many directions may lose their protection within the window without a confirmation. */
  readonly removalLimit: number;
}

/** Who wrote, and what he had been shown: one for each time that an operator was started. */
export interface Writer {
  readonly name: string;
  readonly version: Version;
  readonly shown: ShownWorld;
}

/** As R9 has it. */
const GUARD_WINDOW_MS = 600_000;
/** How long a reconcile may go on with what it was shown at its beginning, while requests are answered. */
const QUICK_MS = 2_000;
/** The same, when requests may be lost, refused or never answered. */
const TROUBLED_MS = 45_000;
/** R14: a resolver stays for ten minutes; less what an operator may have missed of its going and coming. */
const RESOLVER_STAYS_MS = 300_000;

/** One write of an operator to a NetworkPolicy. */
interface Write {
  readonly event: StoredEvent;
  readonly namespace: string;
  readonly name: string;
  readonly before: KubeObject | undefined;
  /** Undefined for a removal. */
  readonly after: KubeObject | undefined;
  /** What the write may rest on. */
  readonly moments: readonly ShownMoment[];
  readonly writer: Writer;
}

/** Judges every write of the operator as it lands, by the rules and nothing that the operator says of itself. */
export class WriteOracle {
  readonly violations: Violation[] = [];
  /** Writes of the operator so far, as `verb plural namespace/name`. */
  readonly writes: string[] = [];
  /** How often operators write one object (R6). */
  readonly pace: WritePace;
  readonly #parts: WriteOracleParts;
  /** When a peer was last a place of the cluster's DNS; infinite while it is. */
  readonly #resolverSeenMs = new Map<string, number>();
  readonly #lost: { readonly atMs: number; readonly what: string }[] = [];
  /** By the uid of a NetworkPolicy, whose it was before somebody of ours gave it another policy's uid. */
  readonly #takenFrom = new Map<string, string>();
  /** `uid generation` of policies whose removals were confirmed. */
  readonly #confirmed = new Set<string>();
  /** When an allow-dns last stood, by `namespace/name`. */
  readonly #dnsStoodMs = new Map<string, number>();
  #troubledUntilMs = 0;
  #longestStopMs = 0;

  constructor(parts: WriteOracleParts) {
    this.#parts = parts;
    this.pace = new WritePace(parts.clock);
  }

  /** Every peer that was ever a place of the cluster's DNS. */
  get resolverPeers(): ReadonlySet<string> {
    return new Set(this.#resolverSeenMs.keys());
  }

  /** The cluster's DNS may be elsewhere now. */
  resolverChanged(): void {
    const { hands, clock } = this.#parts;
    const places = resolverPlaces(hands.all(SERVICES, DNS_NAMESPACE), hands.all(ENDPOINT_SLICES, DNS_NAMESPACE));
    for (const [peer, seenMs] of this.#resolverSeenMs) {
      this.#resolverSeenMs.set(peer, Math.min(seenMs, clock.nowMs()));
    }
    for (const { peer } of places) {
      this.#resolverSeenMs.set(peer, Number.POSITIVE_INFINITY);
    }
  }

  /** Requests may be lost or late from now on, and so may what follows from them. */
  troubled(): void {
    this.pace.allow();
    this.#troubledUntilMs = Math.max(this.#troubledUntilMs, this.#parts.clock.nowMs() + TROUBLED_MS);
  }

  /** An operator stands still for so long, and goes on after that with what it knew. */
  stopped(forMs: number): void {
    this.#longestStopMs = Math.max(this.#longestStopMs, forMs);
    this.#troubledUntilMs = Math.max(this.#troubledUntilMs, this.#parts.clock.nowMs() + forMs + TROUBLED_MS);
  }

  /** An operator began to lead, and knows nothing of what was removed before (docs/attempts.md). */
  restarted(): void {
    this.#lost.length = 0;
    this.pace.restarted();
  }

  /** Somebody confirmed what a policy of this uid and generation would remove. */
  confirmed(policy: { readonly uid: string; readonly generation: number }): void {
    this.#confirmed.add(`${policy.uid} ${policy.generation}`);
  }

  /** To be called on every commit, after it. */
  committed(type: ResourceType, event: StoredEvent, writer: Writer | undefined): void {
    this.#note(type, event);
    if (writer === undefined || type.plural === LEASES.plural) {
      return;
    }
    const { namespace, name } = event.object;
    const breach = this.#parts.terms.breachBy(writer, { type, event });
    if (breach !== undefined) {
      this.#report('R15', event, breach);
    }
    this.writes.push(`${event.type} ${type.plural} ${namespace}/${name}`);
    const moments = this.#momentsOf(writer);
    if (namespace !== '') {
      this.#judgeNamespace(type, event, moments);
    }
    if (type.plural === NETWORK_POLICIES.plural) {
      this.#judge(this.#writeFrom(event, moments, writer));
    } else if (type.plural === NAMESPACE_BASELINES.plural) {
      this.#judgeReport(event, moments);
    } else if (type.plural !== BASELINE_POLICIES.plural) {
      this.#report('R15', event, `writes ${type.plural}`);
    }
  }

  /** Remembers what later writes are judged by. */
  #note(type: ResourceType, event: StoredEvent): void {
    const { namespace, name } = event.object;
    if (type.plural === NETWORK_POLICIES.plural && name.endsWith('.allow-dns')) {
      this.#dnsStoodMs.set(
        `${namespace}/${name}`,
        event.type === 'DELETED' ? this.#parts.clock.nowMs() : Number.POSITIVE_INFINITY,
      );
    }
    if ([SERVICES, ENDPOINT_SLICES].some(({ plural }) => plural === type.plural)) {
      this.resolverChanged();
    }
  }

  #writeFrom(event: StoredEvent, moments: readonly ShownMoment[], writer: Writer): Write {
    const { namespace, name } = event.object;
    return {
      event,
      namespace,
      name,
      before: event.before === undefined ? undefined : kubeObjectIn(NETWORK_POLICIES, event.before),
      after: event.type === 'DELETED' ? undefined : kubeObjectIn(NETWORK_POLICIES, event.object),
      moments,
      writer,
    };
  }

  /** What a write of now may rest on. */
  #momentsOf({ shown }: Writer): readonly ShownMoment[] {
    return shown.recent(this.#windowMs());
  }

  #windowMs(): number {
    return this.#parts.clock.nowMs() < this.#troubledUntilMs ? TROUBLED_MS + this.#longestStopMs : QUICK_MS;
  }

  #judgeNamespace(type: ResourceType, event: StoredEvent, moments: readonly ShownMoment[]): void {
    const key = shownKey(NAMESPACES.plural, { name: event.object.namespace });
    const isKnownToGo = moments.every((moment) => {
      const namespace = moment.get(key);
      return namespace !== undefined && isGoing(namespace);
    });
    if (isKnownToGo) {
      this.#report('R12', event, `writes ${type.plural} although the namespace is terminating`);
    }
  }

  #judge(write: Write): void {
    this.#judgeOwnership(write);
    this.#judgePlace(write);
    this.#judgePace(write);
    this.#judgeMode(write);
    this.#judgeOptOut(write);
    this.#noteTakeover(write);
    if (write.after === undefined) {
      this.#judgeRemoval(write);
    }
    this.#judgeDns(write);
    this.#judgeResolver(write);
    this.#judgeLoss(write);
  }

  /** R5: nothing is written, removed or marked where the policy does not select the namespace and no report lists the object: a copy. */
  #judgePlace({ event, before, namespace, name, moments }: Write): void {
    const owner = name.split('.')[0] ?? '';
    const isAtWork = moments.some((moment) => {
      const policy = policyIn(moment, owner);
      const listed = recordedUids(moment.get(shownKey(NAMESPACE_BASELINES.plural, { namespace, name: 'baseline' })));
      const isListed = before === undefined ? listed.size > 0 : listed.has(before.metadata.uid ?? '');
      return isListed || (policy !== undefined && isSelecting(policy, namespaceIn(moment, namespace)));
    });
    if (!isAtWork) {
      this.#report('R5', event, 'the policy does not select the namespace, and no NamespaceBaseline lists the object');
    }
  }

  /** R5: no report comes into being where nothing selects the namespace. */
  #judgeReport(event: StoredEvent, moments: readonly ShownMoment[]): void {
    const { namespace } = event.object;
    const isDue = moments.some(
      (moment) =>
        moment.has(shownKey(NAMESPACE_BASELINES.plural, { namespace, name: 'baseline' })) ||
        policiesIn(moment).some((policy) => isSelecting(policy, namespaceIn(moment, namespace))),
    );
    if (event.type === 'ADDED' && !isDue) {
      this.#report('R5', event, 'no policy selects the namespace');
    }
  }

  /** R6: whoever changes an object or creates it again does not make an operator write without a pause. */
  #judgePace({ event, namespace, name, writer }: Write): void {
    if (this.pace.isTooSoon(writer.name, { namespace, name })) {
      this.#report('R6', event, 'it is written more often than the pace of a contest allows');
    }
  }

  /** R4: nothing is removed or marked for an opt-out before the namespace was without the label for the whole grace. */
  #judgeOptOut(write: Write): void {
    const { event, before, after, namespace, moments, writer } = write;
    if (before === undefined || !(after === undefined || (isKept(after) && !isKept(before)))) {
      return;
    }
    const owner = ownerNameOf(before);
    const policies = moments.flatMap((moment) => policyIn(moment, owner) ?? []);
    const isForAnotherReason = moments.some((moment) => {
      const policy = policyIn(moment, owner);
      const isSelected = policy !== undefined && isSelecting(policy, namespaceIn(moment, namespace));
      return policy?.isDeleting === true || (isSelected && isGivenUp(policy, before, namespaceIn(moment, namespace)));
    });
    const isConfirmed = policies.some(({ uid, generation }) => this.#confirmed.has(`${uid} ${generation}`));
    const graceMs = Math.min(...policies.map((policy) => policy.graceMs));
    const optedOutMs = writer.shown.longestRunMs(this.#windowMs(), (moment) => {
      const policy = policyIn(moment, owner);
      return policy !== undefined && !isSelecting(policy, namespaceIn(moment, namespace));
    });
    if (!isForAnotherReason && !isConfirmed && optedOutMs < graceMs) {
      this.#report('R4', event, `the namespace has opted out for ${optedOutMs} ms, and the grace is ${graceMs} ms`);
    }
  }

  /** R14: allow-dns leads to every resolver that the operator was shown, and keeps what it led to for ten minutes. */
  #judgeResolver(write: Write): void {
    const { event, before, after, name, moments } = write;
    const owner = name.split('.')[0] ?? '';
    const usesFound = moments.every((moment) => policyIn(moment, owner)?.dns.usesFoundPlaces === true);
    // What is only marked as kept stays as it is, whatever it leads to.
    const isOnlyMarked = JSON.stringify(before?.spec) === JSON.stringify(after?.spec);
    if (!name.endsWith('.allow-dns') || after === undefined || !usesFound || isOnlyMarked) {
      return;
    }
    const opened = openedPlaces(after);
    const leadsThere = moments.some((moment) =>
      placesIn(moment).every(
        ({ peer, ports }) =>
          opened.has(peer) &&
          (policyIn(moment, owner)?.dns.usesFoundPorts !== true || ports.every((port) => opened.get(peer)?.has(port))),
      ),
    );
    if (!leadsThere) {
      this.#report('R14', event, `allow-dns does not lead to the resolver: ${JSON.stringify(after.spec)}`);
    }
    const taken = this.#placesTaken(write, opened);
    if (taken.length > 0) {
      this.#report('R14', event, `allow-dns no longer leads to ${taken.join(', ')}`);
    }
  }

  /** The places of resolvers that the object led to, does not any more, and should still. */
  #placesTaken({ before, writer }: Write, opened: ReadonlyMap<string, unknown>): readonly string[] {
    const sinceMs = this.#parts.clock.nowMs() - RESOLVER_STAYS_MS;
    return [...(before === undefined ? [] : openedPlaces(before).keys())].filter(
      (peer) => !opened.has(peer) && (this.#resolverSeenMs.get(peer) ?? 0) > sinceMs && isPlaceKnownTo(writer, peer),
    );
  }

  /** R5: what is written over or removed was ours, or handed over. */
  #judgeOwnership({ event, before, after, namespace, name, moments }: Write): void {
    if (before === undefined) {
      return;
    }
    const key = shownKey(NETWORK_POLICIES.plural, { namespace, name });
    const isOurs = moments.some((moment) => {
      const object = moment.get(key) ?? before;
      if (object.metadata.uid !== before.metadata.uid) {
        return false;
      }
      const isMarked = isLabelled(object) && policyUidOf(object) !== '';
      const isRecorded = recordedUids(
        moment.get(shownKey(NAMESPACE_BASELINES.plural, { namespace, name: 'baseline' })),
      ).has(before.metadata.uid ?? '');
      return isMarked || isRecorded || (isHandedOver(object) && after !== undefined);
    });
    if (!isOurs) {
      this.#report('R5', event, 'the object was not ours');
    }
  }

  /** R7: some policy of the name was known to be enforced. */
  #judgeMode({ event, name, moments }: Write): void {
    const owner = name.split('.')[0] ?? '';
    const isEnforced = moments.some((moment) => policyIn(moment, owner)?.mode === 'Enforce');
    if (!isEnforced) {
      this.#report('R7', event, 'no policy of that name is enforced');
    }
  }

  #noteTakeover({ before, after }: Write): void {
    if (before === undefined || after === undefined || policyUidOf(before) === policyUidOf(after)) {
      return;
    }
    this.#takenFrom.set(after.metadata.uid ?? '', policyUidOf(before));
  }

  /** R4, R8, R13: a removal needs a live policy of the object's uid that gives the object up. */
  #judgeRemoval({ event, before, namespace, moments }: Write): void {
    if (before === undefined) {
      return;
    }
    const key = shownKey(NETWORK_POLICIES.plural, { namespace, name: before.metadata.name });
    // In a namespace that opted in again it belongs to the set once more (R2).
    const isLeftBehind = (moment: ShownMoment): boolean => {
      const policy = policyIn(moment, ownerNameOf(before));
      return (
        isKept(moment.get(key) ?? before) &&
        !(policy !== undefined && isSelecting(policy, moment.get(shownKey(NAMESPACES.plural, { name: namespace }))))
      );
    };
    if (moments.every(isLeftBehind)) {
      this.#report('R4', event, 'the object was left behind on purpose');
    }
    const isDue = moments.some((moment) => {
      const policy = policyIn(moment, ownerNameOf(before));
      const marked = moment.get(key) ?? before;
      // What a former policy left may have been taken over since that moment.
      if (policy?.mode !== 'Enforce' || ![before, marked].some((object) => policyUidOf(object) === policy.uid)) {
        return false;
      }
      return isGivenUp(policy, before, moment.get(shownKey(NAMESPACES.plural, { name: namespace })));
    });
    if (!isDue) {
      this.#report('R8', event, `no live policy gives it up; it carries ${policyUidOf(before)}`);
    }
    const formerUid = this.#takenFrom.get(before.metadata.uid ?? '');
    const isOfLiving =
      formerUid !== undefined &&
      formerUid !== '' &&
      moments.every((moment) => policyIn(moment, ownerNameOf(before))?.uid === formerUid);
    if (isOfLiving) {
      this.#report('R8', event, `it was taken from ${formerUid}, which lives`);
    }
  }

  /** R3: a default-deny never begins to isolate egress before its allow-dns stands, and allow-dns never goes before it. */
  #judgeDns(write: Write): void {
    if (write.name.endsWith('.default-deny') && write.after !== undefined) {
      this.#judgeNewDeny(write, write.after);
    }
    if (write.name.endsWith('.allow-dns') && write.after === undefined) {
      this.#judgeDnsRemoval(write);
    }
  }

  #judgeNewDeny({ event, before, namespace, name, moments }: Write, after: KubeObject): void {
    const owner = name.split('.')[0] ?? '';
    const isNew =
      isolatedBy(after).includes('Egress') && !(before !== undefined && isolatedBy(before).includes('Egress'));
    const stoodMs = this.#dnsStoodMs.get(`${namespace}/${owner}.allow-dns`) ?? Number.NEGATIVE_INFINITY;
    const hasStood = stoodMs >= this.#parts.clock.nowMs() - this.#windowMs();
    if (isNew && !hasStood && moments.every((moment) => isDnsDeclared(moment, owner))) {
      this.#report('R3', event, 'egress is isolated before allow-dns stands');
    }
  }

  #judgeDnsRemoval({ event, before, namespace, name, moments }: Write): void {
    const owner = name.split('.')[0] ?? '';
    const deny = this.#parts.hands.read(NETWORK_POLICIES, { namespace, name: `${owner}.default-deny` });
    const isStillIsolated =
      deny !== undefined &&
      isolatedBy(deny).includes('Egress') &&
      policyUidOf(deny) === (before === undefined ? '' : policyUidOf(before));
    const isTurnedOff = moments.some((moment) => {
      const policy = policyIn(moment, owner);
      const isWanted =
        policy !== undefined && isSelecting(policy, moment.get(shownKey(NAMESPACES.plural, { name: namespace })));
      return (
        isWanted &&
        !isDnsDeclared(moment, owner) &&
        policy.parts.some(({ part, spec }) => part === 'default-deny' && spec.policyTypes.includes('Egress'))
      );
    });
    if (isStillIsolated && !isTurnedOff) {
      this.#report('R3', event, 'allow-dns goes although the default-deny still isolates egress');
    }
  }

  /** R9: without a confirmation, no more directions lose their last default-deny within the window than the limit. */
  #judgeLoss({ event, before, namespace, moments }: Write): void {
    const terminating = this.#parts.hands.read(NAMESPACES, { name: namespace });
    if (before === undefined || terminating === undefined || isGoing(terminating)) {
      return;
    }
    const owner = ownerNameOf(before);
    const isConfirmed = moments.some((moment) => {
      const policy = policyIn(moment, owner);
      return policy !== undefined && this.#confirmed.has(`${policy.uid} ${policy.generation}`);
    });
    if (isConfirmed || !this.#isManaged(before)) {
      return;
    }
    const left = new Set(
      this.#parts.hands
        .all(NETWORK_POLICIES, namespace)
        .filter((object) => this.#isManaged(object))
        .flatMap(isolatedBy),
    );
    const nowMs = this.#parts.clock.nowMs();
    for (const direction of isolatedBy(before)) {
      if (!left.has(direction)) {
        this.#lost.push({ atMs: nowMs, what: `${namespace} ${direction}` });
      }
    }
    // A direction of a namespace that is lost, put back and lost again is one direction.
    const inWindow = new Set(this.#lost.filter(({ atMs }) => nowMs - atMs < GUARD_WINDOW_MS).map(({ what }) => what));
    if (inWindow.size > this.#parts.removalLimit) {
      this.#report('R9', event, `${[...inWindow].join(', ')} lost their protection without a confirmation`);
    }
  }

  #isManaged(object: KubeObject): boolean {
    return policyUidOf(object) !== '' && isLabelled(object);
  }

  #report(rule: string, event: StoredEvent, what: string): void {
    this.violations.push({
      rule,
      what: `at ${Math.round(this.#parts.clock.nowMs())} ms ${event.type} ${event.object.namespace}/${event.object.name}: ${what}`,
    });
  }
}

/** Whether a policy that is enforced no longer wants an object of its own there. */
function isGivenUp(policy: DeclaredPolicy, object: KubeObject, namespace: KubeObject | undefined): boolean {
  if (policy.isDeleting) {
    return policy.removesOnDelete && policy.hasFinalizer;
  }
  if (!isSelecting(policy, namespace)) {
    return !policy.keepsOnOptOut;
  }
  return !policy.parts.some(({ name }) => name === object.metadata.name);
}

function isDnsDeclared(moment: ShownMoment, owner: string): boolean {
  return policyIn(moment, owner)?.parts.some(({ part }) => part === 'allow-dns') === true;
}

function namespaceIn(moment: ShownMoment, name: string): KubeObject | undefined {
  return moment.get(shownKey(NAMESPACES.plural, { name }));
}

function policiesIn(moment: ShownMoment): readonly DeclaredPolicy[] {
  return objectsIn(moment, BASELINE_POLICIES).map(declaredPolicy);
}

function placesIn(moment: ShownMoment): readonly ResolverPlace[] {
  return resolverPlaces(objectsIn(moment, SERVICES), objectsIn(moment, ENDPOINT_SLICES));
}

/** Whether an operator saw the DNS at this peer, or another one told it so in the status of a policy (R10). */
function isPlaceKnownTo({ shown }: Writer, peer: string): boolean {
  const isKnown = (moment: ShownMoment): boolean =>
    placesIn(moment).some((place) => place.peer === peer) ||
    objectsIn(moment, BASELINE_POLICIES).some(({ status }) =>
      openedPlaces({ metadata: {}, spec: fieldOf(fieldOf(status, 'discovered'), 'dns') }).has(peer),
    );
  return shown.longestRunMs(Number.POSITIVE_INFINITY, isKnown) >= 0;
}

function objectsIn(moment: ShownMoment, { plural }: ResourceType): readonly KubeObject[] {
  return [...moment].flatMap(([key, object]) => (key.startsWith(`${plural} `) ? [object] : []));
}

function policyIn(moment: ShownMoment, name: string): DeclaredPolicy | undefined {
  const object = moment.get(shownKey(BASELINE_POLICIES.plural, { name }));
  return object === undefined ? undefined : declaredPolicy(object);
}
