import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { PolicyEntry } from '../../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import type { Result } from '../../base/result.ts';
import { namesText } from '../../base/text.ts';
import type { Outcomes } from '../../domain/planning/outcome.ts';
import { type Action, type Drift, nameOf, type PolicyPlan } from '../../domain/planning/plan.ts';
import { type NamespaceReport, reasonOf } from '../../domain/reporting/report.ts';
import type { Hold, World } from '../../domain/world.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { EventRecorder } from '../../telemetry/events.ts';
import type { Log } from '../../telemetry/log.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../watch/resources.ts';

/** Not reported for a single namespace: no trouble, or reported once for the whole policy. */
const QUIET: readonly Reason[] = [
  'Pending',
  'Protected',
  'DryRun',
  'Paused',
  'OptingOut',
  'RemovalHeld',
  'IsolationHeld',
  'DnsNotFound',
  'DnsUnanswered',
  'Wide',
  'Weakened',
];

/** Failures that a retry usually ends, and that are counted only. */
const PASSING: readonly KubeError['kind'][] = [
  'conflict',
  'throttled',
  'network',
  'timeout',
  'aborted',
  'unauthorized',
];

/** How many copies an Event and a log line name. */
const NAMED_COPIES = 10;

/** How many namespaces of a confirmed change the log and the Event name. */
const APPROVED_LISTED = 20;

/** What this file reads of a reconcile that has ended; src/operator/reconcile/reconcile.ts returns it. */
interface Reconciled {
  readonly world: World;
  readonly plans: readonly PolicyPlan[];
  readonly outcomes: Outcomes;
  readonly report: NamespaceReport | undefined;
  readonly isReported: boolean;
  readonly reportWrite: Result<unknown, KubeError>;
  readonly reportUid: string | undefined;
}

/**
 * Reports the changes of a namespace in the log and as Events, both with the same reason: on transitions only, and without
 * the successes of a pass over many namespaces (a start, an edit of a policy).
 */
export class TransitionReporter {
  readonly #log: Log;
  readonly #events: EventRecorder;
  /** The last reported reason, by namespace and policy, where it was not a quiet one. */
  readonly #reported = new Map<string, Map<string, Reason>>();
  /** By namespace, the last reported list of other clients' NetworkPolicies that undo the isolation. */
  readonly #weakenings = new Map<string, string>();

  /** The namespaces whose copies were reported. */
  readonly #withCopies = new Set<string>();

  /** The namespaces whose NamespaceBaseline cannot be written, by the kind of failure. */
  readonly #unreported = new Map<KubeError['kind'], Set<string>>();

  constructor(log: Log, events: EventRecorder) {
    this.#log = log;
    this.#events = events;
  }

  /** Forgets a namespace that is gone. */
  forget(namespace: string): void {
    this.#reported.delete(namespace);
    this.#weakenings.delete(namespace);
    this.#withCopies.delete(namespace);
    this.#forgetUnreported(namespace);
  }

  /** Reports a reconcile that has just ended. `log` is that of the reconcile, so that its lines carry its id. */
  reconciled(
    reconciled: Reconciled,
    {
      isFresh,
      protectedAfterMs,
      log,
    }: { readonly isFresh: boolean; readonly protectedAfterMs: number | undefined; readonly log: Log },
  ): void {
    const { name: namespace } = reconciled.world.namespace;
    this.#reportWrite(reconciled, log);
    this.#repairs(namespace, reconciled, log);
    if (!reconciled.isReported) {
      return;
    }
    for (const entry of reconciled.report?.entries ?? []) {
      this.#entry(namespace, entry, { reconciled, log });
    }
    this.#weakened(namespace, reconciled, log);
    if (protectedAfterMs !== undefined && isFresh) {
      this.#isolated(namespace, reconciled, { protectedAfterMs, log });
    }
    if (reconciled.report === undefined && reconciled.world.report !== undefined) {
      this.#removed(namespace, reconciled, log);
    }
  }

  /**
   * Reports the copies in a namespace when the first is seen (R5, ownership): one Event about the first of them by name, and
   * one log line, however many there are.
   */
  copies(namespace: string, found: readonly { readonly name: string; readonly uid: string }[], log: Log): void {
    const named = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const [first] = named;
    if (first === undefined) {
      this.#withCopies.delete(namespace);
      return;
    }
    if (this.#withCopies.has(namespace)) {
      return;
    }
    this.#withCopies.add(namespace);
    const names = named.map(({ name }) => name);
    log.warn(
      {
        namespace,
        reason: 'CopyFound',
        copies: names.length,
        networkPolicies: names.slice(0, NAMED_COPIES),
      },
      'copies are left alone',
    );
    this.#events.record({
      regarding: { type: NETWORK_POLICIES, name: first.name, namespace, uid: first.uid },
      action: 'Reconcile',
      type: 'Normal',
      reason: 'CopyFound',
      note: `${namesText(names, NAMED_COPIES)}: ${REASONS.CopyFound}`,
    });
  }

  /** Reports that a change of a whole policy waits for a confirmation (R9, the guards). */
  held(
    policy: { readonly name: string; readonly uid: string },
    { reason, message }: { readonly reason: Reason; readonly message: string },
  ): void {
    this.#log.warn({ policy: policy.name, reason, detail: message }, 'a change waits for a confirmation');
    this.#events.record({
      regarding: { type: BASELINE_POLICIES, name: policy.name, uid: policy.uid },
      action: 'Hold',
      type: 'Warning',
      reason,
      note: message,
    });
  }

  /** A conflict in another part leaves the isolation in place, but the namespace is not Protected: its own Event says why. */
  #isolated(
    namespace: string,
    reconciled: Reconciled,
    { protectedAfterMs, log }: { readonly protectedAfterMs: number; readonly log: Log },
  ): void {
    const durationMs = Math.round(protectedAfterMs * 10) / 10;
    const phase = reconciled.report?.status.phase;
    if (phase === 'Failed' || phase === 'Conflict' || phase === 'Pending') {
      log.info({ namespace, phase, durationMs }, 'namespace isolated');
      return;
    }
    log.info({ namespace, reason: 'Protected', durationMs }, 'namespace protected');
    this.#record(namespace, reconciled, { type: 'Normal', reason: 'Protected', note: REASONS.Protected });
  }

  /** Reports that a held change was confirmed (R9, the guards), for an audit. */
  approved(
    { name, uid, generation }: { readonly name: string; readonly uid: string; readonly generation: number },
    change: { readonly hold: Hold; readonly namespaces: readonly string[]; readonly confirmation: string },
  ): void {
    const { hold, namespaces, confirmation } = change;
    const first = namespaces.slice(0, APPROVED_LISTED);
    this.#log.info(
      { policy: name, generation, reason: 'Approved', hold, confirmation, count: namespaces.length, namespaces: first },
      'a held change was confirmed',
    );
    const what = hold === 'RemovalHeld' ? 'The removal of protection' : 'The isolation';
    this.#events.record({
      regarding: { type: BASELINE_POLICIES, name, uid },
      action: 'Confirm',
      type: 'Normal',
      reason: 'Approved',
      note: `${what} in ${namesText(namespaces, APPROVED_LISTED)} was confirmed by ${confirmation}`,
    });
  }

  #entry(
    namespace: string,
    entry: PolicyEntry,
    { reconciled, log }: { readonly reconciled: Reconciled; readonly log: Log },
  ): void {
    const reason = reasonOf(entry);
    const reported = this.#reported.get(namespace) ?? new Map<string, Reason>();
    const hasChanged = reported.get(entry.policy) !== reason;
    if (QUIET.includes(reason)) {
      reported.delete(entry.policy);
    } else {
      reported.set(entry.policy, reason);
    }
    if (reported.size === 0) {
      this.#reported.delete(namespace);
    } else {
      this.#reported.set(namespace, reported);
    }
    if (QUIET.includes(reason) || !hasChanged) {
      return;
    }
    log.warn({ namespace, policy: entry.policy, reason, detail: entry.message ?? '' }, 'namespace is not as declared');
    this.#record(namespace, reconciled, { type: 'Warning', reason, note: noteFor(entry, reason) });
  }

  /** Reports once for each kind of failure that NamespaceBaselines cannot be written, and once that all can again. */
  #reportWrite({ reportWrite, world }: Reconciled, log: Log): void {
    const namespace = world.namespace.name;
    if (reportWrite.ok) {
      this.#reportIsWritten(namespace, log);
    } else if (!PASSING.includes(reportWrite.error.kind)) {
      this.#reportIsRefused(namespace, reportWrite.error, log);
    }
  }

  #reportIsWritten(namespace: string, log: Log): void {
    const wasFailing = this.#isAnyUnreported();
    this.#forgetUnreported(namespace);
    if (wasFailing && !this.#isAnyUnreported()) {
      log.info({}, 'namespace baselines are written again');
    }
  }

  #reportIsRefused(namespace: string, error: KubeError, log: Log): void {
    const namespaces = this.#unreported.get(error.kind) ?? new Set();
    const isFirst = namespaces.size === 0;
    this.#forgetUnreported(namespace);
    this.#unreported.set(error.kind, namespaces.add(namespace));
    if (isFirst) {
      log.error({ namespace, error }, 'namespace baselines cannot be written');
    }
  }

  #forgetUnreported(namespace: string): void {
    for (const namespaces of this.#unreported.values()) {
      namespaces.delete(namespace);
    }
  }

  #isAnyUnreported(): boolean {
    return [...this.#unreported.values()].some(({ size }) => size > 0);
  }

  #weakened(namespace: string, reconciled: Reconciled, log: Log): void {
    const weakenedBy = (reconciled.report?.status.weakenedBy ?? []).filter(({ grade }) => grade === 'open');
    const text = weakenedBy.map(({ name, why }) => `${name} ${why}`).join('; ');
    if (text === (this.#weakenings.get(namespace) ?? '')) {
      return;
    }
    if (text === '') {
      this.#weakenings.delete(namespace);
      return;
    }
    this.#weakenings.set(namespace, text);
    log.warn({ namespace, reason: 'Weakened', weakenedBy }, 'isolation of a namespace is undone');
    this.#record(namespace, reconciled, { type: 'Warning', reason: 'Weakened', note: `${text}. ${REASONS.Weakened}` });
  }

  #repairs(namespace: string, reconciled: Reconciled, log: Log): void {
    for (const action of reconciled.plans.flatMap((plan) => (plan.frozen === undefined ? plan.actions : []))) {
      const name = nameOf(action);
      if (reconciled.outcomes.get(name)?.kind !== 'inPlace') {
        continue;
      }
      if (action.kind === 'repair' && action.cause === 'adoption') {
        log.info({ namespace, networkPolicy: name, reason: 'Adopted' }, 'network policy adopted');
        this.#record(namespace, reconciled, { type: 'Normal', reason: 'Adopted', note: `${name}: ${REASONS.Adopted}` });
      }
      const drift = driftIn(action);
      if (drift === undefined) {
        continue;
      }
      log.warn({ namespace, networkPolicy: name, drift, reason: 'Repaired' }, 'managed network policy repaired');
      this.#record(namespace, reconciled, {
        type: 'Warning',
        reason: 'Repaired',
        note: `${name} had been ${driftText(drift)} and was put back`,
      });
    }
  }

  #removed(namespace: string, reconciled: Reconciled, log: Log): void {
    this.forget(namespace);
    const kinds = [...reconciled.outcomes.values()].map(({ kind }) => kind);
    const keptReason = kinds.includes('left') ? 'Kept' : undefined;
    const reason = kinds.includes('removed') ? 'Removed' : keptReason;
    if (reason === undefined) {
      return;
    }
    log.info({ namespace, reason }, 'namespace released');
    this.#record(namespace, reconciled, { type: 'Normal', reason, note: REASONS[reason] });
  }

  #record(
    namespace: string,
    reconciled: Reconciled,
    event: { type: 'Normal' | 'Warning'; reason: Reason; note: string },
  ): void {
    const { reportUid: uid } = reconciled;
    const regarding = {
      type: NAMESPACE_BASELINES,
      name: NAMESPACE_BASELINE_NAME,
      namespace,
      ...(uid === undefined ? {} : { uid }),
    };
    this.#events.record({ regarding, action: 'Reconcile', ...event });
  }
}

/** The problem, and what to do about it unless the message says so. */
function noteFor({ policy, message }: PolicyEntry, reason: Reason): string {
  if (reason === 'ForeignObject' && message !== undefined) {
    // The message is the name of the object and what the reason says better.
    return `${message.slice(0, message.indexOf(': '))}: ${REASONS.ForeignObject}`;
  }
  const advice =
    message === undefined || message === REASONS[reason] ? REASONS[reason] : `${message}. ${REASONS[reason]}`;
  return advice.startsWith(`${policy}.`) ? advice : `${policy}: ${advice}`;
}

/** The drift that an action undoes; undefined when it undoes none. */
function driftIn(action: Action): Drift | undefined {
  if (action.kind === 'create') {
    return action.isRestoring ? 'deleted' : undefined;
  }
  return action.kind === 'repair' && (action.cause === 'spec' || action.cause === 'labels') ? action.cause : undefined;
}

function driftText(drift: Drift): string {
  switch (drift) {
    case 'deleted':
      return 'deleted';
    case 'spec':
      return 'changed';
    case 'labels':
      return 'changed in its labels or annotations';
  }
}
