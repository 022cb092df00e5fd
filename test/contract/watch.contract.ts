import { describe, expect, test } from 'vitest';
import {
  type ApiServerTraits,
  BASELINE_POLICIES,
  CONFIG_MAPS,
  configMap,
  eventually,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  type Subject,
  valueOf,
  watching,
} from './api-server-under-test.ts';

/** Watches: order, selectors, bookmarks and versions. */
export function describeWatches(subject: Subject, { isWatchListServed }: ApiServerTraits): void {
  const versionOf = async (namespace: string): Promise<string> =>
    valueOf(await subject.kube.list({ type: CONFIG_MAPS, namespace, limit: 1 })).resourceVersion;
  const labelled = (
    namespace: string,
    name: string,
    labels: Readonly<Record<string, string>>,
  ): ReturnType<typeof configMap> => configMap(namespace, name, { labels });

  describe('watch', () => {
    test('what happened after the resourceVersion comes in order, with rising versions, a DELETED with the last state', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'before')));
      const resourceVersion = await versionOf(namespace);
      const scope = { type: CONFIG_MAPS, namespace, resourceVersion, fieldSelector: 'metadata.name!=kube-root-ca.crt' };
      const early = watching(subject.kube, scope);
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      valueOf(await subject.kube.apply(CONFIG_MAPS, labelled(namespace, 'one', { a: 'b' })));
      valueOf(await subject.kube.remove({ type: CONFIG_MAPS, namespace, name: 'one' }));
      const late = watching(subject.kube, scope);
      for (const watch of [early, late]) {
        await eventually(() => {
          expect(watch.changes()).toEqual(['ADDED one', 'MODIFIED one', 'DELETED one']);
        });
        const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
        expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
        expect(watch.events.find(({ type }) => type === 'DELETED')?.object).toMatchObject({
          kind: 'ConfigMap',
          metadata: { labels: { a: 'b' } },
        });
        await watch.stop();
      }
    });

    test('R6 to a label selector an object that stops matching is DELETED as it last matched, one that begins to is ADDED', async () => {
      const namespace = await subject.namespace();
      const watch = watching(subject.kube, {
        type: CONFIG_MAPS,
        namespace,
        resourceVersion: await versionOf(namespace),
        labelSelector: 'team=a',
      });
      valueOf(await subject.kube.create(CONFIG_MAPS, labelled(namespace, 'one', { team: 'a' })));
      valueOf(await subject.kube.create(CONFIG_MAPS, labelled(namespace, 'two', { team: 'b' })));
      const left = valueOf(await subject.kube.replace(CONFIG_MAPS, labelled(namespace, 'one', { team: 'b' })));
      valueOf(await subject.kube.replace(CONFIG_MAPS, labelled(namespace, 'one', { team: 'b', still: 'out' })));
      valueOf(await subject.kube.replace(CONFIG_MAPS, labelled(namespace, 'one', { team: 'a' })));
      valueOf(await subject.kube.replace(CONFIG_MAPS, labelled(namespace, 'one', { team: 'a', still: 'in' })));
      valueOf(await subject.kube.remove({ type: CONFIG_MAPS, namespace, name: 'one' }));
      await eventually(() => {
        expect(watch.changes()).toEqual(['ADDED one', 'DELETED one', 'ADDED one', 'MODIFIED one', 'DELETED one']);
      });
      expect(watch.events.find(({ type }) => type === 'DELETED')?.object.metadata).toMatchObject({
        labels: { team: 'a' },
        resourceVersion: left.metadata.resourceVersion,
      });
      await watch.stop();
    });

    test('a stripped label is a MODIFIED to whoever watches without a selector', async () => {
      const namespace = await subject.namespace();
      const policy = valueOf(
        await subject.kube.create(
          NETWORK_POLICIES,
          networkPolicy(namespace, 'one', { podSelector: {} }, { labels: { a: 'b' } }),
        ),
      );
      const watch = watching(subject.kube, {
        type: NETWORK_POLICIES,
        resourceVersion: policy.metadata.resourceVersion ?? '',
      });
      valueOf(await subject.other.replace(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {} })));
      await eventually(() => {
        expect(watch.events.find(({ object }) => object.metadata.namespace === namespace)).toMatchObject({
          type: 'MODIFIED',
          object: { metadata: { name: 'one', generation: 1 } },
        });
      });
      expect(
        watch.events.find(({ object }) => object.metadata.namespace === namespace)?.object.metadata.labels,
      ).toBeUndefined();
      await watch.stop();
    });

    test('a watch with timeoutSeconds ends in order; a bookmark shortly before is a courtesy that may not come, and is never behind what was said', async () => {
      const namespace = await subject.namespace();
      const resourceVersion = await versionOf(namespace);
      const watch = watching(subject.kube, { type: CONFIG_MAPS, namespace, resourceVersion, timeoutSeconds: 4 });
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      expect(outcomeOf(await watch.ended)).toBe('ok');
      expect(watch.changes()).toContain('ADDED one');
      const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    });

    test('F3 a version from before the history is expired, told inside the stream', async () => {
      const watch = watching(subject.kube, { type: BASELINE_POLICIES, resourceVersion: '1' });
      expect(outcomeOf(await watch.ended)).toBe('expired');
      expect(watch.events).toEqual([]);
    });

    test('F12 a watch from a version that is not there yet is accepted and says nothing, neither of what happens nor by bookmark', async () => {
      const namespace = await subject.namespace();
      const future = String(Number(await versionOf(namespace)) + 1_000_000);
      const watch = watching(subject.kube, {
        type: CONFIG_MAPS,
        namespace,
        resourceVersion: future,
        timeoutSeconds: 4,
      });
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'one')));
      expect(outcomeOf(await watch.ended)).toBe('ok');
      expect(watch.events).toEqual([]);
    });

    test('a version that is no number is refused', async () => {
      expect(outcomeOf(await subject.kube.watch({ type: CONFIG_MAPS, resourceVersion: 'abc' }, () => undefined))).toBe(
        'serverError',
      );
    });

    test('a watch of version 0 begins with what is there', async () => {
      const namespace = await subject.namespace();
      valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {} })));
      const watch = watching(subject.kube, { type: NETWORK_POLICIES, namespace, resourceVersion: '0' });
      await eventually(() => {
        expect(watch.changes()).toEqual(['ADDED one']);
      });
      await watch.stop();
    });
  });

  describe.runIf(isWatchListServed)('WatchList', () => {
    test('a bookmark of a NetworkPolicy has an empty spec: nobody may take it for a policy', async () => {
      const namespace = await subject.namespace();
      const watch = watching(subject.kube, { type: NETWORK_POLICIES, namespace, sendInitialEvents: true });
      await eventually(() => {
        expect(watch.events.at(-1)).toMatchObject({
          type: 'BOOKMARK',
          object: { kind: 'NetworkPolicy', spec: { podSelector: {} } },
        });
      });
      expect(watch.events.at(-1)?.object.metadata.name).toBeUndefined();
      await watch.stop();
    });

    test('what is there comes first, then the bookmark that ends it, then what happens', async () => {
      const namespace = await subject.namespace();
      for (const name of ['b', 'a']) {
        valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, name, { podSelector: {} })));
      }
      const watch = watching(subject.kube, { type: NETWORK_POLICIES, namespace, sendInitialEvents: true });
      await eventually(() => {
        expect(watch.events.at(-1)?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
      });
      expect([...watch.changes()].sort()).toEqual(['ADDED a', 'ADDED b']);
      valueOf(await subject.kube.remove({ type: NETWORK_POLICIES, namespace, name: 'a' }));
      await eventually(() => {
        expect(watch.changes().at(-1)).toBe('DELETED a');
      });
      await watch.stop();
    });

    test('F11 from a version that is not there yet it ends with resourceVersionTooLarge', async () => {
      const namespace = await subject.namespace();
      const future = String(Number(await versionOf(namespace)) + 1_000_000);
      const watch = watching(subject.kube, {
        type: NETWORK_POLICIES,
        namespace,
        sendInitialEvents: true,
        resourceVersion: future,
      });
      expect(outcomeOf(await watch.ended)).toBe('resourceVersionTooLarge');
    });
  });
  test.skipIf(isWatchListServed)('F14 where WatchList is not served it is refused as invalid', async () => {
    expect(
      outcomeOf(await subject.kube.watch({ type: NETWORK_POLICIES, sendInitialEvents: true }, () => undefined)),
    ).toBe('invalid');
  });
}
