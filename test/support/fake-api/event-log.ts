import type { StoredObject } from './stored-object.ts';

/** One committed change. `before` is what the change replaced or took away. */
export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: StoredObject;
  readonly before: StoredObject | undefined;
}

/**
 * The newest events of one resource type, oldest first, in a ring: what a watch can be started from. Older ones are
 * forgotten, and a watch from before them is refused as too old.
 */
export class EventLog {
  readonly #events: (StoredEvent | undefined)[];
  #first = 0;
  #count = 0;
  #floor: number;

  constructor(capacity: number, floor: number) {
    this.#events = new Array<StoredEvent | undefined>(capacity);
    this.#floor = floor;
  }

  /** Every event above this version is still here. */
  get floor(): number {
    return this.#floor;
  }

  append(event: StoredEvent): void {
    const capacity = this.#events.length;
    if (this.#count === capacity) {
      this.#floor = this.#at(0).version;
      this.#first = (this.#first + 1) % capacity;
      this.#count -= 1;
    }
    this.#events[(this.#first + this.#count) % capacity] = event;
    this.#count += 1;
  }

  /** The events above a version and not above another, oldest first. */
  *between(after: number, upTo: number): Generator<StoredEvent> {
    for (let index = this.#indexAfter(after); index < this.#count; index += 1) {
      const event = this.#at(index);
      if (event.version > upTo) {
        return;
      }
      yield event;
    }
  }

  /** Forgets everything up to a version, as a compaction does. */
  forget(version: number): void {
    this.#events.fill(undefined);
    this.#first = 0;
    this.#count = 0;
    this.#floor = version;
  }

  #at(index: number): StoredEvent {
    const event = this.#events[(this.#first + index) % this.#events.length];
    if (event === undefined) {
      throw new RangeError(`no event at ${index}`);
    }
    return event;
  }

  #indexAfter(version: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).version > version) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
