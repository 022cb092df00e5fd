/** How many rendered specs are remembered; beyond that the oldest are forgotten and compared by a write again. */
const REMEMBERED = 4096;

/**
 * What the API server is known to store for what was rendered, where it adds fields of its own (R2). Kept so that its
 * defaults never look like drift; in memory only, since a restart learns it anew with one write.
 */
export class ServerDefaults {
  readonly #storedFor = new Map<string, string>();

  /** Notes that the server answered `observed` to a write of `rendered`. */
  remember(pair: { readonly rendered: string; readonly observed: string }): void {
    this.#storedFor.delete(pair.rendered);
    this.#storedFor.set(pair.rendered, pair.observed);
    for (const oldest of this.#storedFor.keys()) {
      if (this.#storedFor.size <= REMEMBERED) {
        return;
      }
      this.#storedFor.delete(oldest);
    }
  }

  /** Whether `observed` is what the server stores for `rendered`. */
  has(pair: { readonly rendered: string; readonly observed: string }): boolean {
    return this.#storedFor.get(pair.rendered) === pair.observed;
  }
}
