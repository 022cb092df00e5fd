import type { Clock, Timer } from '../../src/base/clock.ts';
import { settled } from '../fixtures/manual-clock.ts';

interface Entry extends Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** More timers than this without an end within one advance is a loop that never rests. */
const MOST_FIRED = 100_000;

/** Time that passes only when it is told to, in one order for one history. The wall clock may be moved by itself. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs = Date.UTC(2026, 0, 1);
  #order = 0;
  /** Due timers as a binary heap, the earliest first. */
  readonly #heap: Entry[] = [];
  readonly #cancelled = new WeakSet<Entry>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(this.#wallOffsetMs + this.#nowMs);
  }

  /** Moves the wall clock and nothing else, as an administrator or a bad NTP server does. */
  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    this.#order += 1;
    const entry: Entry = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order,
      callback,
      cancel: () => void this.#cancelled.add(entry),
    };
    this.#push(entry);
    return entry;
  }

  /** Lets time pass: fires what falls due, and after each lets every promise settle that can. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settled();
    for (let fired = 0; ; fired += 1) {
      if (fired > MOST_FIRED) {
        throw new Error(`more than ${MOST_FIRED} timers fired in ${durationMs} ms: a loop that never rests`);
      }
      const next = this.#heap[0];
      if (next === undefined || next.dueMs > endMs) {
        break;
      }
      this.#pop();
      if (this.#cancelled.has(next)) {
        continue;
      }
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await settled();
    }
    this.#nowMs = endMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent])) {
        break;
      }
      swap(heap, index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    heap[0] = last;
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[child], heap[index])) {
        return;
      }
      swap(heap, index, child);
      index = child;
    }
  }
}

function isBefore(first: Entry | undefined, second: Entry | undefined): boolean {
  if (first === undefined) {
    return false;
  }
  if (second === undefined) {
    return true;
  }
  return first.dueMs === second.dueMs ? first.order < second.order : first.dueMs < second.dueMs;
}

function swap(heap: Entry[], first: number, second: number): void {
  const [a, b] = [heap[first], heap[second]];
  if (a === undefined || b === undefined) {
    return;
  }
  heap[first] = b;
  heap[second] = a;
}
