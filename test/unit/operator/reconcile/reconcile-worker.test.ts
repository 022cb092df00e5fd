import { describe, expect, test, vi } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/api/names.ts';
import { NO_NAMESPACES } from '../../../../src/domain/weakening/reach.ts';
import { PolicyProgressTracker } from '../../../../src/operator/progress/policy-progress.ts';
import { TimeToProtect } from '../../../../src/operator/progress/time-to-protect.ts';
import { TransitionReporter } from '../../../../src/operator/progress/transition-reporter.ts';
import type { Priority, QueueAction } from '../../../../src/operator/queue/work-queue.ts';
import { createReconcileWorker } from '../../../../src/operator/reconcile/reconcile-worker.ts';
import { TransientFailures } from '../../../../src/operator/reconcile/transient-failures.ts';
import { ChangeGuard } from '../../../../src/operator/state/change-guard.ts';
import { CompiledPolicies } from '../../../../src/operator/state/compiled-policies.ts';
import { ContestTracker } from '../../../../src/operator/state/contest-tracker.ts';
import { OptOutTracker } from '../../../../src/operator/state/opt-out-tracker.ts';
import { REMOVAL_BURST, RemovalPace } from '../../../../src/operator/state/removal-pace.ts';
import { ReportRights } from '../../../../src/operator/state/report-rights.ts';
import { ServerDefaults } from '../../../../src/operator/state/server-defaults.ts';
import { NetworkPolicyWriter } from '../../../../src/operator/write/network-policy-writer.ts';
import { ReportRateLimit } from '../../../../src/operator/write/report-rate-limit.ts';
import { ReportWriter } from '../../../../src/operator/write/report-writer.ts';
import type { EventRecord } from '../../../../src/telemetry/event-object.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { ALL_SERVED } from '../../../fixtures/served-kinds.ts';
import { SILENT_LOG } from '../../../fixtures/silence.ts';
import { OPTED_IN, standardSet } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();

interface Stage {
  readonly work: (namespace: string, priority: Priority) => Promise<QueueAction>;
  readonly progress: PolicyProgressTracker;
  readonly guard: ChangeGuard;
  readonly results: string[];
  readonly touched: string[];
  readonly events: EventRecord[];
  readonly clock: ManualClock;
}

/** A worker over the caches of the scene after a sync. */
async function stage(): Promise<Stage> {
  await scene.sync();
  const { kube, caches } = scene;
  const clock = new ManualClock();
  const compiledPolicies = new CompiledPolicies({ discovered: KNOWN_DNS, dns: 'current' });
  const progress = new PolicyProgressTracker();
  for (const cached of caches.baselinePolicies.values()) {
    compiledPolicies.upsert(cached);
    progress.expectAttempts(cached, []);
  }
  const contestTracker = new ContestTracker(clock);
  const serverDefaults = new ServerDefaults();
  const limit = { count: 5, percent: 10 };
  const guard = new ChangeGuard({ caches, clock, limits: { removal: limit, isolation: limit } });
  const writers = {
    networkPolicies: new NetworkPolicyWriter({
      kube,
      networkPolicies: caches.networkPolicies,
      serverDefaults,
      contestTracker,
      onDriftRepaired: () => undefined,
    }),
    reports: new ReportWriter({
      kube,
      ...caches,
      rateLimit: new ReportRateLimit(contestTracker, clock),
      servedKinds: ALL_SERVED,
      rights: new ReportRights(() => undefined),
    }),
  };
  const results: string[] = [];
  const touched: string[] = [];
  const events: EventRecord[] = [];
  const reconcileWorker = createReconcileWorker({
    context: {
      caches,
      compiledPolicies,
      serverDefaults,
      guard,
      contestTracker,
      optOuts: new OptOutTracker(clock),
      transientFailures: new TransientFailures(() => 1),
      removalPace: new RemovalPace(clock),
      writers: { fresh: writers, resync: writers },
      hasNewerLed: () => false,
      namespaces: NO_NAMESPACES,
      nowTime: () => '2026-01-01T00:00:00Z',
    },
    clock,
    progress,
    statusWriter: { touch: (policy) => void touched.push(policy) },
    transitionReporter: new TransitionReporter(SILENT_LOG, { record: (event) => void events.push(event) }),
    timeToProtect: new TimeToProtect(clock),
    metrics: { reconciled: ({ result }) => void results.push(result), namespaceProtected: () => undefined },
    strayReports: { check: () => Promise.resolve({ kind: 'forget' }) },
    log: SILENT_LOG,
    onDone: () => undefined,
  });
  const work: Stage['work'] = (namespace, priority) => reconcileWorker(namespace, { priority, reconcileId: 'r' });
  return { work, progress, guard, results, touched, events, clock };
}

describe('the work on one namespace', () => {
  test('R2 R16 protects a selected namespace, counts the success and touches the status of its policy', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    const { work, progress, results, touched } = await stage();
    expect(await work('team-a', 'fresh')).toEqual({ kind: 'forget' });
    expect(await scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    expect(await scene.people.report('team-a')).toMatchObject({ phase: 'Protected' });
    expect(progress.phaseCounts().get('standard')?.get('Protected')).toBe(1);
    expect([results, touched]).toEqual([['success'], ['standard']]);
  });

  test('R10 writes nothing, and touches nothing, when everything is in place', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    await (await stage()).work('team-a', 'fresh');
    const { work, results, progress } = await stage();
    scene.server.requests.clear();
    await work('team-a', 'resync');
    expect(scene.server.requests.all()).toEqual({});
    expect([results, progress.phaseCounts().get('standard')?.get('Protected')]).toEqual([['success'], 1]);
  });

  test('R12 a write that fails is tried again after a growing pause', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    const { work, results } = await stage();
    scene.server.intercept = ({ resource }) =>
      resource === 'networkpolicies' ? { kind: 'respond', status: 500, body: '{}' } : undefined;
    expect(await work('team-a', 'fresh')).toMatchObject({ kind: 'backoff' });
    expect(results).toEqual(['retry']);
    expect(await scene.people.report('team-a')).toBeUndefined();
  });

  test('F58 R12 objects of a former policy are removed in batches, with one look at the BaselinePolicy for each, and nothing is asked or judged in between', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    const surplus = Array.from({ length: REMOVAL_BURST + 10 }, (_, index) => `standard.g${index}`);
    for (const name of surplus) {
      await scene.people.createNetworkPolicy('team-a', {
        name,
        labels: { [LABELS.managedBy]: 'nsbaseline' },
        annotations: { [ANNOTATIONS.policyUid]: 'gone' },
      });
    }
    const { work, results, clock } = await stage();
    scene.server.requests.clear();
    const again = { kind: 'after', delayMs: 1_000 };
    expect(await work('team-a', 'fresh')).toEqual(again);
    expect(scene.server.requests.of('delete', 'networkpolicies')).toBe(REMOVAL_BURST);
    expect(scene.server.requests.of('get', 'baselinepolicies')).toBe(1);
    expect(await scene.people.report('team-a')).toMatchObject({
      phase: 'Pending',
      policies: [{ managed: standardSet().map((name) => ({ name })) }],
    });
    scene.server.requests.clear();
    expect(await work('team-a', 'fresh')).toEqual(again);
    expect(scene.server.requests.all()).toEqual({});
    await clock.advance(1_000);
    expect(await work('team-a', 'resync')).toEqual({ kind: 'forget' });
    expect(await scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
    expect(await scene.people.report('team-a')).toMatchObject({ phase: 'Protected' });
    expect(results).toEqual(['waiting', 'success']);
  });

  test('R12 forgets a namespace that is gone', async () => {
    await scene.people.baselinePolicy('standard', {});
    await scene.people.namespace('team-a', OPTED_IN);
    const { work, progress, touched } = await stage();
    await work('team-a', 'fresh');
    scene.caches.namespaces.assumeDeleted({
      namespace: '',
      name: 'team-a',
      uid: scene.caches.namespaces.get({ namespace: '', name: 'team-a' })?.uid ?? '',
    });
    expect(await work('team-a', 'fresh')).toEqual({ kind: 'forget' });
    expect([...progress.namespacesOf('standard')]).toEqual([]);
    expect(touched).toEqual(['standard', 'standard']);
  });

  test('F38 an unexpected throw counts as panic and is passed on to the queue', async () => {
    await scene.people.namespace('team-a', OPTED_IN);
    const { work, guard, results } = await stage();
    const bug = new Error('bug');
    vi.spyOn(guard, 'consider').mockImplementation(() => {
      throw bug;
    });
    await expect(work('team-a', 'fresh')).rejects.toBe(bug);
    expect(results).toEqual(['panic']);
  });
});
