import { describe, expect, test } from 'vitest';
import type { ListPage } from '../../src/kube/client/kube-client.ts';
import {
  BASELINE_POLICIES,
  CONFIG_MAPS,
  configMap,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  type Subject,
  uniqueName,
  valueOf,
} from './api-server-under-test.ts';

/** Lists: pages, versions and selectors. */
export function describeLists(subject: Subject): void {
  const filled = async (names: readonly string[]): Promise<string> => {
    const namespace = await subject.namespace();
    for (const name of names) {
      valueOf(
        await subject.kube.create(
          CONFIG_MAPS,
          configMap(namespace, name, { labels: { letter: name, kind: name < 'c' ? 'early' : 'late' } }),
        ),
      );
    }
    return namespace;
  };

  describe('list', () => {
    test('pages come in name order, and all show the state at the first page whatever is written between them', async () => {
      const namespace = await filled(['e', 'b', 'd', 'a', 'c']);
      const scope = { type: CONFIG_MAPS, namespace, labelSelector: 'letter' };
      const first = valueOf(await subject.kube.list({ ...scope, limit: 2 }));
      valueOf(await subject.kube.create(CONFIG_MAPS, configMap(namespace, 'cc', { labels: { letter: 'cc' } })));
      valueOf(await subject.kube.remove({ type: CONFIG_MAPS, namespace, name: 'd' }));
      const second = valueOf(await subject.kube.list({ ...scope, limit: 2, continueToken: tokenOf(first) }));
      const third = valueOf(await subject.kube.list({ ...scope, limit: 2, continueToken: tokenOf(second) }));
      expect([first, second, third].map(namesOf)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
      expect([second.resourceVersion, third.resourceVersion, third.continueToken]).toEqual([
        first.resourceVersion,
        first.resourceVersion,
        undefined,
      ]);
      expect(namesOf(valueOf(await subject.kube.list(scope)))).toEqual(['a', 'b', 'c', 'cc', 'e']);
    });

    test('a page that is exactly full at the end has no continue token, and neither has an empty list', async () => {
      const namespace = await filled(['a', 'b']);
      expect(
        valueOf(await subject.kube.list({ type: CONFIG_MAPS, namespace, labelSelector: 'letter', limit: 2 }))
          .continueToken,
      ).toBeUndefined();
      expect(
        valueOf(await subject.kube.list({ type: CONFIG_MAPS, namespace: 'contract-not-there', limit: 2 })),
      ).toMatchObject({ items: [] });
    });

    test('items of a built-in type carry no kind and no apiVersion, items of a custom resource carry both', async () => {
      const namespace = await subject.namespace();
      const name = uniqueName('listed');
      valueOf(await subject.kube.create(NETWORK_POLICIES, networkPolicy(namespace, 'one', { podSelector: {} })));
      valueOf(
        await subject.kube.create(BASELINE_POLICIES, {
          apiVersion: 'nsbaseline.io/v1alpha1',
          kind: 'BaselinePolicy',
          metadata: { name },
          spec: {},
        }),
      );
      const [builtIn] = valueOf(await subject.kube.list({ type: NETWORK_POLICIES, namespace })).items;
      const [custom] = valueOf(
        await subject.kube.list({ type: BASELINE_POLICIES, fieldSelector: `metadata.name=${name}` }),
      ).items;
      valueOf(await subject.kube.remove({ type: BASELINE_POLICIES, name }));
      expect([builtIn?.kind, builtIn?.apiVersion]).toEqual([undefined, undefined]);
      expect([custom?.kind, custom?.apiVersion]).toEqual(['BaselinePolicy', 'nsbaseline.io/v1alpha1']);
    });

    test.each([
      ['letter=b', ['b']],
      ['letter!=b', ['a', 'c', 'd']],
      ['letter in (a, c)', ['a', 'c']],
      ['letter notin (a,c)', ['b', 'd']],
      ['letter,kind=early', ['a', 'b']],
      ['!kind,letter', []],
      ['kind', ['a', 'b', 'c', 'd']],
    ])('the label selector %s selects %j', async (labelSelector, names) => {
      const namespace = await filled(['a', 'b', 'c', 'd']);
      const page = valueOf(
        await subject.kube.list({
          type: CONFIG_MAPS,
          namespace,
          labelSelector:
            labelSelector.includes('!') || labelSelector.includes('notin') ? `letter,${labelSelector}` : labelSelector,
        }),
      );
      expect(namesOf(page)).toEqual(names);
    });

    test('field selectors know metadata.name and metadata.namespace, over all namespaces too', async () => {
      const namespace = await filled(['a', 'b']);
      expect(
        namesOf(
          valueOf(
            await subject.kube.list({
              type: CONFIG_MAPS,
              fieldSelector: `metadata.namespace=${namespace},metadata.name=a`,
            }),
          ),
        ),
      ).toEqual(['a']);
      expect(
        namesOf(
          valueOf(
            await subject.kube.list({
              type: CONFIG_MAPS,
              namespace,
              labelSelector: 'letter',
              fieldSelector: 'metadata.name!=a',
            }),
          ),
        ),
      ).toEqual(['b']);
    });

    test('selectors and continue tokens that make no sense are invalid', async () => {
      const scope = { type: CONFIG_MAPS };
      expect(outcomeOf(await subject.kube.list({ ...scope, labelSelector: 'a in (' }))).toBe('invalid');
      expect(outcomeOf(await subject.kube.list({ ...scope, fieldSelector: 'spec.nothing=a' }))).toBe('invalid');
      expect(outcomeOf(await subject.kube.list({ ...scope, limit: 1, continueToken: 'nonsense' }))).toBe('invalid');
    });

    test('F11 a list at a version that is not there yet is resourceVersionTooLarge', async () => {
      const { resourceVersion } = valueOf(await subject.kube.list({ type: CONFIG_MAPS, limit: 1 }));
      expect(
        outcomeOf(
          await subject.kube.list({ type: CONFIG_MAPS, resourceVersion: String(Number(resourceVersion) + 1_000_000) }),
        ),
      ).toBe('resourceVersionTooLarge');
    });

    test('a list of any age, resourceVersion 0, comes whole whatever the limit', async () => {
      const namespace = await filled(['a', 'b', 'c']);
      await expect
        .poll(async () =>
          namesOf(
            valueOf(
              await subject.kube.list({
                type: CONFIG_MAPS,
                namespace,
                labelSelector: 'letter',
                resourceVersion: '0',
                limit: 1,
              }),
            ),
          ),
        )
        .toEqual(['a', 'b', 'c']);
    });
  });
}

function namesOf(page: ListPage): (string | undefined)[] {
  return page.items.map(({ metadata }) => metadata.name);
}

function tokenOf(page: ListPage): string {
  if (page.continueToken === undefined) {
    throw new Error('the page has no continue token');
  }
  return page.continueToken;
}
