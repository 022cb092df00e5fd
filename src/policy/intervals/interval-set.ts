/** A place on a line of whole numbers. */
export type Point = number | bigint;

/** All points from `first` to `last`, both included; `first` is never after `last`. */
export interface Interval<P extends Point> {
  readonly first: P;
  readonly last: P;
}

/**
 * A set of points as its intervals in ascending order, which neither overlap nor touch. Two equal sets have equal
 * intervals. Make one with {@link IntervalAlgebra.setOf}; all other functions here expect that form and return it.
 */
export type IntervalSet<P extends Point> = readonly Interval<P>[];

/** How two sets lie to each other, seen from the first: all of it, part of it or nothing of it lies in the second. */
export type Overlap = 'all' | 'part' | 'none';

/** The operations on sets of one kind of number. */
export interface IntervalAlgebra<P extends Point> {
  /** The set of all points of these intervals, which may overlap and come in any order. */
  readonly setOf: (intervals: readonly Interval<P>[]) => IntervalSet<P>;
  /** The points that are in at least one of the sets. */
  readonly union: (...sets: readonly IntervalSet<P>[]) => IntervalSet<P>;
  /** The points that are in both sets. */
  readonly intersection: (one: IntervalSet<P>, other: IntervalSet<P>) => IntervalSet<P>;
  /** The points of `set` that are not in `removed`. */
  readonly difference: (set: IntervalSet<P>, removed: IntervalSet<P>) => IntervalSet<P>;
  /** Whether the point is in the set; logarithmic in the number of intervals. */
  readonly contains: (set: IntervalSet<P>, point: P) => boolean;
  /** Whether every point of `part` is in `set`. The empty set is covered by every set. */
  readonly covers: (set: IntervalSet<P>, part: IntervalSet<P>) => boolean;
  /** Whether both sets have the same points. */
  readonly equal: (one: IntervalSet<P>, other: IntervalSet<P>) => boolean;
  /** How much of `part` lies in `set`. Of an empty `part` it is `none`. */
  readonly overlap: (part: IntervalSet<P>, set: IntervalSet<P>) => Overlap;
}

/** The operations for a kind of number, given the whole number after a point and the one before it. */
export function intervalAlgebra<P extends Point>(line: {
  readonly next: (point: P) => P;
  readonly previous: (point: P) => P;
}): IntervalAlgebra<P> {
  function setOf(intervals: readonly Interval<P>[]): IntervalSet<P> {
    if (intervals.length < 2) {
      return intervals;
    }
    const set: Interval<P>[] = [];
    for (const interval of intervals.toSorted(byFirst)) {
      const before = set.at(-1);
      if (before === undefined || interval.first > line.next(before.last)) {
        set.push(interval);
      } else if (interval.last > before.last) {
        set[set.length - 1] = { first: before.first, last: interval.last };
      }
    }
    return set;
  }

  function intersection(one: IntervalSet<P>, other: IntervalSet<P>): IntervalSet<P> {
    const both: Interval<P>[] = [];
    let index = 0;
    for (const { first, last } of one) {
      index = indexAt(other, first, index);
      for (let at = index; at < other.length; at += 1) {
        const candidate = other[at];
        if (candidate === undefined || candidate.first > last) {
          break;
        }
        both.push({ first: later(first, candidate.first), last: earlier(last, candidate.last) });
      }
    }
    return both;
  }

  function difference(set: IntervalSet<P>, removed: IntervalSet<P>): IntervalSet<P> {
    if (removed.length === 0) {
      return set;
    }
    const left: Interval<P>[] = [];
    for (const { first, last } of set) {
      let next = first;
      for (const hole of intersection([{ first, last }], removed)) {
        if (hole.first > next) {
          left.push({ first: next, last: line.previous(hole.first) });
        }
        next = line.next(hole.last);
      }
      if (next <= last) {
        left.push({ first: next, last });
      }
    }
    return left;
  }

  function contains(set: IntervalSet<P>, point: P): boolean {
    const interval = set[indexAt(set, point, 0)];
    return interval !== undefined && interval.first <= point;
  }

  function covers(set: IntervalSet<P>, part: IntervalSet<P>): boolean {
    return part.every(({ first, last }) => {
      const interval = set[indexAt(set, first, 0)];
      return interval !== undefined && interval.first <= first && interval.last >= last;
    });
  }

  function overlap(part: IntervalSet<P>, set: IntervalSet<P>): Overlap {
    if (part.length === 0 || set.length === 0) {
      return 'none';
    }
    if (covers(set, part)) {
      return 'all';
    }
    return part.some((interval) => touches(set, interval)) ? 'part' : 'none';
  }

  return {
    setOf,
    union: (...sets) => setOf(sets.flat()),
    intersection,
    difference,
    contains,
    covers,
    equal: (one, other) =>
      one.length === other.length &&
      one.every(({ first, last }, index) => other[index]?.first === first && other[index].last === last),
    overlap,
  };
}

/** The index, from `from` on, of the first interval that does not end before the point; the length when there is none. */
function indexAt<P extends Point>(set: IntervalSet<P>, point: P, from: number): number {
  let low = from;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const interval = set[middle];
    if (interval !== undefined && interval.last < point) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function touches<P extends Point>(set: IntervalSet<P>, { first, last }: Interval<P>): boolean {
  const interval = set[indexAt(set, first, 0)];
  return interval !== undefined && interval.first <= last;
}

function byFirst<P extends Point>(one: Interval<P>, other: Interval<P>): number {
  if (one.first === other.first) {
    return 0;
  }
  return one.first < other.first ? -1 : 1;
}

function later<P extends Point>(one: P, other: P): P {
  return one > other ? one : other;
}

function earlier<P extends Point>(one: P, other: P): P {
  return one < other ? one : other;
}
