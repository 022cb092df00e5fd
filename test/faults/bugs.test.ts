import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as plans from '../../src/domain/planning/plan.ts';
import type * as renderings from '../../src/domain/rendering/rendering.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OPTED_IN, standardSet } from '../support/actors/actors.ts';
import { faultCluster } from './fault-cluster.ts';

const stage = faultCluster();
const FIVE_MINUTES_MS = 300_000;
const COMEBACK_MS = 70_000;
const bug = vi.hoisted(() => ({ namespace: '', policy: '', throws: 0 }));

vi.mock('../../src/domain/planning/plan.ts', async (original) => {
  const real = await original<typeof plans>();
  const planFor: typeof plans.planFor = (world) => {
    if (world.namespace.name !== bug.namespace) {
      return real.planFor(world);
    }
    bug.throws += 1;
    throw new Error('a bug');
  };
  return { ...real, planFor };
});

vi.mock('../../src/domain/rendering/rendering.ts', async (original) => {
  const real = await original<typeof renderings>();
  const renderedParts: typeof renderings.renderedParts = (policy, spec, discovered) => {
    if (policy !== bug.policy) {
      return real.renderedParts(policy, spec, discovered);
    }
    throw new Error('a bug');
  };
  return { ...real, renderedParts };
});

beforeEach(async () => {
  Object.assign(bug, { namespace: '', policy: '', throws: 0 });
  await stage.scene.people.baselinePolicy('standard', {});
});

afterEach(() => {
  Object.assign(bug, { namespace: '', policy: '' });
});

describe('F38 a bug in what is planned for one namespace', () => {
  const sets = async (): Promise<unknown> =>
    Promise.all(['team-a', 'team-b', 'team-c'].map((name) => stage.scene.people.networkPolicyNames(name)));

  test.each(['while it runs', 'as it starts'])(
    'F38 met %s: the others are protected, that one is tried ever less often and said, no watch is begun anew for it, and it comes right by itself',
    async (when) => {
      bug.namespace = 'team-b';
      const clock = new ManualClock();
      const start = (): ReturnType<typeof stage.start> => stage.start({ clock });
      const early = when === 'while it runs' ? await start() : undefined;
      for (const name of ['team-a', 'team-b', 'team-c']) {
        await stage.scene.people.namespace(name, OPTED_IN);
      }
      const operator = early ?? (await start());
      const watches = stage.asked.of('watch');
      await stage.pass(clock, FIVE_MINUTES_MS);
      expect(await sets()).toEqual([standardSet(), [], standardSet()]);
      // Policies and namespaces go on to be followed.
      await stage.scene.people.baselinePolicy('standard', { allow: { sameNamespace: { enabled: true } } });
      await stage.pass(clock, 5_000);
      expect(await stage.scene.people.networkPolicyNames('team-c')).toContain('standard.allow-same-namespace');
      expect(bug.throws).toBeGreaterThan(3);
      expect(bug.throws).toBeLessThan(80);
      expect(stage.asked.of('watch') - watches).toBeLessThan(60);
      expect(
        operator.log.filter(({ level, fields }) => level === 'error' && fields.namespace === 'team-b').length,
      ).toBeGreaterThan(3);
      bug.namespace = '';
      await stage.settle(clock, COMEBACK_MS);
    },
  );
});

describe('F38 a bug in what is rendered for one policy', () => {
  test.each(['while it runs', 'as it starts'])(
    'F38 R11 met %s: its last good set stays, it is Stalled and says why, the other policies go on, and it comes right with the next edit',
    async (when) => {
      const clock = new ManualClock();
      const first = await stage.start({ clock });
      await stage.scene.people.baselinePolicy('other', { namespaceSelector: { matchLabels: { class: 'x' } } });
      await stage.scene.people.namespace('team-a', { class: 'x' });
      await stage.settle(clock, COMEBACK_MS);
      bug.policy = 'other';
      if (when === 'as it starts') {
        await first.close();
        await stage.start({ clock });
      }
      await stage.scene.people.baselinePolicy('other', {
        namespaceSelector: { matchLabels: { class: 'x' } },
        isolate: ['Ingress'],
        allow: { dns: { enabled: false } },
      });
      await stage.scene.people.namespace('team-b', OPTED_IN);
      await stage.pass(clock, 10_000);
      expect(await stage.scene.people.networkPolicyNames('team-a')).toEqual(standardSet('other'));
      expect(await stage.scene.people.networkPolicyNames('team-b')).toEqual(standardSet());
      expect(await stage.scene.people.condition('other', 'Stalled')).toBe('True InvalidSpec');
      bug.policy = '';
      await stage.scene.people.baselinePolicy('other', {
        namespaceSelector: { matchLabels: { class: 'x' } },
        allow: { sameNamespace: { enabled: true } },
      });
      await stage.settle(clock, COMEBACK_MS);
    },
  );
});
