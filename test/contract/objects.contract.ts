import { describe, expect, test } from 'vitest';
import {
  ACCESS_REVIEWS,
  CONFIG_MAPS,
  configMap,
  EVENTS,
  FOREIGN_UID,
  LEASES,
  NAMESPACES,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  type Subject,
  uniqueName,
  valueOf,
} from './api-server-under-test.ts';

/** Create, get, replace and remove, with every way in which they are refused. */
export function describeObjects(subject: Subject): void {
  describe('create and get', () => {
    test('a created object has uid, resourceVersion and creationTimestamp, and is read back as it was answered', async () => {
      const namespace = await subject.namespace();
      const created = valueOf(
        await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: 'b' } })),
      );
      expect(created.metadata).toMatchObject({
        name: 'one',
        namespace,
        labels: { a: 'b' },
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        creationTimestamp: expect.stringMatching(/Z$/) as string,
      });
      expect(valueOf(await subject.kube.get({ type: CONFIG_MAPS, namespace, name: 'one' }))).toEqual(created);
    });

    test('a taken name is alreadyExists, a namespace that is not there notFound', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      expect(outcomeOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')))).toBe('alreadyExists');
      expect(outcomeOf(await subject.kube.create(CONFIG_MAPS, configMap('contract-not-there', 'one')))).toBe(
        'notFound',
      );
      expect(
        outcomeOf(
          await subject.kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
        ),
      ).toBe('alreadyExists');
    });

    test('an object, a namespace and a whole type that are not there are notFound', async () => {
      const namespace = await subject.namespace();
      const unknown = {
        group: 'nsbaseline.io',
        version: 'v1alpha1',
        plural: 'nothings',
        kind: 'Nothing',
        isNamespaced: true,
      };
      expect(outcomeOf(await subject.kube.get({ type: CONFIG_MAPS, namespace, name: 'none' }))).toBe('notFound');
      expect(outcomeOf(await subject.kube.get({ type: NAMESPACES, name: 'contract-not-there' }))).toBe('notFound');
      expect(outcomeOf(await subject.kube.get({ type: unknown, namespace, name: 'none' }))).toBe('notFound');
      expect(outcomeOf(await subject.kube.list({ type: unknown }))).toBe('notFound');
      expect(outcomeOf(await subject.kube.watch({ type: unknown, resourceVersion: '1' }, () => undefined))).toBe(
        'notFound',
      );
      expect(
        outcomeOf(
          await subject.kube.create(unknown, {
            apiVersion: 'nsbaseline.io/v1alpha1',
            kind: 'Nothing',
            metadata: { name: 'none', namespace },
          }),
        ),
      ).toBe('notFound');
    });

    test('a name, a label and a body that break the rules are invalid, with the field', async () => {
      const namespace = await subject.namespace();
      const name = await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'No_Good'));
      expect(name).toMatchObject({
        ok: false,
        error: { kind: 'invalid', status: 422, causes: [{ field: 'metadata.name' }] },
      });
      const label = await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: 'not good!' } }));
      expect(label).toMatchObject({
        ok: false,
        error: { kind: 'invalid', status: 422, causes: [{ field: 'metadata.labels' }] },
      });
      const elsewhere = await subject.kube.create(CONFIG_MAPS, { ...configMap(namespace, 'one'), kind: 'Secret' });
      expect(elsewhere).toMatchObject({ ok: false, error: { kind: 'invalid', status: 400 } });
    });

    test('a dry run answers like the write and stores nothing', async () => {
      const namespace = await subject.namespace();
      const reference = { type: CONFIG_MAPS, namespace, name: 'one' };
      expect(
        valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one'), { isDryRun: true })).metadata.name,
      ).toBe('one');
      expect(outcomeOf(await subject.kube.get(reference))).toBe('notFound');
      const created = valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      valueOf(
        await subject.kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { labels: { a: 'b' } }), { isDryRun: true }),
      );
      valueOf(await subject.kube.remove(reference, { isDryRun: true }));
      expect(valueOf(await subject.kube.get(reference))).toEqual(created);
    });

    test('an object with a resourceVersion cannot be created: that is a serverError, not invalid', async () => {
      const namespace = await subject.namespace();
      expect(
        outcomeOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one', { resourceVersion: '1' }))),
      ).toBe('serverError');
    });

    test('a SelfSubjectAccessReview is answered and not stored', async () => {
      const review = await subject.kube.create(ACCESS_REVIEWS, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: {},
        spec: { resourceAttributes: { verb: 'list', resource: 'namespaces' } },
      });
      expect(valueOf(review)).toMatchObject({ status: { allowed: true } });
    });

    test('an event of events.k8s.io lives in the namespace of what it regards, a namespace itself included', async () => {
      const namespace = await subject.namespace();
      const event = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'one', namespace },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'nsbaseline.io/operator',
        reportingInstance: 'nsbaseline-0',
        action: 'Apply',
        reason: 'Protected',
        type: 'Normal',
        regarding: { apiVersion: 'v1', kind: 'Namespace', name: namespace, namespace },
      };
      expect(valueOf(await subject.kube.create(EVENTS, event))).toMatchObject({
        reason: 'Protected',
        regarding: { kind: 'Namespace' },
      });
      expect(
        outcomeOf(
          await subject.kube.create(EVENTS, {
            ...event,
            metadata: { name: 'two', namespace },
            regarding: { kind: 'Namespace', name: namespace },
          }),
        ),
      ).toBe('invalid');
      expect(
        outcomeOf(
          await subject.kube.create(EVENTS, { ...event, metadata: { name: 'three', namespace }, action: undefined }),
        ),
      ).toBe('invalid');
    });
  });

  describe('replace', () => {
    test('a stale resourceVersion is a conflict; without one the last writer wins, except where the type demands it', async () => {
      const namespace = await subject.namespace();
      const first = valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      valueOf(await subject.kube.replace(CONFIG_MAPS, { ...first, data: { a: '1' } }));
      expect(outcomeOf(await subject.kube.replace(CONFIG_MAPS, { ...first, data: { a: '2' } }))).toBe('conflict');
      expect(
        valueOf(await subject.kube.replace(CONFIG_MAPS, { ...configMap(namespace, 'one'), data: { a: '3' } })),
      ).toMatchObject({ data: { a: '3' } });
      const lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'one', namespace },
        spec: { holderIdentity: 'me', leaseDurationSeconds: 15 },
      };
      const taken = valueOf(await subject.kube.create(LEASES, lease));
      expect(outcomeOf(await subject.kube.replace(LEASES, lease))).toBe('invalid');
      expect(outcomeOf(await subject.kube.replace(LEASES, taken))).toBe('ok');
    });

    test('the uid of another object is a conflict, an object that is not there notFound', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      expect(
        outcomeOf(await subject.kube.replace(CONFIG_MAPS, configMap(namespace, 'one', { uid: FOREIGN_UID }))),
      ).toBe('conflict');
      expect(outcomeOf(await subject.kube.replace(CONFIG_MAPS, configMap(namespace, 'none')))).toBe('notFound');
    });

    test('what is the same is not written: the resourceVersion stays', async () => {
      const namespace = await subject.namespace();
      const first = valueOf(
        await subject.kube.create(CONFIG_MAPS, { ...configMap(namespace, 'one'), data: { a: '1' } }),
      );
      expect(valueOf(await subject.kube.replace(CONFIG_MAPS, first)).metadata.resourceVersion).toBe(
        first.metadata.resourceVersion,
      );
    });
  });

  describe('remove', () => {
    test('F13 another uid or version is a conflict and removes nothing, the right one removes, a second time is notFound', async () => {
      const namespace = await subject.namespace();
      const reference = { type: NETWORK_POLICIES, namespace, name: 'one' };
      const { uid = '', resourceVersion = '' } = valueOf(
        await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {} })),
      ).metadata;
      expect(outcomeOf(await subject.kube.remove(reference, { uid: FOREIGN_UID }))).toBe('conflict');
      expect(outcomeOf(await subject.kube.remove(reference, { resourceVersion: '1' }))).toBe('conflict');
      expect(outcomeOf(await subject.kube.get(reference))).toBe('ok');
      expect(outcomeOf(await subject.kube.remove(reference, { uid, resourceVersion }))).toBe('ok');
      expect(outcomeOf(await subject.kube.get(reference))).toBe('notFound');
      expect(outcomeOf(await subject.kube.remove(reference))).toBe('notFound');
    });

    test('a finalizer holds the object, marked and one generation on, until somebody takes it away; no new one can come', async () => {
      const namespace = await subject.namespace();
      const reference = { type: NETWORK_POLICIES, namespace, name: 'one' };
      valueOf(
        await subject.kube.create(
          NETWORK_POLICIES,
          networkPolicy(namespace, 'one', { podSelector: {} }, { finalizers: ['example.org/hold'] }),
        ),
      );
      valueOf(await subject.kube.remove(reference));
      const held = valueOf(await subject.kube.get(reference));
      expect(held.metadata).toMatchObject({ generation: 2, deletionTimestamp: expect.any(String) as string });
      const more = await subject.kube.replace(NETWORK_POLICIES, {
        ...held,
        metadata: { ...held.metadata, finalizers: ['example.org/hold', 'example.org/late'] },
      });
      expect(outcomeOf(more)).toBe('invalid');
      valueOf(
        await subject.kube.replace(NETWORK_POLICIES, { ...held, metadata: { ...held.metadata, finalizers: [] } }),
      );
      expect(outcomeOf(await subject.kube.get(reference))).toBe('notFound');
    });
  });

  test('the version of the server can be read, an unknown path is notFound', async () => {
    expect(valueOf(await subject.kube.read('/version'))).toMatchObject({
      gitVersion: expect.stringMatching(/^v1\./) as string,
    });
    expect(outcomeOf(await subject.kube.read(`/${uniqueName('nothing')}`))).toBe('notFound');
  });
}
