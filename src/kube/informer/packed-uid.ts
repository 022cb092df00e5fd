/** A uid as the API server generates it: a UUID in lower case (https://www.rfc-editor.org/rfc/rfc9562#section-4). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
/** Marks a uid that is stored unpacked after its length. No byte has this character code. */
const UNPACKED_MARK = '\u{2026}';

/**
 * The uids as one string with a third of the memory: one character for each of the 16 bytes of a UUID. A uid may be any
 * text (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#uids); other uids are stored unpacked.
 */
export function packedUids(uids: readonly string[]): string {
  return uids.map(packed).join('');
}

/** The uids of a result of {@link packedUids}. */
export function unpackedUids(text: string): readonly string[] {
  const uids: string[] = [];
  for (let at = 0; at < text.length; ) {
    const isUnpacked = text[at] === UNPACKED_MARK;
    const start = isUnpacked ? at + 2 : at;
    const end = start + (isUnpacked ? text.charCodeAt(at + 1) : UUID_BYTES);
    const uid = text.slice(start, end);
    uids.push(isUnpacked ? uid : uuid(uid));
    at = end;
  }
  return uids;
}

function packed(uid: string): string {
  return UUID.test(uid)
    ? Buffer.from(uid.replaceAll('-', ''), 'hex').toString('latin1')
    : UNPACKED_MARK + String.fromCharCode(uid.length) + uid;
}

function uuid(bytes: string): string {
  const digits = Buffer.from(bytes, 'latin1').toString('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}
