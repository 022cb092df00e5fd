import { expect, test } from 'vitest';
import { seedsOf } from './histories.ts';
import { firstBroken } from './story.ts';

/** Together with the other kinds the first 2,000 seeds; `make simulate` runs more. */
const SEEDS = seedsOf('crowded', 400);

test('R15 F35 F36 no history of two or three operators of two versions that share a Lease breaks a rule, and all come to rest as declared', {
  timeout: 300_000,
}, async () => {
  expect(await firstBroken(SEEDS)).toBe('');
});
