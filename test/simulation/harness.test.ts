import { describe, expect, test } from 'vitest';
import { historyOf, seedsOf } from './histories.ts';
import { HostClock } from './host-clock.ts';
import { RequestBudget } from './request-budget.ts';
import { shortest } from './shortest.ts';
import { courseOf } from './simulation.ts';
import type { History, Step } from './steps.ts';
import { VirtualClock } from './virtual-clock.ts';

const wait: Step = { do: 'wait', ms: 2_000 };
const optIn: Step = { do: 'opt in', namespace: 'a' };
const declare: Step = { do: 'declare', policy: 'p', spec: { mode: 'DryRun', isolate: ['Egress'] } };
const drop: Step = { do: 'drop watches' };

describe('a history', () => {
  test('has the same course each time, so that what failed once can be looked at again', async () => {
    for (const seed of [...seedsOf('long', 3), ...seedsOf('restless', 3)]) {
      const [first, second] = [await courseOf(historyOf(seed)), await courseOf(historyOf(seed))];
      expect(first.simulation.story).toEqual(second.simulation.story);
    }
  });

  test('that breaks a rule is cut down to the steps that it takes, in their order, and those made simple', async () => {
    // Broken where a namespace opts in some time after a policy was declared.
    const trial = ({ steps }: History): Promise<readonly string[]> => {
      const [declared, waited, opted] = [
        steps.findIndex((step) => step.do === 'declare'),
        steps.findLastIndex((step) => step.do === 'wait'),
        steps.findLastIndex((step) => step.do === 'opt in'),
      ];
      return Promise.resolve(declared >= 0 && declared < waited && waited < opted ? ['R1 broken'] : []);
    };
    const long: History = {
      seed: 1,
      steps: [drop, optIn, declare, drop, wait, drop, drop, wait, optIn, drop, wait, optIn, drop],
    };
    expect((await shortest(long, trial)).steps).toEqual([{ ...declare, spec: {} }, { ...wait, ms: 1 }, optIn]);
  });

  test('that breaks another rule when it is cut down is not taken for the one that was looked for', async () => {
    const trial = ({ steps }: History): Promise<readonly string[]> =>
      Promise.resolve(steps.includes(optIn) ? ['R1 broken'] : ['R2 broken']);
    expect((await shortest({ seed: 1, steps: [drop, optIn, wait, drop] }, trial)).steps).toEqual([optIn]);
  });
});

describe('the clock of a process', () => {
  /** What happened, in its order, when a process that was stopped before goes on after a second. */
  async function afterStop(waking: 'timers first' | 'arrivals first'): Promise<readonly string[]> {
    const world = new VirtualClock();
    const host = new HostClock(world);
    const seen: string[] = [];
    host.after(10, () => seen.push('timer'));
    host.arrive(5, () => seen.push('arrival'));
    host.stop();
    await world.advance(1_000);
    expect(seen).toEqual([]);
    host.wake(waking);
    await world.advance(0);
    return seen;
  }

  test('stands still while it is stopped, and then does all that fell due, timers or arrivals first', async () => {
    expect(await afterStop('timers first')).toEqual(['timer', 'arrival']);
    expect(await afterStop('arrivals first')).toEqual(['arrival', 'timer']);
  });

  test('does nothing any more once it has ended, and goes on with time while it is stopped', async () => {
    const world = new VirtualClock();
    const host = new HostClock(world);
    const seen: string[] = [];
    host.after(10, () => seen.push('timer'));
    host.stop();
    await world.advance(50);
    expect(host.nowMs()).toBe(50);
    host.end();
    host.wake('timers first');
    await world.advance(50);
    expect([seen, host.isAlive]).toEqual([[], false]);
  });
});

describe('the budget of requests', () => {
  test('R12 is exhausted by a loop that never waits, and not by one that asks twice a second', async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock);
    budget.begin('slow');
    budget.begin('hot');
    for (let asked = 0; asked < 1_000; asked += 1) {
      await clock.advance(500);
      budget.spend('slow', 'GET');
    }
    expect(budget.problems).toEqual([]);
    for (let asked = 0; asked < 100_000; asked += 1) {
      budget.spend('hot', 'GET');
    }
    expect(budget.problems).toHaveLength(1);
  });
});
