import { type Clock, pause } from '../../base/clock.ts';
import { fieldOf } from '../../base/json.ts';
import type { KubeClient, ListPage, Scope, WatchEvent, WatchRequest } from '../client/kube-client.ts';
import type { ReflectorSink, VersionedObject } from './reflector-sink.ts';
import {
  EMPTY,
  endOf,
  type Interruption,
  interrupted,
  interruptionFor,
  type State,
  type Step,
  sinkFailed,
  sinkFailure,
  type WatchProgress,
} from './reflector-state.ts';
import { resourceVersionOrder } from './resource-version.ts';
import { RestoreCheck } from './restore-check.ts';
import { type RestartReason, WatchBackoff } from './watch-backoff.ts';

/** Receives the progress of a reflector. Its methods must not throw. */
export interface ReflectorObserver {
  /** The sink has received a complete list of `count` objects. */
  synced?(count: number): void;
  /** The list or the watch was interrupted; the reflector tries again. */
  restarted?(reason: RestartReason, message: string): void;
}

/** The options of a reflector; times in milliseconds. */
export interface ReflectorOptions {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly scope: Scope;
  readonly sink: ReflectorSink;
  readonly clock: Clock;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** Objects per list page; 500 when absent. A page whose body is too large is requested again with fewer. */
  readonly pageSize?: number;
  /**
   * A watch that receives nothing for this time is restarted; 70 s when absent. The server sends a bookmark about every
   * minute.
   */
  readonly silenceLimitMs?: number;
  /**
   * `stream` reads the first state as a WatchList
   * (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists). After the first failure of a stream
   * the reflector lists in pages for the rest of its life. `pages` when absent.
   */
  readonly initial?: 'pages' | 'stream';
  readonly observer?: ReflectorObserver;
}

/** Keeps a sink equal to the server's state: the list and watch part of an informer. */
export interface Reflector {
  /**
   * Lists and watches until the signal is aborted. It never rejects, never gives up and always pauses between failures.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Whether a complete list has reached the sink. */
  hasSynced(): boolean;
  /** The monotonic time of the last page, event or bookmark from the server. */
  lastActivityMs(): number;
  /** The monotonic time of the last sign of life or attempt; undefined before `run`. */
  lastTurnMs(): number | undefined;
}

/** Makes a reflector. Call `run` once. */
export function createReflector(options: ReflectorOptions): Reflector {
  return new ListWatchReflector(options);
}

const PAGE_SIZE = 500;
const SILENCE_LIMIT_MS = 70_000;

class ListWatchReflector implements Reflector {
  readonly #options: ReflectorOptions;
  readonly #sink: ReflectorSink;
  readonly #restoreCheck = new RestoreCheck();
  readonly #backoff: WatchBackoff;
  readonly #silenceLimitMs: number;
  #state: State = EMPTY;
  #initial: 'pages' | 'stream';
  #hasSynced = false;
  #lastActivityMs: number;
  #lastTurnMs: number | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#sink = options.sink;
    this.#initial = options.initial ?? 'pages';
    this.#silenceLimitMs = options.silenceLimitMs ?? SILENCE_LIMIT_MS;
    this.#backoff = new WatchBackoff({ random: options.random, silenceLimitMs: this.#silenceLimitMs });
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
      const { next, interruption } = await this.#step(signal).catch((thrown: unknown) => sinkFailed(thrown));
      this.#state = next;
      if (interruption !== undefined) {
        await this.#pauseAfter(interruption, signal);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<Step> {
    const state = this.#state;
    switch (state.kind) {
      case 'empty':
        // The first request is sent in the same turn, so that nothing else runs between `run` and it.
        this.#state = this.#startList({ isRepeated: false });
        return await this.#step(signal);
      case 'initPage':
        return await this.#readPage(state, signal);
      case 'initialWatch':
        return await this.#watch({ kind: 'initial', count: 0 }, signal);
      case 'initListed':
        return this.#finishList(state);
      case 'verifying':
        return await this.#verify(state, signal);
      case 'watching':
        return await this.#watch({ kind: 'live', resourceVersion: state.resourceVersion }, signal);
    }
  }

  async #pauseAfter(interruption: Interruption, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      return;
    }
    if (interruption.reason !== 'ended') {
      this.#restoreCheck.suspect(this.#sink.newest);
    }
    this.#sink.disconnected?.();
    this.#options.observer?.restarted?.(interruption.reason, interruption.message);
    const delayMs = this.#backoff.afterMs(interruption);
    if (delayMs > 0) {
      await pause(this.#options.clock, delayMs, signal);
    }
  }

  #startList({ isRepeated }: { readonly isRepeated: boolean }): State {
    this.#sink.listStarted();
    if (this.#initial === 'stream') {
      return { kind: 'initialWatch' };
    }
    return { kind: 'initPage', limit: this.#options.pageSize ?? PAGE_SIZE, count: 0, isRepeated };
  }

  async #readPage(state: Extract<State, { kind: 'initPage' }>, signal: AbortSignal): Promise<Step> {
    const { limit, continueToken, count, isRepeated } = state;
    const page = await this.#options.client.list({
      ...this.#options.scope,
      limit,
      signal,
      ...(continueToken === undefined ? {} : { continueToken }),
    });
    if (!page.ok) {
      return page.error.kind === 'tooLarge' && limit > 1
        ? { next: { ...state, limit: Math.ceil(limit / 4) } }
        : interrupted(interruptionFor(page.error));
    }
    this.#noteActivity();
    const { items, resourceVersion, continueToken: nextToken } = page.value;
    for (const object of items) {
      this.#sink.upsert(object);
    }
    const read = { count: count + items.length, isRepeated };
    return nextToken === undefined
      ? { next: { kind: 'initListed', resourceVersion, ...read } }
      : { next: { kind: 'initPage', limit, continueToken: nextToken, ...read } };
  }

  #finishList({ count, resourceVersion, isRepeated }: Extract<State, { kind: 'initListed' }>): Step {
    // R13: an empty list where objects were known is more likely a fault of the server than the truth.
    if (count === 0 && this.#sink.size > 0 && !isRepeated) {
      return { next: this.#startList({ isRepeated: true }) };
    }
    this.#sync(count, resourceVersion);
    return { next: { kind: 'watching', resourceVersion } };
  }

  #sync(count: number, resourceVersion: string): void {
    this.#sink.listEnded(resourceVersion);
    this.#restoreCheck.noteList();
    this.#hasSynced = true;
    this.#options.observer?.synced?.(count);
  }

  /**
   * Asks for the server's version before a watch continues. A watch from a version that the server has not reached is
   * accepted and stays silent until the server gets there; after an etcd restore all changes until then would be lost.
   */
  async #verify(state: Extract<State, { kind: 'verifying' }>, signal: AbortSignal): Promise<Step> {
    const { resourceVersion } = state;
    const { probe } = this.#restoreCheck;
    const page = await this.#options.client.list({
      ...this.#options.scope,
      ...(probe === undefined ? {} : scopeOf(probe)),
      limit: 1,
      signal,
    });
    if (!page.ok) {
      return interrupted(interruptionFor(page.error), resourceVersion);
    }
    this.#noteActivity();
    const message = this.#rollbackIn(page.value, resourceVersion);
    if (message !== undefined) {
      return interrupted({ reason: 'rolledBack', message });
    }
    this.#restoreCheck.trust();
    this.#sink.reconnected?.();
    return { next: { kind: 'watching', resourceVersion } };
  }

  /** Describes what the server has lost; undefined if it still has everything that was seen. */
  #rollbackIn({ resourceVersion, items }: ListPage, lastVersion: string): string | undefined {
    const order = resourceVersionOrder(resourceVersion, lastVersion);
    // If we wrote after the last version, a server that is only at that version has lost our writes.
    if (order !== undefined && (order < 0 || (order === 0 && this.#sink.hasUnobservedWrites === true))) {
      return `the server is at version ${resourceVersion}, before ${lastVersion} or what we wrote after it`;
    }
    return this.#restoreCheck.matches(items)
      ? undefined
      : 'what was seen last cannot be found in that version, as after a restore whose versions have caught up';
  }

  /** One watch from its start to its end. */
  async #watch(start: WatchProgress, signal: AbortSignal): Promise<Step> {
    const { client, scope, clock, random } = this.#options;
    const startedMs = clock.nowMs();
    const stop = new AbortController();
    const stopToo = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', stopToo, { once: true });
    let progress = start;
    let problem: Interruption | undefined;
    const end = await client.watch(
      {
        ...scope,
        ...startOf(start),
        timeoutSeconds: Math.round(300 + 300 * random()),
        silenceLimitMs: this.#silenceLimitMs,
        signal: stop.signal,
      },
      (event) => {
        if (problem !== undefined) {
          return;
        }
        const handled = this.#handle(event, progress);
        if ('kind' in handled) {
          progress = handled;
        } else {
          problem = handled;
          stop.abort();
        }
      },
    );
    signal.removeEventListener('abort', stopToo);
    const interruption = { ...(problem ?? endOf(end)), livedMs: clock.nowMs() - startedMs };
    return progress.kind === 'live'
      ? interrupted(interruption, progress.resourceVersion)
      : this.#fallBackToPages(interruption);
  }

  /** A server without streaming lists refuses them as invalid: that is no failure, so the list follows at once. */
  #fallBackToPages(interruption: Interruption): Step {
    this.#initial = 'pages';
    return interruption.reason === 'invalid' ? { next: EMPTY } : interrupted(interruption);
  }

  /** Passes one event to the sink. An interruption ends the watch. */
  #handle(event: WatchEvent, progress: WatchProgress): WatchProgress | Interruption {
    const { resourceVersion } = event.object.metadata;
    if (resourceVersion === undefined || resourceVersion === '') {
      return { reason: 'malformed', message: 'an event has no resourceVersion' };
    }
    try {
      this.#noteActivity();
      return progress.kind === 'initial'
        ? this.#handleInitial(event, resourceVersion, progress)
        : this.#handleLive(event, resourceVersion);
    } catch (thrown) {
      return sinkFailure(thrown);
    }
  }

  #handleInitial(
    event: WatchEvent,
    resourceVersion: string,
    progress: Extract<WatchProgress, { kind: 'initial' }>,
  ): WatchProgress | Interruption {
    const { count } = progress;
    if (event.type !== 'BOOKMARK') {
      this.#sink.upsert(event.object);
      return { kind: 'initial', count: count + 1 };
    }
    if (fieldOf(event.object.metadata.annotations, 'k8s.io/initial-events-end') !== 'true') {
      return progress;
    }
    if (count === 0 && this.#sink.size > 0) {
      return { reason: 'malformed', message: 'the stream began empty although objects are known' };
    }
    this.#sync(count, resourceVersion);
    return { kind: 'live', resourceVersion };
  }

  #handleLive({ type, object }: WatchEvent, resourceVersion: string): WatchProgress {
    if (type === 'DELETED') {
      this.#sink.remove(object);
      this.#restoreCheck.noteDeletion();
    } else if (type !== 'BOOKMARK') {
      this.#sink.upsert(object);
      this.#restoreCheck.noteObject();
    }
    return { kind: 'live', resourceVersion };
  }

  #noteActivity(): void {
    this.#lastActivityMs = this.#options.clock.nowMs();
    this.#lastTurnMs = this.#lastActivityMs;
  }
}

function startOf(progress: WatchProgress): Pick<WatchRequest, 'resourceVersion' | 'sendInitialEvents'> {
  return progress.kind === 'live' ? { resourceVersion: progress.resourceVersion } : { sendInitialEvents: true };
}

/** The scope that selects one object. */
function scopeOf({ namespace, name }: VersionedObject): Pick<Scope, 'namespace' | 'fieldSelector'> {
  return { ...(namespace === '' ? {} : { namespace }), fieldSelector: `metadata.name=${name}` };
}
