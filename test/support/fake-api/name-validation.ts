import type { StatusCause } from '../../../src/kube/client/kube-error.ts';
import { isJsonObject, type Json, type JsonObject, valueAt } from './json.ts';

/** A cause of an `Invalid` Status, whole. */
export type Cause = Required<StatusCause>;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** A cause for a value that is wrong. */
export function invalidValue(field: string, value: Json, why: string): Cause {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

/** A cause for a value that is missing. */
export function requiredValue(field: string, why: string): Cause {
  return { field, reason: 'FieldValueRequired', message: why === '' ? 'Required value' : `Required value: ${why}` };
}

/** A cause for a value that must not be there. */
export function forbiddenValue(field: string, why: string): Cause {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` };
}

/** A cause for a value that is none of a few words. */
export function unsupportedValue(field: string, value: Json, supported: readonly string[]): Cause {
  const words = supported.map((word) => JSON.stringify(word)).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${words}`,
  };
}

/** What is wrong with an object's name (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/). */
export function nameCauses(name: string | undefined, isDnsLabel: boolean): Cause[] {
  if (name === undefined || name === '') {
    return [requiredValue('metadata.name', 'name or generateName is required')];
  }
  if (isDnsLabel) {
    return [
      ...(name.length > 63 ? [invalidValue('metadata.name', name, 'must be no more than 63 characters')] : []),
      ...dnsLabelCauses(name),
    ];
  }
  if (name.length > 253) {
    return [invalidValue('metadata.name', name, 'must be no more than 253 characters')];
  }
  return DNS_SUBDOMAIN.test(name)
    ? []
    : [
        invalidValue(
          'metadata.name',
          name,
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'",
        ),
      ];
}

function dnsLabelCauses(name: string): Cause[] {
  if (DNS_SUBDOMAIN.test(name) && name.includes('.')) {
    return [invalidValue('metadata.name', name, 'must not contain dots')];
  }
  return DNS_LABEL.test(name)
    ? []
    : [
        invalidValue(
          'metadata.name',
          name,
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'",
        ),
      ];
}

/** What is wrong with a map of labels, be it on an object or in a selector. */
export function labelCauses(labels: JsonObject, field: string): Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyCauses(key, field),
    ...labelValueCauses(value, field),
  ]);
}

/** What is wrong with a label's key. */
export function labelKeyCauses(key: string, field: string): Cause[] {
  const [name = '', prefix, ...rest] = key.split('/').reverse();
  if (rest.length > 0 || (prefix !== undefined && !DNS_SUBDOMAIN.test(prefix))) {
    return [invalidValue(field, key, 'prefix part must be a DNS subdomain')];
  }
  if (name.length > 63) {
    return [invalidValue(field, key, 'name part must be no more than 63 bytes')];
  }
  return QUALIFIED_NAME.test(name)
    ? []
    : [invalidValue(field, key, "name part must consist of alphanumeric characters, '-', '_' or '.'")];
}

function labelValueCauses(value: Json, field: string): Cause[] {
  if (typeof value !== 'string' || !LABEL_VALUE.test(value)) {
    return [
      invalidValue(
        field,
        value,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'",
      ),
    ];
  }
  return value.length > 63 ? [invalidValue(field, value, 'must be no more than 63 bytes')] : [];
}

/** The key of metadata's first map whose values are not all texts: such a body cannot even be decoded. */
export function undecodableMetadata(metadata: JsonObject): string | undefined {
  return ['labels', 'annotations'].find((key) => {
    const map = valueAt(metadata, key) ?? {};
    return !isJsonObject(map) || Object.values(map).some((value) => typeof value !== 'string');
  });
}
