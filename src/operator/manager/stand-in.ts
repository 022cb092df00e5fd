import { CONDITIONS } from '../../api/names.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type PolicyPlan, planFor } from '../../domain/planning/plan.ts';
import { type Exclusion, isSelected } from '../../domain/selection.ts';
import type { World } from '../../domain/world.ts';
import type { ConcurrencyLimiter } from '../../kube/client/concurrency-limiter.ts';
import { fencedClient } from '../../kube/client/fenced-client.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import type { ClusterEventHandlers } from '../enqueue/event-handlers.ts';
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

/** What a hedge works with; times in milliseconds. */
export interface StandInOptions {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly flow: ConcurrencyLimiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly exclusion: Exclusion;
  readonly discovery: DiscoveryState;
  /** How long a namespace may lack a policy, and the leader show no sign of work, before a standby steps in. */
  readonly standInAfterMs: number;
  /** Whether this program is of the version that leads; two versions would render differently. */
  readonly isOfLeadersVersion: () => boolean;
  readonly requestTimeoutMs: number;
}

/** A namespace in which nothing could be done is looked at again after this. */
const AGAIN_MS = 10_000;

/**
 * What a standby does for the time between a leader's death and the end of its lease
 * (docs/adr/0008-leader-election.md): it creates the policies that a selected namespace has lacked for a while, and does
 * nothing else. It never changes or deletes an object and writes no status, so that it has nothing to fight over: what
 * the leader made meanwhile is met with `alreadyExists` and left. It acts only on what the leader has accepted, as the
 * status of the BaselinePolicy says, and asks the API server once more before each namespace, so that it never acts on a
 * label or a policy that is gone.
 */
export class StandIn implements ClusterEventHandlers {
  readonly #parts: StandInOptions;
  readonly #book: CompiledPolicies;
  readonly #writer: NetworkPolicyWriter;
  readonly #equivalences = new ServerDefaults();
  readonly #stopped = new AbortController();
  /** The namespaces that lack something, with when to look again. */
  readonly #waiting = new Map<string, Timer>();
  /** The first look at every namespace. */
  #first: Timer | undefined;
  #lastSignMs: number;

  constructor(parts: StandInOptions) {
    this.#parts = parts;
    this.#book = new CompiledPolicies(parts.discovery);
    this.#lastSignMs = parts.clock.nowMs();
    const { caches, metrics, clock, flow } = parts;
    const kube = fencedClient(
      parts.kube,
      { lost: this.#stopped.signal, remainingMs: () => (this.#stopped.signal.aborted ? 0 : Number.POSITIVE_INFINITY) },
      parts.requestTimeoutMs,
    );
    this.#writer = new NetworkPolicyWriter({
      kube: priorityClients(kube, { limiter: flow, metrics }).fresh,
      networkPolicies: caches.networkPolicies,
      serverDefaults: this.#equivalences,
      contestTracker: new ContestTracker(clock),
      onDriftRepaired: (drift) => {
        metrics.driftRepaired(drift);
      },
    });
  }

  /** Looks at those that events name from here on, and soon at every namespace: not at once, since who may lead at once has better things to do. */
  start(): void {
    const { caches, clock, standInAfterMs } = this.#parts;
    for (const cached of caches.baselinePolicies.values()) {
      this.#book.upsert(cached);
    }
    this.#first = clock.after(standInAfterMs / 2, () => {
      this.#considerAll(standInAfterMs / 2);
    });
  }

  /** Does nothing more, and aborts what is under way. */
  stop(): void {
    this.#stopped.abort();
    this.#first?.cancel();
    for (const timer of this.#waiting.values()) {
      timer.cancel();
    }
    this.#waiting.clear();
  }

  namespaceChanged(name: string): void {
    this.#consider(name);
  }

  networkPolicyChanged(namespace: string): void {
    this.#consider(namespace);
  }

  /** Only the leader writes NamespaceBaselines. They also go with their namespaces, which is no sign of anybody. */
  reportChanged(namespace: string): void {
    const { caches, clock } = this.#parts;
    if (caches.reports.inNamespace(namespace).length > 0) {
      this.#lastSignMs = clock.nowMs();
    }
    this.#consider(namespace);
  }

  baselinePolicyChanged(name: string): void {
    const cached = this.#parts.caches.baselinePolicies.get({ namespace: '', name });
    const isNews = cached === undefined ? this.#book.delete(name) : this.#book.upsert(cached);
    if (isNews) {
      this.#considerAll();
    }
  }

  discoveryChanged(state: DiscoveryState): void {
    this.#book.setDiscovery(state);
  }

  #considerAll(waitMs = this.#parts.standInAfterMs): void {
    for (const { name } of this.#parts.caches.namespaces.values()) {
      this.#consider(name, waitMs);
    }
  }

  #consider(namespace: string, waitMs = this.#parts.standInAfterMs): void {
    if (this.#stopped.signal.aborted) {
      return;
    }
    const isLacking = this.#gaps(namespace).length > 0;
    const timer = this.#waiting.get(namespace);
    if (isLacking && timer === undefined) {
      this.#lookAgain(namespace, waitMs);
    }
    if (isLacking || timer === undefined) {
      return;
    }
    timer.cancel();
    this.#waiting.delete(namespace);
  }

  #lookAgain(namespace: string, delayMs: number): void {
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#act(namespace).catch((cause: unknown) => {
        this.#parts.log.error({ namespace, err: cause }, 'standing in failed unexpectedly');
      });
    });
    this.#waiting.set(namespace, timer);
  }

  async #act(namespace: string): Promise<void> {
    const { clock, standInAfterMs, isOfLeadersVersion, log, metrics } = this.#parts;
    const plans = this.#gaps(namespace);
    if (plans.length === 0) {
      this.#waiting.delete(namespace);
      return;
    }
    const idleMs = clock.nowMs() - this.#lastSignMs;
    if (idleMs < standInAfterMs || !isOfLeadersVersion()) {
      this.#lookAgain(namespace, Math.max(standInAfterMs - idleMs, standInAfterMs / 2));
      return;
    }
    if (await this.#isStillWanted(namespace, plans)) {
      const outcomes = await execute(plans, namespace, this.#writer);
      const made = plans
        .flatMap(({ actions }) => actions)
        .filter((action) => action.kind === 'create' && outcomes.get(action.part.name)?.kind === 'inPlace').length;
      log.warn({ namespace, made, leaderIdleMs: Math.round(idleMs) }, 'stood in for the leader');
      metrics.stoodIn(made);
    }
    if (!this.#stopped.signal.aborted) {
      this.#lookAgain(namespace, AGAIN_MS);
    }
  }

  /** What of the plans only adds, on behalf of policies that the leader has accepted and has not failed with here. */
  #gaps(namespace: string): readonly PolicyPlan[] {
    const world = this.#worldOf(namespace);
    if (world === undefined) {
      return [];
    }
    const troubled = new Set(
      world.report?.entries
        .filter(({ phase }) => phase === 'Failed' || phase === 'Conflict')
        .map(({ policy }) => policy),
    );
    return planFor(world).flatMap((plan) => {
      const { policy } = plan;
      if (
        plan.frozen !== undefined ||
        !plan.isSelected ||
        troubled.has(policy.name) ||
        !this.#isAcceptedByLeader(policy.name)
      ) {
        return [];
      }
      const actions = plan.actions.filter(({ kind }) => kind === 'keep' || kind === 'create');
      return actions.some(({ kind }) => kind === 'create') ? [{ ...plan, actions }] : [];
    });
  }

  #worldOf(namespace: string): World | undefined {
    const { caches } = this.#parts;
    const facts = caches.namespaces.get({ namespace: '', name: namespace });
    if (facts === undefined) {
      return undefined;
    }
    return {
      namespace: facts,
      baselinePolicies: this.#book.facts,
      observed: caches.networkPolicies.inNamespace(namespace),
      report: caches.reports.inNamespace(namespace)[0],
      isEquivalent: (pair) => this.#equivalences.has(pair),
      holds: new Map(),
      contests: new Map(),
      hasNewerLed: false,
    };
  }

  #isAcceptedByLeader(name: string): boolean {
    const page = this.#book.entry(name);
    const status = statusOf(page?.cached.status);
    const isHeld =
      status?.conditions.some(({ type }) => type === CONDITIONS.isolationHeld || type === CONDITIONS.removalHeld) ===
      true;
    return page?.facts.isAccepted === true && status?.observedGeneration === page.facts.generation && !isHeld;
  }

  /** A cache may be behind the leader's: the API server itself says whether label and policy are still there. */
  async #isStillWanted(namespace: string, plans: readonly PolicyPlan[]): Promise<boolean> {
    const { kube, exclusion } = this.#parts;
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
