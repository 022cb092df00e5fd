import { compareVersions, validate } from 'compare-versions';
import { type Clock, pause, type Timer } from '../../base/clock.ts';
import { microTime } from '../../base/micro-time.ts';
import type { Result } from '../../base/result.ts';
import type { KubeClient } from '../client/kube-client.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { KubeObject } from '../client/kube-object.ts';
import { createReflector } from '../informer/reflector.ts';
import { isOlderVersion } from '../informer/resource-version.ts';
import {
  isSameRenewal,
  LEASES,
  type LeaseName,
  type LeaseRecord,
  leaseObject,
  leaseRecordOf,
  nextRecord,
} from './lease-record.ts';

/** The options of an election; times in milliseconds. */
export interface ElectionOptions {
  readonly kube: Pick<KubeClient, 'get' | 'list' | 'watch' | 'create' | 'replace'>;
  readonly clock: Clock;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  readonly lease: LeaseName;
  /** The name of this process as a candidate; no other process may ever use it. */
  readonly identity: string;
  /** The version of this program. */
  readonly version: string;
  /** The annotation of the Lease that stores the newest version that ever led. */
  readonly versionAnnotation: string;
  /** How long a lease without a renewal still belongs to its holder; whole seconds. */
  readonly leaseDurationMs: number;
  /** How long the leader goes on without a renewal before it stops by itself; less than the duration. */
  readonly renewDeadlineMs: number;
  /** The pause between two renewals, or between two attempts to acquire; less than the deadline. */
  readonly retryPeriodMs: number;
  readonly onEvent?: (event: ElectionEvent) => void;
}

/** What an election reports. */
export type ElectionEvent =
  | { readonly kind: 'standby'; readonly holder: string }
  | { readonly kind: 'leading'; readonly newestVersion: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'released' }
  | { readonly kind: 'failed'; readonly error: KubeError };

/** The time from the acquisition of the lease to its loss or release. */
export interface Term {
  /** Aborted when the lease is lost. */
  readonly lost: AbortSignal;
  /**
   * How long a request that is sent now may take before another process could hold the lease; 0 if no request may be
   * sent. It is computed at each call, so a process that was stopped for a while knows before any of its timers runs.
   */
  remainingMs(): number;
  /** The newest version that ever held the lease, including this program's (R15). */
  readonly newestVersion: string;
}

/** The Lease as it was last observed. */
interface ObservedLease {
  readonly record: LeaseRecord;
  /** Undefined if it was deleted since. */
  readonly object: KubeObject | undefined;
  /** The monotonic time at which its latest renewal was first observed. */
  readonly renewalObservedMs: number;
}

/** One attempt to renew: `unknown` means that the server gave no answer, so the lease may still be ours. */
type Renewal = 'renewed' | 'unknown' | 'lost';

/**
 * As in client-go: each pause is extended by up to this factor at random, so that candidates do not act at one moment.
 */
const JITTER = 1.2;
/** The shortest time limit of a request. */
const SHORTEST_ATTEMPT_MS = 100;
/** As in client-go: a released lease expires after one second. */
const RELEASED_DURATION_MS = 1_000;

/**
 * Leader election on a Lease, with the semantics of client-go
 * (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection): a lease may be acquired when no renewal was observed for
 * the whole duration on our monotonic clock; no wall clock is trusted. Beyond client-go, it watches the Lease, so that
 * it notices a release at once, and it treats a deleted Lease as held by its last observed holder. It never rejects and
 * never gives up.
 */
export class LeaderElection {
  readonly #options: ElectionOptions;
  #observedLease: ObservedLease | undefined;
  /** Whether the server answered that the Lease does not exist, and it was never observed. */
  #isNew = false;
  #isLeading = false;
  #reportedHolder = '';
  #pausing: AbortController | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The content of the Lease as it was last observed; undefined before. */
  get record(): LeaseRecord | undefined {
    return this.#observedLease?.record;
  }

  /**
   * Takes part in the election until `signal` is aborted, and calls `lead` for each term. `lead` must resolve soon after
   * `signal` or the term's `lost` is aborted; the lease is released only after that.
   */
  async run(signal: AbortSignal, lead: (term: Term) => Promise<void>): Promise<void> {
    const watching = this.#watch(signal);
    await this.#fetch();
    while (!signal.aborted) {
      const acquiredMs = this.#freeInMs() <= 0 ? await this.#acquire() : undefined;
      if (acquiredMs !== undefined) {
        await this.#serve({ acquiredMs, signal, lead });
      } else {
        await this.#waitAndFetch(signal);
      }
    }
    await watching;
  }

  async #waitAndFetch(signal: AbortSignal): Promise<void> {
    this.#reportHolder();
    const { retryPeriodMs, random } = this.#options;
    const freeInMs = this.#freeInMs();
    await this.#pause(
      Math.min(retryPeriodMs * (1 + JITTER * random()), freeInMs > 0 ? freeInMs : Number.POSITIVE_INFINITY),
      signal,
    );
    if (!signal.aborted && this.#freeInMs() > 0) {
      await this.#fetch();
    }
  }

  #reportHolder(): void {
    const holder = this.#observedLease?.record.holder ?? '';
    if (holder !== '' && holder !== this.#reportedHolder) {
      this.#report({ kind: 'standby', holder });
    }
    this.#reportedHolder = holder;
  }

  /** One term, from the acquisition to its end. */
  async #serve({
    acquiredMs,
    signal,
    lead,
  }: {
    readonly acquiredMs: number;
    readonly signal: AbortSignal;
    readonly lead: (term: Term) => Promise<void>;
  }): Promise<void> {
    const { clock, leaseDurationMs, renewDeadlineMs } = this.#options;
    const lost = new AbortController();
    const over = new AbortController();
    let renewedMs = acquiredMs;
    let deadline: Timer | undefined;
    const onRenewed = (atMs: number): void => {
      renewedMs = atMs;
      deadline?.cancel();
      deadline = clock.after(atMs + renewDeadlineMs - clock.nowMs(), () => {
        lost.abort();
      });
    };
    const remainingMs = (): number => {
      const nowMs = clock.nowMs();
      return lost.signal.aborted || nowMs >= renewedMs + renewDeadlineMs ? 0 : renewedMs + leaseDurationMs - nowMs;
    };
    onRenewed(acquiredMs);
    this.#isLeading = true;
    const newestVersion = this.#observedLease?.record.newestVersion ?? '';
    this.#report({ kind: 'leading', newestVersion });
    const renewing = this.#renew({ over: over.signal, lost, onRenewed });
    try {
      await lead({ lost: lost.signal, remainingMs, newestVersion });
    } finally {
      over.abort();
      deadline?.cancel();
      await renewing;
      this.#isLeading = false;
    }
    if (lost.signal.aborted) {
      this.#report({ kind: 'lost' });
    } else if (signal.aborted) {
      await this.#release();
    }
  }

  /** Renews until the term is over or lost. */
  async #renew({
    over,
    lost,
    onRenewed,
  }: {
    readonly over: AbortSignal;
    readonly lost: AbortController;
    readonly onRenewed: (atMs: number) => void;
  }): Promise<void> {
    const { clock, retryPeriodMs } = this.#options;
    const overOrLost = AbortSignal.any([over, lost.signal]);
    for (;;) {
      await this.#pause(retryPeriodMs, overOrLost);
      if (overOrLost.aborted) {
        return;
      }
      const startedMs = clock.nowMs();
      switch (await this.#renewOnce()) {
        case 'renewed':
          onRenewed(startedMs);
          break;
        case 'unknown':
          break;
        case 'lost':
          lost.abort();
      }
    }
  }

  async #renewOnce(): Promise<Renewal> {
    const isDeleted = this.#observedLease?.object === undefined;
    if (!this.#isHolder() && !isDeleted) {
      return 'lost';
    }
    if (await this.#tryAcquireOrRenew(this.#options.identity)) {
      return 'renewed';
    }
    // After a failed write only the Lease itself says who holds it.
    if (!(await this.#fetch())) {
      return 'unknown';
    }
    return this.#isHolder() ? 'unknown' : 'lost';
  }

  /** Milliseconds until the lease may be acquired; not positive if it may be acquired now. */
  #freeInMs(): number {
    const { clock, identity, leaseDurationMs } = this.#options;
    if (this.#observedLease === undefined) {
      return this.#isNew ? 0 : Number.POSITIVE_INFINITY;
    }
    const { record, renewalObservedMs } = this.#observedLease;
    if (record.holder === '' || record.holder === identity) {
      return 0;
    }
    return renewalObservedMs + (record.durationMs ?? leaseDurationMs) - clock.nowMs();
  }

  /** The time at which the request that acquired the lease was sent; undefined if it was not acquired. */
  async #acquire(): Promise<number | undefined> {
    const startedMs = this.#options.clock.nowMs();
    if (await this.#tryAcquireOrRenew(this.#options.identity)) {
      return startedMs;
    }
    await this.#fetch();
    return undefined;
  }

  async #release(): Promise<void> {
    if (this.#isHolder() && (await this.#tryAcquireOrRenew(''))) {
      this.#report({ kind: 'released' });
    }
  }

  /** Writes the Lease for this holder (empty: for none) if it is still as observed; returns whether that succeeded. */
  async #tryAcquireOrRenew(holder: string): Promise<boolean> {
    const { clock, lease, version, versionAnnotation, leaseDurationMs } = this.#options;
    const { record, object: existing } = this.#observedLease ?? {};
    const draft = {
      ...nextRecord(record, { holder, nowTime: microTime(clock.wallTime()) }),
      durationMs: holder === '' ? RELEASED_DURATION_MS : leaseDurationMs,
      newestVersion: newerVersion(record?.newestVersion ?? '', version),
    };
    const exists = existing !== undefined;
    const written = await this.#write(leaseObject(lease, draft, { existing, versionAnnotation }), exists);
    if (written.ok) {
      this.#observe(written.value);
    } else if (!isRace(written.error, exists)) {
      this.#report({ kind: 'failed', error: written.error });
    }
    return written.ok;
  }

  #write(object: KubeObject, exists: boolean): Promise<Result<KubeObject, KubeError>> {
    const { kube } = this.#options;
    const options = { timeoutMs: this.#attemptMs };
    return exists ? kube.replace(LEASES, object, options) : kube.create(LEASES, object, options);
  }

  /** The time limit of one request: a third of the deadline, so that one lost response does not cost the lease. */
  get #attemptMs(): number {
    return Math.max(SHORTEST_ATTEMPT_MS, Math.floor(this.#options.renewDeadlineMs / 3));
  }

  /** Reads the Lease; returns whether the server answered. */
  async #fetch(): Promise<boolean> {
    const { kube, lease, clock } = this.#options;
    const stop = new AbortController();
    const timer = clock.after(this.#attemptMs, () => {
      stop.abort();
    });
    const fetched = await kube.get({ type: LEASES, ...lease }, { signal: stop.signal });
    timer.cancel();
    if (fetched.ok) {
      this.#observe(fetched.value);
      return true;
    }
    if (fetched.error.kind === 'notFound') {
      this.#observeAbsence();
      return true;
    }
    this.#report({ kind: 'failed', error: fetched.error });
    return false;
  }

  #isHolder(): boolean {
    return this.#observedLease?.record.holder === this.#options.identity;
  }

  #observe(object: KubeObject): void {
    const before = this.#observedLease;
    const record = leaseRecordOf(object, this.#options.versionAnnotation);
    const isKnownRenewal = before !== undefined && isSameRenewal(before.record, record);
    this.#observedLease = {
      record,
      object,
      renewalObservedMs: isKnownRenewal ? before.renewalObservedMs : this.#options.clock.nowMs(),
    };
  }

  #observeAbsence(): void {
    if (this.#observedLease === undefined) {
      this.#isNew = true;
    } else {
      this.#observedLease = { ...this.#observedLease, object: undefined };
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { kube, clock, random, lease } = this.#options;
    const sink = {
      listStarted: () => undefined,
      upsert: (object: KubeObject) => {
        this.#observeWatched(object);
      },
      remove: () => undefined,
      listEnded: () => undefined,
      size: 0,
    };
    const scope = { type: LEASES, namespace: lease.namespace, fieldSelector: `metadata.name=${lease.name}` };
    await createReflector({ client: kube, scope, sink, clock, random }).run(signal);
  }

  /** The watch may lag behind our own writes and reads. */
  #observeWatched(object: KubeObject): void {
    const { name, resourceVersion = '' } = object.metadata;
    const observedVersion = this.#observedLease?.object?.metadata.resourceVersion ?? '0';
    if (name !== this.#options.lease.name || isOlderVersion(resourceVersion, observedVersion)) {
      return;
    }
    this.#observe(object);
    if (this.#isTermInQuestion()) {
      this.#pausing?.abort();
    }
  }

  /** Whether what the Lease says ends a term or lets a new one begin, so that the next attempt is due at once. */
  #isTermInQuestion(): boolean {
    return this.#isLeading ? !this.#isHolder() : this.record?.holder === '';
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    this.#pausing = new AbortController();
    await pause(this.#options.clock, delayMs, AbortSignal.any([signal, this.#pausing.signal]));
  }

  #report(event: ElectionEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** The newer of two versions. A text that is not a version is older than any version. */
export function newerVersion(a: string, b: string): string {
  if (!validate(a)) {
    return b;
  }
  return validate(b) && compareVersions(a, b) < 0 ? b : a;
}

/** Whether another candidate was faster, which is normal. */
function isRace(error: KubeError, existed: boolean): boolean {
  // A create that ends in `notFound` means that the namespace of the Lease is missing.
  return error.kind === 'conflict' || error.kind === 'alreadyExists' || (error.kind === 'notFound' && existed);
}
