import { describe, expect, test } from 'vitest';
import { API_VERSION } from '../../../../src/api/names.ts';
import { StrayReports } from '../../../../src/operator/reconcile/stray-reports.ts';
import { NAMESPACE_BASELINES } from '../../../../src/operator/watch/resources.ts';
import { SILENT_LOG } from '../../../fixtures/silence.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();

/** A NamespaceBaseline in team-a, which the cache shows without its namespace; where `isGone`, the server does too. */
async function stray({ isGone }: { readonly isGone: boolean }): Promise<{
  readonly check: () => Promise<unknown>;
  readonly removed: () => number;
  readonly isThere: () => Promise<boolean>;
}> {
  await scene.people.namespace('team-a');
  const status = {
    phase: 'Protected',
    policies: [],
    conditions: [],
  };
  valueOf(
    await scene.admin.create(NAMESPACE_BASELINES, {
      apiVersion: API_VERSION,
      kind: 'NamespaceBaseline',
      metadata: { namespace: 'team-a', name: 'baseline' },
      status,
    }),
  );
  await scene.sync();
  const cached = scene.caches.namespaces.get({ namespace: '', name: 'team-a' });
  scene.caches.namespaces.assumeDeleted({ namespace: '', name: 'team-a', uid: cached?.uid ?? '' });
  scene.server.intercept = ({ method, path }) =>
    isGone && method === 'GET' && path.endsWith('/namespaces/team-a')
      ? { kind: 'respond', status: 404, body: JSON.stringify({ kind: 'Status', reason: 'NotFound' }) }
      : undefined;
  let removed = 0;
  const reports = new StrayReports({
    kube: scene.kube,
    caches: scene.caches,
    onRemoved: () => {
      removed += 1;
    },
  });
  return {
    check: () => reports.check('team-a', SILENT_LOG),
    removed: () => removed,
    isThere: async () => (await scene.people.report('team-a')) !== undefined,
  };
}

describe('a NamespaceBaseline whose namespace does not exist', () => {
  test('F12 is removed once it has been so for a while, and counted', async () => {
    const { check, removed, isThere } = await stray({ isGone: true });
    expect(await check()).toMatchObject({ kind: 'after' });
    expect(await isThere()).toBe(true);
    await check();
    expect(await isThere()).toBe(false);
    expect(removed()).toBe(1);
    expect(await check()).toEqual({ kind: 'forget' });
  });

  test('R13 F12 stays while the API server has the namespace, whatever the cache says', async () => {
    const { check, removed, isThere } = await stray({ isGone: false });
    await check();
    await check();
    expect(await isThere()).toBe(true);
    expect(removed()).toBe(0);
  });

  test.each(['namespaces', 'reports'] as const)('R13 F12 stays while the cache of %s is in doubt', async (name) => {
    const { check, isThere } = await stray({ isGone: true });
    scene.caches[name].disconnected();
    await check();
    await check();
    expect(await isThere()).toBe(true);
    scene.caches[name].reconnected();
    await check();
    expect(await isThere()).toBe(false);
  });

  test('F12 another one of its name is suspected afresh', async () => {
    const { check, isThere } = await stray({ isGone: true });
    await check();
    valueOf(await scene.admin.remove({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: 'baseline' }));
    scene.caches.reports.assumeDeleted({
      namespace: 'team-a',
      name: 'baseline',
      uid: scene.caches.reports.inNamespace('team-a')[0]?.uid ?? '',
    });
    expect(await check()).toEqual({ kind: 'forget' });
    expect(await isThere()).toBe(false);
  });
});
