import { afterEach, beforeEach, expect } from 'vitest';
import { pause, systemClock } from '../../src/base/clock.ts';
import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import { BASELINE_POLICIES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OPTED_IN, standardSet } from '../support/actors/actors.ts';
import type { FakeClusterOptions } from '../support/fake-api/fake-cluster.ts';
import { clientAround, countingUnderWay } from '../support/operators/client-around.ts';
import type { InProcess, InProcessOptions } from '../support/operators/in-process.ts';
import { staticCluster } from '../support/static-cluster.ts';
import { type FaultCluster, faultCluster } from './fault-cluster.ts';
import { FaultProxy } from './fault-proxy.ts';

/** So many turns without a byte and without an open request mean that all is quiet. */
const QUIET_TURNS = 3;
/** So many turns without a byte mean that a request which is open will not be answered now. */
const STALLED_TURNS = 10;
/** A namespace with policies of somebody else, that asks for nothing. */
const BYSTANDER = 'bystander';

/** What a scene asserts once a fault is over; all of it in the operator's own time. */
export interface Recovery {
  /** At most so long after the fault all is as declared; 90 s when absent. */
  readonly withinMs?: number;
  /** At most so many requests are sent until then; 200 when absent. */
  readonly attempts?: number;
}

/**
 * Operators behind a {@link FaultProxy}, in front of a fake API server. The operators, the time limits of their requests,
 * the server and the proxy share one clock, which the test moves: an hour of faults takes moments.
 */
export interface ProxiedCluster {
  /** What operators write and ask, as the server sees it, and what must never happen. */
  readonly stage: FaultCluster;
  readonly proxy: FaultProxy;
  readonly clock: ManualClock;
  /** How often operators have begun a request or a watch, whether or not it got anywhere. */
  attempts(): number;
  /** Starts an operator behind the proxy; it ends with the test. */
  start(options?: Omit<InProcessOptions, 'server'>): Promise<InProcess>;
  /** Declares the policy `standard`, creates namespaces `team-0`, `team-1` and so on (six when absent) with others' objects among them, starts an operator and resolves when all is as declared. */
  settled(options?: Omit<InProcessOptions, 'server'> & { readonly teams?: number }): Promise<InProcess>;
  /** People do what the operator must answer: a namespace opts in, and of others a policy is removed, one is opened and one is stripped of its labels. */
  disturb(): void;
  /** Lets time pass, in steps; after each, whatever can be answered is. */
  pass(durationMs: number, stepMs?: number): Promise<void>;
  /** The fault is over: what people do next is answered, all is as declared, with few requests, and nothing of anybody else has changed by a byte. */
  recovered(recovery?: Recovery): Promise<void>;
}

/** The scene of a file's tests; its members are there while a test runs. After each the checks of {@link faultCluster} hold. */
export function proxiedCluster(clusterOptions: FakeClusterOptions = {}): ProxiedCluster {
  const made = { clock: new ManualClock(), proxy: undefined as FaultProxy | undefined };
  const stage = faultCluster(() => {
    made.clock = new ManualClock();
    return { ...clusterOptions, clock: made.clock };
  });
  const state = {
    attempts: 0,
    underWay: 0,
    teams: 0,
    rounds: 0,
    foreign: new Map<string, string>(),
    operators: [] as InProcess[],
  };
  const proxyOf = (): FaultProxy => {
    if (made.proxy === undefined) {
      throw new Error('the proxy is there only while a test runs');
    }
    return made.proxy;
  };
  const scene: ProxiedCluster = {
    stage,
    get proxy() {
      return proxyOf();
    },
    get clock() {
      return made.clock;
    },
    attempts: () => state.attempts,
    async start(options = {}) {
      const { around = (same: KubeClient) => same } = options;
      const cluster = staticCluster({ server: `http://127.0.0.1:${scene.proxy.port}` });
      const operator = await stage.start({
        cluster,
        clock: scene.clock,
        requestClock: scene.clock,
        ...options,
        around: (kube) => counted(around(kube), state),
      });
      state.operators.push(operator);
      return operator;
    },
    async settled({ teams = 6, ...options } = {}) {
      state.teams = teams;
      stage.actor.declare('standard', {});
      stage.actor.createNamespace(BYSTANDER);
      for (const name of standardSet()) {
        stage.actor.putForeign(BYSTANDER, name, 'none');
      }
      for (let team = 0; team < teams; team += 1) {
        stage.actor.createNamespace(`team-${team}`, OPTED_IN);
        stage.actor.putForeign(`team-${team}`, 'own', 'label');
      }
      state.foreign = new Map(foreignTexts(stage));
      const operator = await scene.start(options);
      await settle(scene, 60_000);
      return operator;
    },
    disturb() {
      const round = state.rounds;
      state.rounds += 1;
      const team = (offset: number): string => `team-${(round + offset) % state.teams}`;
      stage.actor.createNamespace(`late-${round}`, OPTED_IN);
      stage.actor.remove(NETWORK_POLICIES, { namespace: team(0), name: 'standard.default-deny' });
      stage.actor.tamper({ namespace: team(1), name: 'standard.allow-monitoring' });
      stage.actor.stripLabel({ namespace: team(2), name: 'standard.allow-dns' });
    },
    async pass(durationMs, stepMs = 1_000) {
      for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
        await scene.clock.advance(stepMs);
        await quiet(scene, state);
      }
    },
    async recovered({ withinMs = 90_000, attempts = 200 } = {}) {
      const before = state.attempts;
      scene.disturb();
      await settle(scene, withinMs);
      expect(state.attempts - before).toBeLessThan(attempts);
      expect(Object.fromEntries(foreignTexts(stage))).toEqual(Object.fromEntries(state.foreign));
    },
  };
  beforeEach(async () => {
    Object.assign(state, { attempts: 0, underWay: 0, teams: 0, rounds: 0, foreign: new Map(), operators: [] });
    const { port } = new URL(stage.scene.server.url);
    made.proxy = await FaultProxy.start({ targets: [Number(port)], clock: scene.clock });
  });
  afterEach(async () => {
    // Connections first: nobody waits for an answer in a time that stands still.
    await scene.proxy.close();
    const over = new AbortController();
    const ended = Promise.all(state.operators.map((operator) => operator.close())).finally(() => {
      over.abort();
    });
    while (!over.signal.aborted) {
      await scene.clock.advance(1_000);
      await pause(systemClock, 1);
    }
    await ended;
  });
  return scene;
}

/** Lets time pass until all is as declared, at most so long. */
async function settle(scene: ProxiedCluster, withinMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < withinMs && scene.stage.problems().length > 0; passedMs += 500) {
    await scene.pass(500, 500);
  }
  expect(scene.stage.problems()).toEqual([]);
}

/** Resolves when nothing moves any more: every request is answered, or will not be as things are. */
async function quiet({ proxy }: ProxiedCluster, state: { readonly underWay: number }): Promise<void> {
  let turns = 0;
  let seen = proxy.activity;
  while (turns < (state.underWay === 0 ? QUIET_TURNS : STALLED_TURNS)) {
    await pause(systemClock, 1);
    turns = seen === proxy.activity ? turns + 1 : 0;
    seen = proxy.activity;
  }
}

/** Every object of somebody else and every declaration, as it is stored. */
function foreignTexts({ actor: hands }: FaultCluster): readonly (readonly [string, string])[] {
  const standard = new Set(standardSet());
  const foreign = hands
    .all(NETWORK_POLICIES)
    .filter(({ metadata }) => metadata.namespace === BYSTANDER || !standard.has(metadata.name ?? ''));
  const declared = hands
    .all(BASELINE_POLICIES)
    .map(({ metadata, spec }) => [`BaselinePolicy ${metadata.name ?? ''}`, JSON.stringify(spec)] as const);
  return [
    ...foreign.map(
      (object) => [`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`, JSON.stringify(object)] as const,
    ),
    ...declared,
  ];
}

/** Counts what is begun, and what waits for an answer; a watch waits for nothing. */
function counted(kube: KubeClient, state: { attempts: number; underWay: number }): KubeClient {
  const waiting = countingUnderWay(state);
  return clientAround(kube, {
    request: (send) => {
      state.attempts += 1;
      return waiting(send);
    },
    watch: (...asked) => {
      state.attempts += 1;
      return kube.watch(...asked);
    },
  });
}
