import { apiVersionOf, type ResourceType } from '../../../src/kube/client/resource-type.ts';
import { customResourceSchema, type FieldSchema, networkPolicySchema, unknownObjectSchema } from './field-schema.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, textAt, valueAt, withFields } from './json.ts';
import { type Cause, invalidValue, requiredValue } from './name-validation.ts';
import { defaultedNetworkPolicy, storedNetworkPolicy } from './network-policy-defaults.ts';
import { networkPolicyOpenApi } from './network-policy-schema.ts';
import { networkPolicyCauses } from './network-policy-validation.ts';

/** One kind of object and the rules that the server has for it. */
export interface Resource {
  readonly type: ResourceType;
  readonly isCustom: boolean;
  readonly hasStatus: boolean;
  readonly hasGeneration: boolean;
  /** A PUT without a resourceVersion is refused. */
  readonly needsVersionOnUpdate: boolean;
  readonly isNameDnsLabel: boolean;
  readonly fields: FieldSchema;
  /** The structural schema; absent for kinds whose body is taken as it comes. */
  readonly openApi: JsonObject | undefined;
  /** What an object without content looks like, as bookmarks show it. */
  readonly zero: JsonObject;
  /** Fills in what is absent. Empty lists are still in what it gives, for they count as a change of spec. */
  readonly defaulted: (object: JsonObject) => JsonObject;
  /** The object as it is kept and shown. */
  readonly stored: (object: JsonObject) => JsonObject;
  readonly causes: (object: JsonObject) => readonly Cause[];
}

const asIs = (object: JsonObject): JsonObject => object;

function builtIn(type: Omit<ResourceType, 'version'>, rules: Partial<Resource> = {}): Resource {
  return {
    type: { version: 'v1', ...type },
    isCustom: false,
    hasStatus: false,
    hasGeneration: false,
    needsVersionOnUpdate: false,
    isNameDnsLabel: false,
    fields: unknownObjectSchema,
    openApi: undefined,
    zero: {},
    defaulted: asIs,
    stored: asIs,
    causes: () => [],
    ...rules,
  };
}

/** A namespace with its phase and with the label that the server keeps on it, whatever the caller says. */
function defaultedNamespace(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const labels = withFields(objectAt(metadata, 'labels'), { 'kubernetes.io/metadata.name': valueAt(metadata, 'name') });
  return {
    ...object,
    metadata: withFields(metadata, { labels }),
    spec: { ...objectAt(object, 'spec'), finalizers: ['kubernetes'] },
    status: { phase: 'Active', ...objectAt(object, 'status') },
  };
}

/** Namespaces, which have rules that no other kind has. */
export const NAMESPACES = builtIn(
  { group: '', plural: 'namespaces', kind: 'Namespace', isNamespaced: false },
  {
    hasStatus: true,
    isNameDnsLabel: true,
    zero: { spec: {}, status: {} },
    defaulted: defaultedNamespace,
  },
);
/** CRDs: storing one serves its resource. */
export const CRDS = builtIn(
  {
    group: 'apiextensions.k8s.io',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    isNamespaced: false,
  },
  { hasStatus: true, hasGeneration: true, needsVersionOnUpdate: true },
);
/** Asked for with POST only; nothing is stored. */
export const ACCESS_REVIEWS = builtIn({
  group: 'authorization.k8s.io',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  isNamespaced: false,
});

const BUILT_INS: readonly Resource[] = [
  NAMESPACES,
  CRDS,
  ACCESS_REVIEWS,
  builtIn(
    { group: 'networking.k8s.io', plural: 'networkpolicies', kind: 'NetworkPolicy', isNamespaced: true },
    {
      hasGeneration: true,
      fields: networkPolicySchema,
      openApi: networkPolicyOpenApi,
      zero: { spec: { podSelector: {} } },
      defaulted: defaultedNetworkPolicy,
      stored: storedNetworkPolicy,
      causes: networkPolicyCauses,
    },
  ),
  builtIn(
    { group: '', plural: 'services', kind: 'Service', isNamespaced: true },
    { hasStatus: true, isNameDnsLabel: true, zero: { spec: {}, status: { loadBalancer: {} } } },
  ),
  builtIn({ group: '', plural: 'configmaps', kind: 'ConfigMap', isNamespaced: true }),
  builtIn(
    { group: '', plural: 'pods', kind: 'Pod', isNamespaced: true },
    { hasStatus: true, hasGeneration: true, zero: { spec: { containers: null }, status: {} } },
  ),
  builtIn(
    { group: 'discovery.k8s.io', plural: 'endpointslices', kind: 'EndpointSlice', isNamespaced: true },
    { hasGeneration: true, zero: { addressType: '', endpoints: null, ports: null } },
  ),
  builtIn({ group: 'events.k8s.io', plural: 'events', kind: 'Event', isNamespaced: true }, { causes: eventCauses }),
  builtIn(
    { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease', isNamespaced: true },
    { needsVersionOnUpdate: true, zero: { spec: {} } },
  ),
];

function eventCauses(object: JsonObject): Cause[] {
  const namespace = textAt(objectAt(object, 'metadata'), 'namespace') ?? '';
  const regarding = textAt(objectAt(object, 'regarding'), 'namespace') ?? '';
  const belongs = regarding === '' ? namespace === 'default' || namespace === 'kube-system' : regarding === namespace;
  const missing = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'].filter(
    (field) => textAt(object, field) === undefined,
  );
  return [
    ...(belongs ? [] : [invalidValue('involvedObject.namespace', '', 'does not match event.namespace')]),
    ...missing.map((field) => requiredValue(field, '')),
    ...((textAt(object, 'note') ?? '').length > 1_024
      ? [invalidValue('message', '', 'can have at most 1024 characters')]
      : []),
    ...(['Normal', 'Warning'].includes(textAt(object, 'type') ?? '')
      ? []
      : [invalidValue('type', '', 'has invalid value')]),
  ];
}

/** Which resources the server serves; it changes while it runs, as CRDs come and go. */
export class ResourceRegistry {
  readonly #resources = new Map<string, Resource>();

  constructor() {
    for (const resource of BUILT_INS) {
      this.serve(resource);
    }
  }

  serve(resource: Resource): void {
    this.#resources.set(keyFor(apiVersionOf(resource.type), resource.type.plural), resource);
  }

  /** Ends the service; what is stored stays. */
  unserve(type: ResourceType): void {
    this.#resources.delete(keyFor(apiVersionOf(type), type.plural));
  }

  find(apiVersion: string, plural: string): Resource | undefined {
    return this.#resources.get(keyFor(apiVersion, plural));
  }

  all(): readonly Resource[] {
    return [...this.#resources.values()];
  }
}

function keyFor(apiVersion: string, plural: string): string {
  return `${apiVersion}/${plural}`;
}

/** The resources that a CRD object describes, one for each served version. */
export function resourcesOf(crd: JsonObject): Resource[] {
  const spec = objectAt(crd, 'spec');
  const names = objectAt(spec, 'names');
  return listAt(spec, 'versions')
    .filter(isJsonObject)
    .filter((version) => valueAt(version, 'served') === true)
    .map((version) => {
      const openApi = withObjectMeta(objectAt(objectAt(version, 'schema'), 'openAPIV3Schema'));
      const type = {
        group: textAt(spec, 'group') ?? '',
        plural: textAt(names, 'plural') ?? '',
        kind: textAt(names, 'kind') ?? '',
        isNamespaced: textAt(spec, 'scope') === 'Namespaced',
      };
      return {
        ...builtIn(type),
        type: { ...type, version: textAt(version, 'name') ?? '' },
        isCustom: true,
        hasStatus: isJsonObject(valueAt(objectAt(version, 'subresources'), 'status')),
        hasGeneration: true,
        needsVersionOnUpdate: true,
        fields: customResourceSchema(openApi),
        openApi,
      };
    });
}

/** The schema with apiVersion, kind and metadata, which every object has though schemas need not say so. */
function withObjectMeta(openApi: JsonObject): JsonObject {
  const text = { type: 'string' };
  return {
    ...openApi,
    properties: { apiVersion: text, kind: text, ...objectAt(openApi, 'properties'), metadata: { type: 'object' } },
  };
}
