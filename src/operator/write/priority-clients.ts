import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import type { RequestPriority } from '../../kube/client/fair-queue.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { throttledClient } from '../../kube/client/throttled-client.ts';
import { meteredClient } from '../../telemetry/metered-client.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Priority } from '../queue/work-queue.ts';

const REQUEST_PRIORITIES = { fresh: 'urgent', resync: 'background' } as const satisfies Readonly<
  Record<Priority, RequestPriority>
>;

/** How many requests of the {@link priorityClients} wait, by the priority of their work. */
export function waitingRequests(limiter: ConcurrencyLimiter): Readonly<Record<Priority, number>> {
  return {
    fresh: limiter.waiting(REQUEST_PRIORITIES.fresh),
    resync: limiter.waiting(REQUEST_PRIORITIES.resync),
  };
}

/**
 * A client for the work of each priority: its requests share one limit on requests in flight, in which those of `fresh`
 * work go first, and its writes are counted.
 */
export function priorityClients(
  kube: KubeClient,
  { limiter, metrics }: { readonly limiter: ConcurrencyLimiter; readonly metrics: Pick<Metrics, 'wrote'> },
): Readonly<Record<Priority, KubeClient>> {
  return {
    fresh: meteredClient(throttledClient(kube, limiter, REQUEST_PRIORITIES.fresh), metrics),
    resync: meteredClient(throttledClient(kube, limiter, REQUEST_PRIORITIES.resync), metrics),
  };
}
