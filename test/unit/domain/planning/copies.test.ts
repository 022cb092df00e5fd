import { describe, expect, test } from 'vitest';
import { graceMsOf } from '../../../../src/api/baseline-policy.ts';
import { validateBaselinePolicy } from '../../../../src/api/validation.ts';
import { copiesIn } from '../../../../src/domain/planning/copies.ts';
import { unprotectionsIn } from '../../../../src/domain/planning/guard.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import type { World } from '../../../../src/domain/world.ts';
import {
  inPlace,
  managed,
  namespace,
  needNoWrite,
  partOf,
  plannedWords,
  policy,
  reportListing,
  world,
} from '../../../fixtures/worlds.ts';

const standard = policy();
const unselected = namespace('restored', { labels: {} });
/** Input 02: what a backup restores into a namespace without its label. */
const restored = world({ namespace: unselected, observed: inPlace(standard) });

const copyNames = (facts: World): readonly string[] => copiesIn(facts).map(({ observed }) => observed.name);

describe('R5 the operator removes and writes nothing for a copy', () => {
  test('R5 F51 what a restore brings into an unselected namespace gets no plan, and is a copy', () => {
    expect(planFor(restored)).toEqual([]);
    expect(copyNames(restored)).toEqual(['standard.default-deny', 'standard.allow-dns', 'standard.allow-monitoring']);
  });

  test('R9 F51 forged copies count for no removal, and a held policy does not keep them up', () => {
    const forged = world({
      namespace: namespace('dev-1', { labels: {} }),
      observed: [managed(standard, 'default-deny')],
      holds: new Map([['standard', 'RemovalHeld']]),
    });
    expect(planFor(forged)).toEqual([]);
    expect(unprotectionsIn(forged, planFor(forged))).toEqual([]);
    expect(copyNames(forged)).toEqual(['standard.default-deny']);
  });

  test('R4 an opt-out is exactly what the report lists by uid, also beside a copy', () => {
    const listed = managed(standard, 'default-deny');
    const copy = managed(standard, 'allow-dns', { uid: 'uid-of-a-copy' });
    const facts = world({
      namespace: unselected,
      observed: [listed, copy],
      report: reportListing(standard, [listed]),
    });
    expect(plannedWords(planFor(facts))).toEqual(['remove standard.default-deny']);
    expect(copyNames(facts)).toEqual(['standard.allow-dns']);
  });

  test('R4 a copy is not marked as kept', () => {
    const keeping = policy('standard', { removal: { onOptOut: 'Keep' } });
    expect(planFor({ ...restored, baselinePolicies: [keeping] })).toEqual([]);
  });

  test('R8 the removal with a deleted policy leaves copies where the policy never selected', () => {
    const going = policy('standard', { removal: { onDelete: 'Remove' } }, { isDeleting: true, isRemoving: true });
    expect(planFor({ ...restored, baselinePolicies: [going] })).toEqual([]);
    const selected = { ...restored, namespace: namespace(), baselinePolicies: [going] };
    expect(plannedWords(planFor(selected))).toContain('remove standard.default-deny');
  });

  test('R5 in a selected namespace an unlisted object with our marks that is no part goes, and is no copy', () => {
    const stray = managed(standard, 'allow-dns', { name: 'standard.stray', uid: 'uid-of-a-stray' });
    const facts = world({ observed: [...inPlace(standard), stray] });
    expect(plannedWords(planFor(facts))).toEqual(['remove standard.stray']);
    expect(copyNames(facts)).toEqual([]);
  });

  test('R5 no copies: kept on purpose, of a policy that is gone, without our label, or in a terminating namespace', () => {
    const deny = managed(standard, 'default-deny');
    const others = [{ isKept: true }, { policyUid: 'gone' }, { isLabelled: false }].map((changes) => ({
      ...deny,
      ...changes,
    }));
    expect(copyNames({ ...restored, observed: others })).toEqual([]);
    const terminating = namespace('restored', { labels: {}, isTerminating: true });
    expect(copyNames({ ...restored, namespace: terminating })).toEqual([]);
  });
});

describe('R4 an opt-out waits for removal.grace', () => {
  const optedOut = world({ namespace: unselected, observed: inPlace(standard), report: reportListing(standard) });
  const waiting = {
    ...optedOut,
    optOutWaits: new Map([['standard', { waitMs: 10_000, untilTime: '2026-01-01T00:00:10Z' }]]),
  };

  test('R4 F53 while it waits the plan is frozen, and says what it would remove', () => {
    const plans = planFor(waiting);
    expect(plans).toMatchObject([{ frozen: 'OptingOut', isSelected: false, optOutWait: { waitMs: 10_000 } }]);
    expect(plannedWords(plans)).toContain('remove standard.default-deny');
    expect(needNoWrite(plans)).toBe(true);
  });

  test('R4 F53 when the label is back nothing is planned', () => {
    const back = { ...waiting, namespace: namespace('restored') };
    expect(planFor(back)).toMatchObject([{ frozen: undefined, isSelected: true }]);
    expect(plannedWords(planFor(back))).toEqual([]);
  });

  test('R9 the guard counts an opt-out from the first moment on, as the world that it judges has no waits', () => {
    expect(unprotectionsIn(optedOut, planFor(optedOut)).map(({ direction }) => direction)).toEqual([
      'Ingress',
      'Egress',
    ]);
  });

  test.each([
    [undefined, 10_000],
    ['0s', 0],
    ['45s', 45_000],
    ['3600s', 3_600_000],
    ['2m', 120_000],
    ['60m', 3_600_000],
  ])('R4 removal.grace %s is %i ms', (grace, expectedMs) => {
    expect(validateBaselinePolicy('standard', { removal: { grace } })).toMatchObject({ ok: true });
    expect(graceMsOf({ grace })).toBe(expectedMs);
  });

  test.each(['', '10', '-1s', '1.5s', '3601s', '61m', '1h', '010s', '10s\n', ' 10s'])(
    'R4 removal.grace %j is refused',
    (grace) => {
      expect(validateBaselinePolicy('standard', { removal: { grace } })).toMatchObject({ ok: false });
    },
  );
});

describe('R6 a rewrite and drift', () => {
  const dns = partOf(standard, 'allow-dns');
  const before = managed(standard, 'allow-dns', { hash: 'what discovery found before' });
  const rest = inPlace(standard).filter(({ name }) => name !== dns.name);
  const listing = (hash: string): World['report'] => {
    const report = reportListing(standard);
    return {
      ...report,
      entries: report.entries.map((entry) => ({
        ...entry,
        managed: entry.managed.map((listed) => (listed.name === dns.name ? { ...listed, hash } : listed)),
      })),
    };
  };

  test('R6 A4: another rendering of what the report had in place is a rewrite, whoever annotated the object', () => {
    const observed = [...rest, { ...before, otherManager: 'kubectl-annotate' }];
    const actions = planFor(world({ observed, report: listing(before.hash) }))[0]?.actions;
    expect(actions?.find(({ kind }) => kind === 'repair')).toMatchObject({ cause: 'rewrite' });
  });

  test('R6 a spec that the report did not have in place is drift', () => {
    const observed = [...rest, { ...before, otherManager: 'kubectl-edit' }];
    const actions = planFor(world({ observed, report: listing(dns.hash) }))[0]?.actions;
    expect(actions?.find(({ kind }) => kind === 'repair')).toMatchObject({ cause: 'spec' });
  });
});
