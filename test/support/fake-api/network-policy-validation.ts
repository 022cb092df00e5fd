import ipaddr from 'ipaddr.js';
import { isJsonObject, type Json, type JsonObject, listAt, objectAt, textAt, valueAt } from './json.ts';
import {
  type Cause,
  forbiddenValue,
  invalidValue,
  labelCauses,
  labelKeyCauses,
  requiredValue,
  unsupportedValue,
} from './name-validation.ts';

/**
 * What the API server finds wrong with a NetworkPolicy's spec
 * (https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/validation/validation.go).
 */
export function networkPolicyCauses(object: JsonObject): Cause[] {
  const spec = objectAt(object, 'spec');
  return [
    ...selectorCauses(objectAt(spec, 'podSelector'), 'spec.podSelector'),
    ...ruleCauses(listAt(spec, 'ingress'), 'spec.ingress', 'from'),
    ...ruleCauses(listAt(spec, 'egress'), 'spec.egress', 'to'),
    ...policyTypeCauses(listAt(spec, 'policyTypes')),
  ];
}

function policyTypeCauses(policyTypes: readonly Json[]): Cause[] {
  if (policyTypes.length > 2) {
    return [invalidValue('spec.policyTypes', [...policyTypes], 'may not specify more than two policyTypes')];
  }
  return policyTypes.flatMap((type, index) =>
    type === 'Ingress' || type === 'Egress'
      ? []
      : [unsupportedValue(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress'])],
  );
}

function ruleCauses(rules: readonly Json[], field: string, peersKey: string): Cause[] {
  return objectsIn(rules).flatMap(([rule, index]) => [
    ...objectsIn(listAt(rule, 'ports')).flatMap(([port, portIndex]) =>
      portCauses(port, `${field}[${index}].ports[${portIndex}]`),
    ),
    ...objectsIn(listAt(rule, peersKey)).flatMap(([peer, peerIndex]) =>
      peerCauses(peer, `${field}[${index}].${peersKey}[${peerIndex}]`),
    ),
  ]);
}

function objectsIn(list: readonly Json[]): [JsonObject, number][] {
  return list.map((item, index) => [isJsonObject(item) ? item : {}, index]);
}

function portCauses(port: JsonObject, field: string): Cause[] {
  const protocol = valueAt(port, 'protocol');
  const protocols = ['TCP', 'UDP', 'SCTP'];
  const ofProtocol =
    protocol === undefined || protocols.some((known) => known === protocol)
      ? []
      : [unsupportedValue(`${field}.protocol`, protocol, protocols)];
  return [
    ...ofProtocol,
    ...portNumberCauses(valueAt(port, 'port'), `${field}.port`),
    ...endPortCauses(port, `${field}.endPort`),
  ];
}

function portNumberCauses(port: Json | undefined, field: string): Cause[] {
  if (typeof port === 'number') {
    return port >= 1 && port <= 65_535 ? [] : [invalidValue(field, port, 'must be between 1 and 65535, inclusive')];
  }
  const isNamed =
    port === undefined ||
    (typeof port === 'string' && port.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(port) && /[a-z]/.test(port));
  return isNamed
    ? []
    : [invalidValue(field, port, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')];
}

function endPortCauses(port: JsonObject, field: string): Cause[] {
  const start = valueAt(port, 'port');
  const end = valueAt(port, 'endPort');
  if (end === undefined) {
    return [];
  }
  if (start === undefined) {
    return [invalidValue(field, end, 'may not be specified when `port` is not specified')];
  }
  if (typeof start !== 'number') {
    return [invalidValue(field, end, 'may not be specified when `port` is non-numeric')];
  }
  if (Number(end) < start) {
    // The real server names the port here, not the endPort.
    return [invalidValue(field, start, 'must be greater than or equal to `port`')];
  }
  return Number(end) > 65_535 ? [invalidValue(field, end, 'must be between 1 and 65535, inclusive')] : [];
}

function peerCauses(peer: JsonObject, field: string): Cause[] {
  const selectors = ['podSelector', 'namespaceSelector'].filter((key) => valueAt(peer, key) !== undefined);
  const block = valueAt(peer, 'ipBlock');
  if (selectors.length === 0 && block === undefined) {
    return [requiredValue(field, 'must specify a peer')];
  }
  if (selectors.length > 0 && block !== undefined) {
    return [forbiddenValue(field, 'may not specify both ipBlock and another peer')];
  }
  return [
    ...selectors.flatMap((key) => selectorCauses(objectAt(peer, key), `${field}.${key}`)),
    ...(isJsonObject(block) ? blockCauses(block, `${field}.ipBlock`) : []),
  ];
}

const CIDR_HINT = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

function blockCauses(block: JsonObject, field: string): Cause[] {
  const cidr = textAt(block, 'cidr') ?? '';
  if (cidr === '') {
    return [requiredValue(`${field}.cidr`, '')];
  }
  if (!ipaddr.isValidCIDR(cidr)) {
    return [invalidValue(`${field}.cidr`, cidr, CIDR_HINT)];
  }
  return listAt(block, 'except').flatMap((except, index) => {
    const place = `${field}.except[${index}]`;
    if (typeof except !== 'string' || !ipaddr.isValidCIDR(except)) {
      return [invalidValue(place, except, CIDR_HINT)];
    }
    return isStrictlyInside(except, cidr) ? [] : [invalidValue(place, except, 'must be a strict subset of `cidr`')];
  });
}

function isStrictlyInside(inner: string, outer: string): boolean {
  const [innerAddress, innerLength] = ipaddr.parseCIDR(inner);
  const [outerAddress, outerLength] = ipaddr.parseCIDR(outer);
  return (
    innerAddress.kind() === outerAddress.kind() &&
    innerLength > outerLength &&
    innerAddress.match(outerAddress, outerLength)
  );
}

function selectorCauses(selector: JsonObject, field: string): Cause[] {
  return [
    ...labelCauses(objectAt(selector, 'matchLabels'), `${field}.matchLabels`),
    ...objectsIn(listAt(selector, 'matchExpressions')).flatMap(([expression, index]) =>
      expressionCauses(expression, `${field}.matchExpressions[${index}]`),
    ),
  ];
}

function expressionCauses(expression: JsonObject, field: string): Cause[] {
  const operator = textAt(expression, 'operator') ?? '';
  const hasValues = listAt(expression, 'values').length > 0;
  return [
    ...operatorCauses(operator, hasValues, field),
    ...labelKeyCauses(textAt(expression, 'key') ?? '', `${field}.key`),
  ];
}

function operatorCauses(operator: string, hasValues: boolean, field: string): Cause[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return hasValues
        ? []
        : [requiredValue(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return hasValues
        ? [forbiddenValue(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : [];
    default:
      return [invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}
