import type { Exclusion } from '../../domain/selection.ts';
import type { Caches, ScopedCaches } from './caches.ts';
import { createInformer, type InformerContext, type Watch } from './informer.ts';
import { WATCH_ROWS, type WatchTargets } from './watches.ts';

/** What the informers of all rows are created from. */
export interface InformersOptions extends InformerContext {
  readonly exclusion: Exclusion;
  readonly dnsNamespaces: readonly string[];
  readonly targets: WatchTargets;
}

/** One informer for each row of `WATCHES` and each of its scopes. */
export interface Informers {
  readonly caches: Caches & ScopedCaches;
  readonly all: readonly Watch[];
}

/** Creates all informers. They make no request until their reflectors run. */
export function createInformers(options: InformersOptions): Informers;
// The rows lose their types in a loop; the types of the caches are those of the rows by construction.
export function createInformers(options: InformersOptions): Omit<Informers, 'caches'> & { readonly caches: object } {
  const { exclusion, dnsNamespaces, targets } = options;
  const caches = new Map<string, unknown>();
  const all: Watch[] = [];
  const onReconnected = (): void => {
    targets.reconnected();
  };
  for (const [rowName, { type, project, handler, scopes }] of Object.entries(WATCH_ROWS)) {
    const watched = {
      type,
      project: project({ exclusion }),
      onChange: (key: { readonly namespace: string; readonly name: string }) => {
        handler(targets, key);
      },
    };
    if (scopes === undefined) {
      const informer = createInformer({ ...watched, onReconnected }, options);
      caches.set(rowName, informer.cache);
      all.push(informer);
    } else {
      const informers = scopes(dnsNamespaces).map((scope) => createInformer({ ...watched, ...scope }, options));
      caches.set(
        rowName,
        informers.map(({ cache }) => cache),
      );
      all.push(...informers);
    }
  }
  return { caches: Object.fromEntries(caches), all };
}
