import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ANNOTATIONS } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { type ElectionEvent, type ElectionOptions, LeaderElection } from '../../kube/lease/leader-election.ts';
import type { Log } from '../../telemetry/log.ts';
import { LEASE_NAME } from '../startup/preflight.ts';
import type { Leadership } from './leadership.ts';

/** What a leadership by Lease is made of. */
export interface LeaseLeadershipOptions
  extends Pick<ElectionOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs' | 'version'> {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** The holder identity of this process; host name and a UUID when absent. */
  readonly identity?: string;
}

/** Leads while this process holds the Lease (R15, leadership), and logs every change of the holder. */
export function createLeaseLeadership(options: LeaseLeadershipOptions): Leadership {
  const { log, namespace, identity = `${hostname()}_${randomUUID()}` } = options;
  const onEvent = (event: ElectionEvent): void => {
    logEvent(log.child({ lease: `${namespace}/${LEASE_NAME}`, identity }), event);
  };
  const election = new LeaderElection({
    ...options,
    identity,
    lease: { namespace, name: LEASE_NAME },
    versionAnnotation: ANNOTATIONS.version,
    onEvent,
  });
  return {
    run: (signal, lead) => election.run(signal, lead),
    newestVersion: () => election.record?.newestVersion ?? '',
  };
}

function logEvent(log: Log, event: ElectionEvent): void {
  switch (event.kind) {
    case 'standby':
      log.info({ holder: event.holder }, 'stands by');
      return;
    case 'leading':
      log.info({ newestVersion: event.newestVersion }, 'leads');
      return;
    case 'lost':
      log.warn({}, 'lost the lease');
      return;
    case 'released':
      log.info({}, 'released the lease');
      return;
    case 'failed':
      log.warn({ error: event.error }, 'the lease could not be read or written');
  }
}
