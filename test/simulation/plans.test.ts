import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isolatedDirections, unprotectionsIn } from '../../src/domain/planning/guard.ts';
import type { Outcome } from '../../src/domain/planning/outcome.ts';
import { nameOf, type PolicyPlan, planFor } from '../../src/domain/planning/plan.ts';
import { reportFor } from '../../src/domain/reporting/report.ts';
import type {
  BaselinePolicyFacts,
  Hold,
  ObservedNetworkPolicy,
  RecordedReport,
  World,
} from '../../src/domain/world.ts';
import { allDone, applied, foreign, managed, namespace, policy, world } from '../fixtures/worlds.ts';
import { someSpec } from './any-spec.ts';

const NAMES = [
  'p.default-deny',
  'p.allow-dns',
  'p.allow-monitoring',
  'p.custom',
  'q.default-deny',
  'q.allow-dns',
  'own',
  '.x',
  'p.',
];
/** The last stands for a policy of the name that is gone; uids come back on purpose. */
const UIDS = ['', 'uid-of-p', 'uid-of-q', 'uid-of-former'];

const anyMarks = fc.record({
  isLabelled: fc.boolean(),
  policyLabel: fc.constantFrom('', 'p', 'q'),
  policyUid: fc.constantFrom(...UIDS),
  isAdoptable: fc.boolean(),
  isKept: fc.boolean(),
  otherManager: fc.constantFrom('', 'kubectl'),
});

/** Any object under a name of ours or another, with any marks, true or forged, and the right spec or another. */
const anyObserved: fc.Arbitrary<readonly ObservedNetworkPolicy[]> = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom(...NAMES), anyMarks, fc.boolean(), fc.constantFrom('u1', 'u2', 'u3'))
    .map(([name, marks, isExact, uid]): ObservedNetworkPolicy => {
      const part = name.slice(2);
      const isOfPart = ['default-deny', 'allow-dns', 'allow-monitoring'].includes(part);
      const owner = policy(name.slice(0, 1));
      return isOfPart
        ? managed(owner, part, { ...marks, uid: `${name}-${uid}`, ...(isExact ? {} : { hash: 'other' }) })
        : foreign(name, { ...marks, uid: `${name}-${uid}` });
    }),
  { selector: ({ name }) => name, maxLength: 8 },
);

/** Any policy, deleting or not. */
const anyPolicy = (name: string): fc.Arbitrary<BaselinePolicyFacts> =>
  fc.tuple(someSpec, fc.boolean(), fc.boolean(), fc.boolean()).map(([spec, isDeleting, isRemoving, isAccepted]) =>
    policy(name, spec, {
      isDeleting,
      isRemoving: isDeleting && isRemoving && spec.removal?.onDelete === 'Remove',
      isAccepted,
    }),
  );

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    labels: fc.subarray(['nsbaseline.io/enabled', 'team']),
    isTerminating: fc.boolean(),
    isExcluded: fc.boolean(),
    policies: fc.tuple(anyPolicy('p'), anyPolicy('q')),
    observed: anyObserved,
    recorded: fc.subarray(['u1', 'u2']),
    holds: fc.uniqueArray(fc.tuple(fc.constantFrom('p', 'q'), fc.constantFrom<Hold>('RemovalHeld', 'IsolationHeld')), {
      selector: ([name]) => name,
      maxLength: 2,
    }),
  })
  .map(({ labels, isTerminating, isExcluded, policies, observed, recorded, holds }) => {
    const values = { 'nsbaseline.io/enabled': 'true', team: 'x' } as const;
    const of = namespace('a', {
      labels: Object.fromEntries(labels.map((label) => [label, values[label as keyof typeof values]])),
      isTerminating: isTerminating && isExcluded,
      isExcluded,
    });
    return world({
      namespace: of,
      baselinePolicies: policies,
      observed,
      report: recordOf(observed, recorded),
      holds: new Map(holds),
    });
  });

/** A NamespaceBaseline, true or forged, that lists objects by uid. */
function recordOf(observed: readonly ObservedNetworkPolicy[], uids: readonly string[]): RecordedReport | undefined {
  if (uids.length === 0) {
    return undefined;
  }
  const managedObjects = observed
    .filter(({ uid }) => uids.some((end) => uid.endsWith(end)))
    .map(({ name, uid }) => ({ name, uid }));
  const entries = ['p', 'q'].map((name) => ({
    policy: name,
    generation: 1,
    phase: 'Protected' as const,
    inPlace: true,
    managed: managedObjects,
  }));
  return { uid: 'r', hash: '', entries, readyStatus: 'True', readySince: '' };
}

function isOurs(observed: ObservedNetworkPolicy, { report: record }: World): boolean {
  const isRecorded = record?.entries.some((entry) => entry.managed.some(({ uid }) => uid === observed.uid)) === true;
  return (observed.isLabelled && observed.policyUid !== '') || isRecorded;
}

const writes = (plans: readonly PolicyPlan[]): PolicyPlan['actions'] =>
  plans.filter(({ frozen }) => frozen === undefined).flatMap(({ actions }) => actions);

const holds = (check: (drawn: World) => void): void => {
  fc.assert(fc.property(anyWorld, check), { numRuns: 2_000 });
};

test('R5 whatever the marks and the reports say, a plan overwrites only managed and adopted objects, and removes only managed ones', () => {
  holds((drawn) => {
    for (const action of writes(planFor(drawn))) {
      if (action.kind === 'repair') {
        expect(isOurs(action.observed, drawn) || action.observed.isAdoptable).toBe(true);
      }
      if (action.kind === 'remove' || action.kind === 'leave') {
        expect(isOurs(action.observed, drawn)).toBe(true);
      }
    }
  });
});

test('R4 R7 R8 a plan removes an object only for a policy in Enforce whose name and uid it carries, or as one of a former policy of that name in a selected namespace, and no kept object of an unselected namespace', () => {
  holds((drawn) => {
    for (const plan of planFor(drawn)) {
      if (plan.frozen !== undefined) {
        continue;
      }
      for (const action of plan.actions) {
        if (action.kind !== 'remove') {
          continue;
        }
        const liveUids = drawn.baselinePolicies.map(({ uid }) => uid);
        const isOfFormer =
          plan.isSelected && action.observed.policyUid !== '' && !liveUids.includes(action.observed.policyUid);
        expect([action.observed.policyUid === plan.policy.uid || isOfFormer, plan.policy.mode]).toEqual([
          true,
          'Enforce',
        ]);
        expect(nameOf(action).startsWith(`${plan.policy.name}.`)).toBe(true);
        expect(action.observed.isKept && !plan.isSelected).toBe(false);
      }
    }
  });
});

test('R9 in a namespace that waits for the confirmation of a removal, no plan takes a direction away', () => {
  holds((drawn) => {
    const held: World = {
      ...drawn,
      holds: new Map(drawn.baselinePolicies.map(({ name }) => [name, 'RemovalHeld' as const])),
    };
    const leaving = held.baselinePolicies.filter(
      ({ isDeleting, selector }) => isDeleting || selector?.matchLabels?.nobody === 'here',
    );
    const plans = planFor(held).filter(({ policy: { name } }) => leaving.some((candidate) => candidate.name === name));
    expect(isolatedDirections(applied(held, plans))).toEqual(
      expect.arrayContaining([...isolatedDirections(plans.flatMap(({ existing: standing }) => standing))]),
    );
  });
});

test('R9 what the guard counts is what a plan that is carried out takes away', () => {
  holds((drawn) => {
    const plans = planFor(drawn);
    const counted = new Set(unprotectionsIn(drawn, plans).map(({ direction }) => direction));
    const left = isolatedDirections(applied(drawn, plans));
    for (const direction of isolatedDirections(drawn.observed)) {
      if (!left.includes(direction)) {
        expect([...counted]).toContain(direction);
      }
    }
  });
});

test('R2 a plan that is carried out in part and made again ends with nothing left to do', () => {
  fc.assert(
    fc.property(anyWorld, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (drawn, failures) => {
      let now = drawn;
      for (const failing of [...failures, undefined, undefined]) {
        const plans = planFor(now).map((plan) => ({
          ...plan,
          actions: plan.actions.filter((_action, index) => index !== failing),
        }));
        now = { ...now, observed: applied(now, plans) };
      }
      expect(writes(planFor(now)).filter(({ kind }) => kind !== 'keep' && kind !== 'refuse')).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('R16 a report names every selecting policy once, lists nothing foreign as managed, and says Protected only where all stands', () => {
  holds((drawn) => {
    const plans = planFor(drawn);
    const outcomes: Map<string, Outcome> = allDone(plans);
    const report = reportFor({
      plans,
      outcomes,
      recorded: drawn.report,
      contests: new Map(),
      observed: drawn.observed,
      nowTime: '2026-01-01T00:00:00Z',
    });
    const foreigners = new Set(
      drawn.observed.filter((observed) => !isOurs(observed, drawn) && !observed.isAdoptable).map(({ uid }) => uid),
    );
    const entries = report?.entries ?? [];
    expect(new Set(entries.map(({ policy: name }) => name)).size).toBe(entries.length);
    for (const entry of entries) {
      expect(entry.managed.filter(({ uid }) => foreigners.has(uid))).toEqual([]);
    }
    const isObstructed = plans.some(
      ({ frozen, actions }) => frozen === undefined && actions.some(({ kind }) => kind === 'refuse'),
    );
    if (isObstructed) {
      expect(report?.status.phase).not.toBe('Protected');
    }
  });
});
