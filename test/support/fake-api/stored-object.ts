import { isKubeObject, type KubeObject } from '../../../src/kube/client/kube-object.ts';
import { apiVersionOf, type ResourceType } from '../../../src/kube/client/resource-type.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, textAt, withFields } from './json.ts';

/**
 * An object at one version, never changed after. It is kept as text, because a hundred thousand parsed objects do not
 * fit where their text does; what selectors and guards look at stands beside it.
 */
export interface StoredObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly isTerminating: boolean;
  /** The object's JSON without its brace, kind and apiVersion, which a typed list leaves out of its items. */
  readonly tail: string;
}

/** The object to keep, given one that has name, uid and all; its resourceVersion becomes `version`. */
export function storedObject(object: JsonObject, version: number): StoredObject {
  const metadata = objectAt(object, 'metadata');
  const { labels } = metadata;
  const content = withFields(object, {
    kind: undefined,
    apiVersion: undefined,
    metadata: withFields(metadata, { resourceVersion: String(version) }),
  });
  return {
    namespace: textAt(metadata, 'namespace') ?? '',
    name: textAt(metadata, 'name') ?? '',
    uid: textAt(metadata, 'uid') ?? '',
    version,
    labels: isJsonObject(labels) ? (labels as Record<string, string>) : undefined,
    isTerminating: metadata.deletionTimestamp !== undefined,
    tail: JSON.stringify(content).slice(1),
  };
}

/** The object as a response or a watch event shows it. */
export function fullText(type: ResourceType, stored: StoredObject): string {
  return `{"kind":"${type.kind}","apiVersion":"${apiVersionOf(type)}",${stored.tail}`;
}

/** The object as it was given, with kind, apiVersion and resourceVersion. */
export function parsedObject(type: ResourceType, stored: StoredObject): JsonObject {
  return parsedJsonObject(fullText(type, stored));
}

/** The same as clients know objects. */
export function kubeObjectIn(type: ResourceType, stored: StoredObject): KubeObject {
  const object: unknown = parsedObject(type, stored);
  if (!isKubeObject(object)) {
    throw new Error('what is stored is no object');
  }
  return object;
}

/** The parsed text when it is an object; else an empty one, which no caller here can meet. */
function parsedJsonObject(text: string): JsonObject {
  const value = JSON.parse(text) as Json;
  return isJsonObject(value) ? value : {};
}

/** The same object under another version: what a watch shows of an object that left its selector. */
export function atVersion(stored: StoredObject, version: number): StoredObject {
  return storedObject(parsedJsonObject(`{${stored.tail}`), version);
}
