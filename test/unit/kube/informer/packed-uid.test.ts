import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packedUids, unpackedUids } from '../../../../src/kube/informer/packed-uid.ts';

const uids = fc.array(
  fc.oneof(
    fc.uuid(),
    fc.uuid().map((uid) => uid.toUpperCase()),
    fc.string({ unit: 'binary', maxLength: 40 }),
  ),
  { maxLength: 6 },
);

test('R16 uids come back as they were packed, whether they are UUIDs or not', () => {
  fc.assert(
    fc.property(uids, (given) => {
      expect(unpackedUids(packedUids(given))).toEqual(given);
    }),
  );
});

test('a UUID takes its 16 bytes', () => {
  expect(packedUids(['7c8f4f5e-7f0e-4b62-9c1e-1f9b8f1c9a10'])).toHaveLength(16);
});
