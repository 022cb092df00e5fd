/**
 * The text, or as much of its beginning as fits into `maxLength` UTF-16 code units. It never cuts a surrogate pair in
 * two, because the API server would store another character for half of one.
 */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) {
    return text;
  }
  const endsInPair = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(Math.max(0, maxLength - 1), maxLength + 1));
  return text.slice(0, endsInPair ? maxLength - 1 : maxLength);
}

/**
 * As {@link cutText}, for what is kept: a copy of its own. The engine keeps a whole text in memory for a piece that was cut
 * out of it.
 */
export function keptText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : Buffer.from(cutText(text, maxLength), 'utf16le').toString('utf16le');
}

/**
 * The text, or as much of it as fits into `maxBytes` of UTF-8 together with an ellipsis. It never cuts a character in
 * two.
 */
export function cutToBytes(text: string, maxBytes: number): string {
  // A lone surrogate is not UTF-8; on the wire it would become the three bytes of the replacement character.
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) {
    return whole;
  }
  const ellipsis = '…';
  const bytes = Buffer.from(whole).subarray(0, maxBytes - Buffer.byteLength(ellipsis));
  // With `stream`, the decoder leaves out an incomplete character at the end.
  return new TextDecoder().decode(bytes, { stream: true }) + ellipsis;
}

/** The first `most` of the names, and how many more there are: `a, b and 3 more`. */
export function namesText(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

const LONGEST_READABLE_TEXT = 1_000;

/**
 * Text from another program, made safe to print on one line: at most 1000 code units, and a space for each run of
 * control characters, which a terminal would obey.
 */
export function readableText(text: string): string {
  return cutText(text, LONGEST_READABLE_TEXT).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
