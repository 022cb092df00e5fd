import { hostname } from 'node:os';
import { FIELD_MANAGER } from '../api/names.ts';
import { pause, systemClock } from '../base/clock.ts';
import { exclusionFor } from '../domain/selection.ts';
import { ConcurrencyLimiter } from '../kube/client/concurrency-limiter.ts';
import { loadCluster } from '../kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../kube/transport/http-kube-client.ts';
import { askOverNetwork } from '../operator/discovery/dns-check.ts';
import { isInPod } from '../operator/discovery/resolv-conf.ts';
import { aborted, type Leadership, soleLeadership } from '../operator/manager/leadership.ts';
import { createLeaseLeadership } from '../operator/manager/lease-leadership.ts';
import { Manager, NOT_STARTED } from '../operator/manager/manager.ts';
import { neededPermissions } from '../operator/startup/preflight.ts';
import { Prerequisites, type Readiness } from '../operator/startup/prerequisites.ts';
import { neededFields } from '../operator/watch/needed-fields.ts';
import { WATCHED_RESOURCES } from '../operator/watch/watches.ts';
import { cachesSynced, watchesAlive } from '../telemetry/checks.ts';
import { createEventRecorder } from '../telemetry/events.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createMetrics, type GaugeState } from '../telemetry/metrics.ts';
import { startProbeServer } from '../telemetry/probes.ts';
import { buildInfo } from '../telemetry/version.ts';
import { exitCode } from './exit-codes.ts';
import type { RunOptions } from './run-options.ts';

/** A watch that made no attempt for this many silence limits is stuck. */
const SILENCE_LIMITS = 3;
/** Longer than any pause between two attempts of a watch (a Retry-After can be two minutes): a restart would not help then. */
const SHORTEST_STILL_LIMIT_MS = 180_000;

/**
 * `nsbaseline run`: works until `signal` is aborted and returns the exit code (src/app/exit-codes.ts). This is the
 * composition root: everything that does I/O is created here and passed down.
 */
export async function runOperator(options: RunOptions, signal: AbortSignal): Promise<number> {
  const control = await createLog({ level: options.logLevel, format: options.logFormat });
  const { log } = control;
  const toggleDebug = (): void => {
    // Not an error, so that no alert on error lines fires. With `--log-level error` the switch back is not shown.
    log.warn({ logLevel: control.toggleDebug() }, 'log level changed');
  };
  process.on('SIGUSR2', toggleDebug);
  try {
    return await run(options, { log, signal });
  } finally {
    process.off('SIGUSR2', toggleDebug);
    control.flush();
  }
}

async function run(
  options: RunOptions,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<number> {
  const cluster = await loadCluster({ kubeconfigPath: options.kubeconfig, context: options.context });
  if (!cluster.ok) {
    log.error({ error: cluster.error }, 'there is no usable kubeconfig');
    return exitCode('unreachable');
  }
  const { requestTimeoutMs } = options;
  const kube = createKubeClient({
    cluster: cluster.value,
    fieldManager: FIELD_MANAGER,
    userAgent: `nsbaseline/${buildInfo.version} (operator)`,
    requestTimeoutMs,
  });
  log.info({ ...buildInfo, server: cluster.value.server, context: cluster.value.contextName }, 'nsbaseline starts');
  try {
    return await serve(options, { kube, log, signal });
  } finally {
    await kube.close();
  }
}

async function serve(
  options: RunOptions,
  { kube, log, signal }: { readonly kube: HttpKubeClient; readonly log: Log; readonly signal: AbortSignal },
): Promise<number> {
  const clock = systemClock;
  // The gauges show the state of the manager, which in turn counts through the metrics.
  const created: { manager?: Manager; prerequisites?: Prerequisites } = {};
  const metrics = createMetrics({
    buildInfo,
    watchedResources: WATCHED_RESOURCES,
    withProcess: true,
    state: () => stateOf(created),
  });
  const events = createEventRecorder({
    kube,
    clock,
    log,
    instance: hostname(),
    onResult: (result) => {
      metrics.eventHandled(result);
    },
  });
  const flow = new ConcurrencyLimiter({ clock, maxInFlight: options.maxInFlight });
  const manager = new Manager({
    kube,
    clock,
    flow,
    log,
    metrics,
    events,
    random: Math.random,
    leadership: leadershipFor(options, { kube, log }),
    standInAfterMs: options.leaderElect === 'true' && options.standInAfterMs > 0 ? options.standInAfterMs : undefined,
    requestTimeoutMs: options.requestTimeoutMs,
    workers: options.workers,
    silenceLimitMs: options.watchSilenceLimitMs,
    exclusion: exclusionFor({ operatorNamespace: options.operatorNamespace, globs: options.excludeNamespaces }),
    dnsNamespaces: options.dnsNamespaces,
    resolvConf: options.resolvConf,
    dnsAlso: options.dnsAlso,
    askResolver: options.dnsCheck === 'true' && isInPod() ? askOverNetwork : undefined,
    guardLimits: {
      removal: { count: options.removalLimit, percent: options.removalLimitPercent },
      isolation: { count: options.isolationLimit, percent: options.isolationLimitPercent },
    },
  });
  created.manager = manager;
  const needed = {
    permissions: neededPermissions({
      dnsNamespaces: options.dnsNamespaces,
      ...(options.leaderElect === 'true' ? { leaseNamespace: options.operatorNamespace } : {}),
    }),
    fields: neededFields(),
  };
  const prerequisites = new Prerequisites({
    kube,
    clock,
    log,
    signal,
    needed,
    unreachableLimitMs: options.startupTimeoutMs,
  });
  created.prerequisites = prerequisites;
  const watches = watchesAlive({
    name: 'watches',
    limitMs: Math.max(SHORTEST_STILL_LIMIT_MS, options.watchSilenceLimitMs * SILENCE_LIMITS),
    watches: () => manager.watches(),
  });
  const synced = cachesSynced({ name: 'caches', caches: () => manager.watches() });
  const probes = await startProbeServer({
    listen: options.listen,
    livez: [manager.heartbeat, watches],
    readyz: [prerequisites, manager.servedKinds, synced],
    metrics,
    log,
  });
  if (!probes.ok) {
    log.error({ err: probes.error, listen: options.listen }, 'the address for probes and metrics cannot be used');
    return exitCode('failed');
  }
  log.info({ port: probes.value.port }, 'serving metrics and probes');
  try {
    const readiness = await prerequisites.met();
    if (readiness.kind !== 'ready') {
      return endedEarly(readiness, log);
    }
    const watching = prerequisites.watch();
    const ended = manager
      .run(signal)
      .then(() => manager.close())
      .then(() => watching)
      .then(() => true);
    await Promise.race([ended, aborted(signal)]);
    log.info({}, 'shutting down');
    const isInTime = await Promise.race([ended, pause(clock, options.shutdownTimeoutMs).then(() => false)]);
    if (!isInTime) {
      log.error({ limitMs: options.shutdownTimeoutMs }, 'work in hand was not finished in time');
    }
    return exitCode(isInTime ? 'ok' : 'failed');
  } finally {
    await events.close();
    await probes.value.close();
  }
}

/** What the gauges show: a replica is ready when `/readyz` says so. */
function stateOf({
  manager,
  prerequisites,
}: {
  readonly manager?: Manager;
  readonly prerequisites?: Prerequisites;
}): GaugeState {
  const state = manager?.state() ?? NOT_STARTED;
  const isReady = [prerequisites, manager?.servedKinds].every((check) => check?.check().ok === true);
  return { ...state, isReady: state.isReady && isReady };
}

function leadershipFor(
  options: RunOptions,
  { kube, log }: { readonly kube: HttpKubeClient; readonly log: Log },
): Leadership {
  const { version } = buildInfo;
  if (options.leaderElect === 'false') {
    return soleLeadership(version);
  }
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, operatorNamespace: namespace } = options;
  return createLeaseLeadership({
    kube,
    clock: systemClock,
    random: Math.random,
    log,
    namespace,
    version,
    leaseDurationMs,
    renewDeadlineMs,
    retryPeriodMs,
  });
}

function endedEarly(readiness: Exclude<Readiness, { kind: 'ready' }>, log: Log): number {
  if (readiness.kind === 'aborted') {
    return exitCode('ok');
  }
  log.error(
    { detail: readiness.message },
    readiness.kind === 'tooOld' ? 'the api server is too old' : 'the api server cannot be used',
  );
  return exitCode('unreachable');
}
