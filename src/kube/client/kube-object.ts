import { fieldOf, isJsonObject } from '../../base/json.ts';

/** Metadata in the shape of the API. Any field may be missing, because the server is not trusted. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
  }[];
  readonly managedFields?: readonly {
    readonly manager?: string;
    readonly operation?: string;
    readonly time?: string;
    readonly subresource?: string;
  }[];
}

/**
 * Any API object in the shape of the API (a NetworkPolicy's peers are under `from`, never `_from`). Only the outline is
 * promised; check every other field before use.
 */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

const IDENTITY_FIELDS = ['name', 'namespace', 'uid', 'resourceVersion'] as const;

/**
 * Whether the value has the outline of an API object: `metadata` is an object whose identifying fields are text or
 * absent.
 */
export function isKubeObject(value: unknown): value is KubeObject {
  const metadata = fieldOf(value, 'metadata');
  if (!isJsonObject(metadata)) {
    return false;
  }
  return IDENTITY_FIELDS.every((name) => {
    const field = fieldOf(metadata, name);
    return field === undefined || typeof field === 'string';
  });
}

/** The object in the answer to a DELETE when finalizers keep it; undefined when it is gone, which a Status says. */
export function terminatingObjectIn(answer: unknown): KubeObject | undefined {
  return isKubeObject(answer) && answer.kind !== 'Status' && answer.metadata.deletionTimestamp !== undefined
    ? answer
    : undefined;
}
