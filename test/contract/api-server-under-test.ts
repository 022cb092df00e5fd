import { afterAll, beforeAll, expect } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import type { KubeClient, WatchEvent, WatchRequest } from '../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import type { HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { valueOf } from '../support/actors/actors.ts';
import { EVENTUALLY_MS } from '../support/deadlines.ts';

export { valueOf };

/** An API server with nsbaseline's CRDs, fake or real. */
export interface ApiServer {
  /** A client that writes under this field manager. */
  clientAs(fieldManager: string): HttpKubeClient;
  stop(): Promise<void>;
}

/** Starts, or joins, the API server that a suite is about. */
export type StartApiServer = () => Promise<ApiServer>;

/** What differs between API servers that are all right. */
export interface ApiServerTraits {
  /** Whether `sendInitialEvents` is served: on by default in 1.32, off in 1.33, on from 1.34. */
  readonly isWatchListServed: boolean;
}

/** What each part of the suite works with; usable once the tests run. */
export interface Subject {
  /** Writes as `nsbaseline`. */
  readonly kube: KubeClient;
  /** Somebody else: writes as `somebody`. */
  readonly other: KubeClient;
  /** Makes a namespace of its own for a test and gives its name. */
  namespace(labels?: Readonly<Record<string, string>>): Promise<string>;
}

export const NAMESPACES: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false,
};
export const NETWORK_POLICIES: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  isNamespaced: true,
};
export const CONFIG_MAPS: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
};
export const BASELINE_POLICIES: ResourceType = {
  group: 'nsbaseline.io',
  version: 'v1alpha1',
  plural: 'baselinepolicies',
  kind: 'BaselinePolicy',
  isNamespaced: false,
};
export const NAMESPACE_BASELINES: ResourceType = {
  group: 'nsbaseline.io',
  version: 'v1alpha1',
  plural: 'namespacebaselines',
  kind: 'NamespaceBaseline',
  isNamespaced: true,
};
export const EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  isNamespaced: true,
};
export const LEASES: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  isNamespaced: true,
};
export const ACCESS_REVIEWS: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  isNamespaced: false,
};

/** A uid that no object has. */
export const FOREIGN_UID = '00000000-0000-4000-8000-000000000000';

/** Starts the server before the tests around this call and removes their namespaces after. */
export function subjectOf(start: StartApiServer): Subject {
  let running:
    | { readonly server: ApiServer; readonly kube: HttpKubeClient; readonly other: HttpKubeClient }
    | undefined;
  const made: string[] = [];
  const current = (): NonNullable<typeof running> => {
    if (running === undefined) {
      throw new Error('the API server has not been started');
    }
    return running;
  };
  beforeAll(async () => {
    const server = await start();
    running = { server, kube: server.clientAs('nsbaseline'), other: server.clientAs('somebody') };
  });
  afterAll(async () => {
    const { server, kube, other } = current();
    await Promise.all(made.map((name) => kube.remove({ type: NAMESPACES, name })));
    await Promise.all([kube.close(), other.close()]);
    await server.stop();
  });
  return {
    get kube() {
      return current().kube;
    },
    get other() {
      return current().other;
    },
    async namespace(labels = {}) {
      const name = uniqueName('contract');
      made.push(name);
      valueOf(
        await current().kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
      );
      return name;
    },
  };
}

let names = 0;

/** A name that nothing else in this run has. */
export function uniqueName(prefix: string): string {
  names += 1;
  return `${prefix}-${process.pid.toString(36)}${Date.now().toString(36)}-${names}`;
}

/** The kind of a failure, or `ok`. */
export function outcomeOf(result: Result<unknown, KubeError>): KubeError['kind'] | 'ok' {
  return result.ok ? 'ok' : result.error.kind;
}

/** A NetworkPolicy as it goes over the wire. */
export function networkPolicy(
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  metadata: KubeObject['metadata'] = {},
): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, ...metadata },
    spec,
  };
}

/** A default-deny that leaves no field to the server. */
export const DENY_ALL = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] };

/** A ConfigMap, the plainest of objects. */
export function configMap(namespace: string, name: string, metadata: KubeObject['metadata'] = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata } };
}

/** Waits until the claim holds; fails with it after {@link EVENTUALLY_MS}. */
export async function eventually(claim: () => Promise<void> | void): Promise<void> {
  await expect
    .poll(
      async () => {
        await claim();
        return true;
      },
      { timeout: EVENTUALLY_MS, interval: 20 },
    )
    .toBe(true);
}

/** A running watch and what it has said so far. */
export interface Watching {
  readonly events: readonly WatchEvent[];
  /** Resolves when the watch is over. */
  readonly ended: Promise<Result<void, KubeError>>;
  /** `ADDED name`, `DELETED name`, …, bookmarks left out. */
  changes(): readonly string[];
  stop(): Promise<void>;
}

/** Starts a watch. */
export function watching(kube: KubeClient, request: WatchRequest): Watching {
  const events: WatchEvent[] = [];
  const abort = new AbortController();
  const ended = kube.watch({ ...request, signal: abort.signal }, (event) => {
    events.push(event);
  });
  return {
    events,
    ended,
    changes: () =>
      events
        .filter(({ type }) => type !== 'BOOKMARK')
        .map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`),
    async stop() {
      abort.abort();
      await ended;
    },
  };
}
