import { clientAround } from './client-around.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import type { RequestPriority } from './fair-queue.ts';
import type { KubeClient } from './kube-client.ts';

/**
 * A client like `kube`, each of whose requests waits for a slot of the limiter, with this priority and in turns with
 * those of other namespaces. Put it around a fenced client and not inside one: the fence must be checked when the request
 * leaves, not when it begins to wait.
 */
export function throttledClient(kube: KubeClient, limiter: ConcurrencyLimiter, priority: RequestPriority): KubeClient {
  return clientAround(kube, (send, { target }) =>
    limiter.run({ priority, namespace: target.namespace ?? '' }, () => send()),
  );
}
