import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { valueOf } from './admin.ts';

/** One event of a watch. */
export interface Sighting {
  /** When it arrived here, on the scale of `performance.now()`. */
  readonly atMs: number;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly isGone: boolean;
  readonly object: KubeObject;
}

/** What is waited for, and what to say when it does not come. */
export interface Expectation {
  /** Ends the sentence "This did not come true within 15 s: …". */
  readonly sentence: string;
  readonly matches: (sighting: Sighting) => boolean;
}

/**
 * The demo's own eyes: watches of all that the operator writes, which know nothing of the operator. Every event is kept
 * with the time of its arrival, so that one that comes before somebody waits for it is measured as well.
 */
export interface Observer {
  /** Events from now on; to be taken before the change whose effect is waited for. */
  mark(): number;
  /** The first event since the mark that matches; throws when it does not come in time, or the signal is aborted. */
  sighting(expectation: Expectation, since: number): Promise<Sighting>;
}

const TYPES: readonly ResourceType[] = [NETWORK_POLICIES, NAMESPACE_BASELINES, BASELINE_POLICIES];
const DEADLINE_MS = 15_000;

/** An observer that watches until the signal is aborted; throws when it cannot begin. */
export async function observe(kube: Pick<KubeClient, 'list' | 'watch'>, signal: AbortSignal): Promise<Observer> {
  const sightings: Sighting[] = [];
  const waiting = new Set<() => void>();
  const watchEnds: string[] = [];
  const wake = (): void => {
    for (const look of waiting) {
      look();
    }
  };
  const watch = async (type: ResourceType): Promise<void> => {
    const { resourceVersion } = valueOf(await kube.list({ type, limit: 1, signal }));
    const watching = kube.watch({ type, resourceVersion, signal }, (event) => {
      const atMs = performance.now();
      if (event.type === 'BOOKMARK') {
        return;
      }
      const { object } = event;
      sightings.push({
        atMs,
        kind: type.kind,
        name: object.metadata.name ?? '',
        namespace: object.metadata.namespace ?? '',
        isGone: event.type === 'DELETED',
        object,
      });
      wake();
    });
    void watching.then((over) => {
      watchEnds.push(
        `the demo's own watch of ${type.plural} ended: ${over.ok ? 'the API server ended it' : over.error.message}`,
      );
      wake();
    });
  };
  await Promise.all(TYPES.map(watch));

  return {
    mark: () => sightings.length,
    sighting: (expectation, since) =>
      new Promise((resolve, reject) => {
        const settle = (finish: () => void): void => {
          clearTimeout(timer);
          waiting.delete(look);
          finish();
        };
        const look = (): void => {
          const found = sightings.slice(since).find(expectation.matches);
          const [end] = watchEnds;
          if (found !== undefined) {
            settle(() => {
              resolve(found);
            });
          } else if (end !== undefined) {
            settle(() => {
              reject(new Error(end));
            });
          }
        };
        const timer = setTimeout(() => {
          settle(() => {
            reject(new Error(`This did not come true within ${DEADLINE_MS / 1000} s: ${expectation.sentence}.`));
          });
        }, DEADLINE_MS);
        waiting.add(look);
        look();
      }),
  };
}
