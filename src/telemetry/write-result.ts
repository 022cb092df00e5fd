import type { Result } from '../base/result.ts';
import type { KubeError } from '../kube/client/kube-error.ts';
import type { WriteResult } from './metric-table.ts';

/** The metric label for the result of a write. */
export function writeResultFor(answer: Result<unknown, KubeError>): WriteResult {
  if (answer.ok) {
    return 'success';
  }
  switch (answer.error.kind) {
    case 'alreadyExists':
    case 'conflict':
      return 'conflict';
    case 'forbidden':
    case 'invalid':
    case 'namespaceTerminating':
    case 'unauthorized':
      return 'refused';
    case 'throttled':
      return 'throttled';
    default:
      return 'failed';
  }
}
