import { describe, expect, test } from 'vitest';
import { REASONS } from '../../../../src/api/reasons.ts';
import { failure, success } from '../../../../src/base/result.ts';
import type { Outcome } from '../../../../src/domain/planning/outcome.ts';
import { planFor } from '../../../../src/domain/planning/plan.ts';
import { reportFor } from '../../../../src/domain/reporting/report.ts';
import type { World } from '../../../../src/domain/world.ts';
import { TransitionReporter } from '../../../../src/operator/progress/transition-reporter.ts';
import type { Reconciled } from '../../../../src/operator/reconcile/reconcile.ts';
import { foreignObject } from '../../../../src/operator/write/network-policy-writer.ts';
import { UNCHANGED } from '../../../../src/operator/write/report-writer.ts';
import type { EventRecord } from '../../../../src/telemetry/event-object.ts';
import type { Log } from '../../../../src/telemetry/log.ts';
import { allDone, inPlace, managed, policy, world } from '../../../fixtures/worlds.ts';

const standard = policy();

/** A reporter, with the reasons of its Events and the messages of its log. */
function stage(): {
  readonly reporter: {
    readonly reconciled: (one: Reconciled, how: { isFresh: boolean; protectedAfterMs: number | undefined }) => void;
    readonly held: TransitionReporter['held'];
    readonly approved: TransitionReporter['approved'];
    readonly forget: TransitionReporter['forget'];
  };
  readonly reasons: string[];
  readonly notes: string[];
  readonly lines: string[];
} {
  const reasons: string[] = [];
  const notes: string[] = [];
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  const record = ({ reason, note }: EventRecord): void => {
    reasons.push(reason);
    notes.push(note);
  };
  const transitions = new TransitionReporter(log, { record });
  const reporter = {
    reconciled: (one: Reconciled, how: { isFresh: boolean; protectedAfterMs: number | undefined }): void => {
      transitions.reconciled(one, { ...how, log });
    },
    held: transitions.held.bind(transitions),
    approved: transitions.approved.bind(transitions),
    forget: transitions.forget.bind(transitions),
  };
  return { reporter, reasons, notes, lines };
}

/** A reconcile of these facts, in which every write succeeded but those in `outcomes`. */
function reconciled(
  facts: Partial<World> = {},
  changes: Partial<Reconciled> & { readonly failing?: Readonly<Record<string, Outcome>> } = {},
): Reconciled {
  const { failing = {}, ...others } = changes;
  const whole = world(facts);
  const plans = planFor(whole);
  const outcomes = new Map([...allDone(plans), ...Object.entries(failing)]);
  return {
    world: whole,
    plans,
    outcomes,
    report: reportFor({
      plans,
      outcomes,
      recorded: whole.report,
      contests: whole.contests,
      observed: whole.observed,
      nowTime: '2026-01-01T00:00:00Z',
    }),
    isReported: true,
    reportWrite: success(UNCHANGED),
    reportUid: 'r',
    ...others,
  };
}

const name = 'standard.default-deny';
const refused: Readonly<Record<string, Outcome>> = {
  [name]: { kind: 'refused', name, reason: 'Denied', message: 'x' },
};
const RESYNC = { isFresh: false, protectedAfterMs: undefined };
const FRESH = { isFresh: true, protectedAfterMs: 12 };

describe('transitions of a namespace', () => {
  test('a new protection is reported, but not in a pass over all namespaces', () => {
    const { reporter, reasons } = stage();
    reporter.reconciled(reconciled(), { ...FRESH, isFresh: false });
    expect(reasons).toEqual([]);
    reporter.reconciled(reconciled(), FRESH);
    expect(reasons).toEqual(['Protected']);
  });

  test('a namespace that is isolated but in conflict is not called protected', () => {
    const { reporter, reasons, notes, lines } = stage();
    const failing: Readonly<Record<string, Outcome>> = {
      'standard.allow-monitoring': foreignObject('standard.allow-monitoring'),
    };
    reporter.reconciled(reconciled({}, { failing }), FRESH);
    expect(reasons).toEqual(['ForeignObject']);
    expect(lines).toEqual(['namespace is not as declared', 'namespace isolated']);
    expect(notes).toEqual([`standard.allow-monitoring: ${REASONS.ForeignObject}`]);
  });

  test('a refusal is reported once while it lasts, and again after it was over', () => {
    const { reporter, reasons, lines } = stage();
    reporter.reconciled(reconciled({}, { failing: refused }), RESYNC);
    reporter.reconciled(reconciled({}, { failing: refused }), RESYNC);
    expect(reasons).toEqual(['Denied']);
    reporter.reconciled(reconciled({ observed: inPlace(standard) }), RESYNC);
    reporter.reconciled(reconciled({}, { failing: refused }), RESYNC);
    expect(reasons).toEqual(['Denied', 'Denied']);
    expect(lines).toHaveLength(2);
  });

  test('a failure that may pass by itself is not reported', () => {
    const { reporter, reasons, lines } = stage();
    reporter.reconciled(reconciled({}, { failing: refused, isReported: false }), RESYNC);
    expect([reasons, lines]).toEqual([[], []]);
  });

  test('R6 every repair of drift is reported, also while nothing else is', () => {
    const { reporter, reasons } = stage();
    const observed = [managed(standard, 'default-deny', { hash: 'other', otherManager: 'kubectl' })];
    reporter.reconciled(reconciled({ observed }, { isReported: false }), RESYNC);
    reporter.reconciled(reconciled({ observed }, { isReported: false }), RESYNC);
    expect(reasons).toEqual(['Repaired', 'Repaired']);
  });

  test('a namespace that is gone is reported afresh when it comes back', () => {
    const { reporter, reasons } = stage();
    reporter.reconciled(reconciled({}, { failing: refused }), RESYNC);
    reporter.forget('team-a');
    reporter.reconciled(reconciled({}, { failing: refused }), RESYNC);
    expect(reasons).toEqual(['Denied', 'Denied']);
  });

  test('NamespaceBaselines that cannot be written are reported once, and once when they can again', () => {
    const { reporter, lines } = stage();
    const forbidden = failure({ kind: 'forbidden' as const, message: 'x' });
    const observed = inPlace(standard);
    for (const reportWrite of [forbidden, forbidden, success(UNCHANGED), success(UNCHANGED)]) {
      reporter.reconciled(reconciled({ observed }, { reportWrite }), RESYNC);
    }
    expect(lines).toEqual(['namespace baselines cannot be written', 'namespace baselines are written again']);
  });

  test('R9 a confirmation leaves an Event and a line in the log', () => {
    const { reporter, reasons, lines } = stage();
    const change = { hold: 'IsolationHeld', namespaces: ['a', 'b'], confirmation: '2-00000000' } as const;
    reporter.approved({ name: 'standard', uid: 'u', generation: 3 }, change);
    expect(reasons).toEqual(['Approved']);
    expect(lines).toEqual(['a held change was confirmed']);
  });
});
