import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { fieldOf, itemsOf } from '../../src/base/json.ts';
import { BASELINE_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually, OPTED_IN, valueOf } from '../support/actors/actors.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const HOUR_MS = 3_600_000;

/** A clock whose wall time is moved by itself, as an administrator or a bad NTP server does. */
class WanderingClock extends ManualClock {
  movedByMs = 0;

  override wallTime(): Date {
    return new Date(super.wallTime().getTime() + this.movedByMs);
  }
}

describe('F33 clocks that are wrong', () => {
  test.each([
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])(
    'F33 a wall clock that jumps to %s moves no condition, costs no write, and hinders nothing',
    async (_where, movedByMs) => {
      const clock = new WanderingClock();
      const first = await stage.start({ clock });
      await stage.scene.people.baselinePolicy('standard', {});
      for (const name of ['team-a', 'team-b']) {
        await stage.scene.people.namespace(name, OPTED_IN);
      }
      await stage.settle(clock, 60_000);
      await stage.pass(clock, 3_000);
      const times = async (): Promise<unknown> =>
        [
          valueOf(await stage.scene.admin.get({ type: BASELINE_POLICIES, name: 'standard' })).status,
          await stage.scene.people.report('team-a'),
          await stage.scene.people.report('team-b'),
        ].map((status) =>
          itemsOf(fieldOf(status, 'conditions')).map((condition) =>
            ['type', 'status', 'lastTransitionTime'].map((field) => fieldOf(condition, field)),
          ),
        );
      const before = await times();
      clock.movedByMs = movedByMs;
      const asked = stage.requests();
      await stage.pass(clock, 120_000, 10_000);
      expect(stage.requests() - asked).toBeLessThan(3);
      await first.close();
      const second = await stage.start({ clock });
      await stage.scene.people.namespace('team-c', OPTED_IN);
      await stage.scene.people.removeNetworkPolicy('team-b', 'standard.default-deny');
      await stage.settle(clock, 60_000);
      expect(await times()).toEqual(before);
      expect(second.writes.filter((write) => write.includes('team-a'))).toEqual([]);
    },
  );

  test('F33 a clock that is ten times too slow delays nothing that follows from an event', async () => {
    const slow: Clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs() / 10,
      after: (delayMs, callback) => systemClock.after(delayMs * 10, callback),
    };
    await stage.start({ clock: slow });
    await stage.scene.people.baselinePolicy('standard', {});
    await stage.scene.protectedNamespace('team-a');
    await stage.scene.people.removeNetworkPolicy('team-a', 'standard.default-deny');
    await eventually(
      async () => (await stage.scene.people.networkPolicy('team-a', 'standard.default-deny')) !== undefined,
    ).toBe(true);
    await expect.poll(() => stage.problems(), { timeout: EVENTUALLY_MS, interval: 50 }).toEqual([]);
  });

  test('F33 a clock that stands still for an hour and then leaps: nothing is removed, no hot loop makes up for it', async () => {
    const clock = new ManualClock();
    await stage.start({ clock });
    await stage.scene.people.baselinePolicy('standard', {});
    await stage.scene.people.namespace('team-a', OPTED_IN);
    await stage.settle(clock, 60_000);
    const asked = stage.requests();
    await stage.pass(clock, HOUR_MS, HOUR_MS);
    await stage.pass(clock, 120_000, 10_000);
    expect(stage.requests() - asked).toBeLessThan(40);
    expect(stage.problems()).toEqual([]);
  });
});
