import { clientAround, isWriteVerb } from '../kube/client/client-around.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Metrics } from './metrics.ts';
import { writeResultFor } from './write-result.ts';

/** A POST to this group asks what is allowed and stores nothing. */
const REVIEW_GROUP = 'authorization.k8s.io';

/** A client like `kube` that counts what became of each write, by kind, verb and result. Reads and reviews are not counted. */
export function meteredClient(kube: KubeClient, metrics: Pick<Metrics, 'wrote'>): KubeClient {
  return clientAround(kube, async (send, { verb, type }) => {
    const answer = await send();
    if (type !== undefined && type.group !== REVIEW_GROUP && isWriteVerb(verb)) {
      metrics.wrote({ kind: type.kind, verb, result: writeResultFor(answer) });
    }
    return answer;
  });
}
