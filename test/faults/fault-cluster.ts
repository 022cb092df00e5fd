import { afterEach, beforeEach, expect } from 'vitest';
import { FIELD_MANAGER } from '../../src/api/names.ts';
import { pause, systemClock } from '../../src/base/clock.ts';
import { isKubeObject, type KubeObject } from '../../src/kube/client/kube-object.ts';
import { NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { ManualClock } from '../fixtures/manual-clock.ts';
import { eventually } from '../support/actors/actors.ts';
import { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { StoredEvent } from '../support/fake-api/event-log.ts';
import { type Interceptor, RequestCounts } from '../support/fake-api/fake-api-server.ts';
import type { FakeClusterOptions } from '../support/fake-api/fake-cluster.ts';
import { parsedObject } from '../support/fake-api/stored-object.ts';
import { clientAround, countingUnderWay } from '../support/operators/client-around.ts';
import { type FakeTestCluster, fakeTestCluster } from '../support/operators/fake-test-cluster.ts';
import type { InProcess, InProcessOptions } from '../support/operators/in-process.ts';
import { isHandedOver, isLabelled, policyUidOf, recordedUids } from '../support/oracle/declared-policy.ts';
import { problemsAtRest } from '../support/oracle/problems-at-rest.ts';

/** What an operator may write besides NetworkPolicies: reports, statuses and finalizers, Events, its Lease. */
const OWN_PLURALS = ['namespacebaselines', 'baselinepolicies', 'events', 'leases'];
/** As long as this, in milliseconds, an answer is waited for before the operator's time goes on. */
const LONGEST_ANSWER_MS = 100;

/** A scene for faults, with an account of all that operators ask and write that owes nothing to what they say. */
export interface FaultCluster {
  readonly scene: FakeTestCluster;
  readonly actor: FakeClusterActor;
  /** What operators have asked of the API server so far. */
  readonly asked: RequestCounts;
  /** How many requests operators have sent so far, watches aside. */
  requests(): number;
  /** NetworkPolicies that operators removed, as `team-a/standard.default-deny`. After each test these must be among those that it expects. */
  readonly removals: readonly string[];
  expectRemovals(names: readonly string[]): void;
  /** Tells of everything that an operator has stored, changed or removed, as it happens. */
  onWrite(listener: (plural: string, event: StoredEvent) => void): void;
  /** What happens to requests from now on; undefined ends it. */
  intercept(interceptor: Interceptor | undefined): void;
  /** Starts an operator that ends with the test. */
  start(options?: Omit<InProcessOptions, 'server'>): Promise<InProcess>;
  /** Lets an operator's time pass, in steps, and between them lets every request be answered. */
  pass(clock: ManualClock, durationMs: number, stepMs?: number): Promise<void>;
  /** Lets an operator's time pass until all is as declared, at most so long. */
  settle(clock: ManualClock, withinMs: number): Promise<void>;
  /** What is not as declared, as somebody sees it who knows the rules and not the operator; empty when all is well. */
  problems(): readonly string[];
}

/**
 * The stage of a file's tests. After each, whatever its fault was: no operator has changed or removed anything that is
 * not its own (R5), nor removed anything that the test does not expect to go (R8, R13).
 */
export function faultCluster(clusterOptions: () => FakeClusterOptions = () => ({})): FaultCluster {
  const scene = fakeTestCluster(clusterOptions);
  const state = {
    asked: new RequestCounts(),
    underWay: 0,
    isOperator: false,
    removals: [] as string[],
    expected: new Set<string>(),
    trespasses: [] as string[],
    listeners: [] as ((plural: string, event: StoredEvent) => void)[],
  };
  const stage: FaultCluster = {
    scene,
    get actor() {
      return new FakeClusterActor(scene.server.cluster);
    },
    get asked() {
      return state.asked;
    },
    requests: () =>
      Object.entries(state.asked.all()).reduce(
        (sum, [key, count]) => (key.startsWith('watch ') ? sum : sum + count),
        0,
      ),
    get removals() {
      return state.removals;
    },
    expectRemovals(names) {
      for (const name of names) {
        state.expected.add(name);
      }
    },
    onWrite(listener) {
      state.listeners.push(listener);
    },
    intercept(interceptor) {
      scene.server.intercept = (request) => {
        if (request.userAgent.startsWith(`${FIELD_MANAGER}/`)) {
          state.asked.add(request.verb, request.resource);
        }
        return interceptor?.(request);
      };
    },
    start: (options = {}) =>
      scene.start({
        ...options,
        around: (kube) =>
          clientAround((options.around ?? ((same) => same))(kube), { request: countingUnderWay(state) }),
      }),
    async pass(clock, durationMs, stepMs = 1_000) {
      for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
        await clock.advance(stepMs);
        for (let waitedMs = 0, quiet = 0; quiet < 2 && waitedMs < LONGEST_ANSWER_MS; waitedMs += 1) {
          await pause(systemClock, 1);
          quiet = state.underWay === 0 ? quiet + 1 : 0;
        }
      }
    },
    async settle(clock, withinMs) {
      for (let passedMs = 0; passedMs < withinMs && stage.problems().length > 0; passedMs += 1_000) {
        await stage.pass(clock, 1_000);
      }
      await eventually(() => stage.problems()).toEqual([]);
    },
    problems: () => problemsAtRest(stage.actor),
  };
  beforeEach(() => {
    Object.assign(state, {
      asked: new RequestCounts(),
      underWay: 0,
      isOperator: false,
      removals: [],
      expected: new Set(),
      trespasses: [],
      listeners: [],
    });
    const { cluster } = scene.server;
    const handle = cluster.handle.bind(cluster);
    cluster.handle = (request) => {
      state.isOperator = request.userAgent.startsWith(`${FIELD_MANAGER}/`);
      try {
        return handle(request);
      } finally {
        state.isOperator = false;
      }
    };
    cluster.store.onCommit((type, event) => {
      if (!state.isOperator) {
        return;
      }
      for (const listener of state.listeners) {
        listener(type.plural, event);
      }
      const where = `${event.object.namespace}/${event.object.name}`;
      if (type.plural !== NETWORK_POLICIES.plural) {
        if (!OWN_PLURALS.includes(type.plural)) {
          state.trespasses.push(`${event.type} ${type.plural} ${where}`);
        }
        return;
      }
      if (event.type === 'DELETED') {
        state.removals.push(where);
      }
      if (!isOwn(event, stage.actor)) {
        state.trespasses.push(`${event.type} ${type.plural} ${where}`);
      }
    });
    stage.intercept(undefined);
  });
  afterEach(() => {
    expect(state.trespasses).toEqual([]);
    expect(state.removals.filter((name) => !state.expected.has(name))).toEqual([]);
  });
  return stage;
}

/** R5: what it wrote over or removed carried its marks, was in its records, or was handed over. */
function isOwn({ before, object }: StoredEvent, hands: FakeClusterActor): boolean {
  if (before === undefined) {
    return true;
  }
  const stood: unknown = parsedObject(NETWORK_POLICIES, before);
  if (!isKubeObject(stood)) {
    return false;
  }
  const record = hands.read(NAMESPACE_BASELINES, { namespace: object.namespace, name: 'baseline' });
  return (
    (isLabelled(stood) && policyUidOf(stood) !== '') ||
    recordedUids(record).has(stood.metadata.uid ?? '') ||
    isHandedOver(stood)
  );
}

/** An object that is there; that it is not is a fault of the test. */
export function standing(object: KubeObject | undefined): KubeObject {
  if (object === undefined) {
    throw new Error('there is no such object');
  }
  return object;
}
