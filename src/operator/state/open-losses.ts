import type { Unprotection } from '../../domain/planning/guard.ts';

/** The losses that the plans of each namespace would cause, and how many of them count against the limit. */
export class OpenLosses {
  readonly #isCounted: (namespace: string, loss: Unprotection) => boolean;
  readonly #byNamespace = new Map<string, { readonly losses: readonly Unprotection[]; readonly counted: number }>();
  #total = 0;

  /** `isCounted` may change its answer only together with a call of {@link OpenLosses.recount}. */
  constructor(isCounted: (namespace: string, loss: Unprotection) => boolean) {
    this.#isCounted = isCounted;
  }

  /** How many losses count. */
  get total(): number {
    return this.#total;
  }

  /** The losses of one namespace; undefined when it has none. */
  get(namespace: string): readonly Unprotection[] | undefined {
    return this.#byNamespace.get(namespace)?.losses;
  }

  /** Every namespace that has losses, with them. */
  *entries(): Generator<readonly [string, readonly Unprotection[]], void, undefined> {
    for (const [namespace, { losses }] of this.#byNamespace) {
      yield [namespace, losses];
    }
  }

  /** Replaces the losses of a namespace. */
  set(namespace: string, losses: readonly Unprotection[]): void {
    this.delete(namespace);
    if (losses.length > 0) {
      const counted = losses.filter((loss) => this.#isCounted(namespace, loss)).length;
      this.#byNamespace.set(namespace, { losses, counted });
      this.#total += counted;
    }
  }

  /** Forgets the losses of a namespace. */
  delete(namespace: string): void {
    this.#total -= this.#byNamespace.get(namespace)?.counted ?? 0;
    this.#byNamespace.delete(namespace);
  }

  /** Counts all of them again. */
  recount(): void {
    for (const [namespace, { losses }] of [...this.#byNamespace]) {
      this.set(namespace, losses);
    }
  }
}
