import { failure, type Result, success } from '../../base/result.ts';
import type { Scope } from './kube-client.ts';
import type { KubeError } from './kube-error.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

/** The query parameters of a request; undefined ones are omitted. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The path of one object, with every part percent-encoded. A missing name or namespace is `invalid`, because the path
 * without it would be the whole collection, and a DELETE of that deletes everything.
 */
export function objectPath(object: {
  readonly type: ResourceType;
  readonly namespace?: string | undefined;
  readonly name: string | undefined;
  readonly subresource?: string | undefined;
}): Result<string, KubeError> {
  const { type, namespace, name, subresource } = object;
  const collection = namespacedPath(type, namespace);
  if (!collection.ok) {
    return collection;
  }
  if (!isPathSegment(name)) {
    return failure(invalid(`a ${type.kind} needs a name`));
  }
  return success(`${collection.value}/${encoded(name)}${subresource === undefined ? '' : `/${subresource}`}`);
}

/** The path for a POST of new objects; `invalid` for a namespaced type without a namespace. */
export function namespacedPath(type: ResourceType, namespace: string | undefined): Result<string, KubeError> {
  if (!type.isNamespaced) {
    return success(`${groupPath(type)}/${type.plural}`);
  }
  if (!isPathSegment(namespace)) {
    return failure(invalid(`a ${type.kind} needs a namespace`));
  }
  return success(`${groupPath(type)}/namespaces/${encoded(namespace)}/${type.plural}`);
}

/** The path for a list or a watch, across all namespaces if the scope names none. */
export function scopePath({ type, namespace }: Scope): Result<string, KubeError> {
  return namespace === undefined ? success(`${groupPath(type)}/${type.plural}`) : namespacedPath(type, namespace);
}

/** The path with its query. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      parameters.set(name, String(value));
    }
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

function groupPath(type: ResourceType): string {
  return type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
}

function isPathSegment(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text !== '..' && text !== '.';
}

function encoded(segment: string): string {
  return encodeURIComponent(segment.toWellFormed());
}

/** The error of a request that cannot be sent. */
export function invalid(message: string): KubeError {
  return { kind: 'invalid', message, status: 400, causes: [] };
}
