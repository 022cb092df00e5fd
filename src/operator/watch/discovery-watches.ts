import { type Discovered, discoveredSchema } from '../../api/baseline-policy.ts';
import { fieldOf } from '../../base/json.ts';
import type { ServiceFacts, SliceFacts } from '../../domain/discovery/sources.ts';
import type { Identity } from './cached-objects.ts';
import { createInformer, type Informer, type InformerContext } from './informer.ts';
import { serviceProjection, sliceProjection } from './projections.ts';
import { ENDPOINT_SLICES, SERVICES } from './resources.ts';

/** The watches that discovery looks at, and what they show. */
export interface DiscoveryInformers {
  readonly all: readonly Informer<Identity>[];
  readonly dns: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
  readonly apiServer: () => { readonly services: readonly ServiceFacts[]; readonly slices: readonly SliceFacts[] };
}

/** Makes the watches on where the cluster's DNS and API server may be; nothing is asked yet. */
export function createDiscoveryInformers(
  dnsNamespaces: readonly string[],
  surroundings: InformerContext,
): DiscoveryInformers {
  const services = dnsNamespaces.map((namespace) =>
    createInformer({ type: SERVICES, namespace, project: serviceProjection }, surroundings),
  );
  const slices = dnsNamespaces.map((namespace) =>
    createInformer({ type: ENDPOINT_SLICES, namespace, project: sliceProjection }, surroundings),
  );
  // The API server's own Service and slice alone, whatever else is in the namespace default.
  const apiService = createInformer(
    { type: SERVICES, namespace: 'default', fieldSelector: 'metadata.name=kubernetes', project: serviceProjection },
    surroundings,
  );
  const apiSlices = createInformer(
    { type: ENDPOINT_SLICES, namespace: 'default', project: sliceProjection },
    surroundings,
  );
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
export function asIdentities<T extends Identity>(specific: Informer<T>): Informer<Identity> {
  return specific as unknown as Informer<Identity>;
}

/** What a former run had stored with any policy: they all carry the same, so the one with the most is taken. */
export function storedDiscovery(policies: Iterable<{ readonly status: unknown }>): Discovered {
  const stored = [...policies].flatMap(({ status }) => {
    const parsed = discoveredSchema.safeParse(fieldOf(status, 'discovered'));
    return parsed.success ? [parsed.data] : [];
  });
  return stored.sort((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? {};
}
