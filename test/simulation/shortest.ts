import type { History, Step } from './steps.ts';

/** Gives back the broken rules of a history; none when it goes well. */
export type Trial = (history: History) => Promise<readonly string[]>;

/** More trials than this are not made for one history. */
const MOST_TRIALS = 1_500;

/**
 * A history that breaks the same rule with as few steps as were found: delta debugging on the list of steps
 * (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), then simpler steps one by one.
 */
export async function shortest(history: History, trial: Trial): Promise<History> {
  const rule = ruleOf(await trial(history));
  let left = MOST_TRIALS;
  const isBroken = async (candidate: History): Promise<boolean> => {
    left -= 1;
    return left > 0 && ruleOf(await trial(candidate)) === rule;
  };
  const fewer = await withFewerSteps(history, isBroken);
  return await withSimplerSteps(fewer, isBroken);
}

/** The number of the rule that the first problem is about, or its first word. */
function ruleOf([problem = '']: readonly string[]): string {
  return problem.split(' ', 1)[0] ?? '';
}

async function withFewerSteps(history: History, isBroken: (candidate: History) => Promise<boolean>): Promise<History> {
  let { steps } = history;
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    const length = steps.length;
    // From the end: what comes last is most often what matters, and what came before is then tried without it.
    for (let from = Math.max(0, steps.length - size); ; from -= size) {
      const start = Math.max(0, from);
      const without = [...steps.slice(0, start), ...steps.slice(Math.max(0, from + size))];
      if (without.length < steps.length && (await isBroken({ ...history, steps: without }))) {
        steps = without;
      }
      if (from <= 0) {
        break;
      }
    }
    if (size > 1) {
      size = Math.ceil(size / 2);
    } else if (steps.length === length) {
      break;
    }
  }
  return { ...history, steps };
}

async function withSimplerSteps(
  history: History,
  isBroken: (candidate: History) => Promise<boolean>,
): Promise<History> {
  let best = history;
  for (let index = 0; index < best.steps.length; index += 1) {
    for (const simpler of simplerSteps(best.steps[index])) {
      const candidate = { ...best, steps: best.steps.map((step, at) => (at === index ? simpler : step)) };
      if (!(await isBroken(candidate))) {
        continue;
      }
      best = candidate;
      break;
    }
  }
  return best;
}

/** The same thing, less of it: the simplest first. */
function simplerSteps(step: Step | undefined): readonly Step[] {
  switch (step?.do) {
    case 'declare':
      return [
        { ...step, spec: {} },
        ...Object.keys(step.spec).map(
          (key): Step => ({
            ...step,
            spec: Object.fromEntries(Object.entries(step.spec).filter(([name]) => name !== key)),
          }),
        ),
      ];
    case 'trouble':
      return step.count > 1 ? [{ ...step, count: 1 }] : [];
    case 'crash':
    case 'restart':
      return step.downMs > 0 ? [{ ...step, downMs: 0 }] : [];
    case 'wait':
      return [1, 40, 300, 2_000].filter((ms) => ms < step.ms).map((ms) => ({ ...step, ms }));
    default:
      return [];
  }
}
