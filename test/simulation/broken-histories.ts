import { historyOf, seedsOf, type TemperName } from './histories.ts';
import { shortest } from './shortest.ts';
import { courseOf } from './simulation.ts';
import { type History, stepText } from './steps.ts';

/** What broke, as a person reads it and a machine repeats it. */
export interface Broken {
  readonly seed: number;
  readonly problem: string;
  /** The shortest history found, what came of it line by line, and the commands that repeat it. */
  readonly story: string;
}

/** The rules that a history breaks, and an unexpected throw of the simulation as one. */
async function problemsOf(history: History): Promise<readonly string[]> {
  try {
    return (await courseOf(history)).problems;
  } catch (thrown) {
    return [`threw ${thrown instanceof Error ? String(thrown.stack) : String(thrown)}`];
  }
}

/** Runs a history; where it breaks a rule, looks for the shortest that does. */
export async function brokenBy(history: History): Promise<Broken | undefined> {
  const [problem] = await problemsOf(history);
  if (problem === undefined) {
    return undefined;
  }
  const small = await shortest(history, problemsOf);
  return { seed: history.seed, problem, story: await accountOf(small) };
}

/** All that happens in a history, and how to have it happen again. */
export async function accountOf(history: History): Promise<string> {
  const told = await courseOf(history).then(
    ({ simulation, problems }) => ({ lines: simulation.story, problems }),
    (thrown: unknown) => ({ lines: [], problems: [String(thrown)] }),
  );
  const steps = history.steps.map((step, index) => `  ${String(index + 1).padStart(2)}. ${stepText(step)}`);
  return [
    `seed ${history.seed} breaks a rule after ${history.steps.length} steps:`,
    ...told.problems.map((problem) => `  ${problem}`),
    'the shortest history found:',
    ...steps,
    'what happened:',
    ...withoutTheQuietEnd(told.lines).map((line) => `  ${line}`),
    'the whole seed again:',
    `  make simulate SEEDS=1 FROM=${history.seed}`,
    'this history again:',
    `  node test/simulation/main.ts --history '${JSON.stringify(history)}'`,
  ].join('\n');
}

const MOST_LINES = 120;

function withoutTheQuietEnd(lines: readonly string[]): readonly string[] {
  return lines.length <= MOST_LINES
    ? lines
    : [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more lines`];
}

/** How many histories of one kind a test runs at least, and at most; the seeds of five kinds make 2,000. */
const FEWEST = 40;
const MOST = 400;
/** After this the test runs no more than {@link FEWEST} histories, in milliseconds. */
const BUDGET_MS = 20_000;

/**
 * The story of the first history of a kind that breaks a rule; empty when none does. It runs as many as a budget of time
 * allows, so that the tests end soon on a busy machine; `make simulate SEEDS=2000 FROM=0` runs all.
 */
export async function firstBroken(temper: TemperName): Promise<string> {
  const startMs = performance.now();
  for (const [index, seed] of seedsOf(temper, MOST).entries()) {
    if (index >= FEWEST && performance.now() - startMs > BUDGET_MS) {
      return '';
    }
    const broken = await brokenBy(historyOf(seed));
    if (broken !== undefined) {
      return broken.story;
    }
  }
  return '';
}
