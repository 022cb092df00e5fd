/** What the network or the server does to one request instead of serving it at once. */
export type Mishap = (typeof MISHAPS)[number];

/**
 * Every mishap. `silentAfter` is served and never answered; `queued` is served seconds later, if its sender is still
 * there then, whether it waits for the answer or not.
 */
export const MISHAPS = [
  'refused409',
  'refused500',
  'refused503',
  'throttled429',
  'lostBefore',
  'lostAfter',
  'silentAfter',
  'queued',
] as const;

const LONGEST_LEG_MS = 8;
const LONGEST_QUEUE_MS = 9_000;

/** The way between operators and the API server: late by a little always, worse when told to. Two runs of one seed are alike. */
export class Network {
  readonly #random: () => number;
  readonly #lagsMs = new Map<string, number>();
  #mishaps: { left: number; readonly mishap: Mishap; readonly method: string } | undefined;
  #expiringPages = 0;

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

  /** How long a request waits in a server that has too much to do. */
  queueMs(): number {
    return Math.floor(this.#random() * LONGEST_QUEUE_MS);
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

  /** The next so many lists find, after their first page, that the rest can no longer be had (F10). */
  expirePages(count: number): void {
    this.#expiringPages = count;
  }

  /** Whether the next page of a list is refused as expired. */
  isPageExpired(): boolean {
    if (this.#expiringPages === 0) {
      return false;
    }
    this.#expiringPages -= 1;
    this.#onMishap();
    return true;
  }

  /** Everything goes well from here on. */
  calm(): void {
    this.#lagsMs.clear();
    this.#mishaps = undefined;
    this.#expiringPages = 0;
  }

  /** What happens to a request of this method now. */
  mishapFor(method: string): Mishap | undefined {
    if (this.#mishaps === undefined || this.#mishaps.left === 0 || this.#mishaps.method !== method) {
      return undefined;
    }
    this.#mishaps.left -= 1;
    this.#onMishap();
    return this.#mishaps.mishap;
  }
}
