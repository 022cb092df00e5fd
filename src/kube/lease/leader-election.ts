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

/** What an election works with; times in milliseconds. */
export interface ElectionOptions {
  readonly kube: Pick<KubeClient, 'get' | 'list' | 'watch' | 'create' | 'replace'>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly lease: LeaseName;
  /** Of this process, and of no other ever. */
  readonly identity: string;
  /** Of this program. */
  readonly version: string;
  /** The annotation of the Lease that names the newest version that ever led. */
  readonly versionAnnotation: string;
  /** For so long without a renewal the lease is still its holder's; whole seconds. */
  readonly leaseDurationMs: number;
  /** After so long without a renewal the leader stops by itself; less than the duration. */
  readonly renewDeadlineMs: number;
  /** How often it is renewed, or asked for; less than the deadline. */
  readonly retryPeriodMs: number;
  readonly onNews?: (news: ElectionEvent) => void;
}

/** What an election tells of itself. */
export type ElectionEvent =
  | { readonly kind: 'standby'; readonly holder: string }
  | { readonly kind: 'leading'; readonly newestVersion: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'released' }
  | { readonly kind: 'failed'; readonly error: KubeError };

/** A time of leading. */
export interface Term {
  /** Aborted when the lease is lost. */
  readonly lost: AbortSignal;
  /** For how long a request that is sent now may go on before the lease could be another's; 0 when nothing may be sent. It is reckoned at each call, so that a process that stood still knows before any timer does. */
  remainingMs(): number;
  /** The newest version that ever held the lease, this one included (R15). */
  readonly newestVersion: string;
}

/** What was last seen of the Lease, and since when its holder's word has been the same. */
interface Sight {
  readonly record: LeaseRecord;
  /** Undefined when it is gone. */
  readonly standing: KubeObject | undefined;
  readonly sinceMs: number;
}

/** As in client-go: so far a rest is stretched at random, so that candidates do not march in step. */
const JITTER = 1.2;

/**
 * Leader election on a Lease, with client-go's semantics
 * (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection): a lease is free when its holder's word has not changed for
 * the whole duration as seen from here, on the monotonic clock; nobody's wall clock is trusted. Beyond that the Lease is
 * watched, so that a release is answered at once, and a Lease that was deleted counts as still held by whom it was last
 * seen with. It never rejects and never gives up.
 */
export class LeaderElection {
  readonly #options: ElectionOptions;
  #sight: Sight | undefined;
  /** Whether the server has said that there is no Lease, and none was ever seen. */
  #isNew = false;
  #isLeading = false;
  #toldHolder = '';
  #resting: AbortController | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** What the Lease said when it was last seen; undefined before. */
  get record(): LeaseRecord | undefined {
    return this.#sight?.record;
  }

  /**
   * Stands for election until `signal` is aborted, and calls `lead` for each term. `lead` must resolve soon after
   * `signal` or the term's `lost` is aborted; only then is the lease given back.
   */
  async run(signal: AbortSignal, lead: (term: Term) => Promise<void>): Promise<void> {
    const watching = this.#watch(signal);
    await this.#look();
    while (!signal.aborted) {
      const claimedMs = this.#freeInMs() <= 0 ? await this.#claim() : undefined;
      if (claimedMs !== undefined) {
        await this.#serve({ claimedMs, signal, lead });
      } else {
        await this.#waitAndLook(signal);
      }
    }
    await watching;
  }

  async #waitAndLook(signal: AbortSignal): Promise<void> {
    const { record } = this.#sight ?? {};
    if (record !== undefined && record.holder !== '' && record.holder !== this.#toldHolder) {
      this.#tell({ kind: 'standby', holder: record.holder });
    }
    this.#toldHolder = record?.holder ?? '';
    const { retryPeriodMs, random } = this.#options;
    const freeInMs = this.#freeInMs();
    await this.#rest(
      Math.min(retryPeriodMs * (1 + JITTER * random()), freeInMs > 0 ? freeInMs : Number.POSITIVE_INFINITY),
      signal,
    );
    if (!signal.aborted && this.#freeInMs() > 0) {
      await this.#look();
    }
  }

  /** One term, from the claim to its end. */
  async #serve({
    claimedMs,
    signal,
    lead,
  }: {
    readonly claimedMs: number;
    readonly signal: AbortSignal;
    readonly lead: (term: Term) => Promise<void>;
  }): Promise<void> {
    const { clock, leaseDurationMs, renewDeadlineMs } = this.#options;
    const lost = new AbortController();
    const over = new AbortController();
    let renewedMs = claimedMs;
    let deadline: Timer | undefined;
    const renewed = (atMs: number): void => {
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
    renewed(claimedMs);
    this.#isLeading = true;
    const newestVersion = this.#sight?.record.newestVersion ?? '';
    this.#tell({ kind: 'leading', newestVersion });
    const renewing = this.#renew({ over: over.signal, lost, renewed });
    try {
      await lead({ lost: lost.signal, remainingMs, newestVersion });
    } finally {
      over.abort();
      deadline?.cancel();
      await renewing;
      this.#isLeading = false;
    }
    if (lost.signal.aborted) {
      this.#tell({ kind: 'lost' });
    } else if (signal.aborted) {
      await this.#release();
    }
  }

  async #renew({
    over,
    lost,
    renewed,
  }: {
    readonly over: AbortSignal;
    readonly lost: AbortController;
    readonly renewed: (atMs: number) => void;
  }): Promise<void> {
    const { clock, retryPeriodMs } = this.#options;
    const either = AbortSignal.any([over, lost.signal]);
    for (;;) {
      await this.#rest(retryPeriodMs, either);
      if (either.aborted) {
        return;
      }
      const startedMs = clock.nowMs();
      if (!this.#isOurs() && this.#sight?.standing !== undefined) {
        lost.abort();
      } else if (await this.#hold(this.#options.identity)) {
        renewed(startedMs);
      }
      // Nobody can say after a failure whose it is now but the Lease itself.
      else if (!(await this.#look())) {
        continue;
      } else if (!this.#isOurs()) {
        lost.abort();
      }
    }
  }

  /** In milliseconds from now; not positive when the lease may be asked for. */
  #freeInMs(): number {
    const { clock, identity, leaseDurationMs } = this.#options;
    if (this.#sight === undefined) {
      return this.#isNew ? 0 : Number.POSITIVE_INFINITY;
    }
    const { record, sinceMs } = this.#sight;
    if (record.holder === '' || record.holder === identity) {
      return 0;
    }
    return sinceMs + (record.durationMs ?? leaseDurationMs) - clock.nowMs();
  }

  /** When the request that won the lease was sent; undefined when it was not won. */
  async #claim(): Promise<number | undefined> {
    const startedMs = this.#options.clock.nowMs();
    if (await this.#hold(this.#options.identity)) {
      return startedMs;
    }
    await this.#look();
    return undefined;
  }

  async #release(): Promise<void> {
    if (this.#isOurs() && (await this.#hold(''))) {
      this.#tell({ kind: 'released' });
    }
  }

  /** Writes the Lease for this holder, over exactly what was last seen of it. */
  async #hold(holder: string): Promise<boolean> {
    const { clock, lease, version, versionAnnotation, leaseDurationMs } = this.#options;
    const { record, standing } = this.#sight ?? {};
    const draft = {
      ...nextRecord(record, { holder, nowTime: microTime(clock.wallTime()) }),
      // As client-go does: a released lease is nobody's for longer than a second.
      durationMs: holder === '' ? 1000 : leaseDurationMs,
      newestVersion: newerVersion(record?.newestVersion ?? '', version),
    };
    const written = await this.#write(
      leaseObject(lease, draft, { standing, versionAnnotation }),
      standing !== undefined,
    );
    if (written.ok) {
      this.#see(written.value);
    } else if (!isRace(written.error, standing !== undefined)) {
      this.#tell({ kind: 'failed', error: written.error });
    }
    return written.ok;
  }

  #write(object: KubeObject, isStanding: boolean): Promise<Result<KubeObject, KubeError>> {
    const { kube } = this.#options;
    const options = { timeoutMs: this.#attemptMs };
    return isStanding ? kube.replace(LEASES, object, options) : kube.create(LEASES, object, options);
  }

  /** So that one answer that never comes does not cost the lease. */
  get #attemptMs(): number {
    return Math.max(100, Math.floor(this.#options.renewDeadlineMs / 3));
  }

  /** Asks the server for the Lease; gives back whether it answered. */
  async #look(): Promise<boolean> {
    const { kube, lease, clock } = this.#options;
    const stop = new AbortController();
    const timer = clock.after(this.#attemptMs, () => {
      stop.abort();
    });
    const found = await kube.get({ type: LEASES, ...lease }, { signal: stop.signal });
    timer.cancel();
    if (found.ok) {
      this.#see(found.value);
    } else if (found.error.kind === 'notFound') {
      this.#seeNothing();
    } else {
      this.#tell({ kind: 'failed', error: found.error });
    }
    return found.ok || found.error.kind === 'notFound';
  }

  #isOurs(): boolean {
    return this.#sight?.record.holder === this.#options.identity;
  }

  #see(standing: KubeObject): void {
    const record = leaseRecordOf(standing, this.#options.versionAnnotation);
    const isSame = this.#sight !== undefined && isSameRenewal(this.#sight.record, record);
    this.#sight = { record, standing, sinceMs: isSame ? (this.#sight?.sinceMs ?? 0) : this.#options.clock.nowMs() };
  }

  #seeNothing(): void {
    if (this.#sight === undefined) {
      this.#isNew = true;
    } else {
      this.#sight = { ...this.#sight, standing: undefined };
    }
  }

  /** What the watch shows may be older than what we have written or asked for since. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { kube, clock, random, lease } = this.#options;
    const seen = (object: KubeObject): void => {
      const { resourceVersion = '' } = object.metadata;
      if (
        object.metadata.name !== lease.name ||
        isOlderVersion(resourceVersion, this.#sight?.standing?.metadata.resourceVersion ?? '0')
      ) {
        return;
      }
      this.#see(object);
      const { holder } = leaseRecordOf(object, this.#options.versionAnnotation);
      if (this.#isLeading ? !this.#isOurs() : holder === '') {
        this.#resting?.abort();
      }
    };
    const sink = {
      listStarted: () => undefined,
      upsert: seen,
      remove: () => undefined,
      listEnded: () => undefined,
      size: 0,
    };
    const scope = { type: LEASES, namespace: lease.namespace, fieldSelector: `metadata.name=${lease.name}` };
    await createReflector({ client: kube, scope, sink, clock, random }).run(signal);
  }

  async #rest(delayMs: number, signal: AbortSignal): Promise<void> {
    this.#resting = new AbortController();
    await pause(this.#options.clock, delayMs, AbortSignal.any([signal, this.#resting.signal]));
  }

  #tell(news: ElectionEvent): void {
    this.#options.onNews?.(news);
  }
}

/** Of two versions the newer one; what is no version is older than any. */
export function newerVersion(a: string, b: string): string {
  if (!validate(a)) {
    return b;
  }
  return validate(b) && compareVersions(a, b) < 0 ? b : a;
}

/** Somebody was faster: everyday life among candidates. */
function isRace(error: KubeError, isStanding: boolean): boolean {
  // To create it and hear that something is not there means that its namespace is not.
  return error.kind === 'conflict' || error.kind === 'alreadyExists' || (error.kind === 'notFound' && isStanding);
}
