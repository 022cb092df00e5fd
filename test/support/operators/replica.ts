import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { failure } from '../../../src/base/result.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import { createKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { createLeaseLeadership } from '../../../src/operator/manager/lease-leadership.ts';
import { SILENT_LOG } from '../../fixtures/silence.ts';
import { clientAround } from './client-around.ts';
import { type InProcess, type InProcessOptions, startInProcess } from './in-process.ts';

/** What can be said of one of several operators. */
export interface ReplicaOptions extends Omit<InProcessOptions, 'around'> {
  readonly identity: string;
  readonly version?: string;
  /** Never when absent. */
  readonly standInAfterMs?: number;
  /** Whole seconds; deadline and retry follow from it. Five seconds when absent: a renewal on a busy machine takes less than the three of its deadline. */
  readonly leaseDurationMs?: number;
}

/** One of several operators that share a Lease. */
export interface Replica extends InProcess {
  isLeading(): boolean;
  /** As from one moment to the next without a network: nothing goes out, nothing comes in. */
  cutOff(): void;
  /** Only the Lease is out of its reach; it does not know. */
  loseLease(): void;
}

/** Makes the versions that a test does not name equal. */
const SOME_VERSION = '1.0.0';

/** Starts one of several operators and resolves when its caches are synced, whether it leads or not. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { server, identity, version = SOME_VERSION, standInAfterMs, leaseDurationMs = 5_000 } = options;
  const lost = { everything: false, lease: false };
  const leaseKube = createKubeClient({
    cluster: server.asCluster(),
    fieldManager: FIELD_MANAGER,
    userAgent: `nsbaseline/test (${identity})`,
  });
  const leadership = createLeaseLeadership({
    kube: severable(leaseKube, () => lost.everything || lost.lease),
    clock: systemClock,
    random: Math.random,
    log: SILENT_LOG,
    namespace: 'nsbaseline-system',
    identity,
    version,
    leaseDurationMs,
    renewDeadlineMs: leaseDurationMs * 0.6,
    retryPeriodMs: leaseDurationMs * 0.1,
  });
  const parts = { ...options.parts, leadership, version, standInAfterMs };
  const operator = await startInProcess({
    ...options,
    parts,
    around: (kube) => severable(kube, () => lost.everything),
  });
  return {
    ...operator,
    isLeading: () => operator.runtime.state().isLeading,
    cutOff() {
      lost.everything = true;
    },
    loseLease() {
      lost.lease = true;
    },
    async close() {
      await operator.close();
      await leaseKube.close();
    },
  };
}

const SEVERED: KubeError = { kind: 'network', message: 'severed by the test' };

function severable(kube: KubeClient, isSevered: () => boolean): KubeClient {
  return clientAround(kube, {
    request: (send) => (isSevered() ? Promise.resolve(failure(SEVERED)) : send()),
    watch: (request, onEvent) =>
      isSevered()
        ? Promise.resolve(failure(SEVERED))
        : kube.watch(request, (event) => {
            if (!isSevered()) {
              onEvent(event);
            }
          }),
  });
}
