import fc from 'fast-check';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';

/** Specs that differ in all that the rules look at. */
export const someSpec: fc.Arbitrary<BaselinePolicySpec> = fc
  .record(
    {
      namespaceSelector: fc.constantFrom<NonNullable<BaselinePolicySpec['namespaceSelector']>>(
        { matchLabels: { team: 'x' } },
        {},
        { matchLabels: { nobody: 'here' } },
      ),
      mode: fc.constantFrom('Enforce' as const, 'Enforce' as const, 'DryRun' as const, 'Paused' as const),
      isolate: fc.constantFrom<NonNullable<BaselinePolicySpec['isolate']>>(
        ['Ingress'],
        ['Egress'],
        ['Ingress', 'Egress'],
      ),
      dns: fc.boolean(),
      monitoring: fc.boolean(),
      onOptOut: fc.constantFrom('Remove' as const, 'Keep' as const),
      onDelete: fc.constantFrom('Keep' as const, 'Remove' as const),
    },
    { requiredKeys: [] },
  )
  .map(({ dns, monitoring, onOptOut, onDelete, ...spec }) => ({
    ...spec,
    ...(dns === false || monitoring === false
      ? {
          allow: {
            ...(dns === false ? { dns: { enabled: false } } : {}),
            ...(monitoring === false ? { monitoring: { enabled: false } } : {}),
          },
        }
      : {}),
    ...(onOptOut === undefined && onDelete === undefined
      ? {}
      : {
          removal: { ...(onOptOut === undefined ? {} : { onOptOut }), ...(onDelete === undefined ? {} : { onDelete }) },
        }),
  }));
