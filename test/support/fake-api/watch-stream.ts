import type { Clock, Timer } from '../../../src/base/clock.ts';
import { failure, type Result, success } from '../../../src/base/result.ts';
import { apiVersionOf } from '../../../src/kube/client/resource-type.ts';
import { type ApiFailure, expiredWatch, internalError, invalid, versionTooLarge } from './api-status.ts';
import type { StoredEvent } from './event-log.ts';
import { versionIn } from './list-pages.ts';
import { forbiddenValue } from './name-validation.ts';
import { type ObjectStore, tableKeyFor } from './object-store.ts';
import type { ReadCache } from './read-cache.ts';
import type { Resource } from './resource-registry.ts';
import { type Selector, selectorFor } from './selector.ts';
import { atVersion, fullText, type StoredObject } from './stored-object.ts';

/** Where the lines of a watch go. */
export interface WatchSink {
  write(text: string): void;
  /** The watch is over in order. */
  end(): void;
  /** The connection breaks. */
  reset(): void;
}

/** A watch that is ready to run; `open` starts it and gives what stops it. */
export interface WatchStart {
  open(sink: WatchSink): () => void;
}

/** A watch request as it came. */
export interface WatchQuery {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
}

interface Watcher {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly selector: Selector | undefined;
  readonly sink: WatchSink;
  readonly hasBookmarks: boolean;
  readonly timers: readonly Timer[];
  /** Events up to this version have been sent, or were never asked for. */
  position: number;
}

/** How the hub is set up; times in milliseconds. */
export interface WatchOptions {
  readonly clock: Clock;
  readonly bookmarkIntervalMs: number;
  /** Whether `sendInitialEvents` is served, as the feature gate WatchList decides. */
  isWatchListServed: boolean;
}

const BOOKMARK_BEFORE_END_MS = 2_000;

/** All running watches (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
export class WatchHub {
  readonly #store: ObjectStore;
  readonly #cache: ReadCache;
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, Set<Watcher>>();
  #bookmarks: Timer | undefined;

  constructor(store: ObjectStore, cache: ReadCache, options: WatchOptions) {
    this.#store = store;
    this.#cache = cache;
    this.#options = options;
    store.onCommit(({ group, plural }, event) => {
      if (!this.#cache.isFrozen) {
        const line = { text: undefined };
        for (const watcher of this.#watchers.get(`${group}/${plural}`) ?? []) {
          deliver(watcher, event, line);
        }
      }
    });
  }

  /** How many watches run. */
  get count(): number {
    return [...this.#watchers.values()].reduce((sum, watchers) => sum + watchers.size, 0);
  }

  /** Checks a watch request; a version that is too old is told inside the stream, as the real server does. */
  prepare(request: WatchQuery): Result<WatchStart, ApiFailure> {
    const { query, resource } = request;
    const from = versionIn(query.get('resourceVersion'));
    if (!from.ok) {
      const text = JSON.stringify(query.get('resourceVersion'));
      return failure(
        internalError(`resourceVersion: Invalid value: ${text}: strconv.ParseUint: parsing ${text}: invalid syntax`),
      );
    }
    const selector = selectorFor(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
    if (!selector.ok) {
      return selector;
    }
    const refusal = this.#initialEventsRefusal(query);
    if (refusal !== undefined) {
      return failure(refusal);
    }
    const isWatchList = query.get('sendInitialEvents') === 'true';
    return success({
      open: (sink) =>
        this.#open({ request, selector: selector.value, sink, from: from.value ?? 0, isWatchList, resource }),
    });
  }

  /** Sends every watch that wants them a bookmark now. */
  sendBookmarks(): void {
    for (const watchers of this.#watchers.values()) {
      for (const watcher of watchers) {
        this.#bookmark(watcher);
      }
    }
  }

  /** Sends what a frozen cache held back. */
  catchUp(): void {
    for (const watchers of this.#watchers.values()) {
      for (const watcher of watchers) {
        this.#catchUp(watcher);
      }
    }
  }

  /** Ends watches: all, or those of one resource. `reset` breaks the connections instead. */
  end(how: 'end' | 'reset', resource?: Resource): void {
    for (const [key, watchers] of this.#watchers) {
      if (resource === undefined || key === tableKeyFor(resource.type)) {
        for (const watcher of [...watchers]) {
          this.#close(watcher);
          watcher.sink[how]();
        }
      }
    }
  }

  /** Ends all watches and stops the timers. */
  stop(): void {
    this.#bookmarks?.cancel();
    this.end('end');
  }

  #initialEventsRefusal(query: URLSearchParams): ApiFailure | undefined {
    const isAsked = query.has('sendInitialEvents');
    const match = query.get('resourceVersionMatch');
    if (isAsked && !this.#options.isWatchListServed) {
      return listOptionsInvalid(
        'sendInitialEvents',
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      );
    }
    if (isAsked && match !== 'NotOlderThan') {
      return listOptionsInvalid(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    }
    return !isAsked && match !== null
      ? listOptionsInvalid(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        )
      : undefined;
  }

  #open({ request, selector, sink, from, isWatchList, resource }: Opening): () => void {
    const visible = this.#cache.version;
    const { floor } = this.#store.log(resource.type);
    if (isWatchList && from > visible) {
      return refused(sink, versionTooLarge(from, visible));
    }
    const isFromState = isWatchList || from === 0;
    if (!isFromState && from < floor) {
      return refused(sink, expiredWatch(from, floor));
    }
    const timers: Timer[] = [];
    const watcher: Watcher = {
      resource,
      namespace: request.namespace,
      selector,
      sink,
      hasBookmarks: ['true', '1'].includes(request.query.get('allowWatchBookmarks') ?? ''),
      timers,
      position: isFromState ? visible : from,
    };
    if (isFromState) {
      this.#sendState(watcher, isWatchList);
    }
    this.#catchUp(watcher);
    this.#add(watcher);
    this.#endInTime(watcher, Number(request.query.get('timeoutSeconds') ?? '0') * 1_000, timers);
    return () => {
      this.#close(watcher);
    };
  }

  #endInTime(watcher: Watcher, timeoutMs: number, timers: Timer[]): void {
    const { clock } = this.#options;
    if (!(timeoutMs > 0)) {
      return;
    }
    if (timeoutMs > BOOKMARK_BEFORE_END_MS) {
      timers.push(
        clock.after(timeoutMs - BOOKMARK_BEFORE_END_MS, () => {
          this.#bookmark(watcher);
        }),
      );
    }
    timers.push(
      clock.after(timeoutMs, () => {
        this.#close(watcher);
        watcher.sink.end();
      }),
    );
  }

  #sendState(watcher: Watcher, isWatchList: boolean): void {
    const { resource, namespace, selector, sink } = watcher;
    for (const object of this.#cache.all(resource.type, namespace)) {
      if (selector === undefined || selector(object)) {
        sink.write(eventLine('ADDED', fullText(resource.type, object)));
      }
    }
    if (isWatchList && watcher.hasBookmarks) {
      sink.write(bookmarkLine(resource, watcher.position, { 'k8s.io/initial-events-end': 'true' }));
    }
  }

  #catchUp(watcher: Watcher): void {
    const visible = this.#cache.version;
    for (const event of this.#store.log(watcher.resource.type).between(watcher.position, visible)) {
      deliver(watcher, event, { text: undefined });
    }
  }

  /** A watch that waits for a version which is not there yet gets nothing at all, bookmarks included, as on the real server. */
  #bookmark(watcher: Watcher): void {
    const visible = this.#cache.version;
    if (watcher.hasBookmarks && visible >= watcher.position) {
      watcher.sink.write(bookmarkLine(watcher.resource, visible));
    }
  }

  #add(watcher: Watcher): void {
    const key = tableKeyFor(watcher.resource.type);
    const watchers = this.#watchers.get(key) ?? new Set<Watcher>();
    this.#watchers.set(key, watchers.add(watcher));
    this.#bookmarks ??= this.#nextBookmarks();
  }

  #nextBookmarks(): Timer {
    return this.#options.clock.after(this.#options.bookmarkIntervalMs, () => {
      this.sendBookmarks();
      this.#bookmarks = this.count > 0 ? this.#nextBookmarks() : undefined;
    });
  }

  #close(watcher: Watcher): void {
    for (const timer of watcher.timers) {
      timer.cancel();
    }
    this.#watchers.get(tableKeyFor(watcher.resource.type))?.delete(watcher);
  }
}

interface Opening {
  readonly request: WatchQuery;
  readonly selector: Selector | undefined;
  readonly sink: WatchSink;
  readonly from: number;
  readonly isWatchList: boolean;
  readonly resource: Resource;
}

/** Sends an event if the watcher is to see it; `line` keeps the text of the plain event for the next watcher. */
function deliver(watcher: Watcher, event: StoredEvent, line: { text: string | undefined }): void {
  if (
    event.version <= watcher.position ||
    (watcher.namespace !== undefined && watcher.namespace !== event.object.namespace)
  ) {
    return;
  }
  watcher.position = event.version;
  const { resource, selector } = watcher;
  const shown = selector === undefined ? event : selected(event, selector);
  if (shown === undefined) {
    return;
  }
  if (shown === event) {
    line.text ??= eventLine(event.type, fullText(resource.type, event.object));
    watcher.sink.write(line.text);
  } else {
    watcher.sink.write(eventLine(shown.type, fullText(resource.type, shown.object)));
  }
}

interface ShownEvent {
  readonly type: StoredEvent['type'];
  readonly object: StoredObject;
}

/** An event as a selector shows it: what begins to match is ADDED, what no longer matches is DELETED, as it last matched. */
function selected(event: StoredEvent, selector: Selector): ShownEvent | undefined {
  const { before } = event;
  const matches = event.type !== 'DELETED' && selector(event.object);
  const matched = before !== undefined && selector(before);
  if (matches) {
    return matched === (event.type === 'MODIFIED') ? event : { type: 'ADDED', object: event.object };
  }
  if (!matched) {
    return undefined;
  }
  return event.type === 'DELETED' ? event : { type: 'DELETED', object: atVersion(before, event.version) };
}

function eventLine(type: StoredEvent['type'], object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

function bookmarkLine(
  { type, zero }: Resource,
  version: number,
  annotations?: Readonly<Record<string, string>>,
): string {
  const metadata = { resourceVersion: String(version), ...(annotations === undefined ? {} : { annotations }) };
  return `${JSON.stringify({ type: 'BOOKMARK', object: { kind: type.kind, apiVersion: apiVersionOf(type), metadata, ...zero } })}\n`;
}

function refused(sink: WatchSink, { body }: ApiFailure): () => void {
  sink.write(`${JSON.stringify({ type: 'ERROR', object: body })}\n`);
  sink.end();
  return () => undefined;
}

function listOptionsInvalid(field: string, why: string): ApiFailure {
  return invalid(
    { group: 'meta.k8s.io', version: 'v1', plural: 'listoptions', kind: 'ListOptions', isNamespaced: false },
    '',
    [forbiddenValue(field, why)],
  );
}
