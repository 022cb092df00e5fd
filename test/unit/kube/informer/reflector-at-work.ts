import { onTestFinished } from 'vitest';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { type CachedObject, ObjectCache } from '../../../../src/kube/informer/object-cache.ts';
import { createReflector, type Reflector, type ReflectorOptions } from '../../../../src/kube/informer/reflector.ts';
import { ManualClock, settled } from '../../../fixtures/manual-clock.ts';
import { NAMESPACES } from '../loopback-server.ts';
import { namespace, ScriptedServer } from '../scripted-server.ts';

/** A reflector at work, with what a test does to it and sees of it. */
export interface ReflectorAtWork {
  readonly server: ScriptedServer;
  readonly clock: ManualClock;
  readonly reflector: Reflector;
  readonly restarts: string[];
  readonly synced: number[];
  readonly held: () => string[];
  readonly sink: ObjectCache<CachedObject>;
  readonly failSink: (times: number) => void;
  /** Lets enough time pass for any backoff. */
  readonly retry: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The slim form that the cache of a reflector at work keeps. */
export function cachedFormOf({ metadata }: KubeObject): CachedObject {
  return {
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
  };
}

/** A reflector at work on a scripted server that has namespaces a and b. */
export async function reflectorAtWork(
  options: Partial<ReflectorOptions> = {},
  prepare: (server: ScriptedServer) => void = () => undefined,
): Promise<ReflectorAtWork> {
  const server = new ScriptedServer();
  server.objects = [namespace('a', '1'), namespace('b', '2')];
  prepare(server);
  const clock = new ManualClock();
  const restarts: string[] = [];
  const synced: number[] = [];
  let failures = 0;
  const sink = new ObjectCache({
    project: cachedFormOf,
    onChange: () => {
      failures -= 1;
      if (failures >= 0) {
        throw new Error('listener');
      }
    },
  });
  const observer = {
    restarted: (reason: string) => restarts.push(reason),
    synced: (count: number) => synced.push(count),
  };
  const reflector = createReflector({
    client: server,
    scope: { type: NAMESPACES },
    sink,
    clock,
    random: () => 0.5,
    observer,
    ...options,
  });
  const stopping = new AbortController();
  const run = reflector.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await run;
  };
  onTestFinished(stop);
  await settled();
  return {
    server,
    clock,
    reflector,
    restarts,
    synced,
    stop,
    sink,
    held: () => [...sink.values()].map((entry) => `${entry.name}@${entry.resourceVersion}`).sort(),
    failSink: (times) => (failures = times),
    retry: () => clock.advance(31_000),
  };
}
