import { pause, systemClock } from '../../src/base/clock.ts';
import type { KubeClient, WatchEvent } from '../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';

/** One NetworkPolicy that changed, as it was and as it is. */
export interface Sighting {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

const RETRY_MS = 200;
const SILENCE_LIMIT_MS = 70_000;

/**
 * What an observer sees of the cluster, over watches of its own that share nothing with the operator's reflector: every
 * failure, of whatever kind, is answered by a whole list.
 */
export class View {
  readonly #kube: KubeClient;
  readonly #onSighting: (sighting: Sighting) => void;
  readonly #networkPolicies = new Map<string, Map<string, KubeObject>>();
  readonly #namespaces = new Map<string, KubeObject>();
  readonly #stop = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(parts: { readonly kube: KubeClient; readonly onSighting: (sighting: Sighting) => void }) {
    this.#kube = parts.kube;
    this.#onSighting = parts.onSighting;
  }

  /** Begins to look. */
  start(): void {
    const takeNamespace = (object: KubeObject, isGone: boolean): void => {
      const name = object.metadata.name ?? '';
      if (isGone) {
        this.#namespaces.delete(name);
      } else {
        this.#namespaces.set(name, object);
      }
    };
    this.#running = [
      this.#follow(
        NETWORK_POLICIES,
        (object, isGone) => {
          this.#takePolicy(object, isGone);
        },
        () => [...this.#networkPolicies.values()].flatMap((found) => [...found.values()]),
      ),
      this.#follow(NAMESPACES, takeNamespace, () => [...this.#namespaces.values()]),
    ];
  }

  /** Resolves when it looks no more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** The NetworkPolicies of a namespace by name. */
  networkPolicies(namespace: string): ReadonlyMap<string, KubeObject> {
    return this.#networkPolicies.get(namespace) ?? new Map<string, KubeObject>();
  }

  /** A namespace, while it is there. */
  namespace(name: string): KubeObject | undefined {
    return this.#namespaces.get(name);
  }

  #takePolicy(object: KubeObject, isGone: boolean): void {
    const { namespace = '', name = '', resourceVersion } = object.metadata;
    const siblings = this.#networkPolicies.get(namespace) ?? new Map<string, KubeObject>();
    this.#networkPolicies.set(namespace, siblings);
    const before = siblings.get(name);
    if (isGone) {
      siblings.delete(name);
    } else {
      siblings.set(name, object);
    }
    if (isGone || before?.metadata.resourceVersion !== resourceVersion) {
      this.#onSighting({ before, after: isGone ? undefined : object });
    }
  }

  async #follow(
    type: ResourceType,
    take: (object: KubeObject, isGone: boolean) => void,
    known: () => readonly KubeObject[],
  ): Promise<void> {
    const { signal } = this.#stop;
    const onEvent = ({ type: what, object }: WatchEvent): void => {
      if (what !== 'BOOKMARK') {
        take(object, what === 'DELETED');
      }
    };
    while (!signal.aborted) {
      const listed = await this.#kube.list({ type, signal });
      if (listed.ok) {
        const { items, resourceVersion } = listed.value;
        const names = new Set(items.map(keyOf));
        known()
          .filter((object) => !names.has(keyOf(object)))
          .forEach((object) => {
            take(object, true);
          });
        items.forEach((object) => {
          take(object, false);
        });
        await this.#kube.watch({ type, resourceVersion, silenceLimitMs: SILENCE_LIMIT_MS, signal }, onEvent);
      }
      await pause(systemClock, RETRY_MS, signal);
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
