import { describe, expect, test } from 'vitest';
import { NAMESPACE_BASELINE_NAME } from '../../../../src/api/names.ts';
import { fieldOf, fieldsOf } from '../../../../src/base/json.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import { type NamespaceReport, reportFor } from '../../../../src/domain/reporting/report.ts';
import type { RecordedReport } from '../../../../src/domain/world.ts';
import type { KubeObject } from '../../../../src/kube/client/kube-object.ts';
import { CONTEST_REPAIRS, ContestTracker } from '../../../../src/operator/state/contest-tracker.ts';
import { ReportRights } from '../../../../src/operator/state/report-rights.ts';
import { NAMESPACE_BASELINES } from '../../../../src/operator/watch/resources.ts';
import { ReportRateLimit } from '../../../../src/operator/write/report-rate-limit.ts';
import { ReportWriter } from '../../../../src/operator/write/report-writer.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { ALL_SERVED } from '../../../fixtures/served-kinds.ts';
import { allDone, world } from '../../../fixtures/worlds.ts';
import { valueOf } from '../../../support/actors/actors.ts';
import { cachedScene } from '../../../support/operators/cached-scene.ts';

const scene = cachedScene();

function writer(contestTracker = new ContestTracker(new ManualClock())): ReportWriter {
  const { kube, caches } = scene;
  const { reports, namespaces } = caches;
  return new ReportWriter({
    kube,
    reports,
    namespaces,
    rateLimit: new ReportRateLimit(contestTracker, new ManualClock()),
    servedKinds: ALL_SERVED,
    rights: new ReportRights(() => undefined),
  });
}

/** The report of a namespace in which every write succeeded. */
function report(): NamespaceReport {
  const facts = world();
  const plans = planFor(facts);
  const made = reportFor({
    plans,
    outcomes: allDone(plans),
    recorded: undefined,
    contests: new Map(),
    observed: [],
    nowTime: '2026-01-01T00:00:00Z',
  });
  if (made === undefined) {
    throw new Error('there is nothing to report');
  }
  return made;
}

const recorded = (): RecordedReport | undefined => scene.caches.reports.inNamespace('team-a')[0];
const stored = async (): Promise<KubeObject> =>
  valueOf(await scene.admin.get({ type: NAMESPACE_BASELINES, namespace: 'team-a', name: NAMESPACE_BASELINE_NAME }));

async function begin(): Promise<void> {
  await scene.people.namespace('team-a');
  await scene.sync();
}

describe('the writer of NamespaceBaselines', () => {
  test('R16 writes the report once, and nothing while its content stays the same', async () => {
    await begin();
    const writing = writer();
    valueOf(await writing.write('team-a', report(), recorded()));
    const before = await stored();
    valueOf(await writing.write('team-a', report(), recorded()));
    expect(fieldOf(await scene.people.report('team-a'), 'phase')).toBe('Protected');
    expect(await stored()).toEqual(before);
  });

  test('R16 replaces entries that another client has added', async () => {
    await begin();
    valueOf(await writer().write('team-a', report(), recorded()));
    const before = await stored();
    const status = { ...fieldsOf(before.status), conflicts: [{ name: 'x', reason: 'y' }] };
    valueOf(await scene.admin.replace(NAMESPACE_BASELINES, { ...before, status }));
    await scene.sync();
    valueOf(await writer().write('team-a', report(), recorded()));
    expect((await stored()).status).toEqual(before.status);
  });

  test('removes the NamespaceBaseline with its last policy', async () => {
    await begin();
    valueOf(await writer().write('team-a', report(), recorded()));
    valueOf(await writer().write('team-a', undefined, recorded()));
    expect(await scene.people.report('team-a')).toBeUndefined();
    expect(recorded()).toBeUndefined();
  });

  test('R6 says how long to wait while the NamespaceBaseline is contested', async () => {
    await begin();
    const contestTracker = new ContestTracker(new ManualClock());
    for (let count = 0; count < CONTEST_REPAIRS; count += 1) {
      contestTracker.repaired({ namespace: 'team-a', name: NAMESPACE_BASELINE_NAME }, '');
    }
    const written = valueOf(await writer(contestTracker).write('team-a', report(), recorded()));
    expect(written.kind).toBe('early');
    expect(await scene.people.report('team-a')).toBeUndefined();
  });

  test('R12 a namespace that is gone is no failure', async () => {
    expect((await writer().write('team-b', report(), undefined)).ok).toBe(true);
  });
});
