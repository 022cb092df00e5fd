/** What the network or the server does to one request instead of serving it. */
export type Mishap = 'refused500' | 'throttled429' | 'lostBefore' | 'lostAfter' | 'silentAfter';

/** Every mishap. */
export const MISHAPS: readonly Mishap[] = ['refused500', 'throttled429', 'lostBefore', 'lostAfter', 'silentAfter'];

const LONGEST_LEG_MS = 8;

/** The way between an operator and the API server: late by a little always, worse when told to. Two runs of one seed are alike. */
export class Network {
  readonly #random: () => number;
  readonly #lagsMs = new Map<string, number>();
  #mishaps: { left: number; readonly mishap: Mishap; readonly method: string } | undefined;

  readonly #onMishap: () => void;

  /** `onMishap` is told of each request that goes wrong. */
  constructor(random: () => number, onMishap: () => void) {
    this.#random = random;
    this.#onMishap = onMishap;
  }

  /** How long a request, or its answer, is under way. */
  legMs(): number {
    return Math.floor(this.#random() * LONGEST_LEG_MS);
  }

  /** How long an event of a watch on this plural is under way. */
  lagMs(plural: string): number {
    return (this.#lagsMs.get(plural) ?? 0) + Math.floor(this.#random() * 3);
  }

  /** From now on the watches on this plural are late by so much. */
  setLag(plural: string, lagMs: number): void {
    this.#lagsMs.set(plural, lagMs);
  }

  /** The next so many requests of a method go wrong. */
  trouble(mishap: Mishap, requests: { readonly method: string; readonly count: number }): void {
    this.#mishaps = { left: requests.count, mishap, method: requests.method };
  }

  /** Everything goes well from here on. */
  calm(): void {
    this.#lagsMs.clear();
    this.#mishaps = undefined;
  }

  /** What happens to a request of this method now. */
  mishapFor(method: string): Mishap | undefined {
    if (this.#mishaps === undefined || this.#mishaps.left === 0 || this.#mishaps.method !== method) return undefined;
    this.#mishaps.left -= 1;
    this.#onMishap();
    return this.#mishaps.mishap;
  }
}
