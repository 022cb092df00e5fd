import { pause, systemClock } from '../../src/base/clock.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { NAMESPACE_BASELINES } from '../../src/operator/watch/resources.ts';
import { valueOf } from '../support/actors/actors.ts';
import { clusterDns } from '../support/control-plane/cluster-dns.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { kubernetesChoice } from '../support/control-plane/versions.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { declareAll, doSomething, noticeGone, type Workshop } from './actions.ts';
import { Declaration } from './declaration.ts';
import { keepEvidence } from './evidence.ts';
import { strike } from './faults.ts';
import { type Rests, restsOf } from './flatness.ts';
import { untruthIn } from './namespace-oracle.ts';
import { SoakActor } from './soak-actor.ts';
import { SoakOperators } from './soak-operators.ts';
import { SoakOracle } from './soak-oracle.ts';
import { View } from './view.ts';

/** How a soak goes. */
export interface SoakOptions {
  readonly durationMs: number;
  /** It goes on beyond its duration until so many things were done, on a machine that is busy with something else. */
  readonly fewestActions?: number;
  /** The same seed chooses the same things; when they happen, and what comes of them, is up to the machine. */
  readonly seed: number;
  /** How many replicas of the operator. */
  readonly operators: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Told every few seconds how it goes. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How a soak goes so far. */
export interface Progress {
  readonly elapsedMs: number;
  readonly actions: number;
  readonly faults: number;
  readonly open: number;
  readonly missed: number;
  readonly violations: number;
  readonly rssBytes: number;
}

/** What came of a soak. */
export interface SoakReport {
  readonly seed: number;
  readonly durationMs: number;
  readonly operators: number;
  readonly actions: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly byKind: Readonly<
    Record<string, { readonly answeredMs: readonly number[]; readonly overtaken: number; readonly missed: number }>
  >;
  readonly missed: number;
  readonly violations: number;
  /** Writes to NetworkPolicies that the operator made, as the observer saw them. */
  readonly answers: number;
  /** What the process that lived through most at each operator's place held at rest. */
  readonly rests: readonly (Rests | undefined)[];
  readonly complaints: readonly string[];
  /** The folder with what was found beside the complaints; undefined where there are none. */
  readonly evidence: string | undefined;
  readonly isGood: boolean;
}

const POLICIES = ['amber', 'birch', 'cedar'];
/** So many that hardly any object is tampered with so often that it is contested (R6). */
const NAMESPACES = Array.from({ length: 60 }, (_, index) => `soak-${String(index).padStart(2, '0')}`);
const MEAN_PAUSE_MS = 120;
const PROGRESS_INTERVAL_MS = 5_000;
const REVIEW_INTERVAL_MS = 20;
/** How long everything may take to come to rest when nobody does anything any more. */
const REST_LIMIT_MS = 120_000;
const REST_MS = 4_000;
/** How long a rest lasts before anything is measured: the operator keeps an idle connection for 45 s. */
const LONG_REST_MS = 60_000;
/** A shorter soak has no time for such rests. */
const SHORTEST_WITH_RESTS_MS = 240_000;
/** When it rests, as shares of its time: caches, compiled code and the young generation of the heap have their size by the first. */
const RESTS = [1 / 3, 2 / 3, 1];
/** How long a report may take to be true when everything else is as declared. */
const REPORT_LIMIT_MS = 45_000;
const REPORT_INTERVAL_MS = 250;

type Lister = Pick<ReturnType<typeof createKubeClient>, 'list'>;

/** Runs a soak on a control plane of its own, and takes everything away again. It throws only where it could not begin. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const controlPlane = await startControlPlane({ version: kubernetesChoice(process.env) });
  try {
    return await soakOn(controlPlane, options);
  } finally {
    await controlPlane.stop();
  }
}

async function soakOn(controlPlane: ControlPlane, options: SoakOptions): Promise<SoakReport> {
  await controlPlane.applyManifests('deploy/crds');
  await controlPlane.applyManifests('deploy/base');
  await controlPlane.applyManifests(clusterDns());
  const account = await controlPlane.serviceAccount({ name: 'nsbaseline', namespace: 'nsbaseline-system' });
  const kube = createKubeClient({
    cluster: valueOf(await loadCluster({ kubeconfigPath: controlPlane.address.kubeconfigPath })),
    fieldManager: 'soak',
    userAgent: 'nsbaseline-soak',
  });
  const crew = await SoakOperators.start(controlPlane, account, options.operators);
  await crew.ready().catch(async (error: unknown) => {
    await crew.close();
    throw error;
  });
  const startMs = systemClock.nowMs();
  const nowMs = (): number => systemClock.nowMs() - startMs;
  const declaration = new Declaration({ policies: POLICIES, namespaces: NAMESPACES });
  const accounts = new SoakOracle({ declaration, nowMs });
  const view = new View({
    kube,
    onSighting: (sighting) => {
      accounts.saw(sighting);
    },
  });
  accounts.lookThrough(view);
  const workshop: Workshop = {
    declaration,
    view,
    accounts,
    nowMs,
    hands: new SoakActor({ kube, accounts, signal: options.signal }),
    random: seededRandom(options.seed),
  };
  const over = new AbortController();
  const running = {
    controlPlane,
    crew,
    accounts,
    workshop,
    nowMs,
    actions: new Map<string, number>(),
    faults: new Map<string, number>(),
    random: seededRandom(options.seed + 1),
  };
  let evidence: string | undefined;
  view.start();
  try {
    const looking = lookOn(running, options, over.signal);
    await declareAll(workshop);
    for (const share of RESTS) {
      const stretch = {
        ...options,
        untilMs: options.durationMs * share,
        fewestActions: (options.fewestActions ?? 0) * share,
      };
      await Promise.all([act(running, stretch), hinder(running, stretch)]);
      await rest(running, options);
    }
    over.abort();
    await looking;
    accounts.close();
    await judgeReports(running, kube, options.signal);
    if (accounts.complaints.length > 0) {
      evidence = await keepEvidence({ kube, crew, view, declaration, complaints: accounts.complaints });
    }
  } finally {
    over.abort();
    await view.close();
    await crew.close();
    await kube.close();
  }
  return reportOf(running, options, evidence);
}

interface Running {
  readonly controlPlane: ControlPlane;
  readonly crew: SoakOperators;
  readonly accounts: SoakOracle;
  readonly workshop: Workshop;
  readonly nowMs: () => number;
  readonly actions: Map<string, number>;
  readonly faults: Map<string, number>;
  /** Chooses the faults: apart from what chooses all else, so that neither depends on how many the other had. */
  readonly random: () => number;
}

/** A soak up to a rest. */
interface Stretch extends SoakOptions {
  readonly untilMs: number;
  readonly fewestActions: number;
}

/** People and tenants, one thing after another. */
async function act(running: Running, { untilMs, fewestActions, signal }: Stretch): Promise<void> {
  const { workshop, actions, nowMs } = running;
  while ((nowMs() < untilMs || sumOf(actions) < fewestActions) && !signal.aborted) {
    const done = await doSomething(workshop);
    actions.set(done, (actions.get(done) ?? 0) + 1);
    await pause(systemClock, -Math.log(1 - workshop.random()) * MEAN_PAUSE_MS, signal);
  }
}

/** Faults, with a while of peace between them, from choices of their own. */
async function hinder(running: Running, { durationMs, untilMs, signal }: Stretch): Promise<void> {
  const { faults, nowMs, random } = running;
  const meanPeaceMs = Math.min(15_000, durationMs / 6);
  for (;;) {
    await pause(systemClock, meanPeaceMs * (0.5 + random()), signal);
    // The last one leaves time to see what comes of it while things still happen.
    if (nowMs() > untilMs - durationMs * 0.1 || signal.aborted) {
      return;
    }
    const name = await strike({ ...running, signal, progress: () => nowMs() / durationMs });
    faults.set(name, (faults.get(name) ?? 0) + 1);
  }
}

/** Looks at what was seen, measures and tells, until `signal`. */
async function lookOn(running: Running, { onProgress }: SoakOptions, signal: AbortSignal): Promise<void> {
  const { accounts, workshop, crew, nowMs, actions, faults } = running;
  let nextTellingMs = PROGRESS_INTERVAL_MS;
  while (!signal.aborted) {
    noticeGone(workshop);
    accounts.review();
    if (nowMs() >= nextTellingMs) {
      nextTellingMs = nowMs() + PROGRESS_INTERVAL_MS;
      const rssBytes = Math.max(...(await crew.samples(nowMs())).map((sample) => sample?.rssBytes ?? 0));
      onProgress?.({
        elapsedMs: nowMs(),
        actions: sumOf(actions),
        faults: sumOf(faults),
        open: accounts.open,
        missed: accounts.missed,
        violations: accounts.violations,
        rssBytes,
      });
    }
    await pause(systemClock, REVIEW_INTERVAL_MS, signal);
  }
}

/** Everything comes to rest, and what every operator holds then is noted. */
async function rest(running: Running, { durationMs, signal }: SoakOptions): Promise<void> {
  const { crew, nowMs } = running;
  await comeToRest(running, signal);
  if (durationMs < SHORTEST_WITH_RESTS_MS) {
    return;
  }
  await pause(systemClock, LONG_REST_MS, signal);
  await crew.noteRest(nowMs());
}

/** Nobody does anything any more: everything that is open is answered, and then nothing is written. */
async function comeToRest({ accounts, nowMs }: Running, signal: AbortSignal): Promise<void> {
  const endMs = nowMs() + REST_LIMIT_MS;
  const isAtRest = (): boolean => accounts.open === 0 && nowMs() - accounts.lastAnswerMs > REST_MS;
  while (nowMs() < endMs && !isAtRest() && !signal.aborted) {
    await pause(systemClock, REVIEW_INTERVAL_MS, signal);
  }
  if (accounts.open === 0 && !isAtRest()) {
    accounts.violated('writes go on although nothing happens any more');
  }
}

/** A standby that stands in puts policies back at once; what is reported waits for the next leader. */
async function judgeReports(running: Running, kube: Lister, signal: AbortSignal): Promise<void> {
  const endMs = running.nowMs() + REPORT_LIMIT_MS;
  let untruths = await untruthsIn(running, kube);
  while (untruths.length > 0 && running.nowMs() < endMs && !signal.aborted) {
    await pause(systemClock, REPORT_INTERVAL_MS, signal);
    untruths = await untruthsIn(running, kube);
  }
  for (const untruth of untruths) {
    running.accounts.violated(untruth);
  }
}

async function untruthsIn({ workshop: { declaration, view } }: Running, kube: Lister): Promise<readonly string[]> {
  const page = await kube.list({ type: NAMESPACE_BASELINES });
  if (!page.ok) {
    return [`the NamespaceBaselines cannot be listed: ${page.error.message}`];
  }
  const statuses = new Map(page.value.items.map((record) => [record.metadata.namespace, record.status]));
  return [...declaration.namespaces.values()].flatMap((namespace) => {
    const untruth =
      namespace.state === 'present'
        ? untruthIn(namespace, declaration, {
            status: statuses.get(namespace.name),
            standing: view.networkPolicies(namespace.name),
          })
        : undefined;
    return untruth === undefined ? [] : [`NamespaceBaseline of ${namespace.name}: ${untruth}`];
  });
}

function reportOf(
  { accounts, crew, nowMs, actions, faults }: Running,
  { seed, operators }: SoakOptions,
  evidence: string | undefined,
): SoakReport {
  const lives = crew.posts.map((post) => post.lives.toSorted((a, b) => b.length - a.length)[0] ?? []);
  const rests = lives.map(restsOf);
  const complaints = [...accounts.complaints, ...crew.bugs];
  return {
    seed,
    operators,
    durationMs: nowMs(),
    actions: Object.fromEntries(actions),
    faults: Object.fromEntries(faults),
    byKind: Object.fromEntries(accounts.byKind),
    missed: accounts.missed,
    violations: accounts.violations,
    answers: accounts.answers,
    rests,
    complaints,
    evidence,
    isGood: complaints.length === 0 && rests.every((each) => each?.isFlat !== false),
  };
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
