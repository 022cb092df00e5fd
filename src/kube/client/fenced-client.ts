import { failure, type Result } from '../../base/result.ts';
import type { KubeClient, WriteOptions } from './kube-client.ts';
import type { KubeError } from './kube-error.ts';

/** Until when somebody may write. */
export interface Fence {
  /** Aborted when it is over. */
  readonly lost: AbortSignal;
  /** For how long a request that is sent now may go on, in milliseconds; 0 when nothing may be sent. */
  remainingMs(): number;
}

/**
 * A client that reads like `kube` and writes only inside the fence (R15): what is sent when it is over gives `aborted`
 * without having been sent, what is under way then is aborted, and nothing may take longer than the fence is sure to
 * stand. A request that the server has already may still be carried out; the server is told the same time limit, and
 * writes bound to uids and versions do no harm late.
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
