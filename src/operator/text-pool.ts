/** How many texts are remembered before it begins anew. */
const REMEMBERED = 4096;

/**
 * Makes equal texts one: what ten thousand objects say alike (labels, digests, the name of their namespace) is then in
 * memory once. Texts of objects that come one after the other, as in a list, are nearly always found.
 */
export class TextPool {
  readonly #texts = new Map<string, string>();

  /** An equal text, which may be one that was given before. */
  shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= REMEMBERED) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
