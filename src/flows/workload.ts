import type { WorkloadName } from './flow.ts';

/** The letters of the hashes that Kubernetes makes: no vowels, so that no words come out. */
const REPLICA_SET_OF_DEPLOYMENT = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/;
/** A CronJob names its Jobs by the scheduled time in minutes. */
const JOB_OF_CRON_JOB = /^(.+)-\d{8,10}$/;

/**
 * The workload that people write, where a source only names what that one created: the Deployment of a ReplicaSet
 * `web-6d4b9c8f5`, the CronJob of a Job `report-29406120`. Without this, each rollout and each run would be a workload.
 */
export function topWorkload({ kind, name }: Pick<WorkloadName, 'kind' | 'name'>): Pick<WorkloadName, 'kind' | 'name'> {
  if (kind === 'ReplicaSet') {
    const deployment = REPLICA_SET_OF_DEPLOYMENT.exec(name)?.[1];
    return deployment === undefined ? { kind, name } : { kind: 'Deployment', name: deployment };
  }
  if (kind === 'Job') {
    const cronJob = JOB_OF_CRON_JOB.exec(name)?.[1];
    return cronJob === undefined ? { kind, name } : { kind: 'CronJob', name: cronJob };
  }
  return { kind, name };
}

/** The field `workload` of a pod, when the source names one. */
export function workloadField(kind: string, name: string): { readonly workload?: Pick<WorkloadName, 'kind' | 'name'> } {
  return kind === '' || name === '' ? {} : { workload: topWorkload({ kind, name }) };
}
