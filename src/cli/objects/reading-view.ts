import { z } from 'zod';
import type { JudgedCluster } from './judged-cluster.ts';

/** What a verdict rests on, for programs. */
export const readingSchema = z.strictObject({
  mode: z.enum(['cluster', 'files', 'filesOverCluster']).describe('What was read.'),
  partial: z.boolean().describe('Whether something could not be read that verdicts may rest on.'),
  pods: z.int().describe('How many live pods and templates of workloads there are.'),
  networkPolicies: z.int(),
  clusterNetworkPolicies: z.int(),
  missing: z
    .array(z.strictObject({ kind: z.string(), message: z.string(), readIn: z.array(z.string()) }))
    .describe('The kinds that the user may not list, and the namespaces in which they were read nevertheless.'),
  notServed: z.array(z.string()).describe('Kinds that the cluster does not have: there are no such objects.'),
  notes: z.array(z.string()).describe('What was left out or assumed, for people.'),
});
/** {@link readingSchema} */
export type ReadingView = z.infer<typeof readingSchema>;

/** What a verdict rests on. */
export function readingViewOf({ read, compiled, isPartial, notes }: JudgedCluster): ReadingView {
  const { pods, networkPolicies, clusterPolicies } = compiled.cluster;
  return {
    mode: read.mode,
    partial: isPartial,
    pods: pods.filter(({ phase }) => phase === 'live').length,
    networkPolicies: networkPolicies.length,
    clusterNetworkPolicies: clusterPolicies.length,
    missing: read.missing.map(({ kind, message, readIn }) => ({ kind, message, readIn: [...readIn] })),
    notServed: [...read.notServed],
    notes: [...notes],
  };
}
