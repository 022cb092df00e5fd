import type { StatusCause } from '../../../src/kube/client/kube-error.ts';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import type { JsonObject } from './json.ts';

/** A refusal: the HTTP status and the body that the real API server sends with it. */
export interface ApiFailure {
  readonly status: number;
  readonly body: JsonObject | string;
}

/** `networkpolicies.networking.k8s.io`, or `namespaces` in the core group. */
function resourceNameOf(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** `NetworkPolicy.networking.k8s.io`, or `Namespace` in the core group. */
export function kindNameOf(type: ResourceType): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}

interface StatusParts {
  readonly code: number;
  readonly message: string;
  readonly reason?: string;
  readonly details?: JsonObject;
}

/** A failure Status (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/). */
export function statusFailure({ code, message, reason, details }: StatusParts): ApiFailure {
  return {
    status: code,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    },
  };
}

function details(type: ResourceType, name: string, kind = type.plural): JsonObject {
  return { ...(name === '' ? {} : { name }), ...(type.group === '' ? {} : { group: type.group }), kind };
}

/** What a path that nobody serves answers: plain text, no Status. */
export const pathNotFound: ApiFailure = { status: 404, body: '404 page not found\n' };
/** 401. */
export const unauthorized: ApiFailure = statusFailure({ code: 401, message: 'Unauthorized', reason: 'Unauthorized' });
/** 405. */
export const methodNotAllowed: ApiFailure = statusFailure({
  code: 405,
  message: 'the server does not allow this method on the requested resource',
  reason: 'MethodNotAllowed',
  details: {},
});
/** 415. */
export const unsupportedMediaType: ApiFailure = statusFailure({
  code: 415,
  message: '415: Unsupported Media Type',
  reason: 'UnsupportedMediaType',
});

/** 404 for an object. */
export function notFound(type: ResourceType, name: string): ApiFailure {
  return statusFailure({
    code: 404,
    message: `${resourceNameOf(type)} "${name}" not found`,
    reason: 'NotFound',
    details: details(type, name),
  });
}

/** 409 for a name that is taken. */
export function alreadyExists(type: ResourceType, name: string, isBeingDeleted = false): ApiFailure {
  const prefix = isBeingDeleted ? 'object is being deleted: ' : '';
  return statusFailure({
    code: 409,
    message: `${prefix}${resourceNameOf(type)} "${name}" already exists`,
    reason: 'AlreadyExists',
    details: details(type, name),
  });
}

/** 409 for a write or a removal whose condition does not hold. */
export function conflict(type: ResourceType, name: string, why: string): ApiFailure {
  return statusFailure({
    code: 409,
    message: `Operation cannot be fulfilled on ${resourceNameOf(type)} "${name}": ${why}`,
    reason: 'Conflict',
    details: details(type, name),
  });
}

/** 409 for an object that changed since the caller read it. */
export function staleVersion(type: ResourceType, name: string): ApiFailure {
  return conflict(
    type,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

/** 400. */
export function badRequest(message: string): ApiFailure {
  return statusFailure({ code: 400, message, reason: 'BadRequest' });
}

/** 500 without a reason, as the server gives it for errors that it did not foresee. */
export function internalError(message: string): ApiFailure {
  return statusFailure({ code: 500, message });
}

/** 422; each cause's message goes into the sentence, once. */
export function invalid(type: ResourceType, name: string, causes: readonly Required<StatusCause>[]): ApiFailure {
  const sentences = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const summary = sentences.length === 1 ? sentences.join('') : `[${sentences.join(', ')}]`;
  return statusFailure({
    code: 422,
    message: `${kindNameOf(type)} "${name}" is invalid: ${summary}`,
    reason: 'Invalid',
    details: {
      ...details(type, name, type.kind),
      causes: causes.map((cause) => ({ reason: cause.reason, message: cause.message, field: cause.field })),
    },
  });
}

/** 403 from admission, a quota or RBAC. */
export function forbidden(type: ResourceType, name: string, why: string): ApiFailure {
  const subject = name === '' ? resourceNameOf(type) : `${resourceNameOf(type)} "${name}"`;
  return statusFailure({
    code: 403,
    message: `${subject} is forbidden: ${why}`,
    reason: 'Forbidden',
    details: details(type, name),
  });
}

/** 403 for a create in a namespace that is going. */
export function namespaceTerminating(type: ResourceType, name: string, namespace: string): ApiFailure {
  return statusFailure({
    code: 403,
    message: `${resourceNameOf(type)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    reason: 'Forbidden',
    details: {
      ...details(type, name),
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  });
}

/** 410 for a watch from a version whose events are gone. */
export function expiredWatch(requested: number, oldest: number): ApiFailure {
  return statusFailure({ code: 410, message: `too old resource version: ${requested} (${oldest})`, reason: 'Expired' });
}

/** 410 for a page of a list that can no longer be shown as it was; `continueToken` goes on with the present state. */
export function expiredPage(continueToken: string): ApiFailure {
  const failure = statusFailure({
    code: 410,
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    reason: 'Expired',
  });
  return { status: failure.status, body: { ...(failure.body as JsonObject), metadata: { continue: continueToken } } };
}

/** 504 for a read at a version that is not there yet. */
export function versionTooLarge(requested: number, current: number): ApiFailure {
  return statusFailure({
    code: 504,
    message: `Timeout: Too large resource version: ${requested}, current: ${current}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}
