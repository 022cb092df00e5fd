import type { Result } from '../../base/result.ts';
import type { Outcome } from '../../domain/planning/outcome.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ReconcileResult } from '../../telemetry/metric-table.ts';
import { FORBIDDEN_RETRY, HELD_RECHECK_MS, SLOW_RECHECK_MS } from '../queue/retry-policy.ts';
import type { QueueAction } from '../queue/work-queue.ts';
import type { ReportWrite } from '../write/report-writer.ts';

/** What a reconcile waits for besides its own writes. */
export interface Waits {
  readonly isHeld: boolean;
  readonly isContested: boolean;
  /** How long what a 403 refused is to wait, in milliseconds; as long as the rest when absent. */
  readonly after403Ms?: number | undefined;
}

/** What one reconcile amounts to: the row of the outcome table in docs/reconcile.md. */
export interface ReconcileResultRow {
  readonly result: ReconcileResult;
  readonly queue: QueueAction;
}

/**
 * The one place where what came of a reconcile becomes what the queue does next and what the metric counts. The worst
 * outcome decides; a wait that the server asked for is kept.
 */
export function resultFor(
  outcomes: Iterable<Outcome>,
  recorded: Result<ReportWrite, KubeError>,
  waits: Waits,
): ReconcileResultRow {
  const all = [...outcomes];
  const retries = all.flatMap((outcome) => (outcome.kind === 'retry' ? [outcome] : []));
  if (retries.length > 0 || !recorded.ok) {
    const atLeastMs = Math.max(
      0,
      ...retries.map((outcome) => outcome.retryAfterMs ?? 0),
      recorded.ok ? 0 : retryAfterMsOf(recorded.error),
    );
    return { result: 'retry', queue: { kind: 'backoff', atLeastMs } };
  }
  const refused = all.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome] : []));
  if (refused.some((outcome) => outcome.reason === 'Forbidden')) {
    return {
      result: 'terminal',
      queue: { kind: 'after', delayMs: Math.min(FORBIDDEN_RETRY.capMs, pauseAfter403Ms(waits)) },
    };
  }
  const pausesMs = [
    ...refused.map(
      (outcome) => outcome.recheckMs ?? (outcome.reason === 'Denied' ? pauseAfter403Ms(waits) : SLOW_RECHECK_MS),
    ),
    ...(recorded.value.kind === 'early' ? [recorded.value.waitMs] : []),
  ];
  if (pausesMs.length > 0) {
    return { result: 'refused', queue: { kind: 'after', delayMs: Math.min(SLOW_RECHECK_MS, ...pausesMs) } };
  }
  if (waits.isHeld) {
    return { result: 'terminal', queue: { kind: 'after', delayMs: HELD_RECHECK_MS } };
  }
  if (waits.isContested) {
    return { result: 'refused', queue: { kind: 'after', delayMs: HELD_RECHECK_MS } };
  }
  if (all.some((outcome) => outcome.kind === 'namespaceGone')) {
    return { result: 'waiting', queue: { kind: 'forget' } };
  }
  return { result: 'success', queue: { kind: 'forget' } };
}

function pauseAfter403Ms({ after403Ms = SLOW_RECHECK_MS }: Waits): number {
  return after403Ms;
}

function retryAfterMsOf(error: KubeError): number {
  return error.kind === 'throttled' || error.kind === 'serverError' ? (error.retryAfterMs ?? 0) : 0;
}
