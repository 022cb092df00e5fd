import { BoundedMap } from '../../base/bounded-map.ts';
import type { Clock } from '../../base/clock.ts';
import { roleIn } from '../../domain/ownership.ts';
import type { Contest } from '../../domain/world.ts';
import { CONTEST_PACE_MS, CONTEST_PACE_OF_DENY_MS } from '../queue/retry-policy.ts';

/** This many repairs of one object within {@link CONTEST_WINDOW_MS} make it contested (R6, repair). */
export const CONTEST_REPAIRS = 5;
/** The time within which repairs are counted, and without a repair after which a contest ends, in milliseconds. */
export const CONTEST_WINDOW_MS = 600_000;
/** How many objects are remembered of each kind. Beyond that those without a repair for the longest time are forgotten. */
const MAX_REMEMBERED = 10_000;

/** One NetworkPolicy or NamespaceBaseline. */
interface Key {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Remembers repairs and removals, so that a contest with another client over one object is noticed, slowed down and
 * reported (R6, repair). Removals have a history of their own, so that a part that is wanted again is written without a
 * wait.
 */
export class ContestTracker {
  readonly #repairs: Histories;
  readonly #removals: Histories;
  /** The digest that the last rewrite of an object wrote. */
  readonly #rewrites = new BoundedMap<string, string>(MAX_REMEMBERED);

  constructor(clock: Clock) {
    this.#repairs = new Histories(clock);
    this.#removals = new Histories(clock);
  }

  /** Notes the repair of an object; `manager` is the field manager that had changed it, empty when it is not known. */
  repaired(object: Key, manager: string): void {
    this.#repairs.note(keyOf(object), manager);
  }

  /**
   * Notes the removal of an object that is not wanted; `manager` is the field manager that had written it, and that may
   * create it again, empty when it is not known.
   */
  removed(object: Key, manager: string): void {
    this.#removals.note(keyOf(object), manager);
  }

  /** Notes that the operator created an object: its earlier removals were its own decision, and no other client's doing. */
  created(object: Key): void {
    this.#removals.forget(keyOf(object));
  }

  /**
   * Notes that an object which only the operator had written was overwritten with the spec of this digest. It counts as a
   * repair only when the last rewrite wrote the same digest, since then the object came back different. With another digest
   * the operator renders something new, as after a discovery (R6, repair).
   */
  rewritten(object: Key, hash: string): void {
    const key = keyOf(object);
    if (this.#rewrites.get(key) === hash) {
      this.repaired(object, '');
    }
    this.#rewrites.set(key, hash);
  }

  /** The contested objects among these names of a namespace. */
  contestsAmong(namespace: string, names: Iterable<string>): ReadonlyMap<string, Contest> {
    return this.#repairs.among(namespace, names);
  }

  /** The objects among these names of a namespace that another client creates again after each removal. */
  removalContestsAmong(namespace: string, names: Iterable<string>): ReadonlyMap<string, Contest> {
    return this.#removals.among(namespace, names);
  }

  /** The contest over one object, while it lasts. */
  contestOver(object: Key): Contest | undefined {
    return this.#repairs.contestOver(object);
  }

  /** Forgets an object that is gone with its namespace: a new one of the same name has no contest. */
  forget(object: Key): void {
    const key = keyOf(object);
    this.#repairs.forget(key);
    this.#removals.forget(key);
    this.#rewrites.delete(key);
  }

  /** How many objects are contested now. */
  contestedCount(): number {
    return this.#repairs.contestedCount() + this.#removals.contestedCount();
  }
}

interface History {
  /** The times of the newest writes, at most {@link CONTEST_REPAIRS}, oldest first. */
  timesMs: number[];
  manager: string;
  isContested: boolean;
}

/** The histories of one kind of write, by object. */
class Histories {
  readonly #clock: Clock;
  readonly #histories = new BoundedMap<string, History>(MAX_REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: string, manager: string): void {
    const nowMs = this.#clock.nowMs();
    const history = this.#histories.get(key) ?? { timesMs: [], manager: '', isContested: false };
    history.timesMs = [...history.timesMs.filter((atMs) => nowMs - atMs < CONTEST_WINDOW_MS), nowMs].slice(
      -CONTEST_REPAIRS,
    );
    history.isContested ||= history.timesMs.length >= CONTEST_REPAIRS;
    if (manager !== '') {
      history.manager = manager;
    }
    this.#histories.set(key, history);
  }

  among(namespace: string, names: Iterable<string>): ReadonlyMap<string, Contest> {
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

  contestOver(object: Key): Contest | undefined {
    const key = keyOf(object);
    const history = this.#histories.get(key);
    if (history?.isContested !== true) {
      return undefined;
    }
    const sinceMs = this.#clock.nowMs() - (history.timesMs.at(-1) ?? 0);
    if (sinceMs >= CONTEST_WINDOW_MS) {
      this.#histories.delete(key);
      return undefined;
    }
    const paceMs = roleIn(object.name) === 'deny' ? CONTEST_PACE_OF_DENY_MS : CONTEST_PACE_MS;
    return { manager: history.manager, waitMs: Math.max(0, paceMs - sinceMs) };
  }

  forget(key: string): void {
    this.#histories.delete(key);
  }

  contestedCount(): number {
    const nowMs = this.#clock.nowMs();
    return [...this.#histories.values()].filter(
      ({ isContested, timesMs }) => isContested && nowMs - (timesMs.at(-1) ?? 0) < CONTEST_WINDOW_MS,
    ).length;
  }
}

const NO_CONTESTS: ReadonlyMap<string, Contest> = new Map();

function keyOf({ namespace, name }: Key): string {
  return `${namespace}/${name}`;
}
