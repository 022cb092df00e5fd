/** A line without its line break, with its number from 1; `text` is undefined when it was longer than the limit. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
}

/**
 * Cuts chunks into lines. It holds one unfinished line, at most `maxLineLength` characters of it. A longer line
 * is discarded and reported once, by its number.
 */
export class LineSplitter {
  readonly #maxLineLength: number;
  #rest = '';
  #isTooLong = false;
  #number = 0;

  constructor(maxLineLength: number) {
    this.#maxLineLength = maxLineLength;
  }

  /** The lines that this chunk completes. */
  split(chunk: string): readonly Line[] {
    const pieces = chunk.split('\n');
    const last = pieces.pop() ?? '';
    const lines = pieces.map((piece) => this.#complete(piece));
    this.#hold(last);
    return lines;
  }

  /** The last line, when the input does not end with a line break. */
  finish(): readonly Line[] {
    return this.#rest === '' && !this.#isTooLong ? [] : [this.#complete('')];
  }

  #complete(piece: string): Line {
    this.#hold(piece);
    const text = this.#isTooLong ? undefined : this.#rest;
    this.#rest = '';
    this.#isTooLong = false;
    this.#number += 1;
    return { number: this.#number, text: text?.endsWith('\r') === true ? text.slice(0, -1) : text };
  }

  #hold(piece: string): void {
    if (this.#isTooLong || this.#rest.length + piece.length > this.#maxLineLength) {
      this.#isTooLong = true;
      this.#rest = '';
      return;
    }
    this.#rest = this.#rest === '' ? piece : this.#rest + piece;
  }
}

/** Chunks as text, whether they come as text or as UTF-8. */
export async function* textsOf(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}
