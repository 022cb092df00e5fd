import type { Result } from '../../base/result.ts';
import type { KubeError } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import type { ObjectReference, ResourceType } from './resource-type.ts';

/** Ends a request early when aborted; the request then gives the error `aborted`. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** Which objects of a type: of one namespace or of all, narrowed by selectors in the API's own syntax. */
export interface Scope {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** One page of a list (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks). */
export interface ListRequest extends Scope, Abortable {
  /** At most so many objects in the page. */
  readonly limit?: number;
  /** The `continueToken` of the page before. */
  readonly continueToken?: string;
  /** Absent: the newest state, as a quorum read. `0`: whatever the server has at hand. */
  readonly resourceVersion?: string;
}

/** A page as it came. The API server leaves `apiVersion` and `kind` out of the items of built-in types: their type is the request's. */
export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continueToken?: string;
}

/** A watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). Bookmarks are always asked for. */
export interface WatchRequest extends Scope, Abortable {
  /** Where to start; absent only together with `sendInitialEvents`. */
  readonly resourceVersion?: string;
  /** A WatchList stream: the current objects first, then a bookmark that carries the annotation `k8s.io/initial-events-end`. */
  readonly sendInitialEvents?: boolean;
  /** When the server shall end the watch by itself, in seconds. */
  readonly timeoutSeconds?: number;
  /** The watch ends with the error `timeout` when nothing at all, not even a bookmark, came for so long. Without it, only the time to the first byte has a limit. */
  readonly silenceLimitMs?: number;
}

/** One line of a watch. ERROR lines never get here: they end the watch as its error. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** How a write names and limits itself. */
export interface WriteOptions extends Abortable {
  /** The whole request's time limit in milliseconds; the client's own when absent. */
  readonly timeoutMs?: number;
  /** Asks the server to do all but store it. */
  readonly isDryRun?: boolean;
}

/** A forced server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). */
export interface ApplyOptions extends WriteOptions {
  /** `status` to apply to the status subresource. */
  readonly subresource?: 'status';
}

/** What must still be true of an object for a removal to happen; else the error is `conflict`. */
export interface RemoveOptions extends WriteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * The whole of what we ask of an API server. Bodies go out and come back in the wire shape, byte for byte as given.
 * No method throws or rejects: every failure is a {@link KubeError}. Nothing is retried but a 401 once, with
 * credentials read anew: retrying is the caller's decision.
 */
export interface KubeClient {
  list(request: ListRequest): Promise<Result<ListPage, KubeError>>;
  /**
   * Calls `onEvent` for each line as it comes, in order, and resolves when the watch is over: `ok` when the server ended
   * it in order, `network` when it ended in the middle of a line. `onEvent` must not throw. A watch from a version that
   * the server has not reached yet is accepted, and silent until then.
   */
  watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>>;
  get(reference: ObjectReference, options?: Abortable): Promise<Result<KubeObject, KubeError>>;
  /** POST; `alreadyExists` when the name is taken. The body must carry metadata.namespace for namespaced types; a review has no name. */
  create(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<Result<KubeObject, KubeError>>;
  /**
   * PATCH, forced, as our one field manager. With metadata.uid in the body it never creates: `conflict` when that object
   * is gone or another has its name. A field that the schema of a built-in type lacks comes back as `serverError` 500.
   */
  apply(type: ResourceType, object: KubeObject, options?: ApplyOptions): Promise<Result<KubeObject, KubeError>>;
  /** PUT of the whole object; `conflict` when metadata.resourceVersion is set and no longer current. */
  replace(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<Result<KubeObject, KubeError>>;
  /** DELETE in the background, guarded by preconditions; `ok` also when finalizers still hold the object. A reference without a name is `invalid` and never sent. */
  remove(reference: ObjectReference, options?: RemoveOptions): Promise<Result<void, KubeError>>;
  /** GET of a path that is no resource, such as `/version` or `/openapi/v3`; `malformed` when the answer is not JSON. */
  read(path: string, options?: Abortable): Promise<Result<unknown, KubeError>>;
}
