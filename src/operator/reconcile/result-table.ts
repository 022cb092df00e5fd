import type { Result } from '../../base/result.ts';
import type { Outcome } from '../../domain/planning/outcome.ts';
import type { KubeError } from '../../kube/client/kube-error.ts';
import type { ReconcileResult } from '../../telemetry/metric-table.ts';
import { FORBIDDEN_RETRY, HELD_RECHECK_MS, REMOVAL_BATCH_MS, SLOW_RECHECK_MS } from '../queue/retry-policy.ts';
import type { QueueAction } from '../queue/work-queue.ts';
import type { ReportWrite } from '../write/report-writer.ts';

/** The reasons to check a namespace again besides its own writes. */
export interface Waits {
  readonly isHeld: boolean;
  readonly isContested: boolean;
  /** Whether something waits until the cluster's DNS is believed (R14, discovery). */
  readonly isAwaitingDns: boolean;
  /** How long the opt-out that ends first still waits, in milliseconds (R4, opting out); undefined when none does. */
  readonly optOutMs?: number | undefined;
  /** How long to wait after a 403, in milliseconds; {@link SLOW_RECHECK_MS} when absent. */
  readonly after403Ms?: number | undefined;
}

/** The result of one reconcile: a row of the table of outcomes in docs/reconcile.md. */
export interface ReconcileResultRow {
  readonly result: ReconcileResult;
  readonly queue: QueueAction;
}

type RetryOutcome = Extract<Outcome, { kind: 'retry' }>;
type RefusedOutcome = Extract<Outcome, { kind: 'refused' }>;

interface Facts {
  readonly retries: readonly RetryOutcome[];
  readonly refused: readonly RefusedOutcome[];
  readonly isPostponed: boolean;
  readonly isNamespaceGone: boolean;
  readonly reportWrite: Result<ReportWrite, KubeError>;
  readonly waits: Waits;
}

interface Row {
  readonly when: (facts: Facts) => boolean;
  readonly result: ReconcileResult;
  readonly queue: (facts: Facts) => QueueAction;
}

/** The table of outcomes, without the row of unexpected errors. The first row that applies wins. */
const ROWS: readonly Row[] = [
  {
    when: ({ retries, reportWrite }) => retries.length > 0 || !reportWrite.ok,
    result: 'retry',
    queue: (facts) => ({ kind: 'backoff', atLeastMs: askedDelayMs(facts) }),
  },
  {
    when: ({ refused }) => refused.some(({ reason }) => reason === 'Forbidden'),
    result: 'terminal',
    queue: ({ waits }) => after(Math.min(FORBIDDEN_RETRY.capMs, waits.after403Ms ?? SLOW_RECHECK_MS)),
  },
  { when: ({ isPostponed }) => isPostponed, result: 'waiting', queue: () => after(REMOVAL_BATCH_MS) },
  {
    when: ({ refused, reportWrite }) => refused.length > 0 || earlyMs(reportWrite) !== undefined,
    result: 'refused',
    queue: ({ refused, reportWrite, waits }) =>
      after(
        Math.min(
          ...refused.map((outcome) => recheckMs(outcome, waits)),
          earlyMs(reportWrite) ?? SLOW_RECHECK_MS,
          SLOW_RECHECK_MS,
        ),
      ),
  },
  { when: ({ waits }) => waits.isHeld, result: 'terminal', queue: () => after(HELD_RECHECK_MS) },
  { when: ({ waits }) => waits.isContested, result: 'refused', queue: () => after(HELD_RECHECK_MS) },
  // Once DNS is believed it goes on at once; another policy may isolate egress before.
  { when: ({ waits }) => waits.isAwaitingDns, result: 'waiting', queue: () => after(HELD_RECHECK_MS) },
  { when: ({ isNamespaceGone }) => isNamespaceGone, result: 'waiting', queue: () => ({ kind: 'forget' }) },
];

const SUCCESS: ReconcileResultRow = { result: 'success', queue: { kind: 'forget' } };

/** The next step of the queue and the result that the metric counts, from the outcomes of one reconcile. A delay that the server has asked for is kept. */
export function resultFor(
  outcomes: Iterable<Outcome>,
  reportWrite: Result<ReportWrite, KubeError>,
  waits: Waits,
): ReconcileResultRow {
  const retries: RetryOutcome[] = [];
  const refused: RefusedOutcome[] = [];
  let isNamespaceGone = false;
  let isPostponed = false;
  for (const outcome of outcomes) {
    if (outcome.kind === 'retry') {
      retries.push(outcome);
    } else if (outcome.kind === 'refused') {
      refused.push(outcome);
    }
    isNamespaceGone ||= outcome.kind === 'namespaceGone';
    isPostponed ||= outcome.kind === 'postponed';
  }
  const facts = { retries, refused, isPostponed, isNamespaceGone, reportWrite, waits };
  const row = ROWS.find(({ when }) => when(facts));
  const found = row === undefined ? SUCCESS : { result: row.result, queue: row.queue(facts) };
  return waits.optOutMs === undefined ? found : notAfter(found, waits.optOutMs);
}

/** An opt-out is over at its own time, whatever else the namespace waits for; a backoff is kept, as it is short. */
function notAfter({ result, queue }: ReconcileResultRow, delayMs: number): ReconcileResultRow {
  switch (queue.kind) {
    case 'forget':
      return { result: 'waiting', queue: after(delayMs) };
    case 'after':
      return { result, queue: after(Math.min(queue.delayMs, delayMs)) };
    default:
      return { result, queue };
  }
}

function after(delayMs: number): QueueAction {
  return { kind: 'after', delayMs };
}

/** How long the server has asked to wait, in milliseconds; 0 when it has not. */
function askedDelayMs({ retries, reportWrite }: Facts): number {
  const ofReportMs = reportWrite.ok ? 0 : retryAfterMsOf(reportWrite.error);
  return Math.max(ofReportMs, ...retries.map(({ retryAfterMs = 0 }) => retryAfterMs));
}

function retryAfterMsOf(error: KubeError): number {
  return error.kind === 'throttled' || error.kind === 'serverError' ? (error.retryAfterMs ?? 0) : 0;
}

function recheckMs({ reason, recheckMs: askedMs }: RefusedOutcome, { after403Ms }: Waits): number {
  return askedMs ?? (reason === 'Denied' ? (after403Ms ?? SLOW_RECHECK_MS) : SLOW_RECHECK_MS);
}

function earlyMs(reportWrite: Result<ReportWrite, KubeError>): number | undefined {
  return reportWrite.ok && reportWrite.value.kind === 'early' ? reportWrite.value.waitMs : undefined;
}
