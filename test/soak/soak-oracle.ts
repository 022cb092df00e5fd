import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { Declaration } from './declaration.ts';
import { isForeign, isNewer, problemIn } from './namespace-oracle.ts';
import type { Sighting, View } from './view.ts';

/** What happened that the operator has to answer. */
export interface Happening {
  readonly kind: string;
  readonly namespace: string;
  /** What the happening left behind: until the observer has seen something later under that name, the answer is not there. */
  readonly past?: { readonly name: string; readonly uid: string; readonly version: string };
}

/** One kind of happening and what came of it; times in milliseconds. */
export interface KindCount {
  readonly answeredMs: number[];
  /** The namespace went before the answer was due. */
  overtaken: number;
  missed: number;
}

interface Open extends Happening {
  readonly sinceMs: number;
}

/** So long after the last fault is everything answered that happened before, leases and growing pauses included. */
const LIMIT_MS = 60_000;
/** However many faults there are. */
const LONGEST_LIMIT_MS = 240_000;
/** What was decided before a policy was frozen may still be carried out, by a process that is stopped or cut off for a while. */
const FREEZE_GRACE_MS = 30_000;
/** An event can come before the answer to the write that it tells of. */
const JUDGED_AFTER_MS = 3_000;
/** How long after a lost answer the write that it was of may be seen. */
const DOUBT_MS = 15_000;
const MOST_TOLD = 20;

/** Keeps account of everything that happened and of every write that was seen, and is satisfied by the state of the cluster only. */
export class SoakOracle {
  readonly byKind = new Map<string, KindCount>();
  /** What should never be: a missed answer, a write to what is not ours, a write to what is frozen. The first few of them. */
  readonly complaints: string[] = [];
  violations = 0;
  /** Writes to NetworkPolicies that somebody else than the soak made: by the operator, that is, or by the end of a namespace. */
  answers = 0;
  lastAnswerMs = 0;
  #open: Open[] = [];
  #sightings: { readonly atMs: number; readonly sighting: Sighting }[] = [];
  #lastFaultMs = 0;
  readonly #written = new Set<string>();
  readonly #removed = new Set<string>();
  readonly #doubtedUntilMs = new Map<string, number>();
  readonly #declaration: Declaration;
  readonly #nowMs: () => number;
  #view: View | undefined;

  constructor(parts: { readonly declaration: Declaration; readonly nowMs: () => number }) {
    this.#declaration = parts.declaration;
    this.#nowMs = parts.nowMs;
  }

  /** From now on this is what is seen. */
  lookThrough(view: View): void {
    this.#view = view;
  }

  /** How many answers are awaited. */
  get open(): number {
    return this.#open.length;
  }

  /** Missed answers so far. */
  get missed(): number {
    return [...this.byKind.values()].reduce((sum, { missed }) => sum + missed, 0);
  }

  /** Something happened just now. */
  happened(happening: Happening): void {
    this.#open.push({ ...happening, sinceMs: this.#nowMs() });
  }

  /** A fault is there, or has just ended. */
  troubled(): void {
    this.#lastFaultMs = this.#nowMs();
  }

  /** The soak itself wrote this NetworkPolicy. */
  wrote(object: KubeObject): void {
    this.#written.add(`${object.metadata.uid ?? ''} ${object.metadata.resourceVersion ?? ''}`);
  }

  /** The soak itself is about to remove the NetworkPolicy of this uid. */
  removes(uid: string): void {
    this.#removed.add(uid);
  }

  /** Whether the soak has written this NetworkPolicy is not known: an answer was lost. Who wrote it just now is not judged. */
  doubts(namespace: string, name: string): void {
    this.#doubtedUntilMs.set(`${namespace}/${name}`, this.#nowMs() + DOUBT_MS);
  }

  /** A NetworkPolicy changed. */
  saw(sighting: Sighting): void {
    this.#sightings.push({ atMs: this.#nowMs(), sighting });
  }

  /** Whether something is awaited in a namespace, of any of these kinds. */
  isAwaited(namespace: string, ...kinds: readonly string[]): boolean {
    return this.#open.some((open) => open.namespace === namespace && kinds.includes(open.kind));
  }

  /** Settles what is answered, and finds what is not, at this time. */
  review(): void {
    const nowMs = this.#nowMs();
    this.#open = this.#open.filter((open) => this.#isStillOpen(open, nowMs));
    const due = this.#sightings.findIndex(({ atMs }) => atMs > nowMs - JUDGED_AFTER_MS);
    for (const { atMs, sighting } of this.#sightings.splice(0, due === -1 ? this.#sightings.length : due)) {
      this.#judge(sighting, atMs);
    }
  }

  /** The last reckoning: what is still awaited is missed, and what stands is compared with what is declared. */
  close(): void {
    this.review();
    for (const open of this.#open.splice(0)) {
      this.#miss(open, this.#nowMs());
    }
    for (const namespace of this.#declaration.namespaces.values()) {
      const problem = namespace.state === 'present' ? this.#problemIn(namespace.name) : undefined;
      if (problem !== undefined) {
        this.#complain(`at the end, ${namespace.name}: ${problem}`);
      }
    }
  }

  /** Notes something that should never be. */
  violated(what: string): void {
    this.violations += 1;
    this.#complain(what);
  }

  #isStillOpen(open: Open, nowMs: number): boolean {
    const verdict = this.#verdictOn(open);
    if (verdict === 'answered') {
      this.#count(open.kind).answeredMs.push(nowMs - open.sinceMs);
    }
    if (verdict === 'overtaken') {
      this.#count(open.kind).overtaken += 1;
    }
    if (verdict !== 'open') {
      return false;
    }
    const isLate =
      nowMs - Math.max(open.sinceMs, this.#lastFaultMs) > LIMIT_MS || nowMs - open.sinceMs > LONGEST_LIMIT_MS;
    if (isLate) {
      this.#miss(open, nowMs);
    }
    return !isLate;
  }

  #verdictOn({ kind, namespace: name, past }: Open): 'answered' | 'overtaken' | 'open' {
    const namespace = this.#declaration.namespaces.get(name);
    if (namespace === undefined || namespace.state === 'absent') {
      return kind === 'namespace deleted' ? 'answered' : 'overtaken';
    }
    if (namespace.state === 'going') {
      return kind === 'namespace deleted' ? 'open' : 'overtaken';
    }
    if (this.#problemIn(name) !== undefined) {
      return 'open';
    }
    return past === undefined || this.#isPast(name, past) ? 'answered' : 'open';
  }

  /** A frozen or removed object answers nothing, and need not. */
  #isPast(namespace: string, past: NonNullable<Happening['past']>): boolean {
    const object = this.#view?.networkPolicies(namespace).get(past.name);
    const policy = this.#declaration.policies.get(past.name.split('.')[0] ?? '');
    const declared = this.#declaration.namespaces.get(namespace);
    const duty = policy === undefined || declared === undefined ? undefined : this.#declaration.duty(declared, policy);
    if (duty?.kind === 'frozen') {
      return true;
    }
    if (object === undefined) {
      return true;
    }
    return object.metadata.uid !== past.uid || isNewer(object.metadata.resourceVersion, past.version);
  }

  #problemIn(name: string): string | undefined {
    const namespace = this.#declaration.namespaces.get(name);
    if (namespace === undefined || this.#view === undefined) {
      return 'it was never declared';
    }
    return problemIn(namespace, this.#declaration, this.#view.networkPolicies(name));
  }

  #judge(sighting: Sighting, atMs: number): void {
    const object = sighting.after ?? sighting.before;
    if (object === undefined || this.#isByUs(sighting)) {
      return;
    }
    this.answers += 1;
    this.lastAnswerMs = Math.max(this.lastAnswerMs, atMs);
    const { namespace = '', name = '' } = object.metadata;
    const isDoubtful = atMs < (this.#doubtedUntilMs.get(`${namespace}/${name}`) ?? 0);
    if (!isDoubtful && this.#isOfToday(object)) {
      this.#judgeTouch(sighting, { what: `${namespace}/${name}`, policy: name.split('.')[0] ?? '', atMs });
    }
  }

  /** Whether it belongs to the namespace that is there now, and not to one of its name that is gone or going. */
  #isOfToday({ metadata }: KubeObject): boolean {
    const declared = this.#declaration.namespaces.get(metadata.namespace ?? '');
    return declared?.state === 'present' && isNewer(metadata.resourceVersion, declared.bornVersion);
  }

  /** Somebody else than the soak wrote or removed this object. */
  #judgeTouch(
    { before, after }: Sighting,
    { what, policy, atMs }: { readonly what: string; readonly policy: string; readonly atMs: number },
  ): void {
    if (before !== undefined && isForeign(before)) {
      this.violated(`${what} is not ours and was ${after === undefined ? 'removed' : 'changed'}`);
    }
    const frozenSinceMs = this.#declaration.policies.get(policy)?.frozenSinceMs;
    if (frozenSinceMs !== undefined && atMs - frozenSinceMs > FREEZE_GRACE_MS) {
      this.violated(`${what} was written although ${policy} is frozen`);
    }
  }

  #isByUs({ before, after }: Sighting): boolean {
    if (after === undefined) {
      return this.#removed.has(before?.metadata.uid ?? '');
    }
    return this.#written.has(`${after.metadata.uid ?? ''} ${after.metadata.resourceVersion ?? ''}`);
  }

  #miss(open: Open, nowMs: number): void {
    this.#count(open.kind).missed += 1;
    this.#complain(
      `missed after ${Math.round((nowMs - open.sinceMs) / 1000)} s: ${open.kind} in ${open.namespace}${open.past === undefined ? '' : ` (${open.past.name})`}: ${this.#problemIn(open.namespace) ?? 'nothing later was seen'}`,
    );
  }

  #complain(what: string): void {
    if (this.complaints.length < MOST_TOLD) {
      this.complaints.push(what);
    }
  }

  #count(kind: string): KindCount {
    const count = this.byKind.get(kind) ?? { answeredMs: [], overtaken: 0, missed: 0 };
    this.byKind.set(kind, count);
    return count;
  }
}
