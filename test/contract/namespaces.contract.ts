import { describe, expect, test } from 'vitest';
import {
  CONFIG_MAPS,
  configMap,
  DENY_ALL,
  eventually,
  FOREIGN_UID,
  NAMESPACES,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  type Subject,
  uniqueName,
  valueOf,
  watching,
} from './api-server-under-test.ts';

/** Names that YAML 1.1 or JavaScript read as something else. */
const AWKWARD = ['no', 'on', 'y', '1e3', '0777', 'constructor'];

/** Namespaces: labels, names, and how they go. */
export function describeNamespaces(subject: Subject): void {
  describe('Namespace', () => {
    test('has its own name as a label, which nobody can change or take away, a phase and no generation', async () => {
      const name = await subject.namespace({ 'kubernetes.io/metadata.name': 'other', a: 'b' });
      const labels = { a: 'b', 'kubernetes.io/metadata.name': name };
      const created = valueOf(await subject.kube.get({ type: NAMESPACES, name }));
      expect(created).toMatchObject({ metadata: { labels }, status: { phase: 'Active' } });
      expect(created.metadata.generation).toBeUndefined();
      const replaced = valueOf(
        await subject.kube.replace(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
      );
      expect(replaced.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': name });
    });

    test('an unchanged replace of one is not written, a stale one is a conflict', async () => {
      const name = await subject.namespace();
      const first = valueOf(await subject.kube.get({ type: NAMESPACES, name }));
      expect(valueOf(await subject.kube.replace(NAMESPACES, first)).metadata.resourceVersion).toBe(
        first.metadata.resourceVersion,
      );
      valueOf(
        await subject.kube.replace(NAMESPACES, { ...first, metadata: { ...first.metadata, labels: { a: 'b' } } }),
      );
      expect(outcomeOf(await subject.kube.replace(NAMESPACES, first))).toBe('conflict');
    });

    test.each(AWKWARD)('T names, labels and annotations called %s come back as they went', async (awkward) => {
      const name = await subject.namespace({ [awkward]: awkward });
      expect(valueOf(await subject.kube.get({ type: NAMESPACES, name })).metadata.labels).toMatchObject({
        [awkward]: awkward,
      });
      expect(
        valueOf(
          await subject.kube.list({
            type: NAMESPACES,
            labelSelector: `${awkward}=${awkward},kubernetes.io/metadata.name=${name}`,
          }),
        ).items,
      ).toHaveLength(1);
      const policy = networkPolicy(
        name,
        awkward,
        { ...DENY_ALL, podSelector: { matchLabels: { [awkward]: awkward } } },
        { annotations: { [awkward]: awkward } },
      );
      valueOf(await subject.kube.apply(NETWORK_POLICIES, policy));
      const read = valueOf(await subject.kube.get({ type: NETWORK_POLICIES, namespace: name, name: awkward }));
      expect(read).toMatchObject({
        metadata: { name: awkward, annotations: { [awkward]: awkward } },
        spec: { podSelector: { matchLabels: { [awkward]: awkward } } },
      });
    });

    test.each(AWKWARD)('T a namespace called %s is that', async (name) => {
      const created = await subject.kube.create(NAMESPACES, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      });
      expect(['ok', 'alreadyExists']).toContain(outcomeOf(created));
      expect(valueOf(await subject.kube.get({ type: NAMESPACES, name })).metadata).toMatchObject({
        name,
        labels: { 'kubernetes.io/metadata.name': name },
      });
      valueOf(await subject.kube.remove({ type: NAMESPACES, name }));
    });

    test.each(['a.b', 'A', '__proto__', 'x'.repeat(64)])('%s is no name for one', async (name) => {
      expect(
        outcomeOf(await subject.kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      ).toBe('invalid');
    });

    test('default cannot be deleted, and none with the uid of another', async () => {
      expect(outcomeOf(await subject.kube.remove({ type: NAMESPACES, name: 'default' }))).toBe('forbidden');
      const name = await subject.namespace();
      expect(outcomeOf(await subject.kube.remove({ type: NAMESPACES, name }, { uid: FOREIGN_UID }))).toBe('conflict');
    });

    test('R12 in one that is going creates and creating applies are namespaceTerminating, updates still work, then all of it goes', async () => {
      const namespace = uniqueName('contract-going');
      valueOf(
        await subject.kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
      );
      const held = networkPolicy(namespace, 'held', DENY_ALL, { finalizers: ['example.org/hold'] });
      const { resourceVersion = '' } = valueOf(await subject.kube.create(NETWORK_POLICIES, held)).metadata;
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      const namespaces = watching(subject.kube, {
        type: NAMESPACES,
        resourceVersion,
        fieldSelector: `metadata.name=${namespace}`,
      });
      valueOf(await subject.kube.remove({ type: NAMESPACES, name: namespace }));
      expect(valueOf(await subject.kube.get({ type: NAMESPACES, name: namespace }))).toMatchObject({
        metadata: { deletionTimestamp: expect.any(String) as string },
        status: { phase: 'Terminating' },
      });
      expect(outcomeOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'late', DENY_ALL)))).toBe(
        'namespaceTerminating',
      );
      expect(outcomeOf(await subject.kube.apply(NETWORK_POLICIES, networkPolicy(namespace, 'late', DENY_ALL)))).toBe(
        'namespaceTerminating',
      );
      expect(
        outcomeOf(
          await subject.kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
        ),
      ).toBe('alreadyExists');
      expect(
        outcomeOf(
          await subject.kube.apply(
            NETWORK_POLICIES,
            networkPolicy(namespace, 'held', DENY_ALL, { labels: { still: 'here' } }),
          ),
        ),
      ).toBe('ok');
      await eventually(async () => {
        expect(outcomeOf(await subject.kube.get({ type: CONFIG_MAPS, namespace, name: 'one' }))).toBe('notFound');
      });
      valueOf(await subject.kube.replace(NETWORK_POLICIES, networkPolicy(namespace, 'held', DENY_ALL)));
      await eventually(async () => {
        expect(outcomeOf(await subject.kube.get({ type: NAMESPACES, name: namespace }))).toBe('notFound');
      });
      await eventually(() => {
        expect(namespaces.changes().at(-1)).toBe(`DELETED ${namespace}`);
      });
      expect(namespaces.changes()[0]).toBe(`MODIFIED ${namespace}`);
      expect(valueOf(await subject.kube.list({ type: NETWORK_POLICIES, namespace })).items).toEqual([]);
      await namespaces.stop();
    });
  });
}
