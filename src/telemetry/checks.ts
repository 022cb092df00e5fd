import type { Clock } from '../base/clock.ts';

/** The result of a check; the message is one line for people, also on success. */
export interface CheckResult {
  readonly ok: boolean;
  readonly message: string;
}

/** One check of `/livez` or `/readyz`. `check` returns at once and never throws. */
export interface Check {
  readonly name: string;
  check(): CheckResult;
}

/** The heartbeat of a loop, and the check that fails when it is too old. */
export interface Heartbeat extends Check {
  /** The loop is alive. */
  beat(): void;
}

/** A heartbeat that starts with a beat. An idle loop must beat too. */
export function heartbeat(options: {
  readonly name: string;
  readonly clock: Clock;
  readonly limitMs: number;
}): Heartbeat {
  const { name, clock, limitMs } = options;
  let lastMs = clock.nowMs();
  return {
    name,
    beat: () => {
      lastMs = clock.nowMs();
    },
    check: () => {
      const silentMs = clock.nowMs() - lastMs;
      return { ok: silentMs <= limitMs, message: `turned ${inSeconds(silentMs)} ago, limit ${inSeconds(limitMs)}` };
    },
  };
}

/**
 * Fails when a watch has been stuck for longer than `limitMs`. A watch that is still trying is not stuck, because a
 * restart would not help while the API server is away. Neither is one that has not started; its time is undefined.
 */
export function watchesAlive(options: {
  readonly name: string;
  readonly limitMs: number;
  readonly watches: () => Iterable<{ readonly resource: string; readonly standingStillMs: number | undefined }>;
}): Check {
  return {
    name: options.name,
    check: () => {
      const still = [...options.watches()].flatMap(({ resource, standingStillMs = 0 }) =>
        standingStillMs > options.limitMs ? [`${resource} for ${inSeconds(standingStillMs)}`] : [],
      );
      if (still.length === 0) {
        return { ok: true, message: 'every watch is alive' };
      }
      return { ok: false, message: `standing still: ${still.join(', ')}, limit ${inSeconds(options.limitMs)}` };
    },
  };
}

/** Fails until a complete list has filled every cache. */
export function cachesSynced(options: {
  readonly name: string;
  readonly caches: () => Iterable<{ readonly resource: string; readonly isSynced: boolean }>;
}): Check {
  return {
    name: options.name,
    check: () => {
      const waiting = new Set([...options.caches()].filter((cache) => !cache.isSynced).map((cache) => cache.resource));
      return waiting.size === 0
        ? { ok: true, message: 'every cache is synced' }
        : { ok: false, message: `not synced: ${[...waiting].join(', ')}` };
    },
  };
}

function inSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
