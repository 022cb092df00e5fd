import { describe, expect, test } from 'vitest';
import { LONGEST_RETRY_AFTER_MS, statusError, watchError } from '../../../../src/kube/client/status-error.ts';
import { statusBody } from '../loopback-server.ts';

const wallTime = new Date('2026-01-01T00:00:00Z');

describe('a refusal is told apart by status, reason and causes', () => {
  test.each([
    [401, 'Unauthorized', undefined, 'unauthorized'],
    [403, 'Forbidden', undefined, 'forbidden'],
    [
      403,
      'Forbidden',
      { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
      'namespaceTerminating',
    ],
    [404, 'NotFound', undefined, 'notFound'],
    [409, 'AlreadyExists', undefined, 'alreadyExists'],
    [409, 'Conflict', undefined, 'conflict'],
    [410, 'Expired', undefined, 'expired'],
    [400, 'BadRequest', undefined, 'invalid'],
    [413, 'RequestEntityTooLarge', undefined, 'invalid'],
    [415, 'UnsupportedMediaType', undefined, 'invalid'],
    [422, 'Invalid', { causes: [{ reason: 'FieldValueInvalid', field: 'spec.podSelector' }] }, 'invalid'],
    [422, 'Invalid', { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] }, 'conflict'],
    [429, 'TooManyRequests', undefined, 'throttled'],
    [500, 'InternalError', undefined, 'serverError'],
    [503, 'ServiceUnavailable', undefined, 'serverError'],
    [504, 'Timeout', undefined, 'serverError'],
    [504, 'Timeout', { causes: [{ reason: 'ResourceVersionTooLarge' }] }, 'resourceVersionTooLarge'],
    [302, 'Found', undefined, 'serverError'],
  ])('%i %s %j is %s', (status, reason, details, kind) => {
    expect(statusError({ status, body: statusBody(status, reason, details), wallTime }).kind).toBe(kind);
  });

  const byPolicy = `ValidatingAdmissionPolicy 'no-db' with binding 'no-db-everywhere' denied request: not here: "x"`;
  const byObject = `networkpolicies.networking.k8s.io "standard.allow-db" is forbidden: ${byPolicy}`;
  test.each([
    [422, 'Invalid', byObject, 'forbidden'],
    [403, 'Forbidden', byObject, 'forbidden'],
    [413, 'RequestEntityTooLarge', byObject, 'forbidden'],
    [401, 'Unauthorized', byObject, 'forbidden'],
    [400, 'BadRequest', 'admission webhook "validate.kyverno.svc-fail" denied the request: no', 'forbidden'],
    [422, 'Invalid', `NetworkPolicy "x" is invalid: metadata.name: Invalid value: "${byPolicy}"`, 'invalid'],
    [422, 'Invalid', byPolicy, 'invalid'],
    [500, 'InternalError', byObject, 'serverError'],
  ])('a denial by admission is one whatever its status: %i %s %s is %s', (status, reason, message, kind) => {
    const body = { ...statusBody(status, reason, { causes: [{ message: byPolicy }] }), message };
    expect(statusError({ status, body, wallTime })).toMatchObject({ kind, message });
  });

  test('the causes of an invalid object are kept, as fields to name', () => {
    const body = statusBody(422, 'Invalid', {
      causes: [{ field: 'spec.ports[0]', reason: 'FieldValueInvalid', message: 'must be valid' }, 7],
    });
    expect(statusError({ status: 422, body, wallTime })).toMatchObject({
      causes: [{ field: 'spec.ports[0]', reason: 'FieldValueInvalid', message: 'must be valid' }, {}],
    });
  });

  test.each([undefined, null, 'text', 5, [], { details: [] }, { details: { causes: {} } }, { message: 5 }])(
    'a body like %j still gives an error with a message',
    (body) => {
      expect(statusError({ status: 403, body, wallTime })).toEqual({
        kind: 'forbidden',
        message: 'the server answered with status 403',
      });
    },
  );

  test('a message has no control characters and an end', () => {
    const message = `\u001b[31mred\n${'x'.repeat(100_000)}`;
    const error = statusError({ status: 500, body: { message }, wallTime });
    expect(error.message).toMatch(/^ \[31mred x+$/);
    expect(error.message.length).toBeLessThanOrEqual(1_000);
  });
});

describe('F4 429 with and without Retry-After', () => {
  test.each([
    ['3', undefined, 3_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', undefined, 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', undefined, 0],
    ['soon', undefined, undefined],
    [undefined, 2, 2_000],
    [undefined, undefined, undefined],
    ['99999999999', undefined, LONGEST_RETRY_AFTER_MS],
  ])('header %j and body %j mean a wait of %j ms', (retryAfter, retryAfterSeconds, waitMs) => {
    const error = statusError({
      status: 429,
      retryAfter,
      body: statusBody(429, 'TooManyRequests', { retryAfterSeconds }),
      wallTime,
    });
    expect(error.kind === 'throttled' ? error.retryAfterMs : 'other').toBe(waitMs);
  });
});

describe('F3 F5 an ERROR line of a watch', () => {
  test.each([
    [{ code: 410, reason: 'Expired' }, 'expired'],
    [{ reason: 'Gone' }, 'expired'],
    [{ code: 500, reason: 'InternalError' }, 'serverError'],
    [{ code: 403, reason: 'Forbidden' }, 'forbidden'],
    [{ code: 'x' }, 'serverError'],
    [undefined, 'serverError'],
  ])('%j is %s', (status, kind) => {
    expect(watchError(status, wallTime).kind).toBe(kind);
  });
});
