import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Direction } from '../../../../src/api/network-policy.ts';
import { unprotectionsIn } from '../../../../src/domain/planning/guard.ts';
import { nameOf, planFor } from '../../../../src/domain/planning/plan.ts';
import type { BaselinePolicyFacts, ObservedNetworkPolicy, World } from '../../../../src/domain/world.ts';
import { anyLabels, anySpec } from '../../../fixtures/arbitraries.ts';
import {
  applied,
  foreign,
  inPlace,
  managed,
  namespace,
  needNoWrite,
  plannedWords,
  policy,
  reportListing,
  world,
} from '../../../fixtures/worlds.ts';

const standard = policy();

describe('R2 a selected namespace has exactly the rendered set', () => {
  test('an empty namespace gets every part', () => {
    expect(plannedWords(planFor(world()))).toEqual([
      'create standard.default-deny',
      'create standard.allow-dns',
      'create standard.allow-monitoring',
    ]);
  });

  test('R10 a namespace with everything in place needs nothing', () => {
    const plans = planFor(world({ observed: inPlace(standard) }));
    expect(plannedWords(plans)).toEqual([]);
    expect(needNoWrite(plans)).toBe(true);
  });

  test('another spec is repaired', () => {
    const observed = [
      managed(standard, 'default-deny', { hash: 'widened' }),
      managed(standard, 'allow-dns'),
      managed(standard, 'allow-monitoring'),
    ];
    expect(plannedWords(planFor(world({ observed })))).toEqual(['repair standard.default-deny']);
  });

  test('a spec that only the server added to is left alone', () => {
    const observed = [
      managed(standard, 'default-deny', { hash: 'with-default' }),
      managed(standard, 'allow-dns'),
      managed(standard, 'allow-monitoring'),
    ];
    expect(
      plannedWords(planFor(world({ observed, isEquivalent: (pair) => pair.observed === 'with-default' }))),
    ).toEqual([]);
  });

  test.each([
    ['the managed-by label', { isLabelled: false }],
    ['the policy label', { policyLabel: '' }],
    ['the policy uid', { policyUid: '' }],
  ])('R6 a stripped mark (%s) is drift on what was recorded', (_mark, stripped) => {
    const observed = [
      managed(standard, 'default-deny', stripped),
      managed(standard, 'allow-dns'),
      managed(standard, 'allow-monitoring'),
    ];
    const report = reportListing(standard, [managed(standard, 'default-deny')]);
    expect(plannedWords(planFor(world({ observed, report })))).toEqual(['repair standard.default-deny']);
  });

  test.each([
    ['another client', 'kubectl-edit', 'labels'],
    ['an operator of another version', '', 'rewrite'],
  ])('R2 R6 a purpose that %s wrote is put right', (_who, otherManager, cause) => {
    const observed = [
      managed(standard, 'default-deny', { purpose: 'approved: open by security', otherManager }),
      managed(standard, 'allow-dns'),
      managed(standard, 'allow-monitoring'),
    ];
    const report = reportListing(standard, [managed(standard, 'default-deny')]);
    expect(planFor(world({ observed, report })).flatMap(({ actions }) => actions)).toContainEqual(
      expect.objectContaining({ kind: 'repair', cause }),
    );
  });

  test('a part that is declared no longer goes, and only that', () => {
    const wider = policy('standard', { allow: { sameNamespace: { enabled: true } } });
    expect(plannedWords(planFor(world({ observed: inPlace(wider) })))).toEqual([
      'remove standard.allow-same-namespace',
    ]);
  });
});

describe('R4 a namespace that opts out', () => {
  const optedOut = namespace('team-a', { labels: {} });

  test('loses our policies and keeps its own', () => {
    const observed = [...inPlace(standard), foreign('custom')];
    const report = reportListing(standard);
    expect(plannedWords(planFor(world({ namespace: optedOut, observed, report })))).toEqual([
      'remove standard.default-deny',
      'remove standard.allow-dns',
      'remove standard.allow-monitoring',
    ]);
  });

  test('marks them with onOptOut: Keep, once', () => {
    const keeping = policy('standard', { removal: { onOptOut: 'Keep' } });
    expect(
      plannedWords(
        planFor(
          world({
            namespace: optedOut,
            baselinePolicies: [keeping],
            observed: inPlace(keeping),
            report: reportListing(keeping),
          }),
        ),
      ),
    ).toEqual(['leave standard.default-deny', 'leave standard.allow-dns', 'leave standard.allow-monitoring']);
    expect(
      plannedWords(
        planFor(
          world({
            namespace: optedOut,
            baselinePolicies: [keeping],
            observed: inPlace(keeping).map((observed) => ({ ...observed, isKept: true })),
          }),
        ),
      ),
    ).toEqual([]);
  });

  test('R3 of a set that was left in part under Keep, nothing is removed under Remove: the default-deny needs its allow-dns', () => {
    const [deny, ...rest] = inPlace(standard);
    const observed = [...(deny === undefined ? [] : [{ ...deny, isKept: true }]), ...rest];
    const report = reportListing(standard);
    expect(plannedWords(planFor(world({ namespace: optedOut, observed, report })))).toEqual([
      'leave standard.allow-dns',
      'leave standard.allow-monitoring',
    ]);
  });
});

describe('R5 an object that is not ours is never changed or deleted', () => {
  test('a foreign object under our name is refused', () => {
    expect(plannedWords(planFor(world({ observed: [foreign('standard.default-deny')] })))[0]).toBe(
      'refuse standard.default-deny',
    );
  });

  test('a copy of render output, with our labels but no uid, is foreign', () => {
    expect(plannedWords(planFor(world({ observed: [managed(standard, 'default-deny', { policyUid: '' })] })))[0]).toBe(
      'refuse standard.default-deny',
    );
  });

  test('the adopt annotation hands it over', () => {
    expect(
      plannedWords(planFor(world({ observed: [foreign('standard.default-deny', { isAdoptable: true })] })))[0],
    ).toBe('repair standard.default-deny');
  });
});

describe('R8 only what carries the live policy uid is removed', () => {
  const generous = policy('standard', { allow: { sameNamespace: { enabled: true } } });

  test('objects of another uid outside the selection stay', () => {
    const old = inPlace(standard).map((observed) => ({ ...observed, policyUid: 'uid-of-a-former-one' }));
    expect(plannedWords(planFor(world({ namespace: namespace('team-a', { labels: {} }), observed: old })))).toEqual([]);
  });

  test('objects of another uid in a selected namespace are taken over', () => {
    const old = inPlace(standard).map((observed) => ({ ...observed, policyUid: 'uid-of-a-former-one' }));
    expect(plannedWords(planFor(world({ observed: old })))).toEqual([
      'repair standard.default-deny',
      'repair standard.allow-dns',
      'repair standard.allow-monitoring',
    ]);
  });

  test('an allow that a former policy of the name left in a selected namespace, and this one has not, goes', () => {
    const stray = managed(generous, 'allow-same-namespace', { policyUid: 'uid-of-a-former-one' });
    expect(plannedWords(planFor(world({ observed: [...inPlace(standard), stray] })))).toEqual([
      'remove standard.allow-same-namespace',
    ]);
  });

  test.each([
    ['is of another policy that lives', { policyUid: 'uid-pci' }],
    ['lacks our label', { policyUid: 'uid-of-a-former-one', isLabelled: false }],
  ])('what %s stays, whatever its name', (_, marks) => {
    const stray = managed(generous, 'allow-same-namespace', marks);
    const pci = { ...policy('pci', { namespaceSelector: { matchLabels: { none: 'x' } } }), uid: 'uid-pci' };
    expect(
      plannedWords(planFor(world({ baselinePolicies: [standard, pci], observed: [...inPlace(standard), stray] }))),
    ).toEqual([]);
  });
});

describe('R7 DryRun and Paused', () => {
  test.each(['DryRun', 'Paused'] as const)('%s plans what Enforce would do, and freezes it', (mode) => {
    const [plan] = planFor(world({ baselinePolicies: [policy('standard', { mode })] }));
    expect(plan?.frozen).toBe(mode);
    expect(plan?.actions.map((action) => action.kind)).toEqual(['create', 'create', 'create']);
  });
});

describe('R11 an invalid policy', () => {
  test('starts nothing in a new namespace', () => {
    expect(planFor(world({ baselinePolicies: [policy('standard', {}, { isAccepted: false })] }))[0]?.frozen).toBe(
      'Invalid',
    );
  });

  test('keeps the last good set repaired where it stands', () => {
    const invalid = policy('standard', {}, { isAccepted: false });
    expect(
      plannedWords(
        planFor(
          world({ baselinePolicies: [invalid], observed: [managed(invalid, 'default-deny', { hash: 'widened' })] }),
        ),
      ),
    ).toContain('repair standard.default-deny');
  });

  test('R11 builds the last good set anew where all of it was deleted at once', () => {
    const invalid = policy('standard', {}, { isAccepted: false, generation: 2 });
    const recorded = {
      policy: 'standard',
      generation: 1,
      phase: 'Protected' as const,
      inPlace: true,
      managed: inPlace(standard).map(({ name, uid }) => ({ name, uid })),
    };
    const plans = planFor(
      world({
        baselinePolicies: [invalid],
        report: { uid: 'r', hash: 'h', readyStatus: 'True', readySince: '', entries: [recorded] },
      }),
    );
    expect(plans[0]?.frozen).toBeUndefined();
    expect(plannedWords(plans)).toEqual([
      'create standard.default-deny',
      'create standard.allow-dns',
      'create standard.allow-monitoring',
    ]);
  });

  test('whose good spec was never seen removes nothing', () => {
    const unknown = policy('standard', {}, { isAccepted: false, selector: undefined, parts: undefined });
    expect(plannedWords(planFor(world({ baselinePolicies: [unknown], observed: inPlace(standard) })))).toEqual([]);
  });
});

test('R12 a terminating namespace gets no plan', () => {
  expect(
    planFor(world({ namespace: namespace('team-a', { isTerminating: true }), observed: inPlace(standard) })),
  ).toEqual([]);
});

describe('properties of every plan', () => {
  const anyPolicies = fc.uniqueArray(fc.tuple(fc.constantFrom('standard', 'pci', 'x'), anySpec, fc.boolean()), {
    selector: ([name]) => name,
    maxLength: 3,
  });
  const anyObserved = (policies: readonly BaselinePolicyFacts[]): fc.Arbitrary<readonly ObservedNetworkPolicy[]> => {
    const names = [
      ...policies.flatMap((owner) => (owner.parts ?? []).map(({ name }) => name)),
      'custom',
      'standard.gone',
      'other.default-deny',
    ];
    const uids = [...policies.map(({ uid }) => uid), '', 'uid-of-another'];
    const hashes = [...policies.flatMap((owner) => (owner.parts ?? []).map(({ hash }) => hash)), 'tampered', ''];
    const one = fc.record({
      name: fc.constantFrom(...names),
      uid: fc.uuid(),
      isLabelled: fc.boolean(),
      policyLabel: fc.constantFrom('standard', 'pci', ''),
      policyUid: fc.constantFrom(...uids),
      purpose: fc.constantFrom('', 'Isolates every pod; other policies say what is let through.'),
      isAdoptable: fc.boolean(),
      isKept: fc.boolean(),
      isTerminating: fc.constant(false),
      isolates: fc.constant<Direction[]>([]),
      openness: fc.constant(undefined),
      otherManager: fc.constant(''),
      hash: fc.constantFrom(...hashes),
    });
    return fc.uniqueArray(one, { selector: ({ name }) => name, maxLength: 8 });
  };
  const anyWorld: fc.Arbitrary<World> = fc.tuple(anyPolicies, anyLabels).chain(([drafts, labels]) => {
    const policies = drafts
      .map(([name, spec, isAccepted]) => policy(name, spec, { isAccepted }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return anyObserved(policies).map((observed) =>
      world({ namespace: namespace('team-a', { labels }), baselinePolicies: policies, observed }),
    );
  });

  test('a plan that was carried out and is made again is empty', () => {
    fc.assert(
      fc.property(anyWorld, (before) => {
        const plans = planFor(before);
        expect(needNoWrite(planFor({ ...before, observed: applied(before, plans) }))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('the order of what was observed is irrelevant', () => {
    fc.assert(
      fc.property(anyWorld, (before) => {
        const words = (facts: World): readonly string[] => [...plannedWords(planFor(facts))].sort();
        expect(words({ ...before, observed: [...before.observed].reverse() })).toEqual(words(before));
      }),
    );
  });

  test('R5 nothing foreign is ever in a plan but to be refused', () => {
    fc.assert(
      fc.property(anyWorld, (before) => {
        const foreigners = new Set(
          before.observed
            .filter((observed) => (!observed.isLabelled || observed.policyUid === '') && !observed.isAdoptable)
            .map(({ name }) => name),
        );
        for (const plan of planFor(before)) {
          for (const action of plan.actions) {
            if (foreigners.has(nameOf(action))) {
              expect(action.kind).toBe('refuse');
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('R8 nothing is ever removed that carries neither the uid of the policy that removes it nor, where that selects the namespace, that of a former one of its name', () => {
    fc.assert(
      fc.property(anyWorld, (before) => {
        const live = before.baselinePolicies.map(({ uid }) => uid);
        for (const plan of planFor(before)) {
          const former = plan.actions.flatMap((action) =>
            action.kind === 'remove' && action.observed.policyUid !== plan.policy.uid ? [action.observed] : [],
          );
          if (former.length > 0) {
            expect(plan.isSelected).toBe(true);
          }
          for (const observed of former) {
            expect(observed.isLabelled).toBe(true);
            expect(['', ...live]).not.toContain(observed.policyUid);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('R9 the set of a held policy is repaired', () => {
  const both = policy('standard');
  const edited = policy('standard', { isolate: ['Ingress'] }, { generation: 2, formerParts: both.parts });
  const held = {
    baselinePolicies: [edited],
    report: reportListing(both),
    holds: new Map([['standard', 'RemovalHeld' as const]]),
  };

  test('R9 a held edit of isolate keeps the former set, repairs it, and removes nothing', () => {
    expect(plannedWords(planFor(world({ ...held, observed: inPlace(both) })))).toEqual([]);
    const tampered = inPlace(both).map((observed) =>
      observed.name === 'standard.default-deny' ? { ...observed, hash: 'widened', otherManager: 'x' } : observed,
    );
    expect(plannedWords(planFor(world({ ...held, observed: tampered })))).toEqual(['repair standard.default-deny']);
  });

  test('R9 a default-deny that is deleted while the edit is held still counts as lost, and comes back as it was', () => {
    const observed = inPlace(both).filter(({ name }) => name !== 'standard.default-deny');
    const free = world({ ...held, holds: new Map(), observed });
    expect(unprotectionsIn(free, planFor(free))).toEqual([{ policy: 'standard', direction: 'Egress' }]);
    const [plan] = planFor(world({ ...held, observed }));
    const restored = plan?.actions.find((action) => nameOf(action) === 'standard.default-deny');
    expect(restored).toMatchObject({ kind: 'create', part: { spec: { policyTypes: ['Ingress', 'Egress'] } } });
  });

  test('R9 where the former set is not known, as after a restart, a held edit leaves everything as it is', () => {
    const unknown = { ...edited, formerParts: undefined };
    expect(planFor(world({ ...held, baselinePolicies: [unknown], observed: inPlace(both) }))[0]?.frozen).toBe(
      'RemovalHeld',
    );
  });
});
