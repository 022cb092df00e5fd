/** One resource type as requests name it. `group` is empty for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

/** The `apiVersion` of objects of this type: `v1` for the core group, `group/version` otherwise. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The object, or the collection, that a request is about. */
export interface ObjectReference {
  readonly type: ResourceType;
  /** Absent for cluster-scoped types, and for a collection over all namespaces. */
  readonly namespace?: string;
  readonly name: string;
}
