import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../base/bounded-map.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { type TokenBucket, tokenBucket } from '../base/token-bucket.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { EVENTS, type EventRecord, eventNamespace, eventObject, type Regarding } from './event-object.ts';
import type { Log } from './log.ts';
import type { EventResult } from './metric-table.ts';

/** Records Events about objects. */
export interface EventRecorder {
  /**
   * Queues the Event and returns at once. It never throws, and an Event may be lost: status and metrics are the source
   * of truth.
   */
  record(record: EventRecord): void;
}

/** The recorder for the composition root. */
export interface EventRecorderControl extends EventRecorder {
  /** Accepts no more Events, drops the waiting ones, and resolves when the writes in flight have ended. */
  close(): Promise<void>;
}

interface Options {
  readonly kube: Pick<KubeClient, 'create' | 'apply'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The name of this process, such as its pod's: `reportingInstance`. */
  readonly instance: string;
  /** Called with the result for each recorded Event. */
  readonly onResult?: (result: EventResult) => void;
  /** Unique text of lower-case letters and digits. */
  readonly uniqueId?: () => string;
}

/** A repetition within this time after the last one belongs to the same Event. */
const SERIES_WINDOW_MS = 10 * 60_000;
/** The shortest time between two writes of one Event. */
const SERIES_INTERVAL_MS = 60_000;
/** As client-go does it, per object: https://pkg.go.dev/k8s.io/client-go/tools/record#CorrelatorOptions */
const OBJECT_BURST = 25;
const OBJECT_REFILL_MS = 5 * 60_000;
/** For all objects together: a change of thousands of namespaces must not fill etcd with Events. */
const TOTAL_BURST = 100;
const TOTAL_REFILL_MS = 200;
const MAX_SERIES = 2_048;
const MAX_OBJECTS = 4_096;
const MAX_WAITING = 256;
const MAX_IN_FLIGHT = 2;
const REQUEST_LIMIT_MS = 10_000;

/** One Event and its repetitions. */
interface Series {
  readonly key: string;
  readonly record: EventRecord;
  readonly uniqueId: string;
  readonly firstObserved: Date;
  lastObserved: Date;
  lastObservedMs: number;
  count: number;
  /** The count in the last write that was sent; 0 before the first. */
  writtenCount: number;
  writtenMs: number;
  uid: string | undefined;
  isBusy: boolean;
  timer: Timer | undefined;
}

/**
 * Writes Events of `events.k8s.io/v1`. Repetitions (same object, type, reason, action and note) within ten minutes are
 * one Event with a growing `series.count`, written at most once a minute. Each object may cause 25 Events and then one
 * in five minutes, all objects together 100 and then five a second; more are dropped and counted. Memory and requests
 * in flight are bounded, and nothing is retried.
 */
export function createEventRecorder(options: Options): EventRecorderControl {
  return new SeriesRecorder(options);
}

class SeriesRecorder implements EventRecorderControl {
  readonly #options: Options;
  readonly #series = new BoundedMap<string, Series>(MAX_SERIES);
  readonly #objects = new BoundedMap<string, TokenBucket>(MAX_OBJECTS);
  readonly #total: TokenBucket;
  readonly #waiting: Series[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#total = tokenBucket({ clock: options.clock, burst: TOTAL_BURST, refillMs: TOTAL_REFILL_MS });
  }

  record(record: EventRecord): void {
    if (this.#isClosed) {
      return;
    }
    const key = keyOf(record);
    const known = this.#series.get(key);
    const nowMs = this.#options.clock.nowMs();
    if (known !== undefined && nowMs - known.lastObservedMs <= SERIES_WINDOW_MS) {
      this.#again(known, nowMs);
    } else {
      this.#begin(key, record, nowMs);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.length = 0;
    for (const series of this.#series.values()) {
      series.timer?.cancel();
    }
    await Promise.all(this.#inFlight);
  }

  #begin(key: string, record: EventRecord, nowMs: number): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#options.onResult?.('overflowed');
      return;
    }
    if (!this.#mayWrite(record.regarding)) {
      this.#options.onResult?.('rateLimited');
      return;
    }
    const now = this.#options.clock.wallTime();
    const uniqueId = (this.#options.uniqueId ?? randomId)();
    const series: Series = {
      key,
      record,
      uniqueId,
      firstObserved: now,
      lastObserved: now,
      lastObservedMs: nowMs,
      count: 1,
      writtenCount: 0,
      writtenMs: nowMs,
      uid: undefined,
      isBusy: false,
      timer: undefined,
    };
    this.#keep(series);
    this.#enqueue(series);
  }

  /** A repetition renews the entry, so that the most frequent Events are dropped last. */
  #keep(series: Series): void {
    this.#series.set(series.key, series)?.timer?.cancel();
  }

  #again(series: Series, nowMs: number): void {
    series.count += 1;
    series.lastObserved = this.#options.clock.wallTime();
    series.lastObservedMs = nowMs;
    this.#keep(series);
    this.#options.onResult?.('aggregated');
    this.#writeLater(series);
  }

  /** The first repetition is written at once, the following ones together after the interval. */
  #writeLater(series: Series): void {
    if (series.isBusy || series.timer !== undefined || this.#isClosed) {
      return;
    }
    const dueMs = series.writtenCount <= 1 ? 0 : series.writtenMs + SERIES_INTERVAL_MS - this.#options.clock.nowMs();
    if (dueMs <= 0) {
      this.#writeNow(series);
    } else {
      this.#writeAfter(series, dueMs);
    }
  }

  #writeAfter(series: Series, delayMs: number): void {
    series.timer = this.#options.clock.after(delayMs, () => {
      series.timer = undefined;
      this.#writeNow(series);
    });
  }

  #writeNow(series: Series): void {
    if (this.#isClosed || this.#series.get(series.key) !== series) {
      return;
    }
    if (this.#waiting.length < MAX_WAITING && this.#mayWrite(series.record.regarding)) {
      this.#enqueue(series);
    } else {
      this.#writeAfter(series, SERIES_INTERVAL_MS);
    }
  }

  #mayWrite(regarding: Regarding): boolean {
    const key = [regarding.type.kind, regarding.namespace ?? '', regarding.name].join('/');
    const bucket =
      this.#objects.get(key) ??
      tokenBucket({ clock: this.#options.clock, burst: OBJECT_BURST, refillMs: OBJECT_REFILL_MS });
    this.#objects.set(key, bucket);
    return bucket.take() && this.#total.take();
  }

  #enqueue(series: Series): void {
    series.isBusy = true;
    this.#waiting.push(series);
    this.#handOut();
  }

  #handOut(): void {
    while (this.#inFlight.size < MAX_IN_FLIGHT) {
      const series = this.#waiting.shift();
      if (series === undefined) {
        return;
      }
      const writing = this.#write(series).finally(() => {
        this.#inFlight.delete(writing);
        this.#handOut();
      });
      this.#inFlight.add(writing);
    }
  }

  async #write(series: Series): Promise<void> {
    const { kube, instance, log, onResult } = this.#options;
    const { record, count, uid, uniqueId, firstObserved, lastObserved } = series;
    const isFirst = series.writtenCount === 0;
    series.writtenCount = count;
    series.writtenMs = this.#options.clock.nowMs();
    const counted = count > 1 ? { series: { count, lastObserved } } : {};
    const object = eventObject(record, {
      uniqueId,
      instance,
      firstObserved,
      ...counted,
      ...(uid === undefined ? {} : { uid }),
    });
    const result = isFirst
      ? await kube.create(EVENTS, object, { timeoutMs: REQUEST_LIMIT_MS })
      : await kube.apply(EVENTS, object, { timeoutMs: REQUEST_LIMIT_MS });
    series.isBusy = false;
    if (!result.ok) {
      // The server deletes an Event after an hour; the next repetition then starts a new one.
      if (this.#series.get(series.key) === series) {
        this.#series.delete(series.key);
      }
      onResult?.('failed');
      log.debug(
        {
          reason: record.reason,
          kind: record.regarding.type.kind,
          namespace: eventNamespace(record.regarding),
          error: result.error,
        },
        'event could not be written',
      );
      return;
    }
    series.uid = result.value.metadata.uid;
    onResult?.('written');
    if (series.count > series.writtenCount) {
      this.#writeLater(series);
    }
  }
}

function keyOf({ regarding, type, reason, action, note }: EventRecord): string {
  return JSON.stringify([
    regarding.type.group,
    regarding.type.kind,
    regarding.namespace,
    regarding.name,
    regarding.uid,
    type,
    reason,
    action,
    note,
  ]);
}

function randomId(): string {
  return randomBytes(8).toString('hex');
}
