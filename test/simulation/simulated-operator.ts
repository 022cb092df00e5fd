import type { Clock } from '../../src/base/clock.ts';
import { exclusionFor } from '../../src/domain/selection.ts';
import { ConcurrencyLimiter } from '../../src/kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import { createLeaseLeadership } from '../../src/operator/manager/lease-leadership.ts';
import { Manager } from '../../src/operator/manager/manager.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { SILENT_LOG, SILENT_METRICS } from '../fixtures/silence.ts';

/** How the guards of R9 are set in histories: low, so that few namespaces are enough. */
export const SIMULATED_LIMITS = { removal: { count: 3, percent: 0 }, isolation: { count: 1, percent: 0 } } as const;

/** The operator's own namespace. */
export const OPERATOR_NAMESPACE = 'nsbaseline-system';

/** As the flags are when nobody sets them. */
const LEASE = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 } as const;
const STAND_IN_AFTER_MS = 1_000;

/** What an operator in a simulation is made of. */
export interface SimulatedOperatorParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly excludeNamespaces?: readonly string[];
  /** Who it is among several that share a Lease; alone, without one, when absent. */
  readonly identity?: string;
  readonly version: string;
  /** Told of every unexpected throw. */
  readonly onError: (line: string) => void;
  /** Told when it begins to lead. */
  readonly onTerm: () => void;
}

/** An operator that runs, but for its process. */
export interface SimulatedOperator {
  /** Ends it; resolves when the work in hand is done, which takes the clock to go on. */
  stop(): Promise<void>;
}

/** Starts the real loop over this client. Nothing happens until the clock goes on. */
export function startSimulatedOperator({
  kube,
  clock,
  random,
  identity,
  version,
  onError,
  onTerm,
  excludeNamespaces = [],
}: SimulatedOperatorParts): SimulatedOperator {
  // Else resolv.conf would be read, which takes time that no simulation owns.
  delete process.env.KUBERNETES_SERVICE_HOST;
  const log = logInto(onError);
  const shared =
    identity === undefined
      ? {}
      : {
          leadership: createLeaseLeadership({
            kube,
            clock,
            random,
            log,
            namespace: OPERATOR_NAMESPACE,
            identity,
            version,
            ...LEASE,
          }),
          standInAfterMs: STAND_IN_AFTER_MS,
        };
  const runtime = new Manager({
    kube,
    clock,
    random,
    log,
    version,
    ...shared,
    flow: new ConcurrencyLimiter({ clock }),
    metrics: { ...SILENT_METRICS, termBegun: onTerm },
    events: { record: () => undefined },
    workers: 4,
    silenceLimitMs: 70_000,
    exclusion: exclusionFor({ operatorNamespace: OPERATOR_NAMESPACE, globs: excludeNamespaces }),
    dnsNamespaces: ['kube-system'],
    resolvConf: '/nonexistent',
    guardLimits: SIMULATED_LIMITS,
  });
  const stop = new AbortController();
  const running = runtime.run(stop.signal);
  return {
    async stop() {
      stop.abort();
      await running;
      await runtime.close();
    },
  };
}

function logInto(onError: (line: string) => void): Log {
  const log: Log = {
    ...SILENT_LOG,
    error: (fields, message) => {
      if (fields.err !== undefined) {
        onError(`${message}: ${fields.err instanceof Error ? String(fields.err.stack) : JSON.stringify(fields.err)}`);
      }
    },
    child: () => log,
  };
  return log;
}
