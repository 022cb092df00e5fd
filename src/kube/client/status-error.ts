import { fieldOf, present, stringFieldOf } from '../../base/json.ts';
import { readableText } from '../../base/text.ts';
import type { KubeError, StatusCause } from './kube-error.ts';

/** No server can put us to sleep for longer than this, whatever its Retry-After says. */
export const LONGEST_RETRY_AFTER_MS = 120_000;

const MOST_CAUSES = 20;

/** A refusal as it came over the wire. */
export interface Refusal {
  readonly status: number;
  /** The parsed body: a Status when an API server wrote it, anything when a proxy did. */
  readonly body: unknown;
  /** The Retry-After header, in seconds or as a date (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after). */
  readonly retryAfter?: string | undefined;
  /** What to count a Retry-After date from. */
  readonly wallTime: Date;
}

/** The error that a response with this status means. It decides by status, reason and causes, never by message text. */
export function statusError(refusal: Refusal): KubeError {
  const { status, body } = refusal;
  const message = messageFor(refusal);
  const kind = plainKinds.get(status);
  if (kind !== undefined) {
    return { kind, message };
  }
  if (status === 403) {
    return { kind: hasCause(body, 'NamespaceTerminating') ? 'namespaceTerminating' : 'forbidden', message };
  }
  if (status === 409) {
    return { kind: stringFieldOf(body, 'reason') === 'AlreadyExists' ? 'alreadyExists' : 'conflict', message };
  }
  if (isOtherUid(refusal)) {
    return { kind: 'conflict', message };
  }
  if (refusedForGood.has(status)) {
    return { kind: 'invalid', message, status, causes: causesOf(body) };
  }
  if (status === 429) {
    return { kind: 'throttled', message, ...retryAfterFor(refusal) };
  }
  if (hasCause(body, 'ResourceVersionTooLarge')) {
    return { kind: 'resourceVersionTooLarge', message };
  }
  return { kind: 'serverError', message, status, ...retryAfterFor(refusal) };
}

const plainKinds: ReadonlyMap<number, 'unauthorized' | 'notFound' | 'expired'> = new Map([
  [401, 'unauthorized'],
  [404, 'notFound'],
  [410, 'expired'],
]);

const refusedForGood: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * The error that an ERROR line of a watch means: its object is a Status. The same table as for responses holds, and
 * the reasons of an expired version count even without a code.
 */
export function watchError(status: unknown, wallTime: Date): KubeError {
  const code = fieldOf(status, 'code');
  const reason = stringFieldOf(status, 'reason');
  const isExpired = reason === 'Expired' || reason === 'Gone';
  const statusCode = typeof code === 'number' ? code : 500;
  return statusError({ status: isExpired ? 410 : statusCode, body: status, wallTime });
}

/** An apply that names the uid of an object that was replaced by another is refused as a 422: "field is immutable". */
function isOtherUid({ status, body }: Refusal): boolean {
  return status === 422 && causesOf(body).some(({ field }) => field === 'metadata.uid');
}

function hasCause(body: unknown, reason: string): boolean {
  return causesOf(body).some((cause) => cause.reason === reason);
}

function messageFor({ status, body }: Refusal): string {
  const text = stringFieldOf(body, 'message') ?? '';
  return text === '' ? `the server answered with status ${status}` : readableText(text);
}

function causesOf(body: unknown): readonly StatusCause[] {
  const causes = fieldOf(fieldOf(body, 'details'), 'causes');
  if (!Array.isArray(causes)) {
    return [];
  }
  return causes.slice(0, MOST_CAUSES).map((cause: unknown) => {
    const [field, message] = [stringFieldOf(cause, 'field'), stringFieldOf(cause, 'message')];
    return present({
      field: field && readableText(field),
      reason: stringFieldOf(cause, 'reason'),
      message: message && readableText(message),
    });
  });
}

function retryAfterFor({ retryAfter, body, wallTime }: Refusal): { retryAfterMs?: number } {
  const seconds = fieldOf(fieldOf(body, 'details'), 'retryAfterSeconds');
  const waitMs =
    headerWaitMs(retryAfter, wallTime) ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined);
  return waitMs === undefined ? {} : { retryAfterMs: Math.min(Math.max(waitMs, 0), LONGEST_RETRY_AFTER_MS) };
}

function headerWaitMs(header: string | undefined, wallTime: Date): number | undefined {
  if (header === undefined || header === '') {
    return undefined;
  }
  if (/^\d+$/.test(header)) {
    return Number(header) * 1_000;
  }
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : dateMs - wallTime.getTime();
}
