import { fieldOf, parsedJson } from '../../base/json.ts';
import type { WatchEvent } from '../client/kube-client.ts';
import type { KubeError } from '../client/kube-error.ts';
import { isKubeObject } from '../client/kube-object.ts';
import { watchError } from '../client/status-error.ts';

const LINE_FEED = 0x0a;

/**
 * Cuts a byte stream into lines at `\n`. A character that is spread over two chunks stays whole, since lines are
 * decoded only when complete. It never holds more than `limitBytes` of an unfinished line.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether a line was begun and not finished. */
  get hasRemainder(): boolean {
    return this.#heldBytes > 0;
  }

  /** Gives each line that the chunk finishes to `onLine`, without its `\n`. It stops at the first error, `onLine`'s or its own `tooLarge`. */
  push(chunk: Buffer, onLine: (line: string) => KubeError | undefined): KubeError | undefined {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const error = this.#hold(chunk.subarray(start, end)) ?? this.#flush(onLine);
      if (error !== undefined) {
        return error;
      }
      start = end + 1;
    }
    return this.#hold(chunk.subarray(start));
  }

  #hold(part: Buffer): KubeError | undefined {
    this.#heldBytes += part.byteLength;
    if (this.#heldBytes > this.#limitBytes) {
      this.#parts = [];
      this.#heldBytes = 0;
      return {
        kind: 'tooLarge',
        message: `a line of the watch is longer than ${this.#limitBytes} bytes`,
        limitBytes: this.#limitBytes,
      };
    }
    if (part.byteLength > 0) {
      this.#parts.push(part);
    }
    return undefined;
  }

  #flush(onLine: (line: string) => KubeError | undefined): KubeError | undefined {
    const line = Buffer.concat(this.#parts, this.#heldBytes).toString('utf8');
    this.#parts = [];
    this.#heldBytes = 0;
    return line.trim() === '' ? undefined : onLine(line);
  }
}

/** What one line of a watch says: an event, or the error that ends the watch (`malformed` when it says neither). */
export function watchLine(
  line: string,
  wallTime: Date,
): { readonly event: WatchEvent } | { readonly error: KubeError } {
  const parsed = parsedJson(line);
  const type = fieldOf(parsed, 'type');
  const object = fieldOf(parsed, 'object');
  if (type === 'ERROR') {
    return { error: watchError(object, wallTime) };
  }
  if (!isEventType(type) || !isKubeObject(object)) {
    return { error: { kind: 'malformed', message: 'a line of the watch is not an event' } };
  }
  return { event: { type, object } };
}

function isEventType(type: unknown): type is WatchEvent['type'] {
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
}
