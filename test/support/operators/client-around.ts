import {
  type Around as AroundRequest,
  clientAround as requestsAround,
  type Send,
} from '../../../src/kube/client/client-around.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';

/** What a test puts between an operator and its client. */
export interface Around {
  /** Sends a request, or does not; watches are none. */
  readonly request: AroundRequest;
  /** Begins a watch, or does not; every watch passes when absent. */
  readonly watch?: KubeClient['watch'];
}

/** A client like `kube`, each of whose requests goes through `around`, and each of whose watches through `watch`. */
export function clientAround(kube: KubeClient, { request, watch }: Around): KubeClient {
  const around = requestsAround(kube, request);
  return watch === undefined ? around : { ...around, watch };
}

/** Counts in `state` the requests that wait for an answer. */
export function countingUnderWay(state: { underWay: number }): <Value>(send: Send<Value>) => ReturnType<Send<Value>> {
  return async (send) => {
    state.underWay += 1;
    try {
      return await send();
    } finally {
      state.underWay -= 1;
    }
  };
}
