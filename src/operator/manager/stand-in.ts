import { CONDITIONS } from '../../api/names.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type PolicyPlan, planFor } from '../../domain/planning/plan.ts';
import { type Exclusion, isSelected } from '../../domain/selection.ts';
import { NO_NAMESPACES } from '../../domain/weakening/reach.ts';
import { NOTHING_REMEMBERED, type World } from '../../domain/world.ts';
import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import { fencedClient } from '../../kube/client/fenced-client.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import type { ClusterEventHandlers } from '../enqueue/event-handlers.ts';
import { STAND_IN_RETRY_MS } from '../queue/retry-policy.ts';
import { execute } from '../reconcile/execute.ts';
import { CompiledPolicies } from '../state/compiled-policies.ts';
import { ContestTracker } from '../state/contest-tracker.ts';
import { ServerDefaults } from '../state/server-defaults.ts';
import type { Caches } from '../watch/caches.ts';
import { baselinePolicyProjection, namespaceProjection } from '../watch/projections.ts';
import { BASELINE_POLICIES, NAMESPACES } from '../watch/resources.ts';
import { NetworkPolicyWriter } from '../write/network-policy-writer.ts';
import { priorityClients } from '../write/priority-clients.ts';
import { statusOf } from '../write/status-writer.ts';

/** What a stand-in is made of; times in milliseconds. */
export interface StandInOptions {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly flow: ConcurrencyLimiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly exclusion: Exclusion;
  readonly discovery: DiscoveryState;
  /** How long a namespace must lack a NetworkPolicy, and the leader be silent, before the standby creates it. */
  readonly standInAfterMs: number;
  /** Whether the leader runs the same version; another would render differently. */
  readonly isOfLeadersVersion: () => boolean;
  readonly requestTimeoutMs: number;
}

/**
 * Replaces a silent leader between its death and the end of its lease (docs/adr/0008-leader-election.md): a standby creates
 * the NetworkPolicies that a selected namespace has lacked for a while, and does nothing else. It never changes or deletes
 * an object and writes no status, so it cannot conflict with the leader: what that created meanwhile is answered with
 * `alreadyExists` and left. It acts only on policies that the leader has accepted, as their status says, and reads label
 * and policy from the API server before each namespace, so it never acts on a label or a policy that is gone.
 */
export class StandIn implements ClusterEventHandlers {
  readonly #options: StandInOptions;
  readonly #compiled: CompiledPolicies;
  readonly #writer: NetworkPolicyWriter;
  readonly #serverDefaults = new ServerDefaults();
  readonly #stopped = new AbortController();
  /** The namespaces that lack something, with the timer of their next check. */
  readonly #checks = new Map<string, Timer>();
  /** The first check of all namespaces. */
  #firstCheck: Timer | undefined;
  #leaderSeenMs: number;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#compiled = new CompiledPolicies(options.discovery);
    this.#leaderSeenMs = options.clock.nowMs();
    const { caches, metrics, clock, flow } = options;
    const kube = fencedClient(
      options.kube,
      { lost: this.#stopped.signal, remainingMs: () => (this.#stopped.signal.aborted ? 0 : Number.POSITIVE_INFINITY) },
      options.requestTimeoutMs,
    );
    this.#writer = new NetworkPolicyWriter({
      kube: priorityClients(kube, { limiter: flow, metrics }).fresh,
      networkPolicies: caches.networkPolicies,
      serverDefaults: this.#serverDefaults,
      contestTracker: new ContestTracker(clock),
      onDriftRepaired: (drift) => {
        metrics.driftRepaired(drift);
      },
    });
  }

  /**
   * Checks the namespaces of events from now on, and all namespaces after half of `standInAfterMs`: a replica that becomes
   * leader immediately would check them twice.
   */
  start(): void {
    const { caches, clock, standInAfterMs } = this.#options;
    for (const cached of caches.baselinePolicies.values()) {
      this.#compiled.upsert(cached);
    }
    this.#firstCheck = clock.after(standInAfterMs / 2, () => {
      this.#checkAll(standInAfterMs / 2);
    });
  }

  /** Stops all checks, and aborts the requests under way. */
  stop(): void {
    this.#stopped.abort();
    this.#firstCheck?.cancel();
    for (const timer of this.#checks.values()) {
      timer.cancel();
    }
    this.#checks.clear();
  }

  namespaceChanged(name: string): void {
    this.#check(name);
  }

  networkPolicyChanged(namespace: string): void {
    this.#check(namespace);
  }

  /** Only the leader writes NamespaceBaselines, so one shows that it works; a deleted namespace takes its own along. */
  reportChanged(namespace: string): void {
    const { caches, clock } = this.#options;
    if (caches.reports.inNamespace(namespace).length > 0) {
      this.#leaderSeenMs = clock.nowMs();
    }
    this.#check(namespace);
  }

  baselinePolicyChanged(name: string): void {
    const cached = this.#options.caches.baselinePolicies.get({ namespace: '', name });
    const hasChanged = cached === undefined ? this.#compiled.delete(name) : this.#compiled.upsert(cached);
    if (hasChanged) {
      this.#checkAll();
    }
  }

  discoveryChanged(state: DiscoveryState): void {
    this.#compiled.setDiscovery(state);
  }

  #checkAll(waitMs = this.#options.standInAfterMs): void {
    for (const { name } of this.#options.caches.namespaces.values()) {
      this.#check(name, waitMs);
    }
  }

  #check(namespace: string, waitMs = this.#options.standInAfterMs): void {
    if (this.#stopped.signal.aborted) {
      return;
    }
    const isLacking = this.#gaps(namespace).length > 0;
    const timer = this.#checks.get(namespace);
    if (isLacking && timer === undefined) {
      this.#checkAfter(namespace, waitMs);
    }
    if (isLacking || timer === undefined) {
      return;
    }
    timer.cancel();
    this.#checks.delete(namespace);
  }

  #checkAfter(namespace: string, delayMs: number): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#act(namespace).catch((cause: unknown) => {
        this.#options.log.error({ namespace, err: cause }, 'standing in failed unexpectedly');
      });
    });
    this.#checks.set(namespace, timer);
  }

  async #act(namespace: string): Promise<void> {
    const { clock, standInAfterMs, isOfLeadersVersion, log, metrics } = this.#options;
    const plans = this.#gaps(namespace);
    if (plans.length === 0) {
      this.#checks.delete(namespace);
      return;
    }
    const idleMs = clock.nowMs() - this.#leaderSeenMs;
    if (idleMs < standInAfterMs || !isOfLeadersVersion()) {
      this.#checkAfter(namespace, Math.max(standInAfterMs - idleMs, standInAfterMs / 2));
      return;
    }
    if (await this.#isStillWanted(namespace, plans)) {
      const outcomes = await execute(plans, namespace, this.#writer);
      const createdCount = plans
        .flatMap(({ actions }) => actions)
        .filter((action) => action.kind === 'create' && outcomes.get(action.part.name)?.kind === 'inPlace').length;
      log.warn({ namespace, made: createdCount, leaderIdleMs: Math.round(idleMs) }, 'stood in for the leader');
      metrics.stoodIn(createdCount);
    }
    if (!this.#stopped.signal.aborted) {
      this.#checkAfter(namespace, STAND_IN_RETRY_MS);
    }
  }

  /** The plans reduced to creations, for policies that the leader has accepted and that have not failed here. */
  #gaps(namespace: string): readonly PolicyPlan[] {
    const world = this.#worldOf(namespace);
    if (world === undefined) {
      return [];
    }
    const failing = new Set(
      world.report?.entries
        .filter(({ phase }) => phase === 'Failed' || phase === 'Conflict')
        .map(({ policy }) => policy),
    );
    return planFor(world).flatMap((plan) => {
      const { policy } = plan;
      if (plan.frozen !== undefined || !plan.isSelected || failing.has(policy.name)) {
        return [];
      }
      const actions = plan.actions.filter(({ kind }) => kind === 'keep' || kind === 'create');
      const isLacking = actions.some(({ kind }) => kind === 'create');
      // Asked last, since it parses a whole status, and nearly every namespace lacks nothing.
      return isLacking && this.#isAcceptedByLeader(policy.name) ? [{ ...plan, actions }] : [];
    });
  }

  #worldOf(namespace: string): World | undefined {
    const { caches } = this.#options;
    const facts = caches.namespaces.get({ namespace: '', name: namespace });
    if (facts === undefined) {
      return undefined;
    }
    return {
      ...NOTHING_REMEMBERED,
      namespace: facts,
      baselinePolicies: this.#compiled.facts,
      observed: caches.networkPolicies.inNamespace(namespace),
      report: caches.reports.inNamespace(namespace)[0],
      isEquivalent: (pair) => this.#serverDefaults.has(pair),
      namespaces: NO_NAMESPACES,
    };
  }

  #isAcceptedByLeader(name: string): boolean {
    const entry = this.#compiled.entry(name);
    const status = statusOf(entry?.cached.status);
    const isHeld =
      status?.conditions.some(({ type }) => type === CONDITIONS.isolationHeld || type === CONDITIONS.removalHeld) ===
      true;
    return entry?.facts.isAccepted === true && status?.observedGeneration === entry.facts.generation && !isHeld;
  }

  /** The caches may be older than the leader's, so the API server is asked whether label and policy still exist. */
  async #isStillWanted(namespace: string, plans: readonly PolicyPlan[]): Promise<boolean> {
    const { kube, exclusion } = this.#options;
    const [found, ...policies] = await Promise.all([
      kube.get({ type: NAMESPACES, name: namespace }),
      ...plans.map(({ policy }) => kube.get({ type: BASELINE_POLICIES, name: policy.name })),
    ]);
    if (!found.ok) {
      return false;
    }
    const facts = namespaceProjection(exclusion)(found.value);
    return plans.every(({ policy }, index) => {
      const now = policies[index];
      if (now?.ok !== true) {
        return false;
      }
      const { uid, generation, isDeleting } = baselinePolicyProjection(now.value);
      return (
        uid === policy.uid &&
        generation === policy.generation &&
        !isDeleting &&
        policy.selector !== undefined &&
        !facts.isTerminating &&
        isSelected(policy.selector, facts)
      );
    });
  }
}
