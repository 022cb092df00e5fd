import { setTimeout as pauseMs } from 'node:timers/promises';
import { ANNOTATIONS } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { isSameRenewal, LEASES, type LeaseRecord, leaseRecordOf } from '../../kube/lease/lease-record.ts';
import { LEASE_NAME } from '../../operator/startup/preflight.ts';
import { type FailedAttempt, failedAttempt } from './kube-failure.ts';

/** What the Lease says about the operator. */
export interface OperatorView {
  /** `namespace/name`. */
  readonly lease: string;
  /** Whether a replica leads now. */
  readonly isLeading: boolean;
  /** The pod that holds the Lease, or held it last; empty where there is none. */
  readonly holder: string;
  /** Since its last renewal, in milliseconds by the clock here; undefined where there was none. */
  readonly heardMsAgo: number | undefined;
  /** The newest version that ever led; empty where none is named. */
  readonly newestVersion: string;
}

/** Leaders renew every 2 s by default; a longer wait also shows a slow one. */
const RENEWAL_WAIT_MS = 4_000;
/** The default of `--lease-duration`, for a Lease that does not say. */
const USUAL_DURATION_MS = 15_000;

/**
 * Reads the Lease that the replicas share. One that looks expired is read again after four seconds: the clocks of this
 * machine and of the operator can differ, so only a renewal that does not come shows that no replica leads.
 */
export async function readOperator(
  kube: Pick<KubeClient, 'get'>,
  options: {
    readonly namespace: string;
    readonly clock: Pick<Clock, 'wallTime'>;
    /** Resolves after so many milliseconds; a timer that keeps the process alive when absent. */
    readonly wait?: (durationMs: number) => Promise<void>;
  },
): Promise<Result<OperatorView, FailedAttempt>> {
  const { namespace, clock, wait = waitFor } = options;
  const first = await readLease(kube, namespace);
  if (!first.ok) {
    return first;
  }
  const view = operatorView(first.value, namespace, clock);
  if (first.value === undefined || view.isLeading || first.value.holder === '') {
    return success(view);
  }
  await wait(RENEWAL_WAIT_MS);
  const second = await readLease(kube, namespace);
  if (!second.ok) {
    return second;
  }
  const later = operatorView(second.value, namespace, clock);
  const isRenewed = later.holder !== '' && second.value !== undefined && !isSameRenewal(first.value, second.value);
  return success(isRenewed ? { ...later, isLeading: true, heardMsAgo: 0 } : later);
}

/** By a timer that keeps the process alive, which those of the clock do not. */
async function waitFor(durationMs: number): Promise<void> {
  await pauseMs(durationMs);
}

/** One line for people. */
export function operatorText({ lease, isLeading, holder, heardMsAgo }: OperatorView): string {
  if (isLeading) {
    return `operator: leader ${holder}, last heard ${secondsText(heardMsAgo)} ago`;
  }
  return heardMsAgo === undefined
    ? `operator: there is no Lease ${lease}: no operator has run there; --operator-namespace names another namespace`
    : `no operator has been heard for ${secondsText(heardMsAgo)}`;
}

async function readLease(
  kube: Pick<KubeClient, 'get'>,
  namespace: string,
): Promise<Result<LeaseRecord | undefined, FailedAttempt>> {
  const reference = { type: LEASES, namespace, name: LEASE_NAME };
  const found = await kube.get(reference);
  if (found.ok) {
    return success(leaseRecordOf(found.value, ANNOTATIONS.version));
  }
  return found.error.kind === 'notFound' ? success(undefined) : failure(failedAttempt('get', reference, found.error));
}

/** What a Lease that does not exist says. */
const NO_LEASE = { holder: '', renewTime: '', newestVersion: '', durationMs: undefined };

/** Without a Lease there is no leader. */
function operatorView(
  record: LeaseRecord | undefined,
  namespace: string,
  clock: Pick<Clock, 'wallTime'>,
): OperatorView {
  const { holder, renewTime, newestVersion, durationMs } = record ?? NO_LEASE;
  const renewedMs = Date.parse(renewTime);
  const heardMsAgo = Number.isNaN(renewedMs) ? undefined : Math.max(0, clock.wallTime().getTime() - renewedMs);
  return {
    lease: `${namespace}/${LEASE_NAME}`,
    isLeading: holder !== '' && heardMsAgo !== undefined && heardMsAgo < (durationMs ?? USUAL_DURATION_MS),
    // The identity is the host name, which is the pod's name, and a random part.
    holder: holder.split('_')[0] ?? '',
    heardMsAgo,
    newestVersion,
  };
}

function secondsText(durationMs: number | undefined): string {
  return `${Math.round((durationMs ?? 0) / 1000)} s`;
}
