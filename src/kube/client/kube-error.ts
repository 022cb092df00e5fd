/** One reason inside a Status, as the API server lists them under `details.causes`. */
export interface StatusCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Every failure has a sentence for people. Code decides by `kind`, never by this text. */
interface Described {
  readonly message: string;
}

/**
 * A failed request, by `kind`.
 *
 * A 403 does not say whether RBAC, a quota or an admission plugin refused the request. All are `forbidden` here; a
 * SelfSubjectAccessReview tells whether it was RBAC. The Status shape is
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
 */
export type KubeError =
  /** 401: the server does not accept the credentials, even after they were read again. */
  | (Described & { readonly kind: 'unauthorized' })
  /** 403 from RBAC, a quota or admission; also a denial by admission under another status, such as 422. */
  | (Described & { readonly kind: 'forbidden' })
  /** 403 with cause NamespaceTerminating: no object can be created in that namespace. */
  | (Described & { readonly kind: 'namespaceTerminating' })
  /** 404: the object, its namespace or its resource type does not exist. */
  | (Described & { readonly kind: 'notFound' })
  /** 409 with reason AlreadyExists: the name of a new object is taken. */
  | (Described & { readonly kind: 'alreadyExists' })
  /** Any other 409: a uid or resourceVersion did not match, or an apply conflicted with another manager. */
  | (Described & { readonly kind: 'conflict' })
  /** 410, as a response or as a watch event: the resourceVersion or the continue token is too old. */
  | (Described & { readonly kind: 'expired' })
  /** 504 with cause ResourceVersionTooLarge: this server has not reached the requested version. */
  | (Described & { readonly kind: 'resourceVersionTooLarge' })
  /** 400, 413, 415 or 422: the request itself is wrong, and the server would refuse it again. */
  | (Described & { readonly kind: 'invalid'; readonly status: number; readonly causes: readonly StatusCause[] })
  /** 429: the server asks for fewer requests. */
  | (Described & { readonly kind: 'throttled'; readonly retryAfterMs?: number })
  /** Any 5xx, and any other status that is not listed here. */
  | (Described & { readonly kind: 'serverError'; readonly status: number; readonly retryAfterMs?: number })
  /** No usable connection: refused, reset, closed early, name not resolved, TLS failure. */
  | (Described & { readonly kind: 'network'; readonly code?: string })
  /** Our time limit passed; whether the server acted is unknown. */
  | (Described & { readonly kind: 'timeout'; readonly limitMs: number })
  /** The caller aborted its signal. */
  | (Described & { readonly kind: 'aborted' })
  /** A response body, a watch line or an object exceeds its limit and was discarded. */
  | (Described & { readonly kind: 'tooLarge'; readonly limitBytes: number })
  /** The response is not JSON, or does not have the shape that the API promises. */
  | (Described & { readonly kind: 'malformed' })
  /** The kubeconfig, a token file or a plugin provided no usable credentials. */
  | (Described & { readonly kind: 'credentials' });
