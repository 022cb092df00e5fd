import { expect, test } from 'vitest';
import { exclusionFor } from '../../../../src/domain/selection.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { neededPermissions } from '../../../../src/operator/startup/preflight.ts';
import { createInformers } from '../../../../src/operator/watch/informers.ts';
import { WATCH_ROWS, WATCHED_RESOURCES, type WatchTargets } from '../../../../src/operator/watch/watches.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';
import { SILENT_LOG, SILENT_METRICS } from '../../../fixtures/silence.ts';
import { ScriptedServer } from '../../kube/scripted-server.ts';

function informersFor(calls: string[], targets: Partial<WatchTargets> = {}) {
  const called =
    (handler: string) =>
    (key: string): void => {
      calls.push(`${handler} ${key}`);
    };
  const server = new ScriptedServer();
  const informers = createInformers({
    kube: server as never,
    clock: new ManualClock(),
    random: () => 0.5,
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    silenceLimitMs: 70_000,
    exclusion: exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: [] }),
    dnsNamespaces: ['kube-system', 'dns'],
    targets: {
      handlers: () => ({
        namespaceChanged: called('namespaceChanged'),
        baselinePolicyChanged: called('baselinePolicyChanged'),
        networkPolicyChanged: called('networkPolicyChanged'),
        reportChanged: called('reportChanged'),
      }),
      discoverySourceChanged: () => void calls.push('discoverySourceChanged'),
      crdChanged: () => void calls.push('crdChanged'),
      reconnected: () => void calls.push('reconnected'),
      ...targets,
    },
  });
  return { ...informers, server };
}

function object(kind: string, namespace?: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name: 'a', uid: 'u', resourceVersion: '1', ...(namespace === undefined ? {} : { namespace }) },
  };
}

test('an event of each kind calls its handler with the key, and no object', () => {
  const calls: string[] = [];
  const { caches } = informersFor(calls);
  caches.namespaces.upsert(object('Namespace'));
  caches.baselinePolicies.upsert(object('BaselinePolicy'));
  caches.networkPolicies.upsert(object('NetworkPolicy', 'team-a'));
  caches.reports.upsert(object('NamespaceBaseline', 'team-a'));
  caches.dnsServices[1]?.upsert(object('Service', 'dns'));
  caches.apiServerSlices[0]?.upsert(object('EndpointSlice', 'default'));
  caches.networkPolicies.remove(object('NetworkPolicy', 'team-a'));
  expect(calls).toEqual([
    'namespaceChanged a',
    'baselinePolicyChanged a',
    'networkPolicyChanged team-a',
    'reportChanged team-a',
    'discoverySourceChanged',
    'discoverySourceChanged',
    'networkPolicyChanged team-a',
  ]);
});

test('while nothing acts on events, the caches are filled all the same', () => {
  const { caches } = informersFor([], { handlers: () => undefined });
  caches.namespaces.upsert(object('Namespace'));
  expect(caches.namespaces.size).toBe(1);
});

test('each row has one informer in the cluster, or one in each of its scopes', async () => {
  const { all, server } = informersFor([]);
  const stop = new AbortController();
  const running = all.map(({ reflector }) => reflector.run(stop.signal));
  await settled();
  const watched = server.watches.map(({ request }) =>
    [request.type.plural, request.namespace, request.fieldSelector].filter((part) => part !== undefined).join(' '),
  );
  expect(watched).toEqual([
    'namespaces',
    'baselinepolicies',
    'networkpolicies',
    'namespacebaselines',
    'services kube-system',
    'services dns',
    'endpointslices kube-system',
    'endpointslices dns',
    'services default metadata.name=kubernetes',
    'endpointslices default metadata.name=kubernetes',
    'customresourcedefinitions metadata.name=baselinepolicies.nsbaseline.io',
    'customresourcedefinitions metadata.name=namespacebaselines.nsbaseline.io',
  ]);
  stop.abort();
  await Promise.all(running);
});

test('metric labels and permissions follow from the rows, and reading one object is asked for only where it is done', () => {
  const kinds = [...new Set(Object.values(WATCH_ROWS).map(({ type }) => type.plural))];
  expect(WATCHED_RESOURCES).toEqual(kinds);
  const needed = neededPermissions({ dnsNamespaces: ['kube-system'] });
  for (const kind of kinds) {
    const verbs = needed.filter(({ resource }) => resource === kind).map(({ verb }) => verb);
    expect(verbs, kind).toEqual(expect.arrayContaining(['list', 'watch']));
  }
  expect(needed.filter(({ verb, group }) => verb === 'get' && group === 'discovery.k8s.io')).toEqual([]);
});
