import { expect, test, vi } from 'vitest';
import { ConcurrencyLimiter } from '../../../../src/kube/client/concurrency-limiter.ts';
import { Controller } from '../../../../src/operator/manager/controller.ts';
import { DeletionReconciler } from '../../../../src/operator/reconcile/deletion-reconciler.ts';
import type { Log, LogFields } from '../../../../src/telemetry/log.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { ALL_SERVED } from '../../../fixtures/served-kinds.ts';
import { SILENT_LOG, SILENT_METRICS } from '../../../fixtures/silence.ts';
import { eventually, OPTED_IN, standardSet } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();

/** A controller over the caches of the scene, and the kinds and verbs of its writes. */
async function controller(clock: ManualClock): Promise<{
  readonly controller: Controller;
  readonly writes: string[];
  readonly results: string[];
  readonly errors: LogFields[];
}> {
  await scene.sync();
  const { kube, caches } = scene;
  const writes: string[] = [];
  const results: string[] = [];
  const errors: LogFields[] = [];
  const log: Log = { ...SILENT_LOG, error: (fields) => void errors.push(fields), child: () => log };
  const limit = { count: 5, percent: 10 };
  const made = new Controller({
    kube,
    caches,
    flow: new ConcurrencyLimiter({ clock }),
    clock,
    random: () => 0.5,
    log,
    metrics: {
      ...SILENT_METRICS,
      wrote: ({ kind, verb, result }) => void writes.push(`${verb} ${kind} ${result}`),
      reconciled: ({ result }) => void results.push(result),
    },
    events: { record: () => undefined },
    workers: 4,
    discovery: { discovered: KNOWN_DNS, dns: 'current' },
    guardLimits: { removal: limit, isolation: limit },
    hasNewerLed: () => false,
    servedKinds: ALL_SERVED,
  });
  made.start();
  return { controller: made, writes, results, errors };
}

test('R2 R16 it protects the namespaces of the caches, writes the status, counts its writes and ends', async () => {
  await scene.people.baselinePolicy('standard', {});
  await scene.people.namespace('team-a', OPTED_IN);
  const clock = new ManualClock();
  const { controller: running, writes } = await controller(clock);
  await eventually(() => scene.people.networkPolicyNames('team-a')).toEqual(standardSet());
  await eventually(() => scene.people.report('team-a')).toMatchObject({ phase: 'Protected' });
  await eventually(async () => {
    await clock.advance(1000);
    return scene.people.condition('standard', 'AllProtected');
  }).toBe('True AllInPlace');
  await running.drain();
  expect(writes.filter((write) => write === 'create NetworkPolicy success')).toHaveLength(3);
  expect(writes).toContain('apply NamespaceBaseline success');
  expect(running.state()).toMatchObject({ unprotectedNamespaces: 0, conflicts: 0, contested: 0 });
});

test('F38 a bug in the reconcile of a finalizer is logged with its policy and its id, counted, and retried', async () => {
  await scene.people.baselinePolicy('standard', {});
  const bug = new Error('bug');
  const reconcile = vi.spyOn(DeletionReconciler.prototype, 'reconcile').mockRejectedValueOnce(bug);
  const clock = new ManualClock();
  const { controller: running, results, errors } = await controller(clock);
  await eventually(async () => {
    await clock.advance(5);
    return reconcile.mock.calls.length;
  }).toBeGreaterThan(1);
  await running.drain();
  expect(results).toEqual(expect.arrayContaining(['panic', 'success']));
  const id: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(errors).toEqual([{ policy: 'standard', reconcileId: id, err: bug }]);
  expect(running.state().queue.retries).toBe(1);
  reconcile.mockRestore();
});
