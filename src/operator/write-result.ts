import type { KubeError } from '../kube/kube-error.ts';
import type { Result } from '../kube/result.ts';
import type { WriteResult } from '../observe/metric-table.ts';

/** How the metric counts what came of a write. */
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
