import type { Clock } from '../base/clock.ts';

/** What a check found; the message is one line for people, also when all is well. */
export interface CheckResult {
  readonly ok: boolean;
  readonly message: string;
}

/** One thing that `/livez` or `/readyz` looks at. `check` answers at once and never throws. */
export interface Check {
  readonly name: string;
  check(): CheckResult;
}

/** A loop's sign of life, and the check that fails when there was none for too long. */
export interface Heartbeat extends Check {
  /** The loop turned. */
  beat(): void;
}

/** A heartbeat that begins with a beat; a loop that is idle must beat too. */
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
 * Fails when a watch has stood still for longer than `limitMs`. Neither one whose attempts go on does so, since to
 * restart us because the API server is away would help nobody, nor one that was not begun, for which the time is undefined.
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

/** Fails while a cache has not been filled by a whole list. */
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
