import { hash } from 'node:crypto';
import { fieldsOf, isAbsentOrEmpty, isEmptyMap, isJsonObject, itemsOf, type JsonObject } from '../../base/json.ts';
import { canonicalText } from './canonical-text.ts';

/** 128 bits in base64url, 6 bits a character. */
const DIGEST_LENGTH = 22;

/**
 * The spec of a NetworkPolicy in one normal form: with the defaults of the API server, and without the fields that it
 * drops. Two specs mean the same exactly when their normal forms are equal, in any order of keys. Unknown fields stay, so
 * that no addition is overlooked (R2, the rendered set).
 *
 * Defaults: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/v1/defaults.go
 */
function normalForm(spec: unknown): unknown {
  const source = fieldsOf(spec);
  const ingress = itemsOf(source.ingress).map((rule) => normalRule(rule, 'from'));
  const egress = itemsOf(source.egress).map((rule) => normalRule(rule, 'to'));
  const declaredTypes = itemsOf(source.policyTypes);
  const defaultTypes = egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  const policyTypes = declaredTypes.length > 0 ? declaredTypes : defaultTypes;
  return { ...source, podSelector: normalSelector(source.podSelector ?? {}), policyTypes, ingress, egress };
}

/**
 * A digest of {@link normalForm}: 128 bits of SHA-256 in base64url, so that a tenant cannot make a wider spec that
 * passes for ours.
 */
export function specHash(spec: unknown): string {
  return digestOf(normalForm(spec));
}

/**
 * Whether `stored` is `rendered` with unknown fields added and nothing else, as a newer API server defaults them. A known
 * field that was added, changed or dropped makes it another spec.
 */
export function hasOnlyUnknownAdditions(rendered: unknown, stored: unknown): boolean {
  return isExtended(normalForm(rendered), normalForm(stored), false);
}

const KNOWN_FIELDS = new Set([
  'podSelector',
  'policyTypes',
  'ingress',
  'egress',
  'from',
  'to',
  'ports',
  'namespaceSelector',
  'ipBlock',
  'cidr',
  'except',
  'protocol',
  'port',
  'endPort',
  'matchLabels',
  'matchExpressions',
  'key',
  'operator',
  'values',
]);

function isExtended(rendered: unknown, stored: unknown, isMap: boolean): boolean {
  if (Array.isArray(rendered)) {
    return (
      Array.isArray(stored) &&
      rendered.length === stored.length &&
      rendered.every((item, index) => isExtended(item, stored[index], false))
    );
  }
  if (!isJsonObject(rendered) || !isJsonObject(stored)) {
    return rendered === stored;
  }
  const added = Object.keys(stored).filter((key) => !Object.hasOwn(rendered, key));
  if (added.some((key) => isMap || KNOWN_FIELDS.has(key))) {
    return false;
  }
  return Object.entries(rendered).every(
    ([key, value]) => Object.hasOwn(stored, key) && isExtended(value, stored[key], key === 'matchLabels'),
  );
}

/** A digest of a text: 256 bits. */
export function textDigest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** A digest of any JSON value that depends neither on the order of keys nor on fields named `without`. */
export function digestOf(value: unknown, without?: string): string {
  const digest = textDigest(canonicalText(value, without));
  // A slice would keep the whole string in memory, and the caches hold tens of thousands of digests.
  return Buffer.from(digest, 'latin1').toString('latin1', 0, DIGEST_LENGTH);
}

function normalRule(rule: unknown, peersField: 'from' | 'to'): unknown {
  if (!isJsonObject(rule)) {
    return rule;
  }
  const { [peersField]: peers, ports, ...others } = rule;
  return {
    ...others,
    ...(itemsOf(peers).length > 0 ? { [peersField]: itemsOf(peers).map(normalPeer) } : {}),
    ...(itemsOf(ports).length > 0 ? { ports: itemsOf(ports).map(normalPort) } : {}),
  };
}

function normalPeer(peer: unknown): unknown {
  if (!isJsonObject(peer)) {
    return peer;
  }
  const { podSelector, namespaceSelector, ipBlock, ...others } = peer;
  return {
    ...others,
    ...(isJsonObject(podSelector) ? { podSelector: normalSelector(podSelector) } : {}),
    ...(isJsonObject(namespaceSelector) ? { namespaceSelector: normalSelector(namespaceSelector) } : {}),
    ...(isJsonObject(ipBlock) ? { ipBlock: withoutEmpty(ipBlock) } : {}),
  };
}

function normalPort(port: unknown): unknown {
  return isJsonObject(port) ? { ...port, protocol: port.protocol ?? 'TCP' } : port;
}

function normalSelector(selector: unknown): unknown {
  if (!isJsonObject(selector)) {
    return selector;
  }
  const expressions = itemsOf(selector.matchExpressions).map((expression) =>
    isJsonObject(expression) ? withoutEmpty(expression) : expression,
  );
  return withoutEmpty({ ...selector, matchExpressions: expressions });
}

function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => !isAbsentOrEmpty(value) && !isEmptyMap(value)),
  );
}
