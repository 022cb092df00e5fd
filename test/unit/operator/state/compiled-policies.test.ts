import { describe, expect, test } from 'vitest';
import { CompiledPolicies } from '../../../../src/operator/state/compiled-policies.ts';
import { baselinePolicyProjection } from '../../../../src/operator/watch/projections.ts';

/** The policy `standard` as the API server has it at one generation. */
function stored(generation: number, spec: unknown): Parameters<CompiledPolicies['upsert']>[0] {
  return baselinePolicyProjection({
    apiVersion: 'nsbaseline.io/v1alpha1',
    kind: 'BaselinePolicy',
    metadata: { name: 'standard', uid: 'u', generation, resourceVersion: String(generation) },
    spec,
  });
}

describe('R11 F61 a policy that a former CRD took', () => {
  test.each<[string, unknown]>([
    ['an empty matchExpressions', { namespaceSelector: { matchExpressions: [] } }],
    ['a field without a value', { namespaceSelector: { matchLabels: null }, mode: null }],
  ])('with %s selects nothing while no other spec is known, and keeps the last one that was valid', (_what, spec) => {
    const book = new CompiledPolicies({ discovered: {}, dns: 'current' });
    book.upsert(stored(1, spec));
    expect(book.entry('standard')?.facts).toMatchObject({ isAccepted: false, selector: undefined, parts: undefined });
    expect(book.entry('standard')?.problems).not.toEqual([]);

    book.upsert(stored(2, { namespaceSelector: { matchLabels: { team: 'a' } } }));
    const { selector, parts } = book.entry('standard')?.facts ?? {};
    book.upsert(stored(3, spec));
    expect(book.entry('standard')?.facts).toMatchObject({ isAccepted: false, selector, parts });
  });
});
