import { expect } from 'vitest';
import type { Cluster } from './cluster.ts';

/**
 * What `kubectl explain` says of a field, once it says anything: the API server puts a new CRD into its OpenAPI document
 * some time after it serves the resource. Throws when there is no description of it within half a minute.
 */
export async function explanationOf(cluster: Cluster, field: string): Promise<string> {
  const explain = async (): Promise<string> => (await cluster.tryKubectl(['explain', field])).stdout;
  await expect.poll(explain, { timeout: 30_000, interval: 250 }).toContain('DESCRIPTION');
  return explain();
}
