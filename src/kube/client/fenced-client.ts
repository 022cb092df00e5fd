import { failure } from '../../base/result.ts';
import { clientAround, isWriteVerb } from './client-around.ts';
import type { KubeClient } from './kube-client.ts';

/** Until when this process may write. */
export interface Fence {
  /** Aborted when the right to write has ended. */
  readonly lost: AbortSignal;
  /** For how long a request that is sent now may go on, in milliseconds; 0 when nothing may be sent. */
  remainingMs(): number;
}

/**
 * A client that reads like `kube` and writes only inside the fence (R15, one writer): a write after the end of the fence
 * returns `aborted` without being sent, a write under way at that moment is aborted, and no write may take longer than
 * the fence is sure to last. The server may still carry out a request that it already has; it is told the same time
 * limit, and writes bound to uids and versions do no harm late.
 */
export function fencedClient(kube: KubeClient, fence: Fence, requestTimeoutMs: number): KubeClient {
  return clientAround(kube, (send, { verb, options }) => {
    if (!isWriteVerb(verb)) {
      return send();
    }
    const remainingMs = Math.floor(fence.remainingMs());
    if (remainingMs <= 0) {
      return Promise.resolve(failure({ kind: 'aborted', message: 'the lease is not held any more' }));
    }
    const signal = options?.signal === undefined ? fence.lost : AbortSignal.any([options.signal, fence.lost]);
    return send({ signal, timeoutMs: Math.min(options?.timeoutMs ?? requestTimeoutMs, remainingMs) });
  });
}
