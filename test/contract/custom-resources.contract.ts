import { describe, expect, onTestFinished, test } from 'vitest';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import {
  BASELINE_POLICIES,
  FOREIGN_UID,
  NAMESPACE_BASELINES,
  outcomeOf,
  type Subject,
  uniqueName,
  valueOf,
} from './api-server-under-test.ts';

const TIME = '2026-01-01T00:00:00Z';
const READY = { type: 'Ready', status: 'True', reason: 'Applied', message: 'as declared', lastTransitionTime: TIME };
const STALLED = { type: 'Stalled', status: 'True', reason: 'InvalidSpec', message: 'broken', lastTransitionTime: TIME };

/** Custom resources: the status subresource, apply by keyed lists, validation. */
export function describeCustomResources(subject: Subject): void {
  const baselinePolicy = (
    name: string,
    fields: Readonly<Record<string, unknown>>,
    metadata: KubeObject['metadata'] = {},
  ): KubeObject => ({
    apiVersion: 'nsbaseline.io/v1alpha1',
    kind: 'BaselinePolicy',
    metadata: { name, ...metadata },
    ...fields,
  });
  const created = async (
    spec: Readonly<Record<string, unknown>> = { mode: 'Paused' },
  ): Promise<KubeObject & { readonly metadata: { readonly name: string } }> => {
    const name = uniqueName('custom');
    onTestFinished(async () => {
      await subject.kube.remove({ type: BASELINE_POLICIES, name });
    });
    const object = valueOf(
      await subject.kube.create(BASELINE_POLICIES, baselinePolicy(name, { spec, status: { observedGeneration: 7 } })),
    );
    return { ...object, metadata: { ...object.metadata, name } };
  };

  describe('BaselinePolicy', () => {
    test('R16 begins with observedGeneration -1, whatever status the create carries', async () => {
      expect(await created()).toMatchObject({
        metadata: { generation: 1 },
        spec: { mode: 'Paused' },
        status: { observedGeneration: -1 },
      });
    });

    test('R16 a write of the spec leaves status alone and raises the generation', async () => {
      const first = await created();
      const replaced = valueOf(
        await subject.kube.replace(BASELINE_POLICIES, {
          ...first,
          spec: { mode: 'DryRun' },
          status: { observedGeneration: 9 },
        }),
      );
      expect(replaced).toMatchObject({
        metadata: { generation: 2 },
        spec: { mode: 'DryRun' },
        status: { observedGeneration: -1 },
      });
      const applied = valueOf(
        await subject.kube.apply(
          BASELINE_POLICIES,
          baselinePolicy(first.metadata.name, { spec: { mode: 'Enforce' }, status: { observedGeneration: 9 } }),
        ),
      );
      expect(applied).toMatchObject({
        metadata: { generation: 3 },
        spec: { mode: 'Enforce' },
        status: { observedGeneration: -1 },
      });
    });

    test('R16 an apply of status leaves spec, labels and generation alone; unchanged it writes nothing', async () => {
      const { metadata } = await created();
      const body = baselinePolicy(
        metadata.name,
        { spec: { mode: 'Enforce' }, status: { observedGeneration: 1, conditions: [READY], failed: [] } },
        { labels: { a: 'b' } },
      );
      const applied = valueOf(await subject.kube.apply(BASELINE_POLICIES, body, { subresource: 'status' }));
      expect(applied).toMatchObject({
        metadata: { generation: 1 },
        spec: { mode: 'Paused' },
        status: { observedGeneration: 1, conditions: [READY], failed: [] },
      });
      expect(applied.metadata.labels).toBeUndefined();
      const again = valueOf(await subject.kube.apply(BASELINE_POLICIES, body, { subresource: 'status' }));
      expect(again.metadata.resourceVersion).toBe(applied.metadata.resourceVersion);
    });

    test('R16 an apply of status with a resourceVersion that is no longer current is a conflict, and its uid does not count', async () => {
      const first = await created();
      const { name, resourceVersion = '' } = first.metadata;
      valueOf(await subject.kube.replace(BASELINE_POLICIES, { ...first, spec: { mode: 'DryRun' } }));
      const status = (metadata: KubeObject['metadata']): KubeObject =>
        baselinePolicy(name, { status: { observedGeneration: 1 } }, metadata);
      expect(
        outcomeOf(await subject.kube.apply(BASELINE_POLICIES, status({ resourceVersion }), { subresource: 'status' })),
      ).toBe('conflict');
      expect(
        outcomeOf(await subject.kube.apply(BASELINE_POLICIES, status({ uid: FOREIGN_UID }), { subresource: 'status' })),
      ).toBe('ok');
    });

    test('R16 a condition that is no longer applied goes, a condition of somebody else stays', async () => {
      const { metadata } = await created();
      const status = (conditions: readonly object[]): KubeObject =>
        baselinePolicy(metadata.name, { status: { observedGeneration: 1, conditions } });
      valueOf(await subject.kube.apply(BASELINE_POLICIES, status([READY]), { subresource: 'status' }));
      valueOf(
        await subject.other.apply(
          BASELINE_POLICIES,
          baselinePolicy(metadata.name, { status: { conditions: [{ ...READY, type: 'Theirs' }] } }),
          { subresource: 'status' },
        ),
      );
      const applied = valueOf(
        await subject.kube.apply(BASELINE_POLICIES, status([STALLED]), { subresource: 'status' }),
      );
      expect(applied).toMatchObject({
        status: { conditions: expect.arrayContaining([{ ...READY, type: 'Theirs' }, STALLED]) as object[] },
      });
      expect((applied.status as { conditions: unknown[] }).conditions).toHaveLength(2);
    });

    test('an apply of status does not look at the uid in its body; one of the spec does', async () => {
      const { metadata } = await created();
      const status = baselinePolicy(metadata.name, { status: { observedGeneration: 1 } }, { uid: FOREIGN_UID });
      expect(outcomeOf(await subject.kube.apply(BASELINE_POLICIES, status, { subresource: 'status' }))).toBe('ok');
      expect(
        outcomeOf(
          await subject.kube.apply(
            BASELINE_POLICIES,
            baselinePolicy(metadata.name, { spec: {} }, { uid: FOREIGN_UID }),
          ),
        ),
      ).toBe('conflict');
      expect(
        outcomeOf(
          await subject.kube.apply(
            BASELINE_POLICIES,
            baselinePolicy(uniqueName('none'), { status: { observedGeneration: 1 } }),
            { subresource: 'status' },
          ),
        ),
      ).toBe('notFound');
    });

    test('a replace without a resourceVersion is invalid, with an old one a conflict', async () => {
      const first = await created();
      expect(
        outcomeOf(await subject.kube.replace(BASELINE_POLICIES, baselinePolicy(first.metadata.name, { spec: {} }))),
      ).toBe('invalid');
      valueOf(await subject.kube.replace(BASELINE_POLICIES, { ...first, spec: {} }));
      expect(outcomeOf(await subject.kube.replace(BASELINE_POLICIES, { ...first, spec: {} }))).toBe('conflict');
    });

    test.each<[string, Readonly<Record<string, unknown>>]>([
      ['an unknown mode', { mode: 'Sometimes' }],
      ['a wrong type', { mode: 1 }],
      ['an unknown field', { modes: 'Enforce' }],
      ['a direction that is none', { isolate: ['Sideways'] }],
      ['an empty list of peers', { allow: { monitoring: { from: [] } } }],
    ])('%s is invalid', async (_, spec) => {
      expect(
        outcomeOf(await subject.kube.create(BASELINE_POLICIES, baselinePolicy(uniqueName('custom'), { spec }))),
      ).toBe('invalid');
    });
  });

  describe('NamespaceBaseline', () => {
    const report = (namespace: string, status: Readonly<Record<string, unknown>>): KubeObject => ({
      apiVersion: 'nsbaseline.io/v1alpha1',
      kind: 'NamespaceBaseline',
      metadata: { name: 'baseline', namespace },
      status: { phase: 'Pending', policies: [], conditions: [READY], ...status },
    });

    test('one apply writes it whole, an empty list is kept, and the same again writes nothing', async () => {
      const namespace = await subject.namespace();
      const applied = valueOf(await subject.kube.apply(NAMESPACE_BASELINES, report(namespace, {})));
      expect(applied).toMatchObject({
        metadata: { generation: 1 },
        status: { phase: 'Pending', policies: [], conditions: [READY] },
      });
      const again = valueOf(await subject.kube.apply(NAMESPACE_BASELINES, report(namespace, {})));
      expect(again.metadata).toEqual(applied.metadata);
    });

    test('without a status subresource every change of status raises the generation, and there is none to apply to', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.apply(NAMESPACE_BASELINES, report(namespace, {})));
      expect(
        valueOf(await subject.kube.apply(NAMESPACE_BASELINES, report(namespace, { phase: 'Protected' }))).metadata
          .generation,
      ).toBe(2);
      expect(
        outcomeOf(await subject.kube.apply(NAMESPACE_BASELINES, report(namespace, {}), { subresource: 'status' })),
      ).toBe('notFound');
    });
  });
}
