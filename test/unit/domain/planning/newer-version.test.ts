import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import type { ObservedNetworkPolicy, RecordedReport } from '../../../../src/domain/world.ts';
import { inPlace, managed, namespace, plannedWords, policy, world } from '../../../fixtures/worlds.ts';

const standard = policy();
const wider = policy('standard', { allow: { sameNamespace: { enabled: true } } });
const OTHERWISE = { hash: 'as-the-newer-version-renders-it' };

/** What a newer version said of these objects when it had written them. */
function recordOf(objects: readonly ObservedNetworkPolicy[], generation = 1): RecordedReport {
  const recorded = objects.map(({ name, uid, hash }) => ({ name, uid, hash }));
  return {
    uid: 'r',
    hash: 'h',
    readyStatus: 'True',
    readySince: '',
    entries: [{ policy: 'standard', generation, phase: 'Protected', inPlace: true, managed: recorded }],
  };
}

const rendered = [
  managed(standard, 'default-deny', OTHERWISE),
  managed(standard, 'allow-dns'),
  managed(standard, 'allow-monitoring'),
];
const facts = { observed: rendered, report: recordOf(rendered), hasNewerLed: true };

describe('R15 an older version that leads', () => {
  test('R15 leaves alone what a newer one rendered, and counts it as in place', () => {
    const [plan] = planFor(world(facts));
    expect(plan?.actions.map(({ kind }) => kind)).toEqual(['keep', 'keep', 'keep']);
  });

  test('R15 leaves alone a part that it does not know', () => {
    const observed = inPlace(wider);
    expect(plannedWords(planFor(world({ observed, report: recordOf(observed), hasNewerLed: true })))).toEqual([]);
  });

  test.each([
    ['no newer version ever led', { ...facts, hasNewerLed: false }],
    ['the policy was edited since', { ...facts, baselinePolicies: [policy('standard', {}, { generation: 2 })] }],
    [
      'somebody has changed it since',
      { ...facts, observed: [managed(standard, 'default-deny', { hash: 'widened' }), ...rendered.slice(1)] },
    ],
    [
      'it is another object of the name',
      {
        ...facts,
        observed: [managed(standard, 'default-deny', { ...OTHERWISE, uid: 'another' }), ...rendered.slice(1)],
      },
    ],
    ['nothing was recorded of it', { ...facts, report: undefined }],
    [
      'a record has no digest',
      {
        ...facts,
        report: {
          ...facts.report,
          entries: facts.report.entries.map((entry) => ({
            ...entry,
            managed: entry.managed.map(({ name, uid }) => ({ name, uid })),
          })),
        },
      },
    ],
  ])('R6 R15 goes its own way where %s', (_why, changed) => {
    expect(plannedWords(planFor(world(changed)))).toEqual(['repair standard.default-deny']);
  });

  test('R6 R15 puts back a mark that was stripped from it', () => {
    const observed = [managed(standard, 'default-deny', { ...OTHERWISE, isLabelled: false }), ...rendered.slice(1)];
    expect(plannedWords(planFor(world({ ...facts, observed })))).toEqual(['repair standard.default-deny']);
  });

  test('R4 R15 removes all of it from a namespace that opts out, parts included that it does not know', () => {
    const observed = inPlace(wider);
    const words = plannedWords(
      planFor(
        world({
          namespace: namespace('team-a', { labels: {} }),
          observed,
          report: recordOf(observed),
          hasNewerLed: true,
        }),
      ),
    );
    expect(words).toEqual(observed.map(({ name }) => `remove ${name}`));
  });

  test('R15 never trusts a digest that the tenant could have put there: only what the record has counts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (recordedHash, observedHash) => {
        fc.pre(recordedHash !== observedHash && observedHash !== managed(standard, 'default-deny').hash);
        const observed = [managed(standard, 'default-deny', { hash: observedHash }), ...rendered.slice(1)];
        const record = recordOf([managed(standard, 'default-deny', { hash: recordedHash }), ...rendered.slice(1)]);
        expect(plannedWords(planFor(world({ observed, report: record, hasNewerLed: true })))).toEqual([
          'repair standard.default-deny',
        ]);
      }),
    );
  });
});
