import { systemClock } from '../../src/base/clock.ts';
import type { Result } from '../../src/base/result.ts';
import { isKubeObject, type KubeObject } from '../../src/kube/client/kube-object.ts';
import { objectPath, withQuery } from '../../src/kube/client/request-path.ts';
import { apiVersionOf, type ObjectReference, type ResourceType } from '../../src/kube/client/resource-type.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import { createHttpTransport } from '../../src/kube/transport/http-transport.ts';
import { BASELINE_POLICIES, NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';

/** A change that the API server has accepted. */
export interface Change {
  /** The object as the API server answered it; after a removal, as it was asked to be removed. */
  readonly object: KubeObject;
  /** When the request was sent, on the scale of `performance.now()`. */
  readonly sentAtMs: number;
}

/** The cluster admin of the demo: what kubectl would send, from this process, so that the time of sending is known. Everything throws with the API server's words. */
export interface Admin {
  readonly kube: HttpKubeClient;
  /** A server-side apply of any object of the manifests. */
  apply(object: KubeObject): Promise<Change>;
  /** A JSON merge patch, as `kubectl label` and `kubectl patch --type merge` send it. */
  patch(reference: ObjectReference, body: object, fieldManager?: string): Promise<Change>;
  remove(reference: ObjectReference): Promise<Change>;
  close(): Promise<void>;
}

const FIELD_MANAGER = 'nsbaseline-demo';
const TYPES: readonly ResourceType[] = [NAMESPACES, NETWORK_POLICIES, BASELINE_POLICIES];
const REQUEST_TIMEOUT_MS = 10_000;
const LIMIT_BYTES = 4 * 1024 ** 2;

/** An admin with the credentials of this kubeconfig. */
export async function adminOf(kubeconfigPath: string): Promise<Admin> {
  const cluster = valueOf(await loadCluster({ kubeconfigPath }));
  const kube = createKubeClient({ cluster, fieldManager: FIELD_MANAGER, userAgent: FIELD_MANAGER });
  const transport = createHttpTransport({ cluster, clock: systemClock });
  return {
    kube,
    async apply(object) {
      const sentAtMs = performance.now();
      const applied = valueOf(await kube.apply(typeOf(object), object));
      return { object: applied, sentAtMs };
    },
    async patch(reference, body, fieldManager = FIELD_MANAGER) {
      const sentAtMs = performance.now();
      const answer = valueOf(
        await transport.send({
          method: 'PATCH',
          path: withQuery(valueOf(objectPath(reference)), { fieldManager }),
          headers: {
            ...valueOf(await cluster.authorization()),
            accept: 'application/json',
            'content-type': 'application/merge-patch+json',
          },
          body: JSON.stringify(body),
          timeoutMs: REQUEST_TIMEOUT_MS,
          limitBytes: LIMIT_BYTES,
        }),
      );
      const object: unknown = JSON.parse(answer.body.toString('utf8'));
      if (answer.status !== 200 || !isKubeObject(object)) {
        throw new Error(`the API server refused the patch: ${answer.body.toString('utf8').slice(0, 500)}`);
      }
      return { object, sentAtMs };
    },
    async remove(reference) {
      const object = valueOf(await kube.get(reference));
      const sentAtMs = performance.now();
      valueOf(await kube.remove(reference));
      return { object, sentAtMs };
    },
    async close() {
      await Promise.all([kube.close(), transport.close()]);
    },
  };
}

/** What a request gave; throws with the reason when it failed. */
export function valueOf<Value>(result: Result<Value, { readonly message: string }>): Value {
  if (!result.ok) {
    throw new Error(result.error.message);
  }
  return result.value;
}

function typeOf(object: KubeObject): ResourceType {
  const type = TYPES.find((each) => each.kind === object.kind && apiVersionOf(each) === object.apiVersion);
  if (type === undefined) {
    throw new Error(`the demo has no use for ${String(object.apiVersion)} ${String(object.kind)}`);
  }
  return type;
}
