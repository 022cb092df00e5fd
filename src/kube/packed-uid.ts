/** As the API server makes them: a version 4 UUID in small letters (https://www.rfc-editor.org/rfc/rfc9562#section-4). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Ends every text that is kept as it is, so that it cannot be taken for a packed one: those have 16 characters of one byte each. */
const AS_IT_IS = '\u{2026}';

/**
 * A uid in a third of the memory: the 16 bytes of a UUID as the characters of a text. A uid may be any text
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#uids); what is no UUID stays as it is.
 */
export function packedUid(uid: string): string {
  return UUID.test(uid) ? Buffer.from(uid.replaceAll('-', ''), 'hex').toString('latin1') : uid + AS_IT_IS;
}

/** The uid that {@link packedUid} made this of. */
export function unpackedUid(packed: string): string {
  if (packed.endsWith(AS_IT_IS)) return packed.slice(0, -AS_IT_IS.length);
  const digits = Buffer.from(packed, 'latin1').toString('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}
