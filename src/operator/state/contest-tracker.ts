import type { Clock } from '../../base/clock.ts';
import type { Contest } from '../../domain/world.ts';
import { CONTEST_PACE_MS, CONTEST_PACE_OF_DENY_MS } from '../queue/retry-policy.ts';

/** So many repairs of one object within {@link CONTEST_WINDOW_MS} make it contested (R6). */
export const CONTEST_REPAIRS = 5;
/** Within which repairs are counted, and how long it must be quiet for a contest to be over, in milliseconds. */
export const CONTEST_WINDOW_MS = 600_000;
/** How many objects are remembered; beyond that the ones that were quiet for longest are forgotten. */
const REMEMBERED = 10_000;

interface Quarrel {
  /** The times of the newest repairs, at most {@link CONTEST_REPAIRS}, oldest first. */
  repairsMs: number[];
  manager: string;
  isContested: boolean;
}

/** Remembers repairs, so that a quarrel with somebody over one object is seen, slowed down and named (R6). */
export class ContestTracker {
  readonly #clock: Clock;
  readonly #quarrels = new Map<string, Quarrel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An object of ours was repaired; `manager` is who had changed it, empty when nobody knows. */
  repaired(object: { readonly namespace: string; readonly name: string }, manager: string): void {
    const key = `${object.namespace}/${object.name}`;
    const nowMs = this.#clock.nowMs();
    const quarrel = this.#quarrels.get(key) ?? { repairsMs: [], manager: '', isContested: false };
    quarrel.repairsMs = [...quarrel.repairsMs.filter((atMs) => nowMs - atMs < CONTEST_WINDOW_MS), nowMs].slice(
      -CONTEST_REPAIRS,
    );
    quarrel.isContested ||= quarrel.repairsMs.length >= CONTEST_REPAIRS;
    if (manager !== '') {
      quarrel.manager = manager;
    }
    this.#quarrels.delete(key);
    this.#quarrels.set(key, quarrel);
    for (const oldest of this.#quarrels.keys()) {
      if (this.#quarrels.size <= REMEMBERED) {
        break;
      }
      this.#quarrels.delete(oldest);
    }
  }

  /** The contested objects among these names of a namespace. */
  contestsAmong(namespace: string, names: Iterable<string>): ReadonlyMap<string, Contest> {
    const found = new Map<string, Contest>();
    if (this.#quarrels.size === 0) {
      return found;
    }
    for (const name of names) {
      const contest = this.contestOver({ namespace, name });
      if (contest !== undefined) {
        found.set(name, contest);
      }
    }
    return found;
  }

  /** The quarrel over one object, while it lasts. */
  contestOver({ namespace, name }: { readonly namespace: string; readonly name: string }): Contest | undefined {
    const quarrel = this.#quarrels.get(`${namespace}/${name}`);
    if (quarrel?.isContested !== true) {
      return undefined;
    }
    const sinceMs = this.#clock.nowMs() - (quarrel.repairsMs.at(-1) ?? 0);
    if (sinceMs >= CONTEST_WINDOW_MS) {
      this.#quarrels.delete(`${namespace}/${name}`);
      return undefined;
    }
    const paceMs = name.endsWith('.default-deny') ? CONTEST_PACE_OF_DENY_MS : CONTEST_PACE_MS;
    return { manager: quarrel.manager, waitMs: Math.max(0, paceMs - sinceMs) };
  }

  /** The object went with its namespace: one that comes anew under the name is another. */
  forget({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    this.#quarrels.delete(`${namespace}/${name}`);
  }

  /** How many objects are contested now. */
  contestedCount(): number {
    const nowMs = this.#clock.nowMs();
    return [...this.#quarrels.values()].filter(
      (quarrel) => quarrel.isContested && nowMs - (quarrel.repairsMs.at(-1) ?? 0) < CONTEST_WINDOW_MS,
    ).length;
  }
}
