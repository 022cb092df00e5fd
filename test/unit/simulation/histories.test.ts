import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemsIn, Simulation } from '../../simulation/simulation.ts';
import { anyHistory, historyText, type History } from '../../simulation/steps.ts';

/** More, or others, by hand: `SIMULATION_RUNS=5000 SIMULATION_SEED=7 npx vitest run --project unit test/unit/simulation`. */
const numRuns = Number(process.env.SIMULATION_RUNS ?? 250);
const seed = Number(process.env.SIMULATION_SEED ?? 20_260_101);

/** The shortest history found that breaks a rule, as it can be read and run again; empty when none was found. */
async function shortestBroken(maxLength: number): Promise<string> {
  const outcome = await fc.check(
    fc.asyncProperty(anyHistory(maxLength), async (history) => {
      const problems = await problemsIn(history);
      if (problems.length > 0) throw new Error(problems.join('\n'));
    }),
    { numRuns, seed },
  );
  const [history] = outcome.counterexample ?? [];
  return history === undefined ? '' : `${historyText(history)}\n${String(outcome.errorInstance)}`;
}

/** Every write of the operator in the course of a history, in order. */
async function courseOf({ seed: ofHistory, steps }: History): Promise<readonly string[]> {
  const simulation = new Simulation(ofHistory);
  simulation.start();
  for (const step of steps) await simulation.take(step);
  await simulation.rest();
  await simulation.stop('crash');
  return simulation.observer.writes;
}

test('R2 R3 R4 R5 R7 R8 R9 R12 R13 no short history breaks a rule, and all come to rest as declared', { timeout: 120_000 }, async () => {
  expect(await shortestBroken(12)).toBe('');
});

test('R2 R3 R4 R5 R7 R8 R9 R12 R13 no long history breaks a rule, and all come to rest as declared', { timeout: 120_000 }, async () => {
  expect(await shortestBroken(35)).toBe('');
});

test('the same history has the same course, so that what failed once can be looked at again', async () => {
  for (const history of fc.sample(anyHistory(35), { numRuns: 3, seed: 5 })) expect(await courseOf(history)).toEqual(await courseOf(history));
});
