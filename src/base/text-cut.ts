/** The text, or as much of its beginning as fits into `maxLength` UTF-16 code units. A character is never cut in two, since the API server would store something else for a half. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) {
    return text;
  }
  const endsInPair = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(Math.max(0, maxLength - 1), maxLength + 1));
  return text.slice(0, endsInPair ? maxLength - 1 : maxLength);
}
