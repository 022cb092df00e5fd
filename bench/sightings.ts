import { FIELD_MANAGER, LABELS } from '../src/api/names.ts';
import { systemClock } from '../src/base/clock.ts';
import { fieldOf, textOf } from '../src/base/json.ts';
import type { KubeClient } from '../src/kube/client/kube-client.ts';
import type { KubeObject } from '../src/kube/client/kube-object.ts';
import type { ResourceType } from '../src/kube/client/resource-type.ts';
import { createReflector } from '../src/kube/informer/reflector.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../src/operator/watch/resources.ts';

/** One version of one NetworkPolicy. `form` is all that a tamperer could change, as text; empty when it is gone. */
export interface Sighting {
  readonly atMs: number;
  readonly form: string;
}

/** What was seen of one namespace; times on the scale of `performance.now()`. */
export interface NamespaceSightings {
  /** First seen with the opt-in label. */
  labelledMs: number | undefined;
  /** The versions of each managed policy, by name. */
  readonly policies: Map<string, Sighting[]>;
}

/** How many policies a namespace has under the policy `standard` of the bench. */
const SET_SIZE = 3;

/**
 * The independent watch: everything that anybody writes, with the time at which it came in here. It belongs to nobody
 * who is measured.
 */
export class Sightings {
  readonly #namespaces = new Map<string, NamespaceSightings>();
  /** So that ten thousand equal policies are one text. */
  readonly #forms = new Map<string, string>();
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #waiting = new Set<() => void>();

  /** Watches from now on; resolves when everything that stands was seen. */
  async begin(kube: KubeClient): Promise<void> {
    const taken = [
      this.#follow(kube, NAMESPACES, (object) => {
        this.#sawNamespace(object);
      }),
      this.#follow(kube, NETWORK_POLICIES, (object, isGone) => {
        this.#sawPolicy(object, isGone);
      }),
    ];
    while (!taken.every((hasSynced) => hasSynced())) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Of one namespace; empty where nothing was seen yet. */
  of(namespace: string): NamespaceSightings {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) {
      return known;
    }
    const none: NamespaceSightings = { labelledMs: undefined, policies: new Map() };
    this.#namespaces.set(namespace, none);
    return none;
  }

  /** Resolves once this is true; looked at after every event. Throws when it is not within the deadline, in milliseconds. */
  until(isTrue: () => boolean, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        end();
      };
      const look = (): void => {
        if (isTrue()) {
          settle(resolve);
        }
      };
      const timer = setTimeout(() => {
        settle(() => {
          reject(new Error(`not within ${deadlineMs} ms`));
        });
      }, deadlineMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Ends every watch. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  #follow(kube: KubeClient, type: ResourceType, saw: (object: KubeObject, isGone: boolean) => void): () => boolean {
    const tell =
      (isGone: boolean) =>
      (object: KubeObject): void => {
        saw(object, isGone);
        for (const look of this.#waiting) {
          look();
        }
      };
    const sink = {
      listStarted: () => undefined,
      upsert: tell(false),
      remove: tell(true),
      listEnded: () => undefined,
      size: 0,
    };
    const reflector = createReflector({ client: kube, scope: { type }, sink, clock: systemClock, random: Math.random });
    this.#running.push(reflector.run(this.#stopped.signal));
    return () => reflector.hasSynced();
  }

  #sawNamespace({ metadata }: KubeObject): void {
    const seen = this.of(textOf(metadata.name));
    if (fieldOf(metadata.labels, LABELS.enabled) === 'true') {
      seen.labelledMs ??= performance.now();
    }
  }

  #sawPolicy({ metadata, spec }: KubeObject, isGone: boolean): void {
    const { namespace, name, labels } = metadata;
    const { policies } = this.of(textOf(namespace));
    const versions = policies.get(textOf(name)) ?? [];
    if (versions.length === 0 && fieldOf(labels, LABELS.managedBy) !== FIELD_MANAGER) {
      return;
    }
    versions.push({ atMs: performance.now(), form: isGone ? '' : this.#interned(JSON.stringify([labels, spec])) });
    policies.set(textOf(name), versions);
  }

  #interned(form: string): string {
    const known = this.#forms.get(form);
    if (known === undefined) {
      this.#forms.set(form, form);
    }
    return known ?? form;
  }
}

/** When the set of a namespace was complete: its last policy was there for the first time; undefined while it is not. */
export function completeMs({ policies }: NamespaceSightings): number | undefined {
  const firstsMs = [...policies.values()].flatMap(([first]) => (first === undefined ? [] : [first.atMs]));
  return firstsMs.length < SET_SIZE ? undefined : Math.max(...firstsMs);
}
