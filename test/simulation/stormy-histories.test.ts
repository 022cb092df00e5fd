import { expect, test } from 'vitest';
import { firstBroken } from './broken-histories.ts';

test('R2 R3 R4 R5 R7 R8 R9 R10 R12 R13 R16 no stormy history breaks a rule, and all come to rest as declared', {
  timeout: 300_000,
}, async () => {
  expect(await firstBroken('stormy')).toBe('');
});
