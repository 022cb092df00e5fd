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
export interface LeaseLeadershipParts
  extends Pick<ElectionOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs' | 'version'> {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** The holder identity of this process; host name and a UUID when absent. */
  readonly identity?: string;
}

/** Leads while this process holds the Lease (R15, one writer), and logs every change of the holder. */
export function createLeaseLeadership(parts: LeaseLeadershipParts): Leadership {
  const { log, namespace, identity = `${hostname()}_${randomUUID()}` } = parts;
  const onEvent = (event: ElectionEvent): void => {
    tell(log.child({ lease: `${namespace}/${LEASE_NAME}`, identity }), event);
  };
  const election = new LeaderElection({
    ...parts,
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

function tell(log: Log, news: ElectionEvent): void {
  switch (news.kind) {
    case 'standby':
      log.info({ holder: news.holder }, 'stands by');
      return;
    case 'leading':
      log.info({ newestVersion: news.newestVersion }, 'leads');
      return;
    case 'lost':
      log.warn({}, 'lost the lease');
      return;
    case 'released':
      log.info({}, 'released the lease');
      return;
    case 'failed':
      log.warn({ error: news.error }, 'the lease could not be read or written');
  }
}
