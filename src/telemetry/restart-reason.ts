import type { RestartReason } from '../kube/informer/watch-backoff.ts';
import type { WatchRestartReason } from './metric-table.ts';

/** The metric label for the reason why a watch was restarted. */
export function restartReasonFor(cause: RestartReason): WatchRestartReason {
  switch (cause) {
    case 'ended':
      return 'ended';
    case 'expired':
    case 'resourceVersionTooLarge':
    case 'rolledBack':
      return 'expired';
    case 'timeout':
      return 'silent';
    case 'network':
      return 'network';
    case 'forbidden':
    case 'unauthorized':
    case 'notFound':
    case 'credentials':
      return 'refused';
    case 'throttled':
      return 'throttled';
    default:
      return 'failed';
  }
}
