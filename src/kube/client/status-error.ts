import { fieldOf, present, stringFieldOf } from '../../base/json.ts';
import { readableText } from '../../base/text.ts';
import type { KubeError, StatusCause } from './kube-error.ts';

/** The longest Retry-After that is respected. */
export const LONGEST_RETRY_AFTER_MS = 120_000;

const MOST_CAUSES = 20;

/** The parts of an error response that decide its meaning. */
export interface Refusal {
  readonly status: number;
  /** The parsed body: a Status from an API server, anything from a proxy. */
  readonly body: unknown;
  /** The Retry-After header, in seconds or as a date (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after). */
  readonly retryAfter?: string | undefined;
  /** The current time, from which a Retry-After date counts. */
  readonly wallTime: Date;
}

/**
 * The error for a response. It depends on status, reason and causes, and on the message only for a denial by admission, which
 * the API server marks nowhere else.
 */
export function statusError(refusal: Refusal): KubeError {
  const { status, body } = refusal;
  const message = messageFor(refusal);
  const kind = plainKindFor(refusal);
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

/** The kind of an error that has nothing but a message. */
function plainKindFor(refusal: Refusal): 'unauthorized' | 'notFound' | 'expired' | 'forbidden' | undefined {
  return isDeniedByAdmission(refusal) ? 'forbidden' : plainKinds.get(refusal.status);
}

const plainKinds: ReadonlyMap<number, 'unauthorized' | 'notFound' | 'expired'> = new Map([
  [401, 'unauthorized'],
  [404, 'notFound'],
  [410, 'expired'],
]);

const refusedForGood: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * The error for an ERROR event of a watch, whose object is a Status. The same table applies as for responses; the
 * reasons for an expired version count even without a code.
 */
export function watchError(status: unknown, wallTime: Date): KubeError {
  const code = fieldOf(status, 'code');
  const reason = stringFieldOf(status, 'reason');
  const isExpired = reason === 'Expired' || reason === 'Gone';
  const statusCode = typeof code === 'number' ? code : 500;
  return statusError({ status: isExpired ? 410 : statusCode, body: status, wallTime });
}

/**
 * A ValidatingAdmissionPolicy denies with the reason that it declares, Invalid (422) unless it says otherwise; a webhook denies
 * with any code, 400 when it gives none. Both are the decision of an administrator, as a 403 is, and no fault of the object.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#validation-expression
 */
function isDeniedByAdmission({ status, body }: Refusal): boolean {
  const text = stringFieldOf(body, 'message') ?? '';
  return deniableStatuses.has(status) && DENIED_BY_ADMISSION.test(text);
}

const deniableStatuses: ReadonlySet<number> = new Set([400, 401, 413, 422]);
const DENIED_BY_ADMISSION =
  /^(?:[^:]{1,400} is forbidden: ValidatingAdmissionPolicy '[^']{1,300}' with binding '[^']{1,300}' denied request|admission webhook "[^"]{1,300}" denied the request)/;

/** The server refuses an apply with the uid of a replaced object as a 422: "field is immutable". */
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
