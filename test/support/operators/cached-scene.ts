import { afterEach, beforeEach } from 'vitest';
import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { exclusionFor } from '../../../src/domain/selection.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import { ObjectCache } from '../../../src/kube/informer/object-cache.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import type { Caches } from '../../../src/operator/watch/caches.ts';
import {
  baselinePolicyProjection,
  namespaceProjection,
  networkPolicyProjection,
  reportProjection,
} from '../../../src/operator/watch/projections.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../../src/operator/watch/resources.ts';
import type { FakeApiServer } from '../fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../fake-api/nsbaseline-api-server.ts';
import { type People, peopleWith, valueOf } from './people.ts';

/** A fake API server for one part of the operator, whose caches a test fills when it wants. */
export interface CachedScene {
  readonly server: FakeApiServer;
  /** The operator's own client. */
  readonly kube: HttpKubeClient;
  /** Another client, which may do everything. */
  readonly admin: HttpKubeClient;
  readonly people: People;
  readonly caches: Caches;
  /** Lists every watched type into the caches, as if the watches had just caught up. */
  sync(): Promise<void>;
}

/** Empty caches of the four watched types. */
export function emptyCaches(): Caches {
  const onChange = (): void => undefined;
  return {
    namespaces: new ObjectCache({
      project: namespaceProjection(exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: [] })),
      onChange,
    }),
    baselinePolicies: new ObjectCache({ project: baselinePolicyProjection, onChange }),
    networkPolicies: new ObjectCache({ project: networkPolicyProjection, onChange }),
    reports: new ObjectCache({ project: reportProjection, onChange }),
  };
}

/** A scene of its own for every test of a file; its members are there while a test runs. */
export function cachedScene(): CachedScene {
  const made: { server?: FakeApiServer; kube?: HttpKubeClient; admin?: HttpKubeClient; caches?: Caches } = {};
  const scene: CachedScene = {
    get server() {
      return present(made.server);
    },
    get kube() {
      return present(made.kube);
    },
    get admin() {
      return present(made.admin);
    },
    get people() {
      return peopleWith(present(made.admin));
    },
    get caches() {
      return present(made.caches);
    },
    async sync() {
      const { caches } = scene;
      await fill(NAMESPACES, caches.namespaces);
      await fill(BASELINE_POLICIES, caches.baselinePolicies);
      await fill(NETWORK_POLICIES, caches.networkPolicies);
      await fill(NAMESPACE_BASELINES, caches.reports);
    },
  };
  const fill = async (
    type: ResourceType,
    cache: Pick<ObjectCache<never>, 'listStarted' | 'listEnded'> & { readonly upsert: (object: KubeObject) => void },
  ): Promise<void> => {
    const page = valueOf(await scene.kube.list({ type }));
    cache.listStarted();
    for (const object of page.items) {
      cache.upsert(object);
    }
    cache.listEnded(page.resourceVersion);
  };
  beforeEach(async () => {
    const server = await fakeServerWithCrds();
    const cluster = server.asCluster();
    made.server = server;
    made.kube = createKubeClient({ cluster, fieldManager: FIELD_MANAGER, userAgent: 'nsbaseline/test' });
    made.admin = createKubeClient({ cluster, fieldManager: 'somebody', userAgent: 'somebody/1' });
    made.caches = emptyCaches();
  });
  afterEach(async () => {
    await Promise.all([made.kube?.close(), made.admin?.close()]);
    await made.server?.close();
  });
  return scene;
}

function present<Member>(member: Member | undefined): Member {
  if (member === undefined) {
    throw new Error('the scene is there only while a test runs');
  }
  return member;
}
