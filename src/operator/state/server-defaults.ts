import { BoundedMap } from '../../base/bounded-map.ts';

/** How many rendered specs are remembered. Beyond that the oldest are forgotten, and the next write learns them again. */
const MAX_REMEMBERED = 4096;

/**
 * The digest that the API server is known to store for a rendered digest, where it adds fields of its own (R2, the rendered
 * set), so that its defaults are never taken for drift. In memory only: a restarted operator learns them with one write.
 */
export class ServerDefaults {
  readonly #storedFor = new BoundedMap<string, string>(MAX_REMEMBERED);

  /** Notes that the server stored `observed` after a write of `rendered`. */
  remember(pair: { readonly rendered: string; readonly observed: string }): void {
    this.#storedFor.set(pair.rendered, pair.observed);
  }

  /** Whether the server stores `observed` for `rendered`. */
  has(pair: { readonly rendered: string; readonly observed: string }): boolean {
    return this.#storedFor.get(pair.rendered) === pair.observed;
  }
}
