import { failure } from '../../base/result.ts';
import { clientAround, isWriteVerb } from './client-around.ts';
import type { KubeClient } from './kube-client.ts';

/** The time in which this process may write: its fencing token. */
export interface Fence {
  /** Aborted when that time is over. */
  readonly lost: AbortSignal;
  /** How long a request that is sent now may take, in milliseconds; 0 if no request may be sent. */
  remainingMs(): number;
}

/**
 * A client that reads like `kube` and writes only inside the fence (R15). After the fence has ended, a write returns
 * `aborted` without being sent, and writes in flight are aborted. No write may take longer than the fence certainly
 * lasts; the server gets the same time limit. A write that has reached the server may still take effect, which is
 * harmless, because writes are bound to uids and versions.
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
