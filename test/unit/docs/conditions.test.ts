import { describe, expect, test } from 'vitest';
import type { Condition } from '../../../src/api/condition.ts';
import { CONDITIONS } from '../../../src/api/names.ts';
import { REASONS, type Reason } from '../../../src/api/reasons.ts';
import { success } from '../../../src/base/result.ts';
import type { Outcome } from '../../../src/domain/planning/outcome.ts';
import { planFor } from '../../../src/domain/planning/plan.ts';
import {
  type NamespaceState,
  type PolicyProgress,
  policyStatusFor,
} from '../../../src/domain/reporting/policy-status.ts';
import { reportFor } from '../../../src/domain/reporting/report.ts';
import { opennessOf } from '../../../src/domain/weakening/openness.ts';
import type { RecordedReport, World } from '../../../src/domain/world.ts';
import { CONDITION_TEXTS, EVENT_TYPES } from '../../../src/generate/conditions-page.ts';
import { TransitionReporter } from '../../../src/operator/progress/transition-reporter.ts';
import type { Reconciled } from '../../../src/operator/reconcile/reconcile.ts';
import { UNCHANGED } from '../../../src/operator/write/report-writer.ts';
import type { EventRecord } from '../../../src/telemetry/event-object.ts';
import { SILENT_LOG } from '../../fixtures/silence.ts';
import { allDone, foreign, inPlace, managed, namespace, policy, reportListing, world } from '../../fixtures/worlds.ts';

const BROAD = { kind: 'broadSelector' } as const;

const nowTime = '2026-01-02T03:04:05Z';
const standard = policy();

/** `Ready True Applied` and so on, each once, in order. */
function told(conditions: readonly Pick<Condition, 'type' | 'status' | 'reason'>[]): readonly string[] {
  return [...new Set(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`))].sort();
}

function documented(kind: 'BaselinePolicy' | 'NamespaceBaseline'): readonly string[] {
  const texts = CONDITION_TEXTS.filter((text) => text.kind === kind);
  return told(
    texts.flatMap(({ type, reasons }) =>
      (['True', 'False'] as const).flatMap((status) =>
        (reasons[status] ?? []).map((reason) => ({ type, status, reason })),
      ),
    ),
  );
}

describe('docs/conditions.md names exactly the conditions and reasons that there can be', () => {
  test('of a BaselinePolicy', () => {
    const standing = (changes: Partial<NamespaceState>): NamespaceState => ({
      namespace: 'a',
      phase: 'Protected',
      reason: 'Protected',
      message: '',
      isWeakened: false,
      pendingForMs: 0,
      ...changes,
    });
    const progress: PolicyProgress = {
      generation: 1,
      mode: 'Enforce',
      problems: [],
      namespaceStates: [standing({})],
      unattemptedCount: 0,
      unseenCount: 0,
      discovered: {},
      discoveryProblem: undefined,
      held: [],
      orphanCount: 0,
      copyCount: 0,
      missingPeers: [],
      openRules: [],
    };
    const changes: readonly Partial<PolicyProgress>[] = [
      {},
      { namespaceStates: [] },
      { unattemptedCount: 1 },
      { namespaceStates: [standing({ isWeakened: true })] },
      { namespaceStates: [standing({ phase: 'Conflict', reason: 'ForeignObject' })] },
      { namespaceStates: [standing({ phase: 'Failed', reason: 'Forbidden' })] },
      { kindProblem: { reason: 'CrdOutdated', message: 'x' } },
      { problems: [{ path: 'spec', message: 'x' }] },
      ...(['RemovalHeld', 'IsolationHeld'] as const).map((reason) => ({
        held: [{ reason, namespaces: ['a'], cause: BROAD, line: 'kubectl' }],
      })),
      { orphanCount: 1 },
      { openRules: [{ names: ['web'], direction: 'Ingress', grade: 'open', why: 'allows all' }] },
      { missingPeers: [{ part: 'allow.monitoring', selector: {} }] },
      ...(['DryRun', 'Paused'] as const).map((mode) => ({ mode })),
      ...(['DnsNotFound', 'DnsUnanswered', 'DnsStale', 'ApiServerNotFound'] as const).map((discoveryProblem) => ({
        discoveryProblem,
      })),
    ];
    expect(
      told(changes.flatMap((change) => policyStatusFor({ ...progress, ...change }, undefined, nowTime).conditions)),
    ).toEqual(documented('BaselinePolicy'));
  });

  test('of a NamespaceBaseline', () => {
    const refusals = ['ForeignObject', 'Denied', 'Rejected', 'Altered', 'Forbidden'] as const;
    const record: RecordedReport = {
      uid: 'r',
      hash: '',
      entries: [{ policy: 'standard', generation: 1, phase: 'Protected', inPlace: true, managed: [] }],
      readyStatus: 'True',
      readySince: nowTime,
    };
    const invalid = policy('standard', {}, { isAccepted: false });
    const failing = (outcome: Outcome, facts: Partial<World> = {}): readonly Condition[] =>
      reported(
        { baselinePolicies: [standard], ...facts },
        { [outcome.kind === 'namespaceGone' ? '' : outcome.name]: outcome },
      );
    const conditions = [
      reported({}),
      ...(['DryRun', 'Paused'] as const).map((mode) => reported({ baselinePolicies: [policy('standard', { mode })] })),
      ...refusals.map((reason) =>
        failing({ kind: 'refused', name: 'standard.allow-monitoring', reason, message: 'x' }),
      ),
      failing({ kind: 'retry', name: 'standard.allow-monitoring', message: 'x' }),
      failing({ kind: 'blocked', name: 'standard.allow-monitoring' }),
      failing({ kind: 'refused', name: 'standard.allow-dns', reason: 'Denied', message: 'x' }),
      failing(
        { kind: 'refused', name: 'standard.allow-dns', reason: 'Denied', message: 'x' },
        { observed: [managed(standard, 'default-deny')] },
      ),
      reported({ contests: new Map([['standard.default-deny', { manager: 'x', waitMs: 1 }]]) }),
      reported({ holds: new Map([['standard', 'IsolationHeld']]) }),
      reported({ holds: new Map([['standard', 'IsolationHeld']]), observed: inPlace(standard), report: record }),
      reported({
        holds: new Map([['standard', 'RemovalHeld']]),
        observed: inPlace(standard),
        namespace: namespace('team-a', { labels: {} }),
        report: reportListing(standard),
      }),
      reported({
        optOutWaits: new Map([['standard', { waitMs: 1, untilTime: nowTime }]]),
        observed: inPlace(standard),
        namespace: namespace('team-a', { labels: {} }),
        report: reportListing(standard),
      }),
      reported(
        { observed: [...inPlace(standard), managed(standard, 'allow-dns', { name: 'standard.stray' })] },
        { 'standard.stray': { kind: 'terminating', name: 'standard.stray' } },
      ),
      ...['open', 'wide'].map((grade) =>
        reported({
          observed: [
            ...inPlace(standard),
            foreign('other', {
              openness: opennessOf({ ingress: [grade === 'open' ? {} : { ports: [{ port: 80 }] }] }),
            }),
          ],
        }),
      ),
      ...(['DnsNotFound', 'DnsUnanswered'] as const).map((dnsDoubt) =>
        reported({ baselinePolicies: [policy('standard', {}, { dnsDoubt })] }),
      ),
      reported({ baselinePolicies: [invalid] }),
      reported({ baselinePolicies: [{ ...invalid, parts: undefined }], observed: inPlace(standard), report: record }),
    ].flat();
    expect(told(conditions)).toEqual(documented('NamespaceBaseline'));
  });

  test('and every condition that there is', () => {
    expect([...new Set(CONDITION_TEXTS.map(({ type }) => type))].sort()).toEqual(Object.values(CONDITIONS).sort());
  });
});

const ofNamespaces = new Set<string>(
  documented('NamespaceBaseline').map((text) => text.slice(text.lastIndexOf(' ') + 1)),
);

test.each(
  (Object.keys(REASONS) as Reason[]).filter((reason) => ofNamespaces.has(reason) || EVENT_TYPES[reason] !== undefined),
)('%s comes as an Event of the documented type, or not at all', (reason) => {
  expect(announced(reason)).toBe(EVENT_TYPES[reason]);
});

function reported(facts: Partial<World>, changes: Readonly<Record<string, Outcome>> = {}): readonly Condition[] {
  const whole = world(facts);
  const plans = planFor(whole);
  return (
    reportFor({
      plans,
      outcomes: new Map([...allDone(plans), ...Object.entries(changes)]),
      recorded: whole.report,
      contests: whole.contests,
      observed: whole.observed,
      nowTime,
    })?.status.conditions ?? []
  );
}

/** The type of the Event that the operator records for a reason. */
function announced(reason: Reason): 'Normal' | 'Warning' | undefined {
  const records: EventRecord[] = [];
  const announcer = new TransitionReporter(SILENT_LOG, { record: (event) => records.push(event) });
  if (reason === 'RemovalHeld' || reason === 'IsolationHeld') {
    announcer.held({ name: 'standard', uid: 'u' }, { reason, message: 'x' });
  }
  if (reason === 'CopyFound') {
    announcer.copies('team-a', inPlace(standard), SILENT_LOG);
  }
  if (reason === 'Approved') {
    const change = { hold: 'RemovalHeld', namespaces: ['a'], confirmation: '1-00000000' } as const;
    announcer.approved({ name: 'standard', uid: 'u', generation: 1 }, change);
  }
  announcer.reconciled(reconciledWith(reason), {
    isFresh: true,
    protectedAfterMs: reason === 'Protected' ? 1 : undefined,
    log: SILENT_LOG,
  });
  return records.find((record) => record.reason === reason)?.type;
}

/** What a reconcile gives back where there is `reason` to tell of. */
function reconciledWith(reason: Reason): Reconciled {
  const left = world({
    namespace: namespace('team-a', { labels: {} }),
    observed: inPlace(standard),
    report: reportListing(standard),
  });
  const tampered = world({
    observed: [managed(standard, 'default-deny', { hash: 'other', otherManager: 'somebody' })],
  });
  const adopted = world({ observed: [managed(standard, 'default-deny', { policyUid: '', isAdoptable: true })] });
  const keeping = policy('standard', { removal: { onOptOut: 'Keep' } });
  const weakened = world({
    observed: [...inPlace(standard), foreign('open', { openness: opennessOf({ ingress: [{}] }) })],
  });
  const kept = { ...left, baselinePolicies: [keeping], observed: inPlace(keeping) };
  const scenes = new Map<Reason, World>([
    ['Removed', left],
    ['Repaired', tampered],
    ['Adopted', adopted],
    ['Kept', kept],
    ['Weakened', weakened],
  ]);
  const facts = scenes.get(reason) ?? world({ observed: inPlace(standard) });
  const plans = planFor(facts);
  const outcomes = allDone(plans);
  const report = reportFor({
    plans,
    outcomes,
    recorded: facts.report,
    contests: facts.contests,
    observed: facts.observed,
    nowTime,
  });
  const entries = (report?.entries ?? []).map((entry) => (scenes.has(reason) ? entry : { ...entry, reason }));
  return {
    world: facts,
    plans,
    outcomes,
    report: report === undefined ? undefined : { ...report, entries },
    isReported: true,
    reportWrite: success(UNCHANGED),
    reportUid: 'r',
  };
}
