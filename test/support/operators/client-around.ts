import type { Result } from '../../../src/base/result.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';

/** What stands between an operator and its client. */
export interface Around {
  /** Sends a request, or does not; watches are none. */
  readonly request: <Value>(send: () => Promise<Result<Value, KubeError>>) => Promise<Result<Value, KubeError>>;
  /** Begins a watch, or does not; every watch passes when absent. */
  readonly watch?: KubeClient['watch'];
}

/** A client like `kube`, each of whose requests goes through `around`. */
export function clientAround(kube: KubeClient, { request, watch }: Around): KubeClient {
  return {
    watch: watch ?? ((...asked) => kube.watch(...asked)),
    list: (...asked) => request(() => kube.list(...asked)),
    get: (...asked) => request(() => kube.get(...asked)),
    read: (...asked) => request(() => kube.read(...asked)),
    create: (...asked) => request(() => kube.create(...asked)),
    apply: (...asked) => request(() => kube.apply(...asked)),
    replace: (...asked) => request(() => kube.replace(...asked)),
    remove: (...asked) => request(() => kube.remove(...asked)),
  };
}

/** Counts in `state` the requests that wait for an answer. */
export function countingUnderWay(state: { underWay: number }): Around['request'] {
  return async (send) => {
    state.underWay += 1;
    try {
      return await send();
    } finally {
      state.underWay -= 1;
    }
  };
}
