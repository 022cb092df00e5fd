import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clusterDns } from '../support/control-plane/cluster-dns.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { kubernetesChoice } from '../support/control-plane/versions.ts';
import { type Admin, adminOf } from './admin.ts';
import { CHECKOUT } from './manifests.ts';
import { type Observer, observe } from './observer.ts';
import { type DemoOperator, startDemoOperator } from './operator.ts';
import type { Screen } from './screen.ts';

/** Everything that the story plays with. */
export interface DemoCluster {
  readonly controlPlane: ControlPlane;
  readonly operator: DemoOperator;
  readonly admin: Admin;
  readonly observer: Observer;
}

/** What has been started so far and must end, the last one first. */
export interface Leftovers {
  add(end: () => Promise<unknown>): void;
  /** Ends everything; throws the first failure after all were tried. */
  end(): Promise<void>;
}

/** Nothing started yet. */
export function leftovers(): Leftovers {
  const ends: (() => Promise<unknown>)[] = [];
  return {
    add: (end) => void ends.push(end),
    async end() {
      const failures: unknown[] = [];
      for (let next = ends.pop(); next !== undefined; next = ends.pop()) {
        await next().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) {
        throw failures[0];
      }
    },
  };
}

/** The account of deploy/base that the operator runs as. */
const ACCOUNT = { name: 'nsbaseline', namespace: 'nsbaseline-system' };

/** Starts a control plane and the real operator in it, and tells how that goes. What it starts is in `started` at once, also when it throws. */
export async function startDemoCluster({
  screen,
  started,
  signal,
}: {
  readonly screen: Screen;
  readonly started: Leftovers;
  readonly signal: AbortSignal;
}): Promise<DemoCluster> {
  const controlPlane = await timed(screen, 'starting etcd, kube-apiserver and kube-controller-manager', async () => {
    const starting = startControlPlane({ version: kubernetesChoice(process.env) });
    // Even when we are interrupted before it is up.
    started.add(async () => (await starting.catch(() => undefined))?.stop());
    const up = await orAborted(starting, signal);
    return { value: up, done: `Kubernetes ${up.address.version}: etcd, kube-apiserver, kube-controller-manager` };
  });
  const { address } = controlPlane;
  await timed(screen, 'installing the CRDs, deploy/base and a cluster DNS', async () => {
    const manifests = [join(CHECKOUT, 'crds'), join(CHECKOUT, 'deploy/base'), clusterDns()];
    await orAborted(Promise.all(manifests.map((each) => controlPlane.applyManifests(each))), signal);
    return { value: undefined, done: 'CRDs, deploy/base and a cluster DNS are installed' };
  });
  const operator = await timed(screen, 'starting the operator', async () => {
    const account = await orAborted(controlPlane.serviceAccount(ACCOUNT), signal);
    const starting = startDemoOperator({
      kubeconfigPath: account.kubeconfigPath,
      logPath: join(address.directory, 'operator.log'),
      controlPlaneProcessId: address.processId,
    });
    started.add(() => starting.stop());
    await starting.said('caches are synced', signal);
    return { value: starting, done: `nsbaseline run, as ${account.userName}` };
  });
  const admin = await adminOf(address.kubeconfigPath);
  started.add(() => admin.close());
  return { controlPlane, operator, admin, observer: await observe(admin.kube, signal) };
}

async function timed<Value>(
  screen: Screen,
  text: string,
  work: () => Promise<{ readonly value: Value; readonly done: string }>,
): Promise<Value> {
  const startedMs = performance.now();
  const { value, done } = await screen.during(text, work());
  screen.result(done, performance.now() - startedMs);
  return value;
}

/** What `work` gives, unless the signal is aborted before: then it throws the signal's reason. */
export async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true, signal: stop.signal },
    );
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop.abort();
  }
}

/** Time to read, for those who watch; nothing is measured meanwhile. */
export async function breath(screen: Screen, signal: AbortSignal): Promise<void> {
  if (screen.isWatched) {
    await pause(500, undefined, { signal });
  }
}
