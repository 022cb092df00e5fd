import { crdFor, RESOURCE_DEFINITIONS } from '../../src/api/crd/crd.ts';
import { LEASES } from '../../src/kube/lease/lease-record.ts';
import { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import { FakeCluster } from '../support/fake-api/fake-cluster.ts';
import { baselinePolicyCauses } from '../support/fake-api/nsbaseline-api-server.ts';
import type { Version } from '../support/oracle/dialect.ts';
import { problemsAtRest } from '../support/oracle/problems-at-rest.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { ClusterSteps } from './cluster-steps.ts';
import { Network } from './network.ts';
import { Propagators } from './propagators.ts';
import { RequestBudget } from './request-budget.ts';
import { setResolver } from './resolver.ts';
import { ServerFaults } from './server-faults.ts';
import { OPERATOR_NAMESPACE, SIMULATED_LIMITS } from './simulated-operator.ts';
import { SimulatedProcess, type Surroundings } from './simulated-process.ts';
import {
  type History,
  isPeopleStep,
  isProcessStep,
  POLICY_NAMES,
  type ProcessStep,
  type Step,
  stepText,
} from './steps.ts';
import { Terms } from './terms.ts';
import { VirtualClock } from './virtual-clock.ts';
import { WriteOracle, type Writer } from './write-oracle.ts';

/** Longer than a dead watch goes unnoticed and a stopped process stays so. */
const SETTLING_MS = 75_000;
/** How often it is looked whether anything waits for a confirmation, and how long nothing happens in a cluster at rest. */
const ROUND_MS = 40_000;
/** Longer than all pauses of the loop: the quarrels of R6 end after ten quiet minutes. */
const MOST_ROUNDS = 25;
/** How long an operator at rest is watched. */
const IDLE_MS = 65_000;
/** How long a process has to end in order (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination). */
const GRACE_MS = 30_000;

/** Without what is there for people only, which would be most of each simulation's start. */
const CUSTOM_RESOURCES = RESOURCE_DEFINITIONS.map(
  (definition): object =>
    JSON.parse(
      JSON.stringify(crdFor(definition), (key, value: unknown) =>
        key === 'description' && typeof value === 'string' ? undefined : value,
      ),
    ) as object,
);

/** A cluster, operators and an observer in virtual time. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly cluster: FakeCluster;
  readonly hands: FakeClusterActor;
  readonly network: Network;
  readonly observer: WriteOracle;
  readonly people: ClusterSteps;
  readonly propagators: Propagators;
  readonly fate: ServerFaults;
  readonly terms: Terms;
  readonly budget: RequestBudget;
  /** Lines that operators logged as errors. */
  readonly errors: string[] = [];
  /** All that happened, as lines to read. */
  readonly story: string[] = [];
  readonly #surroundings: Surroundings;
  readonly #running: SimulatedProcess[] = [];
  readonly #isShared: boolean;
  #acting: Writer | undefined;
  #started = 0;

  /** With `isShared` the operators have a Lease; without, each works as if it were alone. */
  constructor(seed: number, { isShared = false }: { readonly isShared?: boolean } = {}) {
    this.#isShared = isShared;
    const random = seededRandom(seed);
    let uids = 0;
    this.cluster = new FakeCluster({
      clock: this.clock,
      crds: CUSTOM_RESOURCES,
      newUid: () => `uid-${++uids}`,
      historyLength: 1_000,
    });
    this.cluster.extraCauses = baselinePolicyCauses;
    this.hands = new FakeClusterActor(this.cluster);
    this.network = new Network(random, () => {
      this.observer.troubled();
    });
    this.terms = new Terms({ hands: this.hands, clock: this.clock, isShared });
    this.observer = new WriteOracle({
      clock: this.clock,
      hands: this.hands,
      terms: this.terms,
      removalLimit: SIMULATED_LIMITS.removal.count,
    });
    this.people = new ClusterSteps({ hands: this.hands, clock: this.clock, observer: this.observer });
    this.propagators = new Propagators({ hands: this.hands, clock: this.clock });
    this.fate = new ServerFaults({
      cluster: this.cluster,
      hands: this.hands,
      network: this.network,
      observer: this.observer,
      terms: this.terms,
      isOperatorActing: () => this.#acting !== undefined,
    });
    this.budget = new RequestBudget(this.clock);
    this.#surroundings = {
      cluster: this.cluster,
      world: this.clock,
      network: this.network,
      random,
      as: (writer, act) => this.#as(writer, act),
      onRequest: (replica, method) => {
        this.budget.spend(replica.name, method);
      },
      onError: (line) => this.errors.push(line),
      onTerm: (replica) => {
        this.#tell(`${replica.name} leads`);
        this.observer.restarted();
      },
    };
    this.hands.createNamespace(OPERATOR_NAMESPACE);
    setResolver(this.hands, 'usual');
    this.observer.resolverChanged();
    this.cluster.store.onCommit((type, event) => {
      this.propagators.committed(type, event, this.#acting !== undefined);
      if (this.#acting === undefined) {
        this.#someoneElseWrote();
      } else if (type.plural !== LEASES.plural) {
        this.#tell(`${this.#acting.name}: ${event.type} ${type.plural} ${event.object.namespace}/${event.object.name}`);
      }
      this.observer.committed(type, event, this.#acting);
    });
  }

  /** What people do may ask for requests and writes; what a propagator does is paced by R6, and asks for nothing. */
  #someoneElseWrote(): void {
    if (!this.propagators.isActing) {
      this.budget.allow();
      this.observer.pace.allow();
    }
  }

  /** Starts one more operator. */
  start(excludeNamespaces: readonly string[] = [], version: Version = '0.1.0'): SimulatedProcess {
    this.#started += 1;
    const replica = new SimulatedProcess(
      { name: `operator ${this.#started}`, version, isShared: this.#isShared, excludeNamespaces },
      this.#surroundings,
    );
    this.budget.begin(replica.name);
    this.terms.started(replica.name);
    this.#tell(`${replica.name} starts${version === '0.1.0' ? '' : ` as version ${version}`}`);
    this.#running.push(replica);
    return replica;
  }

  /** Ends all operators, in order or by killing them. */
  async stop(how: 'crash' | 'restart'): Promise<void> {
    const endings = this.#running.splice(0).map((replica) => this.#end(replica, how));
    const state = { isOver: false };
    const over = Promise.all(endings).then(() => {
      state.isOver = true;
    });
    for (let waited = 0; !state.isOver && waited < 100; waited += 1) {
      await this.clock.advance(how === 'crash' ? 0 : 1_000);
    }
    await over;
  }

  /** Carries out one step. */
  async take(step: Step): Promise<void> {
    this.#tell(stepText(step));
    if (step.do === 'wait') {
      await this.clock.advance(step.ms);
    } else if (isProcessStep(step)) {
      this.#process(step);
    } else if (isPeopleStep(step)) {
      this.people.take(step);
    } else if (step.do === 'propagate') {
      this.propagators.begin(step);
    } else if (step.do === 'resolver becomes') {
      setResolver(this.hands, step.state);
    } else {
      this.fate.take(step);
    }
  }

  /** Ends all trouble, confirms whatever waits for it, and gives back what is not as declared when nothing moves any more. */
  async rest(): Promise<readonly string[]> {
    this.#tell('all trouble ends, and what waits is confirmed');
    this.fate.calm();
    this.propagators.end();
    setResolver(this.hands, 'usual');
    this.cluster.namespaces.resume();
    this.budget.allow(POLICY_NAMES.length);
    await this.clock.advance(SETTLING_MS);
    const problems = await this.#settle();
    if (problems.length > 0) {
      return problems;
    }
    return [...(await this.#idleProblems('an idle loop')), ...(await this.#restartProblems())];
  }

  /** Lets time pass until all is as declared and nothing happens any more; gives back what is not after the longest time. */
  async #settle(): Promise<readonly string[]> {
    const { writes } = this.observer;
    let problems: readonly string[] = [];
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const before = writes.length;
      const confirmed = this.#confirmAll();
      await this.clock.advance(ROUND_MS);
      problems = [
        ...problemsAtRest(this.hands, this.#dialects(), this.observer.resolverPeers),
        ...this.#leaderProblems(),
      ];
      if (confirmed === 0 && problems.length === 0 && writes.length === before) {
        break;
      }
    }
    return problems;
  }

  /** R15: once the newest version leads, everything is as it renders it; under an older one what stands may stay. */
  #dialects(): readonly Version[] {
    const leader = this.#chosen('first')?.version ?? '0.1.0';
    const { newestVersion = leader } = this.terms;
    return leader === newestVersion ? [leader] : [leader, newestVersion];
  }

  #leaderProblems(): readonly string[] {
    if (!this.#isShared || this.#running.some(({ name }) => name === this.terms.holder)) {
      return [];
    }
    return [`R15 nobody leads of ${this.#running.map(({ name }) => name).join(', ')}`];
  }

  /** R10: an operator that finds all in place writes nothing. */
  async #restartProblems(): Promise<readonly string[]> {
    // Of one version, since a newer one that has not led yet would rightly render anew.
    const version = this.#chosen('first')?.version;
    const count = this.#running.length;
    await this.stop('crash');
    for (let index = 0; index < count; index += 1) {
      this.start([], version);
    }
    return await this.#idleProblems('an operator that finds all in place');
  }

  async #idleProblems(who: string): Promise<readonly string[]> {
    const { writes } = this.observer;
    const before = writes.length;
    const requestsBefore = this.budget.count;
    await this.clock.advance(IDLE_MS);
    const late = writes.slice(before);
    const requests = this.budget.count - requestsBefore;
    return [
      ...(late.length === 0 ? [] : [`R10 ${who} still writes: ${late.slice(0, 5).join(', ')}`]),
      ...(requests <= (this.#isShared ? MOST_IDLE_REQUESTS_SHARED : MOST_IDLE_REQUESTS) * this.#running.length
        ? []
        : [`R10 ${who} sends ${requests} requests`]),
    ];
  }

  #confirmAll(): number {
    return POLICY_NAMES.reduce((sum, policy) => sum + this.people.confirm(policy), 0);
  }

  #as<Value>(writer: Writer, act: () => Value): Value {
    this.#acting = writer;
    try {
      return act();
    } finally {
      this.#acting = undefined;
    }
  }

  #tell(line: string): void {
    this.story.push(`${this.clock.nowMs().toFixed(0).padStart(8)} ms  ${line}`);
  }

  #process(step: ProcessStep): void {
    if (step.do === 'jump wall clock') {
      for (const { host } of this.#running) {
        host.jumpWallClock(step.byMs);
      }
      return;
    }
    const replica = this.#chosen(step.who);
    if (replica === undefined) {
      return;
    }
    if (step.do === 'stall') {
      this.#stall(replica, step);
    } else if (step.do === 'mute watch') {
      this.#mute(replica, step.plural);
    } else if (step.do === 'replay') {
      replica.client.replay(step.plural, step.count);
    } else if (step.do === 'crash at request') {
      replica.ambush(step, () => {
        this.#replace(replica, { how: 'crash', downMs: step.downMs });
      });
    } else if (step.do === 'roll') {
      this.#roll(replica, step.version);
    } else {
      this.#replace(replica, { how: step.do, ...step });
    }
  }

  #chosen(who: ProcessStep['who']): SimulatedProcess | undefined {
    const leader = this.#running.find(({ name }) => name === this.terms.holder) ?? this.#running[0];
    return who === 'other' ? this.#running.find((replica) => replica !== leader) : leader;
  }

  /** As a Deployment does: the new one first, then the end of the old one; without a Lease, one after the other. */
  #roll(replica: SimulatedProcess, version: Version): void {
    if (!this.#isShared) {
      this.#replace(replica, { how: 'restart', downMs: 0, version });
      return;
    }
    this.start([], version);
    this.#running.splice(this.#running.indexOf(replica), 1);
    this.#end(replica, 'restart').catch((cause: unknown) => this.errors.push(String(cause)));
  }

  #stall(replica: SimulatedProcess, { ms, waking }: Extract<Step, { readonly do: 'stall' }>): void {
    this.observer.stopped(ms);
    replica.stop();
    this.clock.after(ms, () => {
      this.#tell(`${replica.name} goes on, ${waking}`);
      replica.wake(waking);
    });
  }

  #mute({ client }: SimulatedProcess, plural: string): void {
    this.observer.troubled();
    client.mute(plural);
  }

  /** Ends one operator and starts another in its place after a while. */
  #replace(
    replica: SimulatedProcess,
    {
      how,
      downMs,
      version = replica.version,
    }: { readonly how: 'crash' | 'restart'; readonly downMs: number; readonly version?: Version },
  ): void {
    const index = this.#running.indexOf(replica);
    if (index < 0) {
      return;
    }
    this.#running.splice(index, 1);
    this.#end(replica, how).then(
      () => {
        this.clock.after(downMs, () => {
          this.start([], version);
        });
      },
      (cause: unknown) => this.errors.push(String(cause)),
    );
  }

  /** Resolves when the operator is gone. Who does not end in time is killed. */
  #end(replica: SimulatedProcess, how: 'crash' | 'restart'): Promise<void> {
    this.#tell(`${replica.name} ${how === 'crash' ? 'is killed' : 'is told to end'}`);
    if (how === 'crash') {
      replica.kill();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.clock.after(GRACE_MS, () => {
        if (replica.host.isAlive) {
          this.#tell(`${replica.name} is killed, as it does not end`);
        }
        replica.kill();
        resolve();
      });
      // Who is stopped hears of it when he wakes.
      replica.host.arrive(0, () => {
        replica.terminate().then(resolve, reject);
      });
    });
  }
}

/** Watches that end every few minutes and are begun again, each with a look at the server's version. */
const MOST_IDLE_REQUESTS = 60;
/** The same, and the Lease renewed or asked for. */
const MOST_IDLE_REQUESTS_SHARED = 300;

/** Runs a history to its end. */
export async function courseOf({
  seed,
  operators,
  steps,
}: History): Promise<{ readonly problems: readonly string[]; readonly simulation: Simulation }> {
  const simulation = new Simulation(seed, { isShared: operators !== undefined });
  const { observer, errors, budget } = simulation;
  const isBroken = (): boolean => observer.violations.length > 0 || errors.length > 0;
  for (let started = 0; started < (operators ?? 1); started += 1) {
    simulation.start();
  }
  await simulation.clock.advance(200);
  for (const step of steps) {
    await simulation.take(step);
    if (isBroken()) {
      break;
    }
  }
  const problems = isBroken() ? [] : await simulation.rest();
  await simulation.stop('crash');
  return {
    problems: [
      ...observer.violations.map(({ rule, what }) => `${rule} ${what}`),
      ...problems,
      ...errors,
      ...budget.problems,
    ],
    simulation,
  };
}

/** Runs a history to its end and gives back every broken rule. */
export async function problemsIn(history: History): Promise<readonly string[]> {
  return (await courseOf(history)).problems;
}
