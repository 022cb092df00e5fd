/** How many values are remembered before it begins anew. */
const REMEMBERED = 512;
/** Nothing is remembered for a longer key, so that tenants cannot fill our memory. */
const LONGEST_KEY = 1024;

/**
 * Makes equal values one: what ten thousand objects say alike is then in memory once. What objects that come one after
 * the other say, as in a list, is nearly always found.
 */
export class InternPool<T> {
  readonly #values = new Map<string, T>();

  /** The value for this key, which tells all there is to it; `make` is called where it is not remembered. */
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
