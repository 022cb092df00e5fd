import type { Clock } from '../../base/clock.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { type Change, ObjectCache } from '../../kube/informer/object-cache.ts';
import { createReflector, type Reflector } from '../../kube/informer/reflector.ts';
import type { RestartReason } from '../../kube/informer/watch-backoff.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { restartReasonFor } from '../../telemetry/restart-reason.ts';
import type { Identity } from './cached-objects.ts';

/** A cache and the reflector that keeps it: one watched resource. */
export interface Informer<T extends Identity> {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly cache: ObjectCache<T>;
  readonly reflector: Reflector;
  /** Who is told when the server is in sight again after it was not; only one. */
  whenCertain(listener: () => void): void;
  /** Who is told of every change; only one. */
  listen(listener: (change: Change<T>) => void): void;
}

/** What all watches share. */
export interface InformerContext {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly silenceLimitMs: number;
}

/** Makes the cache of a resource and the reflector that will fill it; nothing is asked of the API server yet. */
export function createInformer<T extends Identity>(
  resource: {
    readonly type: ResourceType;
    readonly namespace?: string;
    readonly fieldSelector?: string;
    readonly project: (object: KubeObject) => T;
  },
  surroundings: InformerContext,
): Informer<T> {
  const { type, namespace, fieldSelector, project } = resource;
  const { log, metrics } = surroundings;
  let tell: ((change: Change<T>) => void) | undefined;
  let reassure: (() => void) | undefined;
  const onRefused = ({ metadata }: KubeObject, thrown: unknown): void => {
    log.warn(
      { resource: type.plural, namespace: metadata.namespace, name: metadata.name, err: thrown },
      'object could not be read',
    );
  };
  const cache = new ObjectCache<T>({
    project,
    onChange: (change) => tell?.(change),
    onRefused,
    onReconnected: () => reassure?.(),
  });
  const scope = {
    type,
    ...(namespace === undefined ? {} : { namespace }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  const observer = {
    synced: (count: number) => {
      log.debug({ resource: type.plural, namespace, count }, 'cache is synced');
    },
    restarted: (cause: RestartReason, detail: string) => {
      metrics.watchRestarted({ resource: type.plural, reason: restartReasonFor(cause) });
      // A right that was taken away does not come back by itself; everything else is the network's everyday life.
      const isRefused = cause === 'forbidden' || cause === 'unauthorized' || cause === 'credentials';
      log[isRefused ? 'warn' : 'debug']({ resource: type.plural, namespace, cause, detail }, 'watch is begun anew');
    },
  };
  const { kube: client, clock, random, silenceLimitMs } = surroundings;
  const reflector = createReflector({
    client,
    scope,
    sink: cache,
    initial: 'stream',
    clock,
    random,
    silenceLimitMs,
    observer,
  });
  return {
    type,
    namespace,
    cache,
    reflector,
    whenCertain: (listener) => {
      reassure = listener;
    },
    listen: (listener) => {
      tell = listener;
    },
  };
}
