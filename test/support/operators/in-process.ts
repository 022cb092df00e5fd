import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { type Clock, pause, systemClock } from '../../../src/base/clock.ts';
import { exclusionFor } from '../../../src/domain/selection.ts';
import { clientAround, isWriteVerb } from '../../../src/kube/client/client-around.ts';
import { ConcurrencyLimiter } from '../../../src/kube/client/concurrency-limiter.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { Cluster } from '../../../src/kube/credentials/cluster.ts';
import { createKubeClient } from '../../../src/kube/transport/http-kube-client.ts';
import { Manager, type ManagerOptions } from '../../../src/operator/manager/manager.ts';
import { WATCHED_RESOURCES } from '../../../src/operator/watch/watches.ts';
import type { EventRecord } from '../../../src/telemetry/event-object.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import { createMetrics, type MetricsControl } from '../../../src/telemetry/metrics.ts';
import { buildInfo } from '../../../src/telemetry/version.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import type { FakeApiServer } from '../fake-api/fake-api-server.ts';

/** What can be said of an operator in this process; everything has a value that suits most tests. */
export interface InProcessOptions {
  readonly server: FakeApiServer;
  /** The operator's time, but not that of its HTTP requests. A {@link ManualClock} is advanced only until the caches are synced. */
  readonly clock?: Clock;
  /** The way to the server; straight when absent. */
  readonly cluster?: Cluster;
  /** The time of the operator's HTTP requests: their limits, and the silence limit of watches; the machine's when absent. */
  readonly requestClock?: Clock;
  /** Stands between the operator and the server, to be late, to lie or to look. */
  readonly around?: (kube: KubeClient) => KubeClient;
  /** The operator's time limit for a request, in milliseconds; 10 s when absent. */
  readonly requestTimeoutMs?: number;
  readonly parts?: Partial<ManagerOptions>;
}

/** One line that the operator logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A whole operator in this process, with everything but the process around it. */
export interface InProcess {
  readonly runtime: Manager;
  /** Somebody else: writes as `somebody`. */
  readonly client: KubeClient;
  /** Every write that the operator has sent, such as `create NetworkPolicy team-a/standard.default-deny`. */
  readonly writes: readonly string[];
  readonly log: readonly LoggedLine[];
  /** What it has recorded, before any aggregation. */
  readonly events: readonly EventRecord[];
  readonly metrics: MetricsControl;
  /** Ends it as SIGTERM does, and lets go of all connections; the server stays. */
  close(): Promise<void>;
}

const SYNCED = 'caches are synced';

/** Starts an operator against a fake API server and resolves when its caches are synced and its first pass has begun. */
export async function startInProcess(options: InProcessOptions): Promise<InProcess> {
  const {
    server,
    clock = systemClock,
    around = (kube: KubeClient) => kube,
    requestTimeoutMs = 10_000,
    requestClock = systemClock,
  } = options;
  const http = createKubeClient({
    cluster: options.cluster ?? server.asCluster(),
    fieldManager: FIELD_MANAGER,
    userAgent: 'nsbaseline/test (operator)',
    requestTimeoutMs,
    clock: requestClock,
  });
  const client = createKubeClient({ cluster: server.asCluster(), fieldManager: 'somebody', userAgent: 'somebody/1' });
  const writes: string[] = [];
  const log: LoggedLine[] = [];
  const events: EventRecord[] = [];
  const made: { runtime?: Manager } = {};
  const metrics = createMetrics({ buildInfo, watchedResources: WATCHED_RESOURCES, state: () => stateOf(made.runtime) });
  const runtime = new Manager({
    kube: around(noting(http, writes)),
    clock,
    random: Math.random,
    flow: new ConcurrencyLimiter({ clock }),
    log: logInto(log),
    metrics,
    events: { record: (record) => void events.push(record) },
    workers: 16,
    silenceLimitMs: 70_000,
    exclusion: exclusionFor({ operatorNamespace: 'nsbaseline-system', globs: [] }),
    dnsNamespaces: ['kube-system'],
    resolvConf: '/nonexistent',
    guardLimits: { removal: { count: 5, percent: 10 }, isolation: { count: 20, percent: 10 } },
    requestTimeoutMs,
    ...options.parts,
  });
  made.runtime = runtime;
  const stop = new AbortController();
  const running = runtime.run(stop.signal);
  await untilSynced(log, clock);
  return {
    runtime,
    client,
    writes,
    log,
    events,
    metrics,
    async close() {
      stop.abort();
      await running;
      await runtime.close();
      await Promise.all([http.close(), client.close()]);
    },
  };
}

async function untilSynced(log: readonly LoggedLine[], clock: Clock): Promise<void> {
  const deadlineMs = systemClock.nowMs() + 10_000;
  while (!log.some(({ message }) => message === SYNCED)) {
    if (systemClock.nowMs() > deadlineMs) {
      throw new Error(`the operator's caches are not synced: ${JSON.stringify(log)}`);
    }
    if (clock instanceof ManualClock) {
      await clock.advance(5);
    }
    await pause(systemClock, 2);
  }
}

function stateOf(runtime: Manager | undefined): ReturnType<Manager['state']> {
  if (runtime === undefined) {
    throw new Error('the metrics were read before there was a runtime');
  }
  return runtime.state();
}

function logInto(lines: LoggedLine[], always: Readonly<Record<string, unknown>> = {}): Log {
  const at =
    (level: LoggedLine['level']): Log['info'] =>
    (fields, message) =>
      void lines.push({ level, message, fields: { ...always, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logInto(lines, { ...always, ...fields }),
  };
}

/** Reads pass through, writes are noted first; reviews of permissions are no writes. */
function noting(kube: KubeClient, writes: string[]): KubeClient {
  return clientAround(kube, (send, { verb, type, target: { namespace, name }, options }) => {
    if (type !== undefined && isWriteVerb(verb) && type.kind !== 'SelfSubjectAccessReview') {
      const what = options?.subresource === undefined ? verb : `${verb} ${options.subresource} of`;
      writes.push(`${what} ${type.kind} ${namespace === undefined ? '' : `${namespace}/`}${name ?? ''}`);
    }
    return send();
  });
}
