import {
  isJsonObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  valueAt,
  withFields,
  withoutEmptyFields,
} from './json.ts';

/**
 * A NetworkPolicy with what the API server fills in
 * (https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/v1/defaults.go): a podSelector, the
 * policyTypes (Egress among them only when there are egress rules), and TCP for ports without a protocol.
 */
export function defaultedNetworkPolicy(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const policyTypes = listAt(spec, 'policyTypes');
  const ingress = defaultedRules(valueAt(spec, 'ingress'));
  const egress = defaultedRules(valueAt(spec, 'egress'));
  const defaultTypes = isNonEmptyList(egress) ? ['Ingress', 'Egress'] : ['Ingress'];
  return withFields(object, {
    spec: withFields(spec, {
      podSelector: valueAt(spec, 'podSelector') ?? {},
      policyTypes: policyTypes.length > 0 ? [...policyTypes] : defaultTypes,
      ingress,
      egress,
    }),
  });
}

function isNonEmptyList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}

function defaultedRules(rules: Json | undefined): Json | undefined {
  return Array.isArray(rules)
    ? rules.map((rule) =>
        isJsonObject(rule) ? withFields(rule, { ports: defaultedPorts(valueAt(rule, 'ports')) }) : rule,
      )
    : undefined;
}

function defaultedPorts(ports: Json | undefined): Json | undefined {
  return Array.isArray(ports)
    ? ports.map((port) =>
        isJsonObject(port) ? withFields(port, { protocol: valueAt(port, 'protocol') ?? 'TCP' }) : port,
      )
    : undefined;
}

/** The policy as it is stored and shown: lists and maps with nothing in them are left out, as Go's `omitempty` does. */
export function storedNetworkPolicy(object: JsonObject): JsonObject {
  return withFields(object, { spec: withoutEmptyFields(objectAt(object, 'spec'), OMITTED_WHEN_EMPTY) });
}

const OMITTED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'ingress',
  'egress',
  'from',
  'to',
  'ports',
  'except',
  'matchLabels',
  'matchExpressions',
  'values',
  'policyTypes',
]);
