import { NAMESPACE_BASELINE_NAME } from '../../api/names.ts';
import type { PolicyEntry } from '../../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { type Action, type Drift, nameOf } from '../../domain/planning/plan.ts';
import type { EventRecorder } from '../../telemetry/events.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Reconciled } from '../reconcile/reconcile.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES } from '../watch/resources.ts';

/** Told of no single namespace: they go well, or are told of once for all of a policy. */
const QUIET: readonly Reason[] = ['Pending', 'Protected', 'DryRun', 'Paused', 'RemovalHeld', 'IsolationHeld'];

/**
 * Tells people what changed in a namespace, in the log and as Events, with one and the same reason. It speaks on
 * changes only, and says nothing of what goes well while many namespaces are worked through (a start, a policy edit).
 */
export class TransitionReporter {
  readonly #log: Log;
  readonly #events: EventRecorder;
  /** The last reason told, by namespace and policy, where it was not a quiet one. */
  readonly #told = new Map<string, Map<string, Reason>>();
  /** What was last told of others' policies that undo the isolation, by namespace. */
  readonly #weakenings = new Map<string, string>();

  #isRecordRefused = false;

  constructor(log: Log, events: EventRecorder) {
    this.#log = log;
    this.#events = events;
  }

  /** A namespace is gone: nothing will be told of it any more. */
  forget(namespace: string): void {
    this.#told.delete(namespace);
    this.#weakenings.delete(namespace);
  }

  /** Tells of a reconcile that has just ended. */
  reconciled(
    reconciled: Reconciled,
    {
      isFresh,
      protectedAfterMs,
      log,
    }: { readonly isFresh: boolean; readonly protectedAfterMs: number | undefined; readonly log: Log },
  ): void {
    const { name: namespace } = reconciled.world.namespace;
    this.#recording(reconciled, log);
    this.#repairs(namespace, reconciled, log);
    if (!reconciled.isToBeTold) {
      return;
    }
    for (const entry of reconciled.report?.entries ?? []) {
      this.#entry(namespace, entry, { reconciled, log });
    }
    this.#weakened(namespace, reconciled, log);
    if (protectedAfterMs !== undefined && isFresh) {
      log.info(
        { namespace, reason: 'Protected', durationMs: Math.round(protectedAfterMs * 10) / 10 },
        'namespace protected',
      );
      this.#record(namespace, reconciled, { type: 'Normal', reason: 'Protected', note: REASONS.Protected });
    }
    if (reconciled.report === undefined && reconciled.world.report !== undefined) {
      this.#removed(namespace, reconciled, log);
    }
  }

  /** Tells that a change of a whole policy waits for a confirmation (R9). */
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

  #entry(
    namespace: string,
    entry: PolicyEntry,
    { reconciled, log }: { readonly reconciled: Reconciled; readonly log: Log },
  ): void {
    const reason = (entry.reason ?? entry.phase) as Reason;
    const told = this.#told.get(namespace) ?? new Map<string, Reason>();
    const isNews = told.get(entry.policy) !== reason;
    if (QUIET.includes(reason)) {
      told.delete(entry.policy);
    } else {
      told.set(entry.policy, reason);
    }
    if (told.size === 0) {
      this.#told.delete(namespace);
    } else {
      this.#told.set(namespace, told);
    }
    if (QUIET.includes(reason) || !isNews) {
      return;
    }
    log.warn({ namespace, policy: entry.policy, reason, detail: entry.message ?? '' }, 'namespace is not as declared');
    this.#record(namespace, reconciled, { type: 'Warning', reason, note: noteFor(entry, reason) });
  }

  /** That nobody can be told through NamespaceBaselines is said once, and again when it is over. */
  #recording({ recorded }: Reconciled, log: Log): void {
    const isRefused =
      !recorded.ok &&
      (recorded.error.kind === 'forbidden' || recorded.error.kind === 'invalid' || recorded.error.kind === 'notFound');
    if (isRefused === this.#isRecordRefused || (!recorded.ok && !isRefused)) {
      return;
    }
    this.#isRecordRefused = isRefused;
    if (recorded.ok) {
      log.info({}, 'namespace baselines are written again');
    } else {
      log.error({ error: recorded.error }, 'namespace baselines cannot be written');
    }
  }

  #weakened(namespace: string, reconciled: Reconciled, log: Log): void {
    const weakenedBy = reconciled.report?.status.weakenedBy ?? [];
    const told = weakenedBy.map(({ name, why }) => `${name} ${why}`).join('; ');
    if (told === (this.#weakenings.get(namespace) ?? '')) {
      return;
    }
    if (told === '') {
      this.#weakenings.delete(namespace);
    } else {
      this.#weakenings.set(namespace, told);
    }
    if (told === '') {
      return;
    }
    log.warn({ namespace, reason: 'Weakened', weakenedBy }, 'isolation of a namespace is undone');
    this.#record(namespace, reconciled, { type: 'Warning', reason: 'Weakened', note: `${told}. ${REASONS.Weakened}` });
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
    const { recordUid: uid } = reconciled;
    const regarding = {
      type: NAMESPACE_BASELINES,
      name: NAMESPACE_BASELINE_NAME,
      namespace,
      ...(uid === undefined ? {} : { uid }),
    };
    this.#events.record({ regarding, action: 'Reconcile', ...event });
  }
}

/** What is wrong, and what to do about it where the message alone does not say. */
function noteFor({ policy, message }: PolicyEntry, reason: Reason): string {
  const advice =
    message === undefined || message === REASONS[reason] ? REASONS[reason] : `${message}. ${REASONS[reason]}`;
  return advice.startsWith(`${policy}.`) ? advice : `${policy}: ${advice}`;
}

/** What somebody had done to an object, where the action undoes that. */
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
      return 'stripped of its labels or annotations';
  }
}
