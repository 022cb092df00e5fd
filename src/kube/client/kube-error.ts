/** One reason inside a Status, as the API server lists them under `details.causes`. */
export interface StatusCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What every failure carries: a sentence for people. Code decides by `kind`, never by this text. */
interface Described {
  readonly message: string;
}

/**
 * Everything that can go wrong between us and the API server, told apart by `kind`.
 *
 * A 403 does not say whether RBAC, a quota or an admission plugin refused; both are `forbidden` here, and who needs to
 * know asks with a SelfSubjectAccessReview. The Status shape is
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
 */
export type KubeError =
  /** 401: the credentials are not (or no longer) accepted, also after they were read anew once. */
  | (Described & { readonly kind: 'unauthorized' })
  /** 403 from RBAC, a quota or admission. */
  | (Described & { readonly kind: 'forbidden' })
  /** 403 with cause NamespaceTerminating: nothing can be created there any more. */
  | (Described & { readonly kind: 'namespaceTerminating' })
  /** 404: the object, its namespace or its whole resource type is not there. */
  | (Described & { readonly kind: 'notFound' })
  /** 409 with reason AlreadyExists: a create found the name taken. */
  | (Described & { readonly kind: 'alreadyExists' })
  /** 409 otherwise: a uid or resourceVersion did not match, or an apply met another manager. */
  | (Described & { readonly kind: 'conflict' })
  /** 410, as a response or as a watch event: the resourceVersion or the continue token is too old. */
  | (Described & { readonly kind: 'expired' })
  /** 504 with cause ResourceVersionTooLarge: the server we reached is behind the version we asked for. */
  | (Described & { readonly kind: 'resourceVersionTooLarge' })
  /** 400, 413, 415 or 422: the request itself is wrong and will be refused again. */
  | (Described & { readonly kind: 'invalid'; readonly status: number; readonly causes: readonly StatusCause[] })
  /** 429: asked to slow down. */
  | (Described & { readonly kind: 'throttled'; readonly retryAfterMs?: number })
  /** Any 5xx, and any other status we have no use for. */
  | (Described & { readonly kind: 'serverError'; readonly status: number; readonly retryAfterMs?: number })
  /** No usable connection: refused, reset, closed early, name not resolved, TLS failure. */
  | (Described & { readonly kind: 'network'; readonly code?: string })
  /** Our own time limit ran out; whether the server acted is unknown. */
  | (Described & { readonly kind: 'timeout'; readonly limitMs: number })
  /** The caller's signal was aborted. */
  | (Described & { readonly kind: 'aborted' })
  /** A response body, a watch line or an object beyond its limit; nothing of it was kept. */
  | (Described & { readonly kind: 'tooLarge'; readonly limitBytes: number })
  /** The bytes are not the JSON or not the shape that the API promises. */
  | (Described & { readonly kind: 'malformed' })
  /** The kubeconfig, a token file or an exec plugin gave no usable credentials. */
  | (Described & { readonly kind: 'credentials' });
