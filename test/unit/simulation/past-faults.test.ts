import { expect, test } from 'vitest';
import { PAST_FAULTS } from '../../simulation/past-faults.ts';
import { problemsIn } from '../../simulation/simulation.ts';

test.each(PAST_FAULTS)('is mended: $fault', async ({ history }) => {
  expect(await problemsIn(history)).toEqual([]);
});
