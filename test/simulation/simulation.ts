import { ANNOTATIONS } from '../../src/api/names.ts';
import { crdFor, RESOURCE_DEFINITIONS } from '../../src/generate/crd.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/resources.ts';
import { FakeCluster } from '../fake/fake-cluster.ts';
import { baselinePolicyCauses } from '../fake/nsbaseline-api-server.ts';
import type { StoreSnapshot } from '../fake/object-store.ts';
import { Hands } from './hands.ts';
import { Network } from './network.ts';
import { Observer } from './observer.ts';
import { problemsAtRest } from './rest.ts';
import { seededRandom } from './seeded-random.ts';
import { ShownWorld } from './shown-world.ts';
import { SimulatedClient } from './simulated-client.ts';
import { SIMULATED_LIMITS, startSimulatedOperator, type SimulatedOperator } from './simulated-operator.ts';
import { POLICY_NAMES, type History, type Step } from './steps.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Longer than every pause of the loop but the slowest: the quarrels of R6 end after ten quiet minutes. */
const REST_MS = 700_000;

/** A cluster, an operator and an observer in virtual time. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly cluster: FakeCluster;
  readonly hands: Hands;
  readonly network: Network;
  readonly shown: ShownWorld;
  readonly observer: Observer;
  /** Lines that the operator logged as errors. */
  readonly errors: string[] = [];
  readonly #random: () => number;
  #running: { readonly operator: SimulatedOperator; readonly client: SimulatedClient } | undefined;
  readonly #twins: SimulatedClient[] = [];
  #isOperatorActing = false;
  #snapshot: StoreSnapshot | undefined;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    let uids = 0;
    this.cluster = new FakeCluster({ clock: this.clock, crds: RESOURCE_DEFINITIONS.map(crdFor), newUid: () => `uid-${++uids}` });
    this.cluster.extraCauses = baselinePolicyCauses;
    this.hands = new Hands(this.cluster);
    this.network = new Network(this.#random, () => { this.observer.troubled(); });
    this.shown = new ShownWorld(() => this.clock.nowMs());
    this.observer = new Observer({ clock: this.clock, hands: this.hands, shown: this.shown, removalLimit: SIMULATED_LIMITS.removal.count });
    this.cluster.store.onCommit((type, event) => {
      this.observer.committed(type, event, this.#isOperatorActing);
    });
  }

  /** Starts an operator; the one before must be gone. */
  start(excludeNamespaces: readonly string[] = []): void {
    const client = this.newClient();
    this.observer.restarted();
    const operator = startSimulatedOperator({ kube: client, clock: this.clock, random: this.#random, excludeNamespaces, onError: (line) => this.errors.push(line) });
    this.#running = { operator, client };
  }

  /** Starts another operator of the same version beside the one that runs; it ends by being killed with it. */
  startTwin(): void {
    const client = this.newClient();
    this.#twins.push(client);
    startSimulatedOperator({ kube: client, clock: this.clock, random: this.#random, onError: (line) => this.errors.push(line) });
  }

  /** A client whose writes count as the operator's. */
  newClient(): SimulatedClient {
    const { cluster, clock, network, shown } = this;
    return new SimulatedClient({ cluster, clock, network, shown, asOperator: (act) => this.#asOperator(act) });
  }

  /** Ends the operator, in order or by killing it, and lets its last promises settle. */
  async stop(how: 'crash' | 'restart'): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    for (const twin of this.#twins.splice(0)) twin.die();
    if (how === 'crash') running.client.die();
    const state = { isOver: false };
    const over = running.operator.stop().then(() => {
      state.isOver = true;
    });
    for (let waited = 0; !state.isOver && waited < 100; waited += 1) await this.clock.advance(1_000);
    running.client.die();
    if (!state.isOver) throw new Error('the operator does not end');
    await over;
  }

  /** Carries out one step. */
  async take(step: Step): Promise<void> {
    await (this.#fate(step) ?? this.#people(step));
  }

  /** Ends all trouble, confirms whatever waits for it, and gives back what is not as declared when nothing moves any more. */
  async rest(): Promise<readonly string[]> {
    this.#calm();
    this.cluster.namespaces.resume();
    for (let round = 0; round < 8; round += 1) {
      await this.clock.advance(40_000);
      const confirmed = POLICY_NAMES.reduce((sum, policy) => sum + this.#confirm(policy), 0);
      if (confirmed === 0) break;
    }
    await this.clock.advance(REST_MS);
    const before = this.observer.writes.length;
    const problems = problemsAtRest(this.hands);
    await this.clock.advance(REST_MS);
    const late = this.observer.writes.slice(before);
    return [...problems, ...(late.length === 0 ? [] : [`an idle loop still writes: ${late.slice(0, 5).join(', ')}`])];
  }

  #asOperator<Value>(act: () => Value): Value {
    this.#isOperatorActing = true;
    try {
      return act();
    } finally {
      this.#isOperatorActing = false;
    }
  }

  #calm(): void {
    this.network.calm();
    this.cluster.thawReads();
  }

  #confirm(policy: string): number {
    const confirmed = this.hands.confirm(policy);
    for (const { uid, generation, annotation } of confirmed) if (annotation === ANNOTATIONS.confirmRemoval) this.observer.confirmed({ uid, generation });
    return confirmed.length;
  }

  #fate(step: Step): Promise<void> | undefined {
    switch (step.do) {
      case 'wait':
        return this.clock.advance(step.ms);
      case 'crash':
      case 'restart':
        return this.#restart(step.do);
      case 'lag':
        this.network.setLag(step.plural, step.lagMs);
        return Promise.resolve();
      case 'trouble':
        this.network.trouble(step.mishap, step);
        return Promise.resolve();
      case 'jump wall clock':
        this.clock.jumpWallClock(step.byMs);
        return Promise.resolve();
      default:
        return this.#server(step);
    }
  }

  #server(step: Step): Promise<void> | undefined {
    const { cluster } = this;
    const acts: Partial<Record<Step['do'], () => void>> = {
      'drop watches': () => { cluster.dropWatches('reset'); },
      'end watches': () => { cluster.dropWatches('end'); },
      // What was held back is sent first: a compaction takes nothing from a watch that runs.
      compact: () => { cluster.thawReads(); cluster.compactHistory(); },
      'freeze reads': () => { cluster.freezeReads(); },
      'thaw reads': () => { cluster.thawReads(); },
      calm: () => { this.#calm(); },
      'hold namespace deletion': () => { cluster.namespaces.isPaused = true; },
      'let namespaces go': () => { cluster.namespaces.resume(); },
      snapshot: () => { this.#takeSnapshot(); },
      restore: () => { this.#restore(); },
    };
    const act = acts[step.do];
    act?.();
    return act === undefined ? undefined : Promise.resolve();
  }

  /** Versions go on far from here, so that a restore is surely seen: one whose versions have caught up before a watch is back is not (docs/attempts.md). */
  #takeSnapshot(): void {
    this.#snapshot = this.cluster.snapshot();
    this.cluster.restoreSnapshot({ ...this.#snapshot, version: this.#snapshot.version + 100_000 });
  }

  #restore(): void {
    if (this.#snapshot === undefined) return;
    this.observer.troubled();
    this.cluster.thawReads();
    this.cluster.restoreSnapshot(this.#snapshot);
    // The namespace controller begins anew as well: a write shows it what it has to end.
    for (const { metadata } of this.hands.all(NAMESPACES)) if (metadata.deletionTimestamp !== undefined) this.hands.label(metadata.name ?? '', 'restored', 'true');
  }

  async #restart(how: 'crash' | 'restart'): Promise<void> {
    await this.stop(how);
    this.start();
  }

  #people(step: Step): Promise<void> {
    if ('policy' in step) this.#administrator(step);
    else if ('name' in step) this.#tenant(step);
    else if ('namespace' in step) this.#namespaceOwner(step);
    return Promise.resolve();
  }

  #administrator(step: Extract<Step, { policy: string }>): void {
    const { hands } = this;
    switch (step.do) {
      case 'declare':
        hands.declare(step.policy, step.spec);
        break;
      case 'set mode': {
        const standing = hands.read(BASELINE_POLICIES, { name: step.policy });
        if (standing !== undefined) hands.declare(step.policy, { ...(standing.spec as object), mode: step.mode });
        break;
      }
      case 'delete policy':
        hands.remove(BASELINE_POLICIES, { name: step.policy });
        break;
      case 'confirm':
        this.#confirm(step.policy);
    }
  }

  #namespaceOwner(step: Exclude<Extract<Step, { namespace: string }>, { name: string }>): void {
    const { hands } = this;
    const { namespace } = step;
    const acts: Record<typeof step.do, () => void> = {
      'create namespace': () => { hands.createNamespace(namespace); },
      'opt in': () => { hands.createNamespace(namespace); hands.label(namespace, 'nsbaseline.io/enabled', 'true'); },
      'opt out': () => { hands.label(namespace, 'nsbaseline.io/enabled', undefined); },
      'team on': () => { hands.createNamespace(namespace); hands.label(namespace, 'team', 'x'); },
      'team off': () => { hands.label(namespace, 'team', undefined); },
      'delete namespace': () => { hands.remove(NAMESPACES, { name: namespace }); },
      'recreate namespace': () => { this.#recreate(namespace); },
      'forge record': () => { hands.forgeRecord(namespace); },
      'delete record': () => { hands.remove(NAMESPACE_BASELINES, { namespace, name: 'baseline' }); },
    };
    acts[step.do]();
  }

  /** Gone and back within one millisecond, with the labels that it had. */
  #recreate(name: string): void {
    const labels = this.hands.read(NAMESPACES, { name })?.metadata.labels;
    this.hands.remove(NAMESPACES, { name });
    this.clock.after(1, () => { this.hands.createNamespace(name, labels); });
  }

  #tenant(step: Extract<Step, { name: string }>): void {
    const { hands } = this;
    const { namespace, name } = step;
    const key = { namespace, name };
    switch (step.do) {
      case 'put foreign':
        hands.putForeign(namespace, name, step.marks);
        break;
      case 'tamper':
        hands.tamper(key);
        break;
      case 'delete part':
        hands.remove(NETWORK_POLICIES, key);
        break;
      case 'strip label':
        hands.stripLabel(key);
        break;
      case 'strip all marks':
        hands.stripAll(key);
        break;
      case 'mark adopt':
        hands.annotate(NETWORK_POLICIES, key, { annotation: ANNOTATIONS.adopt, value: 'true' });
        break;
      case 'unmark adopt':
        hands.annotate(NETWORK_POLICIES, key, { annotation: ANNOTATIONS.adopt, value: undefined });
    }
  }
}

/** Runs a history to its end and gives back every broken rule. */
export async function problemsIn({ seed, steps }: History): Promise<readonly string[]> {
  const simulation = new Simulation(seed);
  simulation.start();
  await simulation.clock.advance(200);
  for (const step of steps) {
    await simulation.take(step);
    if (simulation.observer.violations.length > 0) break;
  }
  const problems = simulation.observer.violations.length > 0 ? [] : await simulation.rest();
  await simulation.stop('crash');
  return [...simulation.observer.violations.map(({ rule, what }) => `${rule} ${what}`), ...problems, ...simulation.errors];
}
