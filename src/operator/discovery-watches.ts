import { type Discovered, discoveredSchema } from '../api/baseline-policy.ts';
import type { ServiceFacts, SliceFacts } from '../baseline/discovery.ts';
import { fieldOf } from '../kube/json-shape.ts';
import { serviceProjection, sliceProjection } from './projections.ts';
import { ENDPOINT_SLICES, SERVICES } from './resources.ts';
import type { Identity } from './slim-forms.ts';
import { type Watched, type WatchSurroundings, watched } from './watched.ts';

/** The watches that discovery looks at, and what they show. */
export interface DiscoveryWatches {
  readonly all: readonly Watched<Identity>[];
  readonly dns: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  readonly apiServer: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
}

/** Makes the watches on where the cluster's DNS and API server may be; nothing is asked yet. */
export function discoveryWatches(dnsNamespaces: readonly string[], surroundings: WatchSurroundings): DiscoveryWatches {
  const services = dnsNamespaces.map((namespace) =>
    watched({ type: SERVICES, namespace, project: serviceProjection }, surroundings),
  );
  const slices = dnsNamespaces.map((namespace) =>
    watched({ type: ENDPOINT_SLICES, namespace, project: sliceProjection }, surroundings),
  );
  // The API server's own Service and slice alone, whatever else is in the namespace default.
  const apiService = watched(
    { type: SERVICES, namespace: 'default', fieldSelector: 'metadata.name=kubernetes', project: serviceProjection },
    surroundings,
  );
  const apiSlices = watched({ type: ENDPOINT_SLICES, namespace: 'default', project: sliceProjection }, surroundings);
  return {
    all: [
      ...services.map(asIdentities),
      ...slices.map(asIdentities),
      asIdentities(apiService),
      asIdentities(apiSlices),
    ],
    dns: () => ({
      services: services.flatMap(({ cache }) => [...cache.values()]),
      slices: slices.flatMap(({ cache }) => [...cache.values()]),
    }),
    apiServer: () => ({
      services: [...apiService.cache.values()],
      slices: [...apiSlices.cache.values()].filter(({ service }) => service === 'kubernetes'),
    }),
  };
}

/** Only identities are read through the view, so that a more specific cache may stand behind it. */
export function asIdentities<T extends Identity>(specific: Watched<T>): Watched<Identity> {
  return specific as unknown as Watched<Identity>;
}

/** What a former run had stored with any policy: they all carry the same, so the one with the most is taken. */
export function storedDiscovery(policies: Iterable<{ readonly status: unknown }>): Discovered {
  const stored = [...policies].flatMap(({ status }) => {
    const parsed = discoveredSchema.safeParse(fieldOf(status, 'discovered'));
    return parsed.success ? [parsed.data] : [];
  });
  return stored.sort((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? {};
}
