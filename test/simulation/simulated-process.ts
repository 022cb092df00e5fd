import type { FakeCluster } from '../support/fake-api/fake-cluster.ts';
import type { Version } from '../support/oracle/dialect.ts';
import { HostClock, type Waking } from './host-clock.ts';
import type { Network } from './network.ts';
import { ShownWorld } from './shown-world.ts';
import { SimulatedClient } from './simulated-client.ts';
import { type SimulatedOperator, startSimulatedOperator } from './simulated-operator.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Writer } from './write-oracle.ts';

/** What the processes of all operators share. */
export interface Surroundings {
  readonly cluster: FakeCluster;
  readonly world: VirtualClock;
  readonly network: Network;
  readonly random: () => number;
  /** Runs what the server does for this operator, so that its commits are known to be its own. */
  readonly as: <Value>(writer: Writer, act: () => Value) => Value;
  readonly onRequest: (replica: SimulatedProcess, method: string) => void;
  readonly onError: (line: string) => void;
  /** Told when an operator begins to lead. */
  readonly onTerm: (replica: SimulatedProcess) => void;
}

/** What one process is started as. */
export interface ReplicaOptions {
  /** Its identity in the Lease, too. */
  readonly name: string;
  readonly version: Version;
  /** Whether several share a Lease. */
  readonly isShared: boolean;
  readonly excludeNamespaces: readonly string[];
}

/** Where in its course a process is to be killed. */
export interface Ambush {
  /** So many requests from now. */
  readonly nth: number;
  /** Before the request leaves it, or when the server has served it and it does not know yet. */
  readonly moment: 'before' | 'after';
}

/** One process of the operator, from its start to its end: its own clock, caches and connections. */
export class SimulatedProcess implements Writer {
  readonly name: string;
  readonly version: Version;
  readonly host: HostClock;
  readonly shown: ShownWorld;
  readonly client: SimulatedClient;
  readonly #operator: SimulatedOperator;
  #ambush: { left: number; readonly moment: Ambush['moment']; readonly onCaught: () => void } | undefined;

  constructor({ name, version, isShared, excludeNamespaces }: ReplicaOptions, surroundings: Surroundings) {
    const { cluster, world, network, random, as, onRequest, onError, onTerm } = surroundings;
    this.name = name;
    this.version = version;
    this.host = new HostClock(world);
    this.shown = new ShownWorld(() => world.nowMs());
    this.client = new SimulatedClient({
      cluster,
      host: this.host,
      world,
      network,
      version,
      shown: this.shown,
      asOperator: (act) => as(this, act),
      onRequest: (moment, method) => {
        if (moment === 'before') {
          onRequest(this, method);
        }
        this.#spring(moment);
      },
    });
    this.#operator = startSimulatedOperator({
      kube: this.client,
      clock: this.host,
      random,
      version,
      excludeNamespaces,
      onError,
      onTerm: () => {
        onTerm(this);
      },
      ...(isShared ? { identity: name } : {}),
    });
  }

  /** SIGKILL, at whatever await it is. */
  kill(): void {
    this.host.end();
    this.client.close();
  }

  /** SIGTERM; resolves when it is gone, which takes the clock to go on. */
  async terminate(): Promise<void> {
    await this.#operator.stop();
    this.kill();
  }

  /** SIGSTOP. */
  stop(): void {
    this.host.stop();
  }

  /** SIGCONT. */
  wake(waking: Waking): void {
    this.host.wake(waking);
  }

  /** It is killed at a request of its own that is to come. */
  ambush({ nth, moment }: Ambush, onCaught: () => void): void {
    this.#ambush = { left: nth, moment, onCaught };
  }

  #spring(moment: Ambush['moment']): void {
    if (this.#ambush?.moment !== moment) {
      return;
    }
    this.#ambush.left -= 1;
    if (this.#ambush.left > 0) {
      return;
    }
    const { onCaught } = this.#ambush;
    this.#ambush = undefined;
    onCaught();
  }
}
