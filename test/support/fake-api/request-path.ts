import type { Resource, ResourceRegistry } from './resource-registry.ts';

/** What the path of a request is about. */
export interface Target {
  readonly resource: Resource;
  /** Undefined for a collection over all namespaces, empty for what has no namespace. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** The target of a path below `/api` or `/apis`; undefined when nobody serves it (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris). */
export function targetFor(registry: ResourceRegistry, path: string): Target | undefined {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent);
  const [root, ...rest] = segments;
  if (root === 'api') {
    const [version = '', ...below] = rest;
    return targetBelow(registry, version, below);
  }
  if (root !== 'apis') {
    return undefined;
  }
  const [group = '', version = '', ...below] = rest;
  return targetBelow(registry, `${group}/${version}`, below);
}

const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);

function targetBelow(registry: ResourceRegistry, apiVersion: string, segments: readonly string[]): Target | undefined {
  const [first = '', second, third, fourth, fifth] = segments;
  if (first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)) {
    const resource = registry.find(apiVersion, third);
    return resource?.type.isNamespaced === true
      ? served({ resource, namespace: second, name: fourth, subresource: fifth })
      : undefined;
  }
  return targetOfRoot(registry.find(apiVersion, first), segments);
}

function targetOfRoot(resource: Resource | undefined, segments: readonly string[]): Target | undefined {
  if (resource?.type.isNamespaced === true) {
    return segments.length === 1
      ? { resource, namespace: undefined, name: undefined, subresource: undefined }
      : undefined;
  }
  return resource === undefined
    ? undefined
    : served({ resource, namespace: '', name: segments[1], subresource: segments[2] });
}

function served(target: Target): Target | undefined {
  const { subresource, resource } = target;
  return subresource === undefined || (subresource === 'status' && resource.hasStatus) ? target : undefined;
}
