import { hash } from 'node:crypto';
import { canonicalText } from './canonical-text.ts';

type Json = Readonly<Record<string, unknown>>;

/** 128 bits in base64url, 6 bits a character. */
const DIGEST_LENGTH = 22;

/**
 * The spec of a NetworkPolicy in one normal form: with the defaults of the API server, and without the fields that it
 * drops. Two specs mean the same exactly when their normal forms are equal, in any order of keys. Unknown fields stay, so
 * that no addition is overlooked (R2, the rendered set).
 *
 * Defaults: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/v1/defaults.go
 */
export function normalForm(spec: unknown): unknown {
  const source = isJson(spec) ? spec : {};
  const ingress = listOf(source.ingress).map((rule) => normalRule(rule, 'from'));
  const egress = listOf(source.egress).map((rule) => normalRule(rule, 'to'));
  const declaredTypes = listOf(source.policyTypes);
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

const KNOWN_FIELDS = new Set(
  [
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
  ].concat(['matchLabels', 'matchExpressions', 'key', 'operator', 'values']),
);

function isExtended(rendered: unknown, stored: unknown, isMap: boolean): boolean {
  if (Array.isArray(rendered)) {
    return (
      Array.isArray(stored) &&
      rendered.length === stored.length &&
      rendered.every((item, index) => isExtended(item, stored[index], false))
    );
  }
  if (!isJson(rendered) || !isJson(stored)) {
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

/** A digest of any JSON value that depends neither on the order of keys nor on fields named `without`. */
export function digestOf(value: unknown, without?: string): string {
  const digest = hash('sha256', canonicalText(value, without), 'base64url');
  // A slice would keep the whole string in memory, and the caches hold tens of thousands of digests.
  return Buffer.from(digest, 'latin1').toString('latin1', 0, DIGEST_LENGTH);
}

function normalRule(rule: unknown, peersField: 'from' | 'to'): unknown {
  if (!isJson(rule)) {
    return rule;
  }
  const { [peersField]: peers, ports, ...others } = rule;
  return {
    ...others,
    ...(listOf(peers).length > 0 ? { [peersField]: listOf(peers).map(normalPeer) } : {}),
    ...(listOf(ports).length > 0 ? { ports: listOf(ports).map(normalPort) } : {}),
  };
}

function normalPeer(peer: unknown): unknown {
  if (!isJson(peer)) {
    return peer;
  }
  const { podSelector, namespaceSelector, ipBlock, ...others } = peer;
  return {
    ...others,
    ...(isJson(podSelector) ? { podSelector: normalSelector(podSelector) } : {}),
    ...(isJson(namespaceSelector) ? { namespaceSelector: normalSelector(namespaceSelector) } : {}),
    ...(isJson(ipBlock) ? { ipBlock: withoutEmpty(ipBlock) } : {}),
  };
}

function normalPort(port: unknown): unknown {
  return isJson(port) ? { ...port, protocol: port.protocol ?? 'TCP' } : port;
}

function normalSelector(selector: unknown): unknown {
  if (!isJson(selector)) {
    return selector;
  }
  const expressions = listOf(selector.matchExpressions).map((expression) =>
    isJson(expression) ? withoutEmpty(expression) : expression,
  );
  return withoutEmpty({ ...selector, matchExpressions: expressions });
}

function withoutEmpty(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (Array.isArray(value) ? value.length === 0 : isJson(value) && Object.keys(value).length === 0)
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
