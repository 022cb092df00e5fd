import { expect, test } from 'vitest';
import { failure, success } from '../../../src/base/result.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import { restartReasonFor } from '../../../src/telemetry/restart-reason.ts';
import { writeResultFor } from '../../../src/telemetry/write-result.ts';

const errors: Readonly<Record<KubeError['kind'], KubeError>> = {
  unauthorized: { kind: 'unauthorized', message: '' },
  forbidden: { kind: 'forbidden', message: '' },
  namespaceTerminating: { kind: 'namespaceTerminating', message: '' },
  notFound: { kind: 'notFound', message: '' },
  alreadyExists: { kind: 'alreadyExists', message: '' },
  conflict: { kind: 'conflict', message: '' },
  expired: { kind: 'expired', message: '' },
  resourceVersionTooLarge: { kind: 'resourceVersionTooLarge', message: '' },
  invalid: { kind: 'invalid', message: '', status: 422, causes: [] },
  throttled: { kind: 'throttled', message: '' },
  serverError: { kind: 'serverError', message: '', status: 500 },
  network: { kind: 'network', message: '' },
  timeout: { kind: 'timeout', message: '', limitMs: 1 },
  aborted: { kind: 'aborted', message: '' },
  tooLarge: { kind: 'tooLarge', message: '', limitBytes: 1 },
  malformed: { kind: 'malformed', message: '' },
  credentials: { kind: 'credentials', message: '' },
};

test('every error of a write has a label', () => {
  const labels = Object.entries(errors).map(([kind, error]) => `${kind}: ${writeResultFor(failure(error))}`);
  expect(writeResultFor(success(undefined))).toBe('success');
  expect(labels.filter((label) => !label.endsWith(': failed'))).toEqual([
    'unauthorized: refused',
    'forbidden: refused',
    'namespaceTerminating: refused',
    'alreadyExists: conflict',
    'conflict: conflict',
    'invalid: refused',
    'throttled: throttled',
  ]);
});

test('every reason to restart a watch has a label', () => {
  const kinds = Object.values(errors).map(({ kind }) => kind);
  const labels = ([...kinds, 'ended', 'sinkFailed', 'rolledBack'] as const).map(
    (reason) => `${reason}: ${restartReasonFor(reason)}`,
  );
  expect(labels.filter((label) => !label.endsWith(': failed'))).toEqual([
    'unauthorized: refused',
    'forbidden: refused',
    'notFound: refused',
    'expired: expired',
    'resourceVersionTooLarge: expired',
    'throttled: throttled',
    'network: network',
    'timeout: silent',
    'credentials: refused',
    'ended: ended',
    'rolledBack: expired',
  ]);
});
