import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import {
  CONFIG_MAPS,
  configMap,
  DENY_ALL,
  eventually,
  FOREIGN_UID,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  type Subject,
  valueOf,
  watching,
} from './api-server-under-test.ts';

const ALLOW_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] };
const DENY_ALL_WITHOUT_RULES = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** Server-side apply, forced, as the operator repairs. */
export function describeApply(subject: Subject): void {
  const policy = async (namespace: string): Promise<KubeObject> =>
    valueOf(await subject.kube.get({ type: NETWORK_POLICIES, namespace, name: 'one' }));

  describe('apply', () => {
    test('creates what is not there', async () => {
      const namespace = await subject.namespace();
      const applied = valueOf(
        await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL, { labels: { a: 'b' } })),
      );
      expect(applied).toMatchObject({ metadata: { generation: 1, labels: { a: 'b' } }, spec: DENY_ALL_WITHOUT_RULES });
      expect(await policy(namespace)).toEqual(applied);
    });

    test('T unchanged, without empty lists, it writes nothing: version and generation stay and nobody is told', async () => {
      const namespace = await subject.namespace();
      const spec = { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] };
      const first = valueOf(
        await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', spec, { labels: { a: 'b' } })),
      );
      const watch = watching(subject.kube, {
        type: NETWORK_POLICIES,
        namespace,
        resourceVersion: first.metadata.resourceVersion ?? '',
      });
      const second = valueOf(
        await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', spec, { labels: { a: 'b' } })),
      );
      expect(second.metadata).toEqual(first.metadata);
      valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'two', spec)));
      await eventually(() => {
        expect(watch.changes()).toEqual(['ADDED two']);
      });
      await watch.stop();
    });

    test('T unchanged, but with an empty list, it is a write every time: version and generation rise though nothing differs', async () => {
      const namespace = await subject.namespace();
      const first = valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)));
      const second = valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)));
      expect(second.spec).toEqual(first.spec);
      expect([first.metadata.generation, second.metadata.generation]).toEqual([1, 2]);
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
    });

    test('T a forced apply that leaves ingress out does not remove the allow-all of somebody else; one with empty lists takes both back', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL_WITHOUT_RULES)));
      valueOf(await subject.other.replace(NETWORK_POLICIES, networkPolicy(namespace, 'one', ALLOW_ALL)));
      valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL_WITHOUT_RULES)));
      expect(await policy(namespace)).toMatchObject({ spec: { ingress: [{}], egress: [{}] } });
      valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)));
      expect((await policy(namespace)).spec).toEqual(DENY_ALL_WITHOUT_RULES);
    });

    test('F23 a podSelector that somebody narrowed is taken back whole by an empty one', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)));
      valueOf(
        await subject.other.replace(
          NETWORK_POLICIES,
          networkPolicy(namespace, 'one', { ...DENY_ALL, podSelector: { matchLabels: { a: 'b' } } }),
        ),
      );
      expect(
        valueOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL))).spec,
      ).toEqual(DENY_ALL_WITHOUT_RULES);
    });

    test('labels of others stay, ours are taken back, and what we no longer apply goes', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: '1', b: '1' } })));
      valueOf(await subject.other.apply(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: '2', theirs: '1' } })));
      const applied = valueOf(
        await subject.kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: '1' } })),
      );
      expect(applied.metadata.labels).toEqual({ a: '1', theirs: '1' });
    });

    test('what a POST of ours set outlives an apply that leaves it out: create and apply are two managers', async () => {
      const namespace = await subject.namespace();
      valueOf(
        await subject.kube.create(
          NETWORK_POLICIES,
          networkPolicy(namespace, 'one', DENY_ALL, { labels: { a: '1', b: '1' } }),
        ),
      );
      const applied = valueOf(
        await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL, { labels: { a: '1' } })),
      );
      expect(applied.metadata.labels).toEqual({ a: '1', b: '1' });
      expect(
        applied.metadata.managedFields?.map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`).sort(),
      ).toEqual(['nsbaseline Apply', 'nsbaseline Update']);
    });

    test('F13 with the uid of another object, or of one that is gone, it is a conflict and creates nothing', async () => {
      const namespace = await subject.namespace();
      const { uid = '' } = valueOf(
        await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)),
      ).metadata;
      expect(
        outcomeOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL, { uid }))),
      ).toBe('ok');
      expect(
        outcomeOf(
          await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL, { uid: FOREIGN_UID })),
        ),
      ).toBe('conflict');
      valueOf(await subject.kube.remove({ type: NETWORK_POLICIES, namespace, name: 'one' }));
      expect(
        outcomeOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL, { uid }))),
      ).toBe('conflict');
      expect(outcomeOf(await subject.kube.get({ type: NETWORK_POLICIES, namespace, name: 'one' }))).toBe('notFound');
    });

    test('with a resourceVersion that is no longer current it is a conflict', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', DENY_ALL)));
      expect(
        outcomeOf(
          await subject.kube.apply(
            NETWORK_POLICIES,
            networkPolicy(namespace, 'one', DENY_ALL, { resourceVersion: '1' }),
          ),
        ),
      ).toBe('conflict');
    });

    test('into a namespace that is not there it is notFound', async () => {
      expect(
        outcomeOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy('contract-not-there', 'one', DENY_ALL))),
      ).toBe('notFound');
    });

    test('an unknown field or a wrong type is a serverError, though the body is at fault', async () => {
      const namespace = await subject.namespace();
      expect(
        outcomeOf(
          await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', { ...DENY_ALL, other: 1 })),
        ),
      ).toBe('serverError');
      expect(
        outcomeOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: [] }))),
      ).toBe('serverError');
    });

    test('a spec that breaks the rules is invalid, with the field', async () => {
      const namespace = await subject.namespace();
      const applied = await subject.kube.apply(
        NETWORK_POLICIES,
        networkPolicy(namespace, 'one', { ...DENY_ALL, ingress: [{ from: [{}] }] }),
      );
      expect(applied).toMatchObject({
        ok: false,
        error: { kind: 'invalid', causes: [{ field: 'spec.ingress[0].from[0]' }] },
      });
    });
  });
}
