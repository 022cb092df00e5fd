import type { Direction } from '../../api/network-policy.ts';
import type { Clock } from '../../base/clock.ts';
import { wholeSecondTime } from '../../base/whole-second-time.ts';
import type { RecentUse } from '../../domain/reporting/held-message.ts';

/** For how long a loss counts after it has happened, in milliseconds (R9, removal limit). */
export const GUARD_WINDOW_MS = 600_000;

/** A loss that has happened without a confirmation; `isSure: false` when the response to the write was lost. */
export interface RecentLoss {
  readonly direction: Direction;
  readonly atMs: number;
  readonly isSure: boolean;
  /** When it ceases to count, RFC 3339 in whole seconds; for people. */
  readonly until: string;
}

/** The losses of the last {@link GUARD_WINDOW_MS} without a confirmation, by namespace; at most one for each direction. */
export class RecentLosses {
  readonly #clock: Clock;
  readonly #byNamespace = new Map<string, readonly RecentLoss[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many namespaces have any. */
  get size(): number {
    return this.#byNamespace.size;
  }

  /** Whether a namespace has any. */
  has(namespace: string): boolean {
    return this.#byNamespace.has(namespace);
  }

  /** The losses of one namespace. */
  of(namespace: string): readonly RecentLoss[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** The namespaces that have any. */
  namespaces(): Iterable<string> {
    return this.#byNamespace.keys();
  }

  /** Notes losses that happen now; each replaces an earlier one of its direction. */
  add(namespace: string, losses: readonly Pick<RecentLoss, 'direction' | 'isSure'>[]): void {
    const atMs = this.#clock.nowMs();
    const until = wholeSecondTime(new Date(this.#clock.wallTime().getTime() + GUARD_WINDOW_MS));
    const others = this.of(namespace).filter(({ direction }) => !losses.some((loss) => loss.direction === direction));
    const added = losses.map(({ direction, isSure }): RecentLoss => ({ direction, atMs, isSure, until }));
    this.#byNamespace.set(namespace, [...others, ...added]);
  }

  /** Forgets the losses of a namespace that are not kept. */
  keep(namespace: string, isKept: (loss: RecentLoss) => boolean): void {
    const recent = this.of(namespace);
    if (recent.every(isKept)) {
      return;
    }
    const kept = recent.filter(isKept);
    if (kept.length === 0) {
      this.#byNamespace.delete(namespace);
    } else {
      this.#byNamespace.set(namespace, kept);
    }
  }

  /** Forgets what no longer counts. */
  expire(): void {
    const nowMs = this.#clock.nowMs();
    for (const namespace of this.#byNamespace.keys()) {
      this.keep(namespace, ({ atMs }) => nowMs - atMs < GUARD_WINDOW_MS);
    }
  }

  /** What they use of the limit, for people; undefined without any. */
  use(): RecentUse | undefined {
    const losses = [...this.#byNamespace.values()].flat();
    const untils = losses.map(({ until }) => until).toSorted();
    const [firstUntil, lastUntil] = [untils[0], untils.at(-1)];
    return firstUntil === undefined || lastUntil === undefined
      ? undefined
      : { directions: losses.length, namespaces: [...this.#byNamespace.keys()].sort(), firstUntil, lastUntil };
  }
}
