import { expect, test } from 'vitest';
import { firstBroken } from './broken-histories.ts';

test('R15 F35 F36 no history of two or three operators of two versions that share a Lease breaks a rule, and all come to rest as declared', {
  timeout: 300_000,
}, async () => {
  expect(await firstBroken('crowded')).toBe('');
});
