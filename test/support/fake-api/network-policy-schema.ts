import type { JsonObject } from './json.ts';

const text = { type: 'string' };
const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items });
const objectOf = (properties: JsonObject): JsonObject => ({ type: 'object', properties });

const selector: JsonObject = {
  ...objectOf({
    matchLabels: { type: 'object', additionalProperties: text },
    matchExpressions: listOf(objectOf({ key: text, operator: text, values: listOf(text) })),
  }),
  'x-kubernetes-map-type': 'atomic',
};
const peers = listOf(
  objectOf({
    podSelector: selector,
    namespaceSelector: selector,
    ipBlock: objectOf({ cidr: text, except: listOf(text) }),
  }),
);
const ports = listOf(
  objectOf({ protocol: text, port: { 'x-kubernetes-int-or-string': true }, endPort: { type: 'integer' } }),
);

/** What a NetworkPolicy may consist of (https://kubernetes.io/docs/reference/kubernetes-api/networking/network-policy-v1/), in the form of a CRD's schema. */
export const networkPolicyOpenApi: JsonObject = objectOf({
  apiVersion: text,
  kind: text,
  metadata: { type: 'object' },
  spec: objectOf({
    podSelector: selector,
    policyTypes: listOf(text),
    ingress: listOf(objectOf({ from: peers, ports })),
    egress: listOf(objectOf({ to: peers, ports })),
  }),
});
