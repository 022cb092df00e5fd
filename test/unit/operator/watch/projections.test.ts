import { describe, expect, test } from 'vitest';
import { FIELD_MANAGER, LABELS } from '../../../../src/api/names.ts';
import { networkPolicyProjection, reportProjection } from '../../../../src/operator/watch/projections.ts';

/** Who is said to have written a managed NetworkPolicy after us, by the writes in its managedFields. */
function otherManager(...writes: readonly (readonly [manager: string, time?: string])[]): string {
  const managedFields = writes.map(([manager, time]) => (time === undefined ? { manager } : { manager, time }));
  return networkPolicyProjection({
    metadata: {
      name: 'standard.default-deny',
      namespace: 'team-a',
      labels: { [LABELS.managedBy]: FIELD_MANAGER },
      managedFields,
    },
    spec: {},
  }).otherManager;
}

describe('R6 who wrote a managed NetworkPolicy after us', () => {
  test('is the last of the others', () => {
    expect(
      otherManager(
        [FIELD_MANAGER, '2026-01-01T00:00:00Z'],
        ['kubectl-edit', '2026-01-01T00:00:02Z'],
        ['argocd', '2026-01-01T00:00:01Z'],
      ),
    ).toBe('kubectl-edit');
  });

  test('is nobody when all others wrote before our last write', () => {
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:00Z'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe('');
    expect(otherManager([FIELD_MANAGER, '2026-01-01T00:00:00Z'])).toBe('');
  });

  test('may be who wrote in the same second, or at a time that is not said', () => {
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:01Z'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe(
      'kubectl-edit',
    );
    expect(otherManager(['kubectl-edit'], [FIELD_MANAGER, '2026-01-01T00:00:01Z'])).toBe('kubectl-edit');
    expect(otherManager(['kubectl-edit', '2026-01-01T00:00:01Z'])).toBe('kubectl-edit');
  });
});

test('R16 a NamespaceBaseline without a status is kept, as one that says nothing', () => {
  expect(reportProjection({ metadata: { name: 'baseline', namespace: 'team-a', uid: 'u' } })).toMatchObject({
    entries: [],
    readyStatus: '',
  });
});
