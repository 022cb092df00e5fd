/** As the API server makes them: UUIDs in small letters (https://www.rfc-editor.org/rfc/rfc9562#section-4). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
/** No byte is this character, so it tells that a uid follows as it is, after its length. */
const AS_IT_IS = '\u{2026}';

/**
 * Uids in a third of the memory, as one text: of each UUID its 16 bytes, a character for each. A uid may be any text
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#uids); what is no UUID stays as it is.
 */
export function packedUids(uids: readonly string[]): string {
  return uids.map(packed).join('');
}

/** The uids that {@link packedUids} made this of. */
export function unpackedUids(text: string): readonly string[] {
  const uids: string[] = [];
  for (let at = 0; at < text.length; ) {
    const isAsItIs = text[at] === AS_IT_IS;
    const start = isAsItIs ? at + 2 : at;
    const end = start + (isAsItIs ? text.charCodeAt(at + 1) : UUID_BYTES);
    const uid = text.slice(start, end);
    uids.push(isAsItIs ? uid : uuid(uid));
    at = end;
  }
  return uids;
}

function packed(uid: string): string {
  return UUID.test(uid)
    ? Buffer.from(uid.replaceAll('-', ''), 'hex').toString('latin1')
    : AS_IT_IS + String.fromCharCode(uid.length) + uid;
}

function uuid(bytes: string): string {
  const digits = Buffer.from(bytes, 'latin1').toString('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}
