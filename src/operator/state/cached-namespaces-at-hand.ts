import type { LabelSelector } from '../../api/network-policy.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Clock } from '../../base/clock.ts';
import { isMatch } from '../../domain/selection.ts';
import { MOST_LEFT_OUT, type NamespacesAtHand } from '../../domain/weakening/reach.ts';
import type { Caches } from '../watch/caches.ts';

/** For how long the answer for one selector is used again, in milliseconds. */
const ANSWER_AGE_MS = 5_000;
/** How many selectors are remembered. */
const REMEMBERED = 64;

/**
 * The namespaces in the cache. An answer may be {@link ANSWER_AGE_MS} old, so that a tenant with many selectors cannot
 * keep the operator comparing labels.
 */
export class CachedNamespacesAtHand implements NamespacesAtHand {
  readonly #caches: Pick<Caches, 'namespaces'>;
  readonly #clock: Clock;
  readonly #answers = new BoundedMap<string, { readonly names: readonly string[]; readonly atMs: number }>(REMEMBERED);

  constructor(caches: Pick<Caches, 'namespaces'>, clock: Clock) {
    this.#caches = caches;
    this.#clock = clock;
  }

  get count(): number {
    return this.#caches.namespaces.size;
  }

  leftOutBy(selector: LabelSelector): readonly string[] {
    const key = JSON.stringify(selector);
    const nowMs = this.#clock.nowMs();
    const known = this.#answers.get(key);
    if (known !== undefined && nowMs - known.atMs < ANSWER_AGE_MS) {
      return known.names;
    }
    const names: string[] = [];
    for (const { name, labels } of this.#caches.namespaces.values()) {
      if (!isMatch(selector, labels)) {
        names.push(name);
      }
      if (names.length > MOST_LEFT_OUT) {
        break;
      }
    }
    this.#answers.set(key, { names, atMs: nowMs });
    return names;
  }
}
