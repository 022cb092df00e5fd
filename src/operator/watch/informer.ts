import type { Clock } from '../../base/clock.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeObject } from '../../kube/client/kube-object.ts';
import type { ResourceType } from '../../kube/client/resource-type.ts';
import { ObjectCache } from '../../kube/informer/object-cache.ts';
import { createReflector, type Reflector, type ReflectorObserver } from '../../kube/informer/reflector.ts';
import type { RestartReason } from '../../kube/informer/watch-backoff.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { restartReasonFor } from '../../telemetry/restart-reason.ts';
import type { Identity } from './cached-objects.ts';

/** A running watch, whatever its cache keeps. */
export interface Watch {
  readonly type: ResourceType;
  readonly reflector: Reflector;
  /** How many objects its cache keeps now. */
  readonly objectCount: () => number;
}

/** A cache and the reflector that fills it (client-go: SharedInformer), for one kind in one scope. */
export interface Informer<T extends Identity> extends Watch {
  readonly cache: ObjectCache<T>;
}

/** What one informer watches, and what its events do. */
export interface InformerOptions<T extends Identity> {
  readonly type: ResourceType;
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  /** Absent: every object in scope. */
  readonly name?: string;
  /** What the cache keeps of an object, given what it keeps of an earlier version. It may throw on a malformed object. */
  readonly project: (object: KubeObject, known?: Identity) => T;
  /**
   * Runs for every change by another client, after it is in the cache. If it throws, the cache drops the change and the
   * reflector lists again.
   */
  readonly onChange: (key: Identity) => void;
  /** Runs when the watch has caught up with the API server again after a disconnect. */
  readonly onReconnected?: () => void;
}

/** What all informers share. */
export interface InformerContext {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A watch that brings nothing for this long, not even a bookmark, is restarted. */
  readonly silenceLimitMs: number;
}

/** Creates an informer. It makes no request until its reflector runs. */
export function createInformer<T extends Identity>(
  { type, namespace, name, project, onChange, onReconnected }: InformerOptions<T>,
  context: InformerContext,
): Informer<T> {
  const { kube: client, clock, random, silenceLimitMs, log } = context;
  const cache = new ObjectCache<T>({
    project,
    onChange: ({ current, old }) => {
      const changed = current ?? old;
      if (changed !== undefined) {
        onChange(changed);
      }
    },
    onRefused: ({ metadata }, cause) => {
      log.warn(
        { resource: type.plural, namespace: metadata.namespace, name: metadata.name, err: cause },
        'object could not be read',
      );
    },
    ...(onReconnected === undefined ? {} : { onReconnected }),
  });
  const reflector = createReflector({
    client,
    scope: {
      type,
      ...(namespace === undefined ? {} : { namespace }),
      // https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
      ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    },
    sink: cache,
    initial: 'stream',
    clock,
    random,
    silenceLimitMs,
    observer: observerOf({ resource: type.plural, namespace }, context),
  });
  return { type, cache, reflector, objectCount: () => cache.size };
}

function observerOf(
  watched: { readonly resource: string; readonly namespace: string | undefined },
  { log, metrics }: InformerContext,
): ReflectorObserver {
  return {
    synced: (count: number) => {
      log.debug({ ...watched, count }, 'cache is synced');
    },
    restarted: (cause: RestartReason, detail: string) => {
      metrics.watchRestarted({ resource: watched.resource, reason: restartReasonFor(cause) });
      // A missing permission does not return by itself; every other cause is normal in a cluster.
      const isRefused = cause === 'forbidden' || cause === 'unauthorized' || cause === 'credentials';
      log[isRefused ? 'warn' : 'debug']({ ...watched, cause, detail }, 'watch is restarted');
    },
  };
}
