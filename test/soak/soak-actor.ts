import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { API_VERSION, FINALIZER, NAMESPACE_BASELINE_NAME } from '../../src/api/names.ts';
import { pause, systemClock } from '../../src/base/clock.ts';
import type { Result } from '../../src/base/result.ts';
import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../src/kube/client/kube-error.ts';
import type { KubeObject, ObjectMeta } from '../../src/kube/client/kube-object.ts';
import type { ObjectReference } from '../../src/kube/client/resource-type.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../src/operator/watch/resources.ts';
import { recordedUids } from '../support/oracle/declared-policy.ts';
import { FOREIGN } from './namespace-oracle.ts';
import type { SoakOracle } from './soak-oracle.ts';

const RETRY_MS = 250;
/** What passes by itself: the API server is away, or just back. */
const PASSING: ReadonlySet<KubeError['kind']> = new Set<KubeError['kind']>([
  'network',
  'timeout',
  'serverError',
  'throttled',
  'unauthorized',
]);

/**
 * What people and tenants do, as cluster admin. A request that failed in passing is repeated until it is known what came
 * of it, so that afterwards the declaration is the truth; whatever is written to a NetworkPolicy is noted as our own.
 */
export class SoakActor {
  readonly #kube: KubeClient;
  readonly #accounts: SoakOracle;
  readonly #signal: AbortSignal;

  constructor(parts: { readonly kube: KubeClient; readonly accounts: SoakOracle; readonly signal: AbortSignal }) {
    this.#kube = parts.kube;
    this.#accounts = parts.accounts;
    this.#signal = parts.signal;
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<KubeObject | undefined> {
    const created = await this.#certain(() =>
      this.#kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
    );
    if (created.ok) {
      return created.value;
    }
    // Of an attempt whose answer was lost, or of one that is still going.
    const standing = created.error.kind === 'alreadyExists' ? await this.#read({ type: NAMESPACES, name }) : undefined;
    return standing?.metadata.deletionTimestamp === undefined ? standing : undefined;
  }

  async removeNamespace(name: string): Promise<void> {
    await this.#certain(() => this.#kube.remove({ type: NAMESPACES, name }));
  }

  async labelNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<KubeObject | undefined> {
    return await this.#edit({ type: NAMESPACES, name }, (object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...labels, 'kubernetes.io/metadata.name': name } },
    }));
  }

  /** Creates it, or gives it another spec. */
  async declare(name: string, spec: BaselinePolicySpec): Promise<KubeObject | undefined> {
    const edited = await this.#edit({ type: BASELINE_POLICIES, name }, (object) => ({ ...object, spec }));
    if (edited !== undefined) {
      return edited;
    }
    const created = await this.#certain(() =>
      this.#kube.create(BASELINE_POLICIES, {
        apiVersion: API_VERSION,
        kind: 'BaselinePolicy',
        metadata: { name },
        spec,
      }),
    );
    return created.ok ? created.value : await this.#read({ type: BASELINE_POLICIES, name });
  }

  async removeDeclaration(name: string): Promise<void> {
    await this.#certain(() => this.#kube.remove({ type: BASELINE_POLICIES, name }));
  }

  async isDeclared(name: string): Promise<boolean> {
    return (await this.#read({ type: BASELINE_POLICIES, name })) !== undefined;
  }

  /** Whether our finalizer holds a policy: only then does a deletion take along what is of it. */
  async isHeld(name: string): Promise<boolean> {
    return (await this.#read({ type: BASELINE_POLICIES, name }))?.metadata.finalizers?.includes(FINALIZER) === true;
  }

  /** The uids of the NetworkPolicies that the NamespaceBaseline lists. */
  async recordedUids(namespace: string): Promise<ReadonlySet<string>> {
    return recordedUids(await this.#read({ type: NAMESPACE_BASELINES, namespace, name: NAMESPACE_BASELINE_NAME }));
  }

  /** A tenant's own NetworkPolicy; undefined where its name is taken. */
  async createForeign(namespace: string, name: string): Promise<KubeObject | undefined> {
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name, annotations: { [FOREIGN]: 'true' } },
      spec: { podSelector: { matchLabels: { app: 'own' } }, policyTypes: ['Ingress'] },
    };
    const created = await this.#certain(() => this.#kube.create(NETWORK_POLICIES, object));
    const standing = created.ok ? created.value : await this.#read({ type: NETWORK_POLICIES, namespace, name });
    if (standing === undefined || standing.metadata.annotations?.[FOREIGN] !== 'true') {
      return undefined;
    }
    this.#accounts.wrote(standing);
    return standing;
  }

  /** Edits a NetworkPolicy, anybody's; undefined where there is none any more. */
  async editNetworkPolicy(
    namespace: string,
    name: string,
    edit: (object: KubeObject) => KubeObject,
  ): Promise<KubeObject | undefined> {
    const edited = await this.#edit({ type: NETWORK_POLICIES, namespace, name }, edit);
    if (edited !== undefined) {
      this.#accounts.wrote(edited);
    }
    return edited;
  }

  /** Removes a NetworkPolicy, anybody's; undefined where there is none any more. */
  async removeNetworkPolicy(namespace: string, name: string): Promise<KubeObject | undefined> {
    const standing = await this.#read({ type: NETWORK_POLICIES, namespace, name });
    const uid = standing?.metadata.uid;
    if (standing === undefined || uid === undefined) {
      return undefined;
    }
    this.#accounts.removes(uid);
    const removed = await this.#certain(() => this.#kube.remove({ type: NETWORK_POLICIES, namespace, name }, { uid }));
    return removed.ok || removed.error.kind === 'notFound' ? standing : undefined;
  }

  async #read(reference: ObjectReference): Promise<KubeObject | undefined> {
    const found = await this.#certain(() => this.#kube.get(reference));
    return found.ok ? found.value : undefined;
  }

  async #edit(reference: ObjectReference, edit: (object: KubeObject) => KubeObject): Promise<KubeObject | undefined> {
    while (!this.#signal.aborted) {
      const standing = await this.#read(reference);
      if (standing === undefined) {
        return undefined;
      }
      const written = await this.#certain(
        () => this.#kube.replace(reference.type, edit(standing)),
        () => {
          this.#accounts.doubts(reference.namespace ?? '', reference.name);
        },
      );
      if (written.ok) {
        return written.value;
      }
      if (written.error.kind !== 'conflict') {
        return undefined;
      }
    }
    return undefined;
  }

  async #certain<Value>(
    ask: () => Promise<Result<Value, KubeError>>,
    onDoubt?: () => void,
  ): Promise<Result<Value, KubeError>> {
    for (;;) {
      const answer = await ask();
      if (answer.ok || !PASSING.has(answer.error.kind) || this.#signal.aborted) {
        return answer;
      }
      onDoubt?.();
      await pause(systemClock, RETRY_MS, this.#signal);
    }
  }
}

/** Metadata with something else in it. */
export function withMetadata(object: KubeObject, changes: Partial<ObjectMeta>): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...changes } };
}
