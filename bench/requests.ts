import { type NotedRequest, operatorRequests } from '../test/support/operators/operator-requests.ts';
import type { BenchCluster } from './bench-cluster.ts';

/** What the service account asked for since `before`, by the API server's own audit log. */
export async function requestsSince(stage: BenchCluster, before: number): Promise<readonly NotedRequest[]> {
  return (await operatorRequests(stage.address)).slice(before);
}

/** How many requests the service account has made so far. */
export async function requestCount(stage: BenchCluster): Promise<number> {
  return (await operatorRequests(stage.address)).length;
}

/** Whether a request writes, whatever came of it; the Lease, the questions about permissions, and Events do not count. */
export function isWrite({ verb, resource }: NotedRequest): boolean {
  return (
    ['create', 'update', 'patch', 'delete'].includes(verb) &&
    !['leases', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'events'].includes(resource)
  );
}

/** Whether a request lists a whole type anew. */
export function isFullList({ verb, uri }: NotedRequest): boolean {
  return verb === 'list' && !uri.includes('limit=1&') && !uri.endsWith('limit=1');
}
