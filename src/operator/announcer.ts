import { NAMESPACE_BASELINE_NAME } from '../api/names.ts';
import type { PolicyEntry } from '../api/namespace-baseline.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { nameOf } from '../baseline/plan.ts';
import type { Log } from '../observe/log.ts';
import type { EventRecorder } from '../observe/events.ts';
import type { Reconciled } from './reconcile.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES } from './resources.ts';

/** Told of no single namespace: they go well, or are told of once for all of a policy. */
const QUIET: readonly Reason[] = ['Pending', 'Protected', 'DryRun', 'Paused', 'RemovalHeld', 'IsolationHeld'];

/**
 * Tells people what changed in a namespace, in the log and as Events, with one and the same reason. It speaks on
 * changes only, and says nothing of what goes well while many namespaces are worked through (a start, a policy edit).
 */
export class Announcer {
  readonly #log: Log;
  readonly #events: EventRecorder;
  /** The last reason told of each namespace and policy, where it was not a quiet one. */
  readonly #told = new Map<string, Reason>();

  constructor(log: Log, events: EventRecorder) {
    this.#log = log;
    this.#events = events;
  }

  /** Tells of a reconcile that has just ended. */
  reconciled(reconciled: Reconciled, { isFresh, protectedAfterMs }: { readonly isFresh: boolean; readonly protectedAfterMs: number | undefined }): void {
    const { name: namespace } = reconciled.world.namespace;
    this.#repairs(namespace, reconciled);
    for (const entry of reconciled.report?.entries ?? []) this.#entry(namespace, entry, reconciled);
    if (protectedAfterMs !== undefined && isFresh) {
      this.#log.info({ namespace, reason: 'Protected', durationMs: Math.round(protectedAfterMs * 10) / 10 }, 'namespace protected');
      this.#record(namespace, reconciled, { type: 'Normal', reason: 'Protected', note: REASONS.Protected });
    }
    if (reconciled.report === undefined && reconciled.world.record !== undefined) this.#removed(namespace, reconciled);
  }

  /** Tells that a change of a whole policy waits for a confirmation (R9). */
  held(policy: { readonly name: string; readonly uid: string }, { reason, message }: { readonly reason: Reason; readonly message: string }): void {
    this.#log.warn({ policy: policy.name, reason, detail: message }, 'a change waits for a confirmation');
    this.#events.record({ regarding: { type: BASELINE_POLICIES, name: policy.name, uid: policy.uid }, action: 'Hold', type: 'Warning', reason, note: message });
  }

  #entry(namespace: string, entry: PolicyEntry, reconciled: Reconciled): void {
    const key = `${namespace}/${entry.policy}`;
    const reason = (entry.reason ?? entry.phase) as Reason;
    const before = this.#told.get(key);
    if (QUIET.includes(reason)) {
      this.#told.delete(key);
      return;
    }
    if (before === reason) return;
    this.#told.set(key, reason);
    this.#log.warn({ namespace, policy: entry.policy, reason, detail: entry.message ?? '' }, 'namespace is not as declared');
    this.#record(namespace, reconciled, { type: 'Warning', reason, note: `${entry.policy}: ${entry.message ?? REASONS[reason]}` });
  }

  #repairs(namespace: string, reconciled: Reconciled): void {
    for (const action of reconciled.plans.flatMap((plan) => (plan.frozen === undefined ? plan.actions : []))) {
      const isRepair = action.kind === 'repair' || (action.kind === 'create' && action.isRestoring);
      const name = nameOf(action);
      if (!isRepair || reconciled.outcomes.get(name)?.kind !== 'inPlace') continue;
      const drift = action.kind === 'repair' ? action.drift : 'deleted';
      this.#log.warn({ namespace, networkPolicy: name, drift, reason: 'Repaired' }, 'managed network policy repaired');
      this.#record(namespace, reconciled, { type: 'Warning', reason: 'Repaired', note: `${name} had been ${driftText(drift)} and was put back` });
    }
  }

  #removed(namespace: string, reconciled: Reconciled): void {
    for (const entry of reconciled.world.record?.entries ?? []) this.#told.delete(`${namespace}/${entry.policy}`);
    this.#log.info({ namespace, reason: 'Removed' }, 'namespace released');
    this.#record(namespace, reconciled, { type: 'Normal', reason: 'Removed', note: REASONS.Removed });
  }

  #record(namespace: string, reconciled: Reconciled, event: { type: 'Normal' | 'Warning'; reason: Reason; note: string }): void {
    const { recordUid: uid } = reconciled;
    const regarding = { type: NAMESPACE_BASELINES, name: NAMESPACE_BASELINE_NAME, namespace, ...(uid === undefined ? {} : { uid }) };
    this.#events.record({ regarding, action: 'Reconcile', ...event });
  }
}

function driftText(drift: 'deleted' | 'spec' | 'labels'): string {
  switch (drift) {
    case 'deleted':
      return 'deleted';
    case 'spec':
      return 'changed';
    case 'labels':
      return 'stripped of its labels or annotations';
  }
}
