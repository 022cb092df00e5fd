import { type Clock, pause } from '../../base/clock.ts';
import { fieldOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient, ListPage, Scope, WatchEvent } from '../client/kube-client.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { Marker, ReflectorSink } from './reflector-sink.ts';
import { resourceVersionOrder } from './resource-version.ts';
import { RestoreCheck } from './restore-check.ts';
import { type EndedAttempt, type RestartReason, WatchBackoff } from './watch-backoff.ts';

/** Who wants to know how a reflector fares. Its methods must not throw. */
export interface ReflectorObserver {
  /** A complete list of so many objects is in the sink. */
  synced?(count: number): void;
  /** Something interrupted the list or the watch; it is tried again. */
  restarted?(reason: RestartReason, message: string): void;
  /** The server gave a sign of life: a page, an event, a bookmark. */
  activity?(): void;
}

/** What a reflector works with; times in milliseconds. */
export interface ReflectorOptions {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly scope: Scope;
  readonly sink: ReflectorSink;
  readonly clock: Clock;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** Objects in one page of a list; 500 when absent. A page that is too large in bytes is asked for again with fewer. */
  readonly pageSize?: number;
  /** A watch without so much as a bookmark (one comes about every minute) for so long is given up; 70 s when absent. */
  readonly silenceLimitMs?: number;
  /** `stream` asks for the first state as a WatchList (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists) and turns to pages for good when that fails once. */
  readonly initial?: 'pages' | 'stream';
  readonly observer?: ReflectorObserver;
}

/** Keeps a sink equal to the server's state. */
export interface Reflector {
  /** Lists and watches until the signal is aborted. It never rejects, gives up on nothing and never loops hot. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether a list was ever complete. */
  hasSynced(): boolean;
  /** When the server last gave a sign of life, on the clock's monotonic scale. */
  lastActivityMs(): number;
  /** When the server last gave a sign of life or was last tried, on the clock's monotonic scale; undefined before `run`. */
  lastTurnMs(): number | undefined;
}

/** A reflector, to be started once with `run`. */
export function createReflector(options: ReflectorOptions): Reflector {
  return new ListWatchReflector(options);
}

interface Interruption extends EndedAttempt {
  readonly message: string;
}

const SILENCE_LIMIT_MS = 70_000;

/** After these the position in the history is of no use any more. */
const RELIST_REASONS: ReadonlySet<RestartReason> = new Set<RestartReason>([
  'expired',
  'resourceVersionTooLarge',
  'malformed',
  'tooLarge',
  'invalid',
  'notFound',
  'sinkFailed',
  'wentBack',
]);

class ListWatchReflector implements Reflector {
  readonly #options: ReflectorOptions;
  readonly #sink: ReflectorSink;
  #initial: 'pages' | 'stream';
  /** The version to go on from; `undefined` when only a list can help. */
  #position: string | undefined;
  /** Whether the server may have been restored from a backup since we last heard of `#position`. */
  #isPositionDoubtful = false;
  readonly #sight = new RestoreCheck();
  #hasSynced = false;
  readonly #silenceLimitMs: number;
  readonly #delay: WatchBackoff;
  #lastActivityMs: number;
  #lastTurnMs: number | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#sink = options.sink;
    this.#initial = options.initial ?? 'pages';
    this.#silenceLimitMs = options.silenceLimitMs ?? SILENCE_LIMIT_MS;
    this.#delay = new WatchBackoff({ random: options.random, silenceLimitMs: this.#silenceLimitMs });
    this.#lastActivityMs = options.clock.nowMs();
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  lastTurnMs(): number | undefined {
    return this.#lastTurnMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#lastTurnMs = this.#options.clock.nowMs();
      const interruption = await this.#step(signal);
      const delayMs = interruption === undefined ? 0 : this.#delay.afterMs(interruption);
      if (delayMs > 0) {
        await pause(this.#options.clock, delayMs, signal);
      }
    }
  }

  /** One list, or one watch from beginning to end. `undefined` when the next step may follow at once. */
  async #step(signal: AbortSignal): Promise<Interruption | undefined> {
    const interruption = await this.#advance(signal).catch(sinkFailure);
    if (interruption === undefined || signal.aborted) {
      return undefined;
    }
    if (RELIST_REASONS.has(interruption.reason)) {
      this.#position = undefined;
    }
    this.#isPositionDoubtful = true;
    if (interruption.reason !== 'ended') {
      this.#sight.lose(this.#sink.newest);
    }
    this.#sink.doubted?.();
    this.#options.observer?.restarted?.(interruption.reason, interruption.message);
    return interruption;
  }

  async #advance(signal: AbortSignal): Promise<Interruption | undefined> {
    if (this.#position === undefined) {
      return this.#initial === 'stream' ? await this.#watch(signal, new InitialState()) : await this.#list(signal);
    }
    if (this.#isPositionDoubtful) {
      return await this.#verify(this.#position, signal);
    }
    return await this.#watch(signal);
  }

  /**
   * A watch from a version that the server has not reached is accepted and stays silent until it gets there. After an
   * etcd restore that would lose every change until then, so the server's version is asked for before each new watch.
   */
  async #verify(position: string, signal: AbortSignal): Promise<Interruption | undefined> {
    const { marker } = this.#sight;
    const page = await this.#options.client.list({
      ...this.#options.scope,
      ...(marker === undefined ? {} : scopeOf(marker)),
      limit: 1,
      signal,
    });
    if (!page.ok) {
      return interruptionFor(page.error);
    }
    this.#noteActivity();
    const loss = this.#lossIn(page.value, position);
    if (loss !== undefined) {
      return { reason: 'wentBack', message: loss };
    }
    this.#isPositionDoubtful = false;
    this.#sight.regain();
    this.#sink.confirmed?.();
    return undefined;
  }

  /** What the server has lost, in words; undefined where it has all that was seen of it. */
  #lossIn({ resourceVersion, items }: ListPage, position: string): string | undefined {
    const order = resourceVersionOrder(resourceVersion, position);
    // Where we had written after that position, a server that is just there has lost it.
    if (order !== undefined && (order < 0 || (order === 0 && this.#sink.isAhead === true))) {
      return `the server is at version ${resourceVersion}, before ${position} or what we wrote after it`;
    }
    return this.#sight.isProvenBy(items)
      ? undefined
      : 'what was seen last cannot be found in that version, as after a restore whose versions have caught up';
  }

  async #list(signal: AbortSignal): Promise<Interruption | undefined> {
    let listed = await this.#listAll(signal);
    // Everything gone at once is more likely a fault than the truth.
    if (listed.ok && listed.value.count === 0 && this.#sink.size > 0) {
      listed = await this.#listAll(signal);
    }
    if (!listed.ok) {
      return interruptionFor(listed.error);
    }
    this.#sync(listed.value);
    return undefined;
  }

  async #listAll(signal: AbortSignal): Promise<Result<{ count: number; resourceVersion: string }, KubeError>> {
    let limit = this.#options.pageSize ?? 500;
    let continueToken: string | undefined;
    let count = 0;
    this.#sink.listStarted();
    for (;;) {
      const page = await this.#options.client.list({
        ...this.#options.scope,
        limit,
        signal,
        ...(continueToken === undefined ? {} : { continueToken }),
      });
      if (page.ok) {
        this.#noteActivity();
        for (const object of page.value.items) {
          this.#sink.upsert(object);
        }
        count += page.value.items.length;
        continueToken = page.value.continueToken;
        if (continueToken === undefined) {
          return success({ count, resourceVersion: page.value.resourceVersion });
        }
      } else if (page.error.kind === 'tooLarge' && limit > 1) {
        limit = Math.ceil(limit / 4);
      } else {
        return failure(page.error);
      }
    }
  }

  #sync({ count, resourceVersion }: { readonly count: number; readonly resourceVersion: string }): void {
    this.#sink.listEnded(resourceVersion);
    this.#position = resourceVersion;
    this.#isPositionDoubtful = false;
    this.#sight.regain();
    this.#sight.note('list');
    this.#hasSynced = true;
    this.#options.observer?.synced?.(count);
  }

  async #watch(signal: AbortSignal, initial?: InitialState): Promise<Interruption | undefined> {
    const { client, scope, clock, random } = this.#options;
    const startedMs = clock.nowMs();
    const stop = new AbortController();
    const stopToo = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', stopToo, { once: true });
    if (initial !== undefined) {
      this.#sink.listStarted();
    }
    let problem: Interruption | undefined;
    const over = await client.watch(
      {
        ...scope,
        ...(initial === undefined && this.#position !== undefined
          ? { resourceVersion: this.#position }
          : { sendInitialEvents: true }),
        timeoutSeconds: Math.round(300 + 300 * random()),
        silenceLimitMs: this.#silenceLimitMs,
        signal: stop.signal,
      },
      (event) => {
        problem ??= this.#taken(event, initial);
        if (problem !== undefined) {
          stop.abort();
        }
      },
    );
    signal.removeEventListener('abort', stopToo);
    const livedMs = clock.nowMs() - startedMs;
    if (initial?.isOpen === true) {
      return this.#turnToPages(problem ?? endOf(over), livedMs);
    }
    return { ...(problem ?? endOf(over)), livedMs };
  }

  /** Where streams are not served, that is no failure, and nothing to wait for. */
  #turnToPages(interruption: Interruption, livedMs: number): Interruption | undefined {
    this.#initial = 'pages';
    return interruption.reason === 'invalid' ? undefined : { ...interruption, livedMs };
  }

  /** Takes one event in; what it gives is a reason to end the watch. */
  #taken(event: WatchEvent, initial: InitialState | undefined): Interruption | undefined {
    const { resourceVersion } = event.object.metadata;
    if (resourceVersion === undefined || resourceVersion === '') {
      return { reason: 'malformed', message: 'an event has no resourceVersion' };
    }
    try {
      this.#noteActivity();
      if (initial?.isOpen === true) {
        return this.#takenInitially(event, resourceVersion, initial);
      }
      if (event.type === 'DELETED') {
        this.#sink.remove(event.object);
      } else if (event.type !== 'BOOKMARK') {
        this.#sink.upsert(event.object);
      }
      if (event.type !== 'BOOKMARK') {
        this.#sight.note(event.type === 'DELETED' ? 'deletion' : 'object');
      }
      this.#position = resourceVersion;
      return undefined;
    } catch (thrown) {
      return sinkFailure(thrown);
    }
  }

  #takenInitially(event: WatchEvent, resourceVersion: string, initial: InitialState): Interruption | undefined {
    if (event.type !== 'BOOKMARK') {
      initial.count += 1;
      this.#sink.upsert(event.object);
    } else if (fieldOf(event.object.metadata.annotations, 'k8s.io/initial-events-end') === 'true') {
      if (initial.count === 0 && this.#sink.size > 0) {
        return { reason: 'malformed', message: 'the stream began empty although objects are known' };
      }
      initial.isOpen = false;
      this.#sync({ count: initial.count, resourceVersion });
    }
    return undefined;
  }

  #noteActivity(): void {
    this.#lastActivityMs = this.#options.clock.nowMs();
    this.#lastTurnMs = this.#lastActivityMs;
    this.#options.observer?.activity?.();
  }
}

/** How far the first state of a stream has come. */
class InitialState {
  isOpen = true;
  count = 0;
}

/** That object alone. */
function scopeOf({ namespace, name }: Marker): Pick<Scope, 'namespace' | 'fieldSelector'> {
  return { ...(namespace === '' ? {} : { namespace }), fieldSelector: `metadata.name=${name}` };
}

function endOf(watch: Result<unknown, KubeError>): Interruption {
  return watch.ok ? { reason: 'ended', message: 'the server ended the watch' } : interruptionFor(watch.error);
}

function interruptionFor(error: KubeError): Interruption {
  return {
    reason: error.kind,
    message: error.message,
    ...('retryAfterMs' in error ? { retryAfterMs: error.retryAfterMs } : {}),
  };
}

function sinkFailure(thrown: unknown): Interruption {
  return { reason: 'sinkFailed', message: thrown instanceof Error ? thrown.message : 'what the reflector fills threw' };
}
