import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { throttledClient } from '../../kube/client/throttled-client.ts';
import { meteredClient } from '../../telemetry/metered-client.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Priority } from '../queue/work-queue.ts';

/**
 * A client for the work of each priority: its requests share one limit on requests in flight, in which those of `fresh`
 * work go first, and its writes are counted.
 */
export function priorityClients(
  kube: KubeClient,
  { limiter, metrics }: { readonly limiter: ConcurrencyLimiter; readonly metrics: Pick<Metrics, 'wrote'> },
): Readonly<Record<Priority, KubeClient>> {
  return {
    fresh: meteredClient(throttledClient(kube, limiter, 'urgent'), metrics),
    resync: meteredClient(throttledClient(kube, limiter, 'background'), metrics),
  };
}
