import type { Clock } from '../../src/base/clock.ts';

/** R6: so many repairs, and so many removals, of one object come at once. */
const AT_ONCE = 5;
/** R6: from then on one in this time, in milliseconds. */
const PACE_MS = 10_000;
const PACE_OF_DENY_MS = 1_000;
/** What one change by somebody else may ask for: a part is written, and taken away again. */
const PER_CHANGE = 2;
/** As many as may come at once, and what a change or two explain that came at the same time. */
const MOST = AT_ONCE + 4;

interface Bucket {
  left: number;
  atMs: number;
  changes: number;
}

/**
 * How often operators write one NetworkPolicy, against what R6 allows for an object that another client keeps changing or
 * creating. Everything else that people change allows a little more; what a propagator does allows nothing.
 */
export class WritePace {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #changes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody but a propagator changed something, or a request went wrong. */
  allow(): void {
    this.#changes += 1;
  }

  /** An operator began to lead, and knows nothing of what it wrote before (R10). */
  restarted(): void {
    this.#buckets.clear();
  }

  /** Notes a write; gives back whether it comes too soon after those before. */
  isTooSoon(writer: string, { namespace, name }: { readonly namespace: string; readonly name: string }): boolean {
    const nowMs = this.#clock.nowMs();
    const key = `${writer} ${namespace}/${name}`;
    const bucket = this.#buckets.get(key) ?? { left: MOST, atMs: nowMs, changes: this.#changes };
    const paceMs = name.endsWith('.default-deny') ? PACE_OF_DENY_MS : PACE_MS;
    const gained = (nowMs - bucket.atMs) / paceMs + (this.#changes - bucket.changes) * PER_CHANGE;
    const left = Math.min(MOST, bucket.left + gained) - 1;
    this.#buckets.set(key, { left: Math.max(0, left), atMs: nowMs, changes: this.#changes });
    return left < 0;
  }
}
