/** The pool is emptied when it has this many values. */
const REMEMBERED = 512;
/** Longer keys are not pooled, so that tenants cannot fill the operator's memory. */
const LONGEST_KEY = 1024;

/**
 * Stores equal values once, for ten thousand objects that share them. Objects that arrive one after another, as in a list,
 * nearly always find their value in the pool.
 */
export class InternPool<T> {
  readonly #values = new Map<string, T>();

  /** The pooled value of this key. Equal keys must mean equal values; `make` is called when the pool has none. */
  interned(key: string, make: () => T): T {
    const known = this.#values.get(key);
    if (known !== undefined) {
      return known;
    }
    if (key.length > LONGEST_KEY) {
      return make();
    }
    if (this.#values.size >= REMEMBERED) {
      this.#values.clear();
    }
    const value = make();
    this.#values.set(key, value);
    return value;
  }
}
