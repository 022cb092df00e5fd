import { failure, type Result } from '../../base/result.ts';
import type { KubeClient, WriteOptions } from './kube-client.ts';
import type { KubeError } from './kube-error.ts';

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
  const within = async <Value>(
    options: WriteOptions | undefined,
    write: (limits: WriteOptions) => Promise<Result<Value, KubeError>>,
  ): Promise<Result<Value, KubeError>> => {
    const remainingMs = Math.floor(fence.remainingMs());
    if (remainingMs <= 0) {
      return failure({ kind: 'aborted', message: 'the lease is not held any more' });
    }
    const signal = options?.signal === undefined ? fence.lost : AbortSignal.any([options.signal, fence.lost]);
    return write({ signal, timeoutMs: Math.min(options?.timeoutMs ?? requestTimeoutMs, remainingMs) });
  };
  return {
    list: (request) => kube.list(request),
    watch: (request, onEvent) => kube.watch(request, onEvent),
    get: (reference, options) => kube.get(reference, options),
    read: (path, options) => kube.read(path, options),
    create: (type, object, options) =>
      within(options, (limits) => kube.create(type, object, { ...options, ...limits })),
    apply: (type, object, options) => within(options, (limits) => kube.apply(type, object, { ...options, ...limits })),
    replace: (type, object, options) =>
      within(options, (limits) => kube.replace(type, object, { ...options, ...limits })),
    remove: (reference, options) => within(options, (limits) => kube.remove(reference, { ...options, ...limits })),
  };
}
