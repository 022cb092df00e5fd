/** How many rendered specs are remembered. Beyond that the oldest are forgotten, and the next write learns them again. */
const MAX_REMEMBERED = 4096;

/**
 * The digest that the API server is known to store for a rendered digest, where it adds fields of its own (R2, the rendered
 * set), so that its defaults are never taken for drift. In memory only: a restarted operator learns them with one write.
 */
export class ServerDefaults {
  readonly #storedFor = new Map<string, string>();

  /** Notes that the server stored `observed` after a write of `rendered`. */
  remember(pair: { readonly rendered: string; readonly observed: string }): void {
    this.#storedFor.delete(pair.rendered);
    this.#storedFor.set(pair.rendered, pair.observed);
    for (const oldest of this.#storedFor.keys()) {
      if (this.#storedFor.size <= MAX_REMEMBERED) {
        return;
      }
      this.#storedFor.delete(oldest);
    }
  }

  /** Whether the server stores `observed` for `rendered`. */
  has(pair: { readonly rendered: string; readonly observed: string }): boolean {
    return this.#storedFor.get(pair.rendered) === pair.observed;
  }
}
