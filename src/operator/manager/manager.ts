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
import { Discovery, type DiscoverySources, type DiscoveryState } from '../discovery/discovery.ts';
import { type AskResolver, DnsCheck } from '../discovery/dns-check.ts';
import { podNameservers } from '../discovery/resolv-conf.ts';
import { storedDiscovery } from '../discovery/stored-discovery.ts';
import type { ClusterEventHandlers } from '../enqueue/event-handlers.ts';
import { SYNC_POLL_MS } from '../queue/retry-policy.ts';
import type { GuardLimits } from '../state/change-guard.ts';
import { ServedKinds } from '../state/served-kinds.ts';
import { createInformers, type Informers } from '../watch/informers.ts';
import { BaselineOperator } from '../watch/library-adapter.ts';
import { Controller } from './controller.ts';
import { aborted, type Leadership, soleLeadership } from './leadership.ts';
import { StandIn } from './stand-in.ts';

/** What a manager is made of. */
export interface ManagerOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly flow: ConcurrencyLimiter;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** How many namespaces are reconciled at the same time. */
  readonly workers: number;
  /** A watch that brings nothing for this long is restarted. */
  readonly silenceLimitMs: number;
  readonly exclusion: Exclusion;
  readonly dnsNamespaces: readonly string[];
  /** The path of the pod's resolv.conf. */
  readonly resolvConf: string;
  /** Addresses of further resolvers; none when absent. */
  readonly dnsAlso?: readonly string[];
  /** How to query a resolver; resolvers are not queried when absent. */
  readonly askResolver?: AskResolver | undefined;
  readonly guardLimits: GuardLimits;
  /** Decides who may write; this operator alone when absent. */
  readonly leadership?: Leadership;
  /** The version of this program; that of the build when absent. */
  readonly version?: string;
  /** How long the leader must be silent before a standby creates what is missing, in milliseconds; never when absent. */
  readonly standInAfterMs?: number | undefined;
  /** The time limit of one write, in milliseconds; 10 s when absent. */
  readonly requestTimeoutMs?: number;
}

/** The state of one watch. */
export interface WatchState {
  /** The plural of the watched kind. */
  readonly resource: string;
  readonly silenceMs: number;
  /** Time since the watch last attempted or received something; undefined before its first attempt. */
  readonly standingStillMs: number | undefined;
  readonly objects: number;
  readonly isSynced: boolean;
}

/** What this replica does now. */
type Role =
  /** The caches are not filled yet. */
  | { readonly kind: 'syncing' }
  /** Another replica leads, or this one is between two terms or stops. `standIn` creates what a silent leader does not. */
  | { readonly kind: 'standby'; readonly discovery: Discovery; readonly standIn: StandIn | undefined }
  | { readonly kind: 'leading'; readonly discovery: Discovery; readonly controller: Controller };

/** What the gauges show while another replica leads. */
const IDLE = {
  policies: [],
  unprotectedNamespaces: 0,
  unselectedNamespaces: 0,
  weakenedNamespaces: 0,
  copies: 0,
  conflicts: 0,
  contested: 0,
  queue: { depth: { fresh: 0, resync: 0 }, oldestMs: 0, retries: 0 },
  requests: { waiting: { fresh: 0, resync: 0 }, oldestMs: 0 },
} as const;

/** What the gauges show before there is a manager. */
export const NOT_STARTED: GaugeState = { ...IDLE, watches: [], isReady: false, isLeading: false };

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** Informers, discovery, leadership and the controller of each term, started and stopped together. */
export class Manager {
  /** Fails when the controller of this term is stuck. */
  readonly heartbeat: Check = { name: 'reconcile-loop', check: () => this.#loopCheck() };
  /** Fails while a CRD is missing or lacks a field, and writes of its kind are paused. */
  readonly servedKinds: ServedKinds;
  readonly #options: ManagerOptions;
  readonly #version: string;
  readonly #requestTimeoutMs: number;
  readonly #leadership: Leadership;
  readonly #informers: Informers;
  readonly #operator: BaselineOperator;
  #role: Role = { kind: 'syncing' };
  #crdTexts = '';

  /** Makes no request before {@link Manager.run}. */
  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#version = options.version ?? buildInfo.version;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.#leadership = options.leadership ?? soleLeadership(this.#version);
    this.#informers = createInformers({
      ...options,
      targets: {
        handlers: () => this.#handlers(),
        discoverySourceChanged: () => {
          this.#discoverAgain();
        },
        crdChanged: () => {
          this.#servedKindsChanged();
        },
        reconnected: () => {
          this.#retryNow();
        },
      },
    });
    this.servedKinds = new ServedKinds(this.#informers.caches.crds, () => this.#isSynced());
    this.#operator = new BaselineOperator({ log: options.log, watches: this.#informers.all });
  }

  /** Fills the caches, then leads or stands by until `signal` is aborted, and finishes the work under way. */
  async run(signal: AbortSignal): Promise<void> {
    const nameservers = await podNameservers(this.#options.resolvConf);
    await this.#operator.start();
    if (!(await this.#waitForSync(signal))) {
      return;
    }
    this.#servedKindsChanged();
    const discovery = this.#startDiscovery(nameservers);
    this.#role = this.#standby(discovery);
    await this.#leadership.run(signal, (term) => this.#lead(term, discovery, signal));
    this.#stopStandIn();
  }

  /** Stops the watches, and resolves when they have ended. */
  async close(): Promise<void> {
    this.#operator.stop();
    if (this.#role.kind !== 'syncing') {
      this.#role.discovery.stop();
    }
    await this.#operator.ended();
  }

  /** The state of every watch. */
  watches(): readonly WatchState[] {
    const nowMs = this.#options.clock.nowMs();
    return this.#informers.all.map(({ type, reflector, objectCount }) => {
      const turnMs = reflector.lastTurnMs();
      return {
        resource: type.plural,
        silenceMs: nowMs - reflector.lastActivityMs(),
        standingStillMs: turnMs === undefined ? undefined : nowMs - turnMs,
        objects: objectCount(),
        isSynced: reflector.hasSynced(),
      };
    });
  }

  /** What the gauges show. */
  state(): GaugeState {
    const role = this.#role;
    return {
      ...(role.kind === 'leading' ? role.controller.state() : IDLE),
      watches: this.watches(),
      isReady: this.#isSynced(),
      isLeading: role.kind === 'leading',
    };
  }

  #loopCheck(): ReturnType<Check['check']> {
    switch (this.#role.kind) {
      case 'leading':
        return this.#role.controller.heartbeat.check();
      case 'standby':
      case 'syncing':
        return { ok: true, message: 'standing by' };
    }
  }

  /** Where events go. It is called once for each event. */
  #handlers(): ClusterEventHandlers | undefined {
    const role = this.#role;
    switch (role.kind) {
      case 'leading':
        return role.controller.handlers;
      case 'standby':
        return role.standIn;
      case 'syncing':
        return undefined;
    }
  }

  #isSynced(): boolean {
    return this.#informers.all.every(({ reflector }) => reflector.hasSynced());
  }

  /** Whether the caches are filled; false when `signal` was aborted before. */
  async #waitForSync(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    while (!this.#isSynced() && !signal.aborted) {
      await pause(clock, SYNC_POLL_MS, signal);
    }
    if (signal.aborted) {
      return false;
    }
    const { namespaces, baselinePolicies, networkPolicies } = this.#informers.caches;
    log.info(
      { namespaces: namespaces.size, policies: baselinePolicies.size, networkPolicies: networkPolicies.size },
      'caches are synced',
    );
    return true;
  }

  #startDiscovery(nameservers: DiscoverySources['nameservers']): Discovery {
    const { caches } = this.#informers;
    const dnsCheck = this.#createDnsCheck();
    const sources: DiscoverySources = {
      dns: () => ({
        services: caches.dnsServices.flatMap((cache) => [...cache.values()]),
        slices: caches.dnsSlices.flatMap((cache) => [...cache.values()]),
      }),
      apiServer: () => ({
        services: caches.apiServerServices.flatMap((cache) => [...cache.values()]),
        slices: caches.apiServerSlices
          .flatMap((cache) => [...cache.values()])
          .filter(({ service }) => service === 'kubernetes'),
      }),
      nameservers,
      dnsAlso: this.#options.dnsAlso ?? [],
      ...(dnsCheck === undefined ? {} : { dnsCheck }),
    };
    const discovery = new Discovery(sources, this.#options.clock, (state) => {
      this.#discoveryChanged(state);
    });
    discovery.restore(storedDiscovery(caches.baselinePolicies.values()));
    discovery.look();
    return discovery;
  }

  /** Only a pod reaches the resolvers of the cluster as other pods do. */
  #createDnsCheck(): DnsCheck | undefined {
    const { askResolver, clock } = this.#options;
    return askResolver === undefined
      ? undefined
      : new DnsCheck({
          clock,
          askResolver,
          onChange: () => {
            this.#discoverAgain();
          },
        });
  }

  #discoveryChanged(state: DiscoveryState): void {
    const { dns, apiServer } = state.discovered;
    this.#options.log.info(
      { dns: dns?.source, dnsKnowledge: state.dns, apiServer: apiServer?.endpoints.length },
      'discovered the cluster',
    );
    this.#handlers()?.discoveryChanged(state);
  }

  #discoverAgain(): void {
    if (this.#role.kind !== 'syncing') {
      this.#role.discovery.look();
    }
  }

  /** Says once what is wrong with the CRDs, and once that nothing is any more. */
  #servedKindsChanged(): void {
    const problems = this.servedKinds.texts();
    if (problems.join() === this.#crdTexts) {
      return;
    }
    this.#crdTexts = problems.join();
    if (problems.length === 0) {
      this.#options.log.info({}, 'both crds serve every field again');
    } else {
      this.#options.log.error(
        { problems },
        'a crd is missing or older than needed, and nothing of its kind is written',
      );
    }
    if (this.#role.kind === 'leading') {
      this.#role.controller.handlers.servedKindsChanged();
    }
  }

  /** Requests that failed while the API server was away are retried at once. */
  #retryNow(): void {
    if (this.#role.kind === 'leading') {
      this.#role.controller.retryNow();
    }
  }

  /** Leads until the term is lost or `signal` is aborted, and resolves when the work under way is done. */
  async #lead(term: Term, discovery: Discovery, signal: AbortSignal): Promise<void> {
    this.#stopStandIn();
    const stored = storedDiscovery(this.#informers.caches.baselinePolicies.values());
    discovery.recall(stored);
    const controller = this.#controllerFor(term, { discovery, renderedFor: digestOf(stored) });
    this.#role = { kind: 'leading', discovery, controller };
    this.#options.metrics.termBegun();
    controller.start();
    await aborted(signal, term.lost);
    await controller.drain();
    this.#role = signal.aborted ? { kind: 'standby', discovery, standIn: undefined } : this.#standby(discovery);
  }

  /** `renderedFor` is the digest of the discovery for which the term before rendered. */
  #controllerFor(
    term: Term,
    { discovery, renderedFor }: { readonly discovery: Discovery; readonly renderedFor: string },
  ): Controller {
    const { caches } = this.#informers;
    const isOlder = newerVersion(this.#version, term.newestVersion) !== this.#version;
    return new Controller({
      ...this.#options,
      kube: fencedClient(this.#options.kube, term, this.#requestTimeoutMs),
      caches,
      discovery: discovery.state,
      servedKinds: this.servedKinds,
      // A newer version's rendering is outdated as soon as the cluster it was rendered for has changed.
      hasNewerLed: () => isOlder && digestOf(discovery.state.discovered) === renderedFor,
    });
  }

  #standby(discovery: Discovery): Role {
    const { standInAfterMs } = this.#options;
    if (standInAfterMs === undefined) {
      return { kind: 'standby', discovery, standIn: undefined };
    }
    const standIn = new StandIn({
      ...this.#options,
      caches: this.#informers.caches,
      requestTimeoutMs: this.#requestTimeoutMs,
      discovery: discovery.state,
      standInAfterMs,
      isOfLeadersVersion: () => this.#leadership.newestVersion() === this.#version,
    });
    standIn.start();
    return { kind: 'standby', discovery, standIn };
  }

  #stopStandIn(): void {
    if (this.#role.kind === 'standby') {
      this.#role.standIn?.stop();
    }
  }
}
