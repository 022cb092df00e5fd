import { fieldOf, parsedJson } from '../../base/json.ts';
import type { WatchEvent } from '../client/kube-client.ts';
import type { KubeError } from '../client/kube-error.ts';
import { isKubeObject } from '../client/kube-object.ts';
import { watchError } from '../client/status-error.ts';

const LINE_FEED = 0x0a;

/**
 * Splits a byte stream into lines at `\n`. It decodes complete lines only, so a character that is split between two
 * chunks stays intact. It buffers at most `limitBytes` of an unfinished line.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #bufferedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether there is an unfinished line. */
  get hasRemainder(): boolean {
    return this.#bufferedBytes > 0;
  }

  /**
   * Passes each line that the chunk completes to `onLine`, without its `\n`. It stops at the first error: that of
   * `onLine`, or `tooLarge`.
   */
  push(chunk: Buffer, onLine: (line: string) => KubeError | undefined): KubeError | undefined {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const error = this.#buffer(chunk.subarray(start, end)) ?? this.#flush(onLine);
      if (error !== undefined) {
        return error;
      }
      start = end + 1;
    }
    return this.#buffer(chunk.subarray(start));
  }

  #buffer(part: Buffer): KubeError | undefined {
    this.#bufferedBytes += part.byteLength;
    if (this.#bufferedBytes > this.#limitBytes) {
      this.#parts = [];
      this.#bufferedBytes = 0;
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
    const line = Buffer.concat(this.#parts, this.#bufferedBytes).toString('utf8');
    this.#parts = [];
    this.#bufferedBytes = 0;
    return line.trim() === '' ? undefined : onLine(line);
  }
}

/** The event in one line of a watch, or the error that ends the watch (`malformed` if the line is neither). */
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
