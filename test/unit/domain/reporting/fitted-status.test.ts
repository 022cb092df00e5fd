import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BaselinePolicyStatus, baselinePolicyStatusSchema } from '../../../../src/api/baseline-policy.ts';
import { fittedStatus } from '../../../../src/domain/reporting/fitted-status.ts';

const plain: BaselinePolicyStatus = {
  observedGeneration: 3,
  mode: 'Enforce',
  conditions: [],
  namespaces: { matched: 2, protected: 1, pending: 0, failed: 1, conflicted: 0, weakened: 0 },
  failed: [],
  discovered: {},
};
const condition = (type: string, message: string): BaselinePolicyStatus['conditions'][number] => ({
  type,
  status: 'True',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'Applied',
  message,
});
const entry = (namespace: string, message: string): BaselinePolicyStatus['failed'][number] => ({
  namespace,
  reason: 'Denied',
  message,
});

describe('R16 F63 a status that the CRD would refuse', () => {
  test('is left as it is when it fits', () => {
    const status = { ...plain, conditions: [condition('Ready', 'Fine.')] };
    expect(fittedStatus(status, undefined)).toEqual({ status, leftOut: [] });
  });

  test('loses only the odd item, and says which', () => {
    const status = {
      ...plain,
      conditions: [condition('Ready', 'Fine.'), condition('Weakened', 'x'.repeat(40_000))],
      failed: [entry('team-a', 'x'.repeat(2_000)), entry('team-b', 'Fine.')],
    };
    expect(fittedStatus(status, undefined)).toEqual({
      status: { ...plain, conditions: [condition('Ready', 'Fine.')], failed: [entry('team-b', 'Fine.')] },
      leftOut: ['conditions[Weakened]', 'failed[team-a]'],
    });
  });

  test('keeps the last good form of a discovered value', () => {
    const before = { dns: { source: 'kube-system/kube-dns', egress: [] } };
    const status = { ...plain, discovered: { dns: { source: 'x'.repeat(2_000), egress: [] } } };
    expect(fittedStatus(status, { discovered: before })).toEqual({
      status: { ...plain, discovered: before },
      leftOut: ['discovered.dns'],
    });
    expect(fittedStatus(status, undefined).status.discovered).toEqual({});
  });

  test('fits in the end, whatever was in its texts and addresses', () => {
    const text = fc.oneof(
      fc.string(),
      fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, text), { maxLength: 24 }),
        fc.array(fc.tuple(text, fc.integer()), { maxLength: 80 }),
        (texts, endpoints) => {
          const status = {
            ...plain,
            conditions: texts.map(([type, message]) => condition(type, message)),
            failed: texts.map(([namespace, message]) => entry(namespace, message)),
            discovered: { apiServer: { endpoints: endpoints.map(([address, port]) => ({ address, port })) } },
          };
          expect(baselinePolicyStatusSchema.safeParse(fittedStatus(status, undefined).status).success).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});
