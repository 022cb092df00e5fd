import type { Clock } from '../../base/clock.ts';
import { roleIn } from '../../domain/ownership.ts';
import type { Contest } from '../../domain/world.ts';
import { CONTEST_PACE_MS, CONTEST_PACE_OF_DENY_MS } from '../queue/retry-policy.ts';

/** This many repairs of one object within {@link CONTEST_WINDOW_MS} make it contested (R6, repair). */
export const CONTEST_REPAIRS = 5;
/** The time within which repairs are counted, and without a repair after which a contest ends, in milliseconds. */
export const CONTEST_WINDOW_MS = 600_000;
/** How many objects are remembered. Beyond that those without a repair for the longest time are forgotten. */
const MAX_REMEMBERED = 10_000;

interface History {
  /** The times of the newest repairs, at most {@link CONTEST_REPAIRS}, oldest first. */
  repairsMs: number[];
  manager: string;
  isContested: boolean;
}

/** Remembers repairs, so that a contest with another client over one object is noticed, slowed down and reported (R6, repair). */
export class ContestTracker {
  readonly #clock: Clock;
  readonly #histories = new Map<string, History>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes the repair of an object; `manager` is the field manager that had changed it, empty when it is not known. */
  repaired(object: { readonly namespace: string; readonly name: string }, manager: string): void {
    const key = keyOf(object);
    const nowMs = this.#clock.nowMs();
    const history = this.#histories.get(key) ?? { repairsMs: [], manager: '', isContested: false };
    history.repairsMs = [...history.repairsMs.filter((atMs) => nowMs - atMs < CONTEST_WINDOW_MS), nowMs].slice(
      -CONTEST_REPAIRS,
    );
    history.isContested ||= history.repairsMs.length >= CONTEST_REPAIRS;
    if (manager !== '') {
      history.manager = manager;
    }
    this.#histories.delete(key);
    this.#histories.set(key, history);
    for (const oldest of this.#histories.keys()) {
      if (this.#histories.size <= MAX_REMEMBERED) {
        break;
      }
      this.#histories.delete(oldest);
    }
  }

  /** The contested objects among these names of a namespace. */
  contestsAmong(namespace: string, names: Iterable<string>): ReadonlyMap<string, Contest> {
    if (this.#histories.size === 0) {
      return NO_CONTESTS;
    }
    const found = new Map<string, Contest>();
    for (const name of names) {
      const contest = this.contestOver({ namespace, name });
      if (contest !== undefined) {
        found.set(name, contest);
      }
    }
    return found;
  }

  /** The contest over one object, while it lasts. */
  contestOver(object: { readonly namespace: string; readonly name: string }): Contest | undefined {
    const key = keyOf(object);
    const history = this.#histories.get(key);
    if (history?.isContested !== true) {
      return undefined;
    }
    const sinceMs = this.#clock.nowMs() - (history.repairsMs.at(-1) ?? 0);
    if (sinceMs >= CONTEST_WINDOW_MS) {
      this.#histories.delete(key);
      return undefined;
    }
    const paceMs = roleIn(object.name) === 'deny' ? CONTEST_PACE_OF_DENY_MS : CONTEST_PACE_MS;
    return { manager: history.manager, waitMs: Math.max(0, paceMs - sinceMs) };
  }

  /** Forgets an object that is gone with its namespace: a new one of the same name has no contest. */
  forget(object: { readonly namespace: string; readonly name: string }): void {
    this.#histories.delete(keyOf(object));
  }

  /** How many objects are contested now. */
  contestedCount(): number {
    const nowMs = this.#clock.nowMs();
    return [...this.#histories.values()].filter(
      (history) => history.isContested && nowMs - (history.repairsMs.at(-1) ?? 0) < CONTEST_WINDOW_MS,
    ).length;
  }
}

const NO_CONTESTS: ReadonlyMap<string, Contest> = new Map();

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
