import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_VERSION, FIELD_MANAGER } from '../../src/api/names.ts';
import { pause, systemClock } from '../../src/base/clock.ts';
import { createKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { actorsWith, OPTED_IN, standardSet, valueOf } from '../support/actors/actors.ts';
import { FakeClusterActor } from '../support/actors/fake-cluster-actor.ts';
import type { FakeApiServer } from '../support/fake-api/fake-api-server.ts';
import { fakeServerWithCrds } from '../support/fake-api/nsbaseline-api-server.ts';
import { populate } from '../support/fake-api/populate.ts';
import { parsedObject } from '../support/fake-api/stored-object.ts';
import { type OperatorProcess, startOperator } from '../support/operators/operator-process.ts';
import { INSPECTABLE, retainedHeapBytes } from '../support/operators/retained-heap.ts';

/** What an operator with so many protected namespaces costs, and whether it did what it is for. */
export interface Measurement {
  readonly namespaces: number;
  /** From its start until its caches are filled, and until it has looked at every namespace; milliseconds. */
  readonly syncedMs: number;
  readonly lookedMs: number;
  /** The longest that it attended to nothing else at a stretch while it looked; milliseconds. */
  readonly longestStallMs: number;
  /** What it holds after that, garbage aside. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** The most that it ever held. */
  readonly peakRssBytes: number;
  /** Writes to the namespaces that were in place: there is nothing to write. */
  readonly needlessWrites: number;
  /** How long namespaces that were labelled while it looked at all the others took to be protected; milliseconds, ascending. */
  readonly freshMs: readonly number[];
  /** The same for managed policies that were deleted after it had looked at all. */
  readonly repairMs: readonly number[];
}

const MODEL = 'model';
/** The young generation is as large as in the image. */
const ENVIRONMENT = { NODE_OPTIONS: `${INSPECTABLE.NODE_OPTIONS} --max-semi-space-size=8` };
const FRESH = 10;
const REPAIRS = 10;
const LIMIT_MS = 600_000;
/** To make the page of metrics costs the operator something too. */
const METRIC_INTERVAL_MS = 200;

/** Starts a real operator process against a fake API server in which so many namespaces are protected already. */
export async function measured(namespaces: number): Promise<Measurement> {
  const server = await fakeServerWithCrds();
  new FakeClusterActor(server.cluster).installDns();
  const directory = await mkdtemp(join(tmpdir(), 'nsbaseline-scale-'));
  try {
    return await measuredOn(server, { namespaces, kubeconfigPath: await kubeconfigFor(server, directory) });
  } finally {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measuredOn(
  server: FakeApiServer,
  { namespaces, kubeconfigPath }: { readonly namespaces: number; readonly kubeconfigPath: string },
): Promise<Measurement> {
  const names = Array.from({ length: namespaces }, (_, index) => `team-${String(index).padStart(6, '0')}`);
  const kube = createKubeClient({ cluster: server.asCluster(), fieldManager: 'somebody', userAgent: 'somebody/1' });
  const people = actorsWith(kube);
  try {
    await leaveModel(server, kubeconfigPath);
    populate(server.cluster, { model: MODEL, names });
    const writes = countWrites(server, new Set(names));
    const startMs = systemClock.nowMs();
    const operator = startOperator({ kubeconfigPath, arguments: ['--log-level', 'info'], env: ENVIRONMENT });
    try {
      await operator.said('caches are synced', LIMIT_MS);
      const syncedMs = systemClock.nowMs() - startMs;
      const fresh = Promise.all(
        Array.from({ length: FRESH }, async (_, index) => {
          const sinceMs = systemClock.nowMs();
          await people.namespace(`fresh-${index}`, OPTED_IN);
          return await durationUntil(sinceMs, () => isProtected(server, `fresh-${index}`));
        }),
      );
      const lags: number[] = [];
      await untilTrue(async () => {
        lags.push((await readMetric(operator, 'nodejs_eventloop_lag_max_seconds')) * 1_000);
        return (
          (await readMetric(operator, 'nsbaseline_reconciles_total')) >= namespaces &&
          (await readMetric(operator, 'nsbaseline_queue_depth')) === 0
        );
      }, METRIC_INTERVAL_MS);
      const lookedMs = systemClock.nowMs() - startMs;
      const freshMs = (await fresh).toSorted((a, b) => a - b);
      const needlessWrites = writes();
      const repairMs = await repairs(server, names.slice(0, REPAIRS));
      const heapBytes = await retainedHeapBytes(operator);
      const { rssBytes, peakRssBytes } = await operator.consumption();
      return {
        namespaces,
        syncedMs,
        lookedMs,
        longestStallMs: Math.max(...lags.filter((lagMs) => !Number.isNaN(lagMs))),
        heapBytes,
        rssBytes,
        peakRssBytes,
        needlessWrites,
        freshMs,
        repairMs,
      };
    } finally {
      await operator.stop();
    }
  } finally {
    await kube.close();
  }
}

/** A first operator protects one namespace and ends: what it leaves is what stands everywhere. */
async function leaveModel(server: FakeApiServer, kubeconfigPath: string): Promise<void> {
  const kube = createKubeClient({ cluster: server.asCluster(), fieldManager: 'somebody', userAgent: 'somebody/1' });
  valueOf(
    await kube.create(BASELINE_POLICIES, {
      apiVersion: API_VERSION,
      kind: 'BaselinePolicy',
      metadata: { name: 'standard' },
      spec: {},
    }),
  );
  await actorsWith(kube).namespace('nsbaseline-system');
  await actorsWith(kube).namespace(MODEL, OPTED_IN);
  await kube.close();
  const operator = startOperator({ kubeconfigPath });
  await operator.said('caches are synced');
  await untilTrue(() =>
    Promise.resolve(
      server.cluster.store.read(NAMESPACE_BASELINES, MODEL, 'baseline') !== undefined && isProtected(server, MODEL),
    ),
  );
  await operator.stop();
}

async function repairs(server: FakeApiServer, names: readonly string[]): Promise<readonly number[]> {
  const durations: number[] = [];
  for (const name of names) {
    const stored = server.cluster.store.read(NETWORK_POLICIES, name, 'standard.default-deny');
    const sinceMs = systemClock.nowMs();
    if (stored !== undefined) {
      server.cluster.store.remove(NETWORK_POLICIES, stored, parsedObject(NETWORK_POLICIES, stored));
    }
    durations.push(await durationUntil(sinceMs, () => isProtected(server, name)));
  }
  return durations.toSorted((a, b) => a - b);
}

function countWrites({ cluster }: FakeApiServer, names: ReadonlySet<string>): () => number {
  let count = 0;
  cluster.store.onCommit((_type, { object }) => {
    if (names.has(object.namespace)) {
      count += 1;
    }
  });
  return () => count;
}

function isProtected({ cluster }: FakeApiServer, namespace: string): boolean {
  return standardSet().every((name) => cluster.store.read(NETWORK_POLICIES, namespace, name) !== undefined);
}

async function durationUntil(sinceMs: number, isTrue: () => boolean): Promise<number> {
  await untilTrue(() => Promise.resolve(isTrue()));
  return systemClock.nowMs() - sinceMs;
}

/** Not a number where a process that is busy lets the connection go. */
async function readMetric(operator: OperatorProcess, name: string): Promise<number> {
  return await operator.metric(name).catch(() => Number.NaN);
}

async function untilTrue(ask: () => Promise<boolean>, intervalMs = 5): Promise<void> {
  const deadlineMs = systemClock.nowMs() + LIMIT_MS;
  while (!(await ask())) {
    if (systemClock.nowMs() > deadlineMs) {
      throw new Error(`it did not come to that within ${LIMIT_MS / 1000} s`);
    }
    await pause(systemClock, intervalMs);
  }
}

async function kubeconfigFor(server: FakeApiServer, directory: string): Promise<string> {
  const path = join(directory, 'kubeconfig.json');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server: server.url } }],
    users: [{ name: FIELD_MANAGER, user: {} }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: FIELD_MANAGER } }],
    'current-context': 'fake',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}
