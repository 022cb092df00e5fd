import type { Result } from '../../base/result.ts';
import type { KubeError } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import type { ObjectReference, ResourceType } from './resource-type.ts';

/** Aborting the signal ends the request early with the error `aborted`. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** The objects of a type in one namespace or in all, optionally filtered by selectors in the syntax of the API. */
export interface Scope {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * One page of a list
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 */
export interface ListRequest extends Scope, Abortable {
  /** The maximum number of objects in the page. */
  readonly limit?: number;
  /** The `continueToken` of the previous page. */
  readonly continueToken?: string;
  /** Absent: the newest state, by a quorum read. `0`: any state that the server has cached. */
  readonly resourceVersion?: string;
}

/** One page. The API server omits `apiVersion` and `kind` in the items of built-in types. */
export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continueToken?: string;
}

/**
 * A watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). It always
 * requests bookmarks.
 */
export interface WatchRequest extends Scope, Abortable {
  /** Where to start; absent only together with `sendInitialEvents`. */
  readonly resourceVersion?: string;
  /**
   * A WatchList stream: the current objects first, then a bookmark that carries the annotation
   * `k8s.io/initial-events-end`.
   */
  readonly sendInitialEvents?: boolean;
  /** The time after which the server ends the watch, in seconds. */
  readonly timeoutSeconds?: number;
  /**
   * The watch ends with the error `timeout` if nothing arrives for this time, not even a bookmark. When absent, only
   * the time to the first byte is limited.
   */
  readonly silenceLimitMs?: number;
}

/** One event of a watch. An ERROR event is not one of them: it ends the watch with an error. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** The options of a write. */
export interface WriteOptions extends Abortable {
  /** The time limit of the whole request in milliseconds; the client's default when absent. */
  readonly timeoutMs?: number;
  /** Asks the server to do everything except store the result. */
  readonly isDryRun?: boolean;
}

/** A forced server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). */
export interface ApplyOptions extends WriteOptions {
  /** `status` to apply to the status subresource. */
  readonly subresource?: 'status';
}

/** The preconditions of a removal; if they do not hold, the error is `conflict`. */
export interface RemoveOptions extends WriteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * All requests that this program sends to an API server. Bodies have the shape of the API and are not changed. No method
 * throws or rejects: every failure is a {@link KubeError}. Only a 401 is retried, once, with newly read credentials;
 * any other retry is the decision of the caller.
 */
export interface KubeClient {
  list(request: ListRequest): Promise<Result<ListPage, KubeError>>;
  /**
   * Calls `onEvent` for each event in order and resolves when the watch ends: `ok` if the server ended it normally,
   * `network` if it ended in the middle of a line. `onEvent` must not throw. The server accepts a watch from a version
   * that it has not reached, and sends nothing until it does.
   */
  watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>>;
  get(reference: ObjectReference, options?: Abortable): Promise<Result<KubeObject, KubeError>>;
  /**
   * POST; `alreadyExists` if the name is taken. The body of a namespaced type must contain metadata.namespace; a review
   * has no name.
   */
  create(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<Result<KubeObject, KubeError>>;
  /**
   * PATCH, forced, as our field manager. With metadata.uid in the body it never creates an object: `conflict` if that
   * object is gone or another one has its name. A field that a built-in type does not have is a `serverError` 500.
   */
  apply(type: ResourceType, object: KubeObject, options?: ApplyOptions): Promise<Result<KubeObject, KubeError>>;
  /** PUT of the whole object; `conflict` when metadata.resourceVersion is set and no longer current. */
  replace(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<Result<KubeObject, KubeError>>;
  /**
   * DELETE in the background with preconditions. `ok` with the object if finalizers delay the deletion
   * (https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/), and without it otherwise. A reference
   * without a name is `invalid` and never sent.
   */
  remove(reference: ObjectReference, options?: RemoveOptions): Promise<Result<KubeObject | undefined, KubeError>>;
  /**
   * GET of a path that is not a resource, such as `/version` or `/openapi/v3`; `malformed` if the response is not JSON.
   */
  read(path: string, options?: Abortable): Promise<Result<unknown, KubeError>>;
}
