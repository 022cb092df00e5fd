import type { LabelSelector } from '../../api/network-policy.ts';
import { isMatch } from '../../domain/selection.ts';
import type { Caches } from '../watch/caches.ts';

/** More selectors than this are forgotten together; each is looked up again when it is asked for. */
const MOST_SELECTORS = 1_024;

/** A selector with a namespace that matches it; `witness` is undefined where none does. */
interface Known {
  readonly selector: LabelSelector;
  readonly witness: string | undefined;
}

/**
 * Whether any namespace matches a selector. It remembers one namespace for each selector, so that a change of a namespace
 * costs one match for each selector, and all namespaces are only read when the remembered one no longer matches.
 */
export class PeerNamespaces {
  readonly #namespaces: Caches['namespaces'];
  readonly #known = new Map<string, Known>();

  constructor(namespaces: Caches['namespaces']) {
    this.#namespaces = namespaces;
  }

  /** Whether a namespace matches now. */
  has(selector: LabelSelector): boolean {
    const key = JSON.stringify(selector);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known.witness !== undefined;
    }
    if (this.#known.size >= MOST_SELECTORS) {
      this.#known.clear();
    }
    const witness = this.#witnessFor(selector);
    this.#known.set(key, { selector, witness });
    return witness !== undefined;
  }

  /** A namespace was created, changed or deleted: returns whether an answer of {@link PeerNamespaces.has} has changed. */
  namespaceChanged(name: string): boolean {
    let hasChanged = false;
    for (const [key, known] of this.#known) {
      const witness = this.#witnessAfter(name, known);
      hasChanged ||= (witness === undefined) !== (known.witness === undefined);
      if (witness !== known.witness) {
        this.#known.set(key, { selector: known.selector, witness });
      }
    }
    return hasChanged;
  }

  #witnessAfter(name: string, { selector, witness }: Known): string | undefined {
    if (witness !== undefined && witness !== name) {
      return witness;
    }
    const changed = this.#namespaces.get({ namespace: '', name });
    if (changed !== undefined && isMatch(selector, changed.labels)) {
      return name;
    }
    return witness === undefined ? undefined : this.#witnessFor(selector);
  }

  #witnessFor(selector: LabelSelector): string | undefined {
    for (const { name, labels } of this.#namespaces.values()) {
      if (isMatch(selector, labels)) {
        return name;
      }
    }
    return undefined;
  }
}
