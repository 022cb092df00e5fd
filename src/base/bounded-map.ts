/**
 * A map of at most `limit` entries. When it is full, `set` drops the entry that was set longest ago; reading renews
 * nothing.
 */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #entries = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Returns the value that was dropped to make room, if any. */
  set(key: Key, value: Value): Value | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) {
      return undefined;
    }
    const [oldest] = this.#entries;
    if (oldest === undefined) {
      return undefined;
    }
    this.#entries.delete(oldest[0]);
    return oldest[1];
  }

  values(): IterableIterator<Value> {
    return this.#entries.values();
  }
}
