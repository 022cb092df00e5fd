import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crdFor, RESOURCE_DEFINITIONS } from '../../src/api/crd/crd.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { forbidden } from '../support/fake-api/api-status.ts';
import type { FakeApiServer } from '../support/fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../support/fake-api/nsbaseline-api-server.ts';
import {
  ACCESS_REVIEWS,
  BASELINE_POLICIES,
  CONFIG_MAPS,
  configMap,
  eventually,
  NAMESPACES,
  NETWORK_POLICIES,
  networkPolicy,
  outcomeOf,
  valueOf,
  watching,
} from './api-server-under-test.ts';

const NAMESPACE = 'default';
let server: FakeApiServer;
let kube: HttpKubeClient;

beforeEach(async () => {
  server = await fakeServerWithCrds();
  kube = client();
});

afterEach(async () => {
  await kube.close();
  await server.close();
});

function client(token?: string): HttpKubeClient {
  return createKubeClient({
    cluster: server.asCluster(token),
    fieldManager: 'nsbaseline',
    userAgent: 'nsbaseline-faults',
    requestTimeoutMs: 1_000,
  });
}

async function filled(count: number): Promise<string> {
  let version = '';
  for (let index = 0; index < count; index += 1) {
    version =
      valueOf(await kube.create(CONFIG_MAPS, configMap(NAMESPACE, `cm-${index}`))).metadata.resourceVersion ?? '';
  }
  return version;
}

async function namesNow(resourceVersion?: string): Promise<(string | undefined)[]> {
  const page = valueOf(
    await kube.list({
      type: CONFIG_MAPS,
      namespace: NAMESPACE,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }),
  );
  return page.items.map(({ metadata }) => metadata.name);
}

describe('history', () => {
  test('F10 after a compaction the next page of a list is expired', async () => {
    await filled(3);
    const first = valueOf(await kube.list({ type: CONFIG_MAPS, limit: 1 }));
    server.cluster.compactHistory();
    expect(outcomeOf(await kube.list({ type: CONFIG_MAPS, limit: 1, continueToken: first.continueToken ?? '' }))).toBe(
      'expired',
    );
  });

  test('F3 after a compaction a watch from before is expired, one from now is not', async () => {
    const version = await filled(2);
    server.cluster.compactHistory();
    const { resourceVersion } = valueOf(await kube.list({ type: CONFIG_MAPS }));
    expect(
      outcomeOf(await kube.watch({ type: CONFIG_MAPS, resourceVersion: String(Number(version) - 1) }, () => undefined)),
    ).toBe('expired');
    expect(
      outcomeOf(await kube.watch({ type: CONFIG_MAPS, resourceVersion, timeoutSeconds: 1 }, () => undefined)),
    ).toBe('ok');
  });

  test('F3 a watch from further back than the history reaches is expired', async () => {
    await server.close();
    server = await fakeServerWithCrds({ historyLength: 5 });
    kube = client();
    const version = await filled(1);
    await Promise.all(
      Array.from({ length: 7 }, (_, index) => kube.create(CONFIG_MAPS, configMap(NAMESPACE, `more-${index}`))),
    );
    expect(outcomeOf(await kube.watch({ type: CONFIG_MAPS, resourceVersion: version }, () => undefined))).toBe(
      'expired',
    );
  });

  test('F12 a restored snapshot takes objects and resourceVersion back and breaks the watches', async () => {
    const version = await filled(1);
    const snapshot = server.cluster.snapshot();
    await kube.create(CONFIG_MAPS, configMap(NAMESPACE, 'lost'));
    const watch = watching(kube, { type: CONFIG_MAPS, resourceVersion: version });
    await eventually(() => {
      expect(watch.changes()).toEqual(['ADDED lost']);
    });
    server.cluster.restoreSnapshot(snapshot);
    expect(outcomeOf(await watch.ended)).toBe('network');
    const page = valueOf(await kube.list({ type: CONFIG_MAPS }));
    expect([page.resourceVersion, page.items.length]).toEqual([version, 1]);
    expect(valueOf(await kube.create(CONFIG_MAPS, configMap(NAMESPACE, 'again'))).metadata.resourceVersion).toBe(
      String(Number(version) + 1),
    );
  });
});

describe('stale reads', () => {
  test('F16 with frozen reads a write is accepted, and neither watches nor lists of any age see it until the thaw', async () => {
    const version = await filled(1);
    const watch = watching(kube, { type: CONFIG_MAPS, resourceVersion: version });
    server.cluster.freezeReads();
    const written = valueOf(await kube.create(CONFIG_MAPS, configMap(NAMESPACE, 'new')));
    expect(await namesNow('0')).toEqual(['cm-0']);
    expect(
      outcomeOf(await kube.list({ type: CONFIG_MAPS, resourceVersion: written.metadata.resourceVersion ?? '' })),
    ).toBe('resourceVersionTooLarge');
    expect(await namesNow()).toEqual(['cm-0', 'new']);
    expect(watch.changes()).toEqual([]);
    server.cluster.thawReads();
    await eventually(() => {
      expect(watch.changes()).toEqual(['ADDED new']);
    });
    expect(await namesNow('0')).toEqual(['cm-0', 'new']);
    await watch.stop();
  });
});

describe('connections', () => {
  test('F1 F6 watches can be broken and ended', async () => {
    const version = await filled(1);
    const broken = watching(kube, { type: CONFIG_MAPS, resourceVersion: version });
    await eventually(() => {
      expect(server.cluster.watches.count).toBe(1);
    });
    server.cluster.dropWatches('reset');
    expect(outcomeOf(await broken.ended)).toBe('network');
    const ended = watching(kube, { type: CONFIG_MAPS, resourceVersion: version });
    await eventually(() => {
      expect(server.cluster.watches.count).toBe(1);
    });
    server.cluster.dropWatches('end');
    expect(outcomeOf(await ended.ended)).toBe('ok');
    expect(server.cluster.watches.count).toBe(0);
  });

  test('F8 bookmarks come in the interval that was asked for', async () => {
    await server.close();
    server = await fakeServerWithCrds({ bookmarkIntervalMs: 20 });
    kube = client();
    const resourceVersion = await filled(1);
    const watch = watching(kube, { type: CONFIG_MAPS, resourceVersion });
    await eventually(() => {
      expect(watch.events.length).toBeGreaterThan(2);
    });
    for (const event of watch.events) {
      expect(event).toEqual({
        type: 'BOOKMARK',
        object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion } },
      });
    }
    await watch.stop();
  });

  test('F4 F5 F19 an interceptor answers, breaks and silences, before the write or after it', async () => {
    const write = async (name: string): Promise<string> =>
      outcomeOf(await kube.create(CONFIG_MAPS, configMap(NAMESPACE, name)));
    server.intercept = () => ({ kind: 'respond', status: 429, body: '{}', headers: { 'retry-after': '3' } });
    expect(await kube.create(CONFIG_MAPS, configMap(NAMESPACE, 'a'))).toMatchObject({
      ok: false,
      error: { kind: 'throttled', retryAfterMs: 3_000 },
    });
    server.intercept = ({ verb }) => (verb === 'create' ? { kind: 'reset', when: 'before' } : undefined);
    expect(await write('b')).toBe('network');
    server.intercept = ({ verb }) => (verb === 'create' ? { kind: 'reset', when: 'after' } : undefined);
    expect(await write('c')).toBe('network');
    server.intercept = ({ verb }) => (verb === 'create' ? { kind: 'silence', when: 'after' } : undefined);
    expect(await write('d')).toBe('timeout');
    server.intercept = () => ({ kind: 'delay', delayMs: 5 });
    expect(await write('e')).toBe('ok');
    server.intercept = undefined;
    expect(await namesNow()).toEqual(['c', 'd', 'e']);
  });

  test('F28 a closed server refuses connections, and goes on where it was on the same port', async () => {
    const port = Number(new URL(server.url).port);
    await filled(1);
    await server.close();
    expect(outcomeOf(await kube.list({ type: CONFIG_MAPS }))).toBe('network');
    await server.listen(port);
    expect(await namesNow()).toEqual(['cm-0']);
  });

  test('requests are counted by verb and resource', async () => {
    await filled(2);
    await namesNow();
    expect([
      server.requests.of('create', 'configmaps'),
      server.requests.of('create'),
      server.requests.of('list', 'configmaps'),
      server.requests.of('list', 'pods'),
    ]).toEqual([2, 2, 1, 0]);
    server.requests.clear();
    expect(server.requests.all()).toEqual({});
  });
});

describe('refusals', () => {
  test('F14 without WatchList a watch that asks for initial events is invalid, any other is not', async () => {
    await server.close();
    server = await fakeServerWithCrds({ isWatchListServed: false });
    kube = client();
    expect(outcomeOf(await kube.watch({ type: CONFIG_MAPS, sendInitialEvents: true }, () => undefined))).toBe(
      'invalid',
    );
    expect(
      outcomeOf(await kube.watch({ type: CONFIG_MAPS, resourceVersion: '0', timeoutSeconds: 1 }, () => undefined)),
    ).toBe('ok');
  });

  test('F34 a token that is not accepted is unauthorized', async () => {
    const holder = client('secret');
    server.cluster.access.tokens = new Map([['secret', 'somebody']]);
    expect([
      outcomeOf(await kube.list({ type: CONFIG_MAPS })),
      outcomeOf(await holder.list({ type: CONFIG_MAPS })),
    ]).toEqual(['unauthorized', 'ok']);
    server.cluster.access.tokens = new Map();
    expect(outcomeOf(await holder.list({ type: CONFIG_MAPS }))).toBe('unauthorized');
    await holder.close();
  });

  test('F21 what RBAC does not allow is forbidden, and a SelfSubjectAccessReview says so', async () => {
    server.cluster.access.isAllowed = ({ verb, resource }) =>
      !(verb === 'patch' && resource === 'baselinepolicies/status');
    const review = await kube.create(ACCESS_REVIEWS, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: {
        resourceAttributes: {
          verb: 'patch',
          group: 'nsbaseline.io',
          resource: 'baselinepolicies',
          subresource: 'status',
        },
      },
    });
    expect(valueOf(review)).toMatchObject({ status: { allowed: false } });
    const body = { apiVersion: 'nsbaseline.io/v1alpha1', kind: 'BaselinePolicy', metadata: { name: 'one' } };
    expect(outcomeOf(await kube.apply(BASELINE_POLICIES, { ...body, spec: {} }))).toBe('ok');
    expect(
      outcomeOf(
        await kube.apply(BASELINE_POLICIES, { ...body, status: { observedGeneration: 1 } }, { subresource: 'status' }),
      ),
    ).toBe('forbidden');
  });

  test('F20 admission refuses one namespace and no other', async () => {
    server.cluster.admission = ({ resource, namespace, name }) =>
      namespace === NAMESPACE ? forbidden(resource.type, name, 'exceeded quota: policies') : undefined;
    expect(outcomeOf(await kube.create(NETWORK_POLICIES, networkPolicy(NAMESPACE, 'one', {})))).toBe('forbidden');
    expect(outcomeOf(await kube.create(NETWORK_POLICIES, networkPolicy('kube-public', 'one', {})))).toBe('ok');
  });

  test('F18 while the namespace controller is paused a namespace stays terminating', async () => {
    server.cluster.namespaces.isPaused = true;
    valueOf(await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } }));
    valueOf(await kube.remove({ type: NAMESPACES, name: 'going' }));
    expect(outcomeOf(await kube.create(NETWORK_POLICIES, networkPolicy('going', 'one', {})))).toBe(
      'namespaceTerminating',
    );
    server.cluster.namespaces.resume();
    await eventually(async () => {
      expect(outcomeOf(await kube.get({ type: NAMESPACES, name: 'going' }))).toBe('notFound');
    });
  });
});

test('F37 F46 with its CRD a custom resource comes and goes: its objects go, its watches end, and its path is notFound', async () => {
  const [definition] = RESOURCE_DEFINITIONS.map(crdFor);
  const crds = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    isNamespaced: false,
  };
  const reference = { type: crds, name: 'baselinepolicies.nsbaseline.io' };
  expect(valueOf(await kube.get(reference))).toMatchObject({
    status: { conditions: [{ type: 'NamesAccepted' }, { type: 'Established', status: 'True' }] },
  });
  const policy = { apiVersion: 'nsbaseline.io/v1alpha1', kind: 'BaselinePolicy', metadata: { name: 'one' }, spec: {} };
  const { resourceVersion = '' } = valueOf(await kube.create(BASELINE_POLICIES, policy)).metadata;
  const watch = watching(kube, { type: BASELINE_POLICIES, resourceVersion });
  await eventually(() => {
    expect(server.cluster.watches.count).toBe(1);
  });
  valueOf(await kube.remove(reference));
  expect(outcomeOf(await watch.ended)).toBe('ok');
  expect(watch.changes()).toEqual(['DELETED one']);
  expect(outcomeOf(await kube.list({ type: BASELINE_POLICIES }))).toBe('notFound');
  valueOf(await kube.create(crds, JSON.parse(JSON.stringify(definition)) as typeof policy));
  expect(valueOf(await kube.list({ type: BASELINE_POLICIES })).items).toEqual([]);
});
