import { digestOf } from '../baseline/comparison.ts';
import type { Exclusion } from '../baseline/selection.ts';
import { type Clock, pause } from '../clock.ts';
import { fencedClient } from '../kube/fenced-client.ts';
import type { FlowLimit } from '../kube/flow-limit.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { newerVersion, type Term } from '../kube/leader-election.ts';
import type { Check } from '../observe/checks.ts';
import type { EventRecorder } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics, ObservedState } from '../observe/metrics.ts';
import { buildInfo } from '../observe/version.ts';
import { BaselineOperator } from './baseline-operator.ts';
import { Discovery } from './discovery.ts';
import { asIdentities, discoveryWatches, storedDiscovery } from './discovery-watches.ts';
import { createEngine, type Engine } from './engine.ts';
import type { GuardLimits } from './guard-keeper.ts';
import { Hedge } from './hedge.ts';
import { aborted, type Leadership, soleLeadership } from './leadership.ts';
import { namespaceProjection, networkPolicyProjection, policyProjection, recordProjection } from './projections.ts';
import type { ChangeListener } from './reactions.ts';
import { podNameservers } from './resolv-conf.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from './resources.ts';
import type { Identity } from './slim-forms.ts';
import { type Watched, type WatchSurroundings, watched } from './watched.ts';

/** What a runtime is made of. */
export interface RuntimeParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly flow: FlowLimit;
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
export interface Runtime {
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
  state(): ObservedState;
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
export const NOT_BEGUN: ObservedState = { ...IDLE, watches: [], isReady: false, isLeading: false };

/** Puts the watches, discovery and the loop together; nothing is asked of the API server before `run`. */
export function createRuntime(parts: RuntimeParts): Runtime {
  const { clock, log, version = buildInfo.version, requestTimeoutMs = 10_000 } = parts;
  const leadership = parts.leadership ?? soleLeadership(version);
  const surroundings: WatchSurroundings = parts;
  const namespaces = watched({ type: NAMESPACES, project: namespaceProjection(parts.exclusion) }, surroundings);
  const policies = watched({ type: BASELINE_POLICIES, project: policyProjection }, surroundings);
  const networkPolicies = watched({ type: NETWORK_POLICIES, project: networkPolicyProjection }, surroundings);
  const records = watched({ type: NAMESPACE_BASELINES, project: recordProjection }, surroundings);
  const caches = {
    namespaces: namespaces.cache,
    policies: policies.cache,
    networkPolicies: networkPolicies.cache,
    records: records.cache,
  };
  const core: readonly Watched<Identity>[] = [
    asIdentities(namespaces),
    asIdentities(policies),
    asIdentities(networkPolicies),
    asIdentities(records),
  ];
  const seen = discoveryWatches(parts.dnsNamespaces, surroundings);
  const all = [...core, ...seen.all];

  // Whoever acts on changes now: the engine of a term, or the hedge of a standby.
  let acting: ChangeListener | undefined;
  let engine: Engine | undefined;
  const listener: ChangeListener = {
    namespaceChanged: (name) => acting?.namespaceChanged(name),
    contentChanged: (namespace) => acting?.contentChanged(namespace),
    recordChanged: (namespace) => acting?.recordChanged(namespace),
    policyChanged: (name) => acting?.policyChanged(name),
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
    const rendered = digestOf(storedDiscovery(caches.policies.values()));
    const isOlder = newerVersion(version, term.newestVersion) !== version;
    // What a newer version rendered is out of date as soon as the cluster it was rendered for is.
    const isNewerAtWork = (): boolean => isOlder && digestOf(found.state.discovered) === rendered;
    const kube = fencedClient(parts.kube, term, requestTimeoutMs);
    const begun = createEngine({ ...parts, kube, caches, discovery: found.state, isNewerAtWork });
    for (const { name } of caches.policies.values()) {
      begun.reactions.policyChanged(name);
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
  const standBy = (found: Discovery): Hedge | undefined => {
    const { standInAfterMs } = parts;
    if (standInAfterMs === undefined) {
      return undefined;
    }
    const hedge = new Hedge({
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
        policies: caches.policies.size,
        networkPolicies: caches.networkPolicies.size,
      },
      'caches are synced',
    );
    found.restore(storedDiscovery(caches.policies.values()));
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
  const watches = (): ReturnType<Runtime['watches']> =>
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
