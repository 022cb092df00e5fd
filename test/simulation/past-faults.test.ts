import { expect, test } from 'vitest';
import { PAST_FAULTS } from './past-faults.ts';
import { problemsIn } from './simulation.ts';

test.each(PAST_FAULTS)('is mended: $fault', async ({ history }) => {
  expect(await problemsIn(history)).toEqual([]);
});
