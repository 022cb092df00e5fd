import { type Clock, pause } from '../../base/clock.ts';
import { digestOf } from '../../domain/rendering/comparison.ts';
import type { Exclusion } from '../../domain/selection.ts';
import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import { fencedClient } from '../../kube/client/fenced-client.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { newerVersion, type Term } from '../../kube/lease/leader-election.ts';
import type { Check } from '../../telemetry/checks.ts';
import type { EventRecorder } from '../../telemetry/events.ts';
import type { Log } from '../../telemetry/log.ts';
import type { GaugeState, Metrics } from '../../telemetry/metrics.ts';
import { buildInfo } from '../../telemetry/version.ts';
import { Discovery } from '../discovery/discovery.ts';
import { podNameservers } from '../discovery/resolv-conf.ts';
import type { NamespaceEventHandler } from '../enqueue/event-handlers.ts';
import type { GuardLimits } from '../reconcile/change-guard.ts';
import type { Identity } from '../watch/cached-objects.ts';
import { asIdentities, createDiscoveryInformers, storedDiscovery } from '../watch/discovery-watches.ts';
import { createInformer, type Informer, type InformerContext } from '../watch/informer.ts';
import { BaselineOperator } from '../watch/library-adapter.ts';
import {
  baselinePolicyProjection,
  namespaceProjection,
  networkPolicyProjection,
  reportProjection,
} from '../watch/projections.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../watch/resources.ts';
import { type Controller, createController } from './controller.ts';
import { aborted, type Leadership, soleLeadership } from './leadership.ts';
import { StandIn } from './stand-in.ts';

/** What a runtime is made of. */
export interface ManagerOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly flow: ConcurrencyLimiter;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly workers: number;
  readonly silenceLimitMs: number;
  readonly exclusion: Exclusion;
  readonly dnsNamespaces: readonly string[];
  readonly resolvConf: string;
  readonly guardLimits: GuardLimits;
  /** Who may write; this operator alone when absent. */
  readonly leadership?: Leadership;
  /** Of this program; the build's own when absent. */
  readonly version?: string;
  /** After how long a standby steps in for a silent leader, in milliseconds; never when absent. */
  readonly standInAfterMs?: number | undefined;
  /** For one write, in milliseconds; 10 s when absent. */
  readonly requestTimeoutMs?: number;
}

/** Watches, discovery and the loop, as one thing that runs and ends. */
export interface Manager {
  /** Fills the caches, then leads or stands by until `signal` is aborted, and finishes the work in hand. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends the watches, and resolves when they have ended. */
  close(): Promise<void>;
  readonly heartbeat: Check;
  /** One entry for each watched resource; `standingStillMs` is undefined before its watch is begun. */
  watches(): Iterable<{
    readonly resource: string;
    readonly silenceMs: number;
    readonly standingStillMs: number | undefined;
    readonly objects: number;
    readonly isSynced: boolean;
  }>;
  state(): GaugeState;
}

const SYNC_POLL_MS = 5;
/** What the gauges show while another leads. */
const IDLE = {
  policies: [],
  unprotectedNamespaces: 0,
  weakenedNamespaces: 0,
  conflicts: 0,
  contested: 0,
  queue: { depth: { fresh: 0, resync: 0 }, oldestMs: 0, retries: 0 },
} as const;

/** What the gauges show before there is a runtime. */
export const NOT_BEGUN: GaugeState = { ...IDLE, watches: [], isReady: false, isLeading: false };

/** Puts the watches, discovery and the loop together; nothing is asked of the API server before `run`. */
export function createManager(parts: ManagerOptions): Manager {
  const { clock, log, version = buildInfo.version, requestTimeoutMs = 10_000 } = parts;
  const leadership = parts.leadership ?? soleLeadership(version);
  const surroundings: InformerContext = parts;
  const namespaces = createInformer({ type: NAMESPACES, project: namespaceProjection(parts.exclusion) }, surroundings);
  const baselinePolicies = createInformer({ type: BASELINE_POLICIES, project: baselinePolicyProjection }, surroundings);
  const networkPolicies = createInformer({ type: NETWORK_POLICIES, project: networkPolicyProjection }, surroundings);
  const reports = createInformer({ type: NAMESPACE_BASELINES, project: reportProjection }, surroundings);
  const caches = {
    namespaces: namespaces.cache,
    baselinePolicies: baselinePolicies.cache,
    networkPolicies: networkPolicies.cache,
    reports: reports.cache,
  };
  const core: readonly Informer<Identity>[] = [
    asIdentities(namespaces),
    asIdentities(baselinePolicies),
    asIdentities(networkPolicies),
    asIdentities(reports),
  ];
  const seen = createDiscoveryInformers(parts.dnsNamespaces, surroundings);
  const all = [...core, ...seen.all];

  // Whoever acts on changes now: the engine of a term, or the hedge of a standby.
  let acting: NamespaceEventHandler | undefined;
  let engine: Controller | undefined;
  const listener: NamespaceEventHandler = {
    namespaceChanged: (name) => acting?.namespaceChanged(name),
    networkPolicyChanged: (namespace) => acting?.networkPolicyChanged(namespace),
    reportChanged: (namespace) => acting?.reportChanged(namespace),
    baselinePolicyChanged: (name) => acting?.baselinePolicyChanged(name),
    discoveryChanged: (state) => acting?.discoveryChanged(state),
  };
  // What failed while the API server was away need not wait for as long as it was away.
  for (const resource of core) {
    resource.whenCertain(() => engine?.hasten());
  }
  const operator = new BaselineOperator({ log, listener, watched: core });
  const stopped = new AbortController();
  const running: Promise<void>[] = [];
  let discovery: Discovery | undefined;

  const isSynced = (): boolean => all.every(({ reflector }) => reflector.hasSynced());
  const begin = async (): Promise<Discovery> => {
    const sources = { dns: seen.dns, apiServer: seen.apiServer, nameservers: await podNameservers(parts.resolvConf) };
    const found = new Discovery(sources, clock, (state) => {
      log.info(
        { dns: state.discovered.dns?.source, apiServer: state.discovered.apiServer?.endpoints.length },
        'discovered the cluster',
      );
      listener.discoveryChanged(state);
    });
    for (const resource of seen.all) {
      resource.listen(() => {
        if (isSynced()) {
          found.look();
        }
      });
      running.push(resource.reflector.run(stopped.signal));
    }
    await operator.start();
    return found;
  };
  const lead = async (term: Term, found: Discovery, signal: AbortSignal): Promise<void> => {
    const rendered = digestOf(storedDiscovery(caches.baselinePolicies.values()));
    const isOlder = newerVersion(version, term.newestVersion) !== version;
    // What a newer version rendered is out of date as soon as the cluster it was rendered for is.
    const isNewerAtWork = (): boolean => isOlder && digestOf(found.state.discovered) === rendered;
    const kube = fencedClient(parts.kube, term, requestTimeoutMs);
    const begun = createController({ ...parts, kube, caches, discovery: found.state, isNewerAtWork });
    for (const { name } of caches.baselinePolicies.values()) {
      begun.reactions.baselinePolicyChanged(name);
    }
    acting = begun.reactions;
    engine = begun;
    parts.metrics.termBegun();
    begun.reactions.begin();
    begun.statusWriter.start();
    await aborted(signal, term.lost);
    await begun.drain();
    engine = undefined;
    acting = undefined;
  };
  const standBy = (found: Discovery): StandIn | undefined => {
    const { standInAfterMs } = parts;
    if (standInAfterMs === undefined) {
      return undefined;
    }
    const hedge = new StandIn({
      ...parts,
      caches,
      requestTimeoutMs,
      discovery: found.state,
      standInAfterMs,
      isOfLeadersVersion: () => leadership.newestVersion() === version,
    });
    acting = hedge;
    hedge.start();
    return hedge;
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    const found = await begin();
    discovery = found;
    while (!isSynced() && !signal.aborted) {
      await pause(clock, SYNC_POLL_MS, signal);
    }
    if (signal.aborted) {
      return;
    }
    log.info(
      {
        namespaces: caches.namespaces.size,
        policies: caches.baselinePolicies.size,
        networkPolicies: caches.networkPolicies.size,
      },
      'caches are synced',
    );
    found.restore(storedDiscovery(caches.baselinePolicies.values()));
    found.look();
    let hedge = standBy(found);
    await leadership.run(signal, async (term) => {
      hedge?.stop();
      await lead(term, found, signal);
      hedge = signal.aborted ? undefined : standBy(found);
    });
    hedge?.stop();
  };
  const close = async (): Promise<void> => {
    operator.stop();
    stopped.abort();
    discovery?.stop();
    await Promise.all([operator.ended(), ...running]);
  };
  const watches = (): ReturnType<Manager['watches']> =>
    all.map(({ type, reflector, cache }) => {
      const turnMs = reflector.lastTurnMs();
      const standingStillMs = turnMs === undefined ? undefined : clock.nowMs() - turnMs;
      return {
        resource: type.plural,
        silenceMs: clock.nowMs() - reflector.lastActivityMs(),
        standingStillMs,
        objects: cache.size,
        isSynced: reflector.hasSynced(),
      };
    });
  const heartbeat: Check = {
    name: 'reconcile-loop',
    check: () => engine?.heartbeat.check() ?? { ok: true, message: 'standing by' },
  };
  return {
    run,
    close,
    heartbeat,
    watches,
    state: () => ({
      ...(engine?.state() ?? IDLE),
      watches: watches(),
      isReady: isSynced(),
      isLeading: engine !== undefined,
    }),
  };
}
