import type { Result } from '../../base/result.ts';
import type { ApplyOptions, KubeClient } from './kube-client.ts';
import type { KubeError } from './kube-error.ts';
import type { ResourceType } from './resource-type.ts';

/** The methods of a {@link KubeClient} that send one request and get one answer: all but `watch`. */
export type RequestVerb = Exclude<keyof KubeClient, 'watch'>;

/** The methods that ask the server to store or delete something. */
export const WRITE_VERBS = ['create', 'apply', 'replace', 'remove'] as const satisfies readonly RequestVerb[];
/** One of {@link WRITE_VERBS}. */
export type WriteVerb = (typeof WRITE_VERBS)[number];

/** A request before it is sent, as far as a middleware needs to know it. */
export interface KubeRequest {
  readonly verb: RequestVerb;
  /** Undefined for a path that is no resource, as `read` asks for. */
  readonly type: ResourceType | undefined;
  /** The namespace and the name that the request is about, as far as it has them. */
  readonly target: { readonly namespace?: string; readonly name?: string };
  /** What the caller set; undefined when nothing. */
  readonly options: ApplyOptions | undefined;
}

/** The limits that a middleware may set in place of those of the caller; reads ignore `timeoutMs`. */
export type RequestLimits = Pick<ApplyOptions, 'signal' | 'timeoutMs'>;

/** Sends the request as the caller made it, or with other limits. */
export type Send<Value> = (limits?: RequestLimits) => Promise<Result<Value, KubeError>>;

/** Does something before or after a request, or answers in its place. It must not throw. */
export type Around = <Value>(send: Send<Value>, request: KubeRequest) => Promise<Result<Value, KubeError>>;

const NO_TARGET = {};

/** Whether this method asks the server to store or delete something; a review of permissions is sent by one too. */
export function isWriteVerb(verb: RequestVerb): verb is WriteVerb {
  return (WRITE_VERBS as readonly RequestVerb[]).includes(verb);
}

/**
 * A client like `kube`, each of whose requests goes through `around`: the one place that wraps the methods of a
 * {@link KubeClient}. Watches pass unchanged, since a watch lasts for minutes and is no single request.
 */
export function clientAround(kube: KubeClient, around: Around): KubeClient {
  const stored =
    (verb: 'create' | 'apply' | 'replace'): KubeClient['apply'] =>
    (type, object, options) =>
      around((limits) => kube[verb](type, object, withLimits(options, limits)), {
        verb,
        type,
        target: object.metadata,
        options,
      });
  return {
    watch: (request, onEvent) => kube.watch(request, onEvent),
    list: (request) =>
      around((limits) => kube.list(limits === undefined ? request : { ...request, ...limits }), {
        verb: 'list',
        type: request.type,
        target: request,
        options: request,
      }),
    get: (reference, options) =>
      around((limits) => kube.get(reference, withLimits(options, limits)), {
        verb: 'get',
        type: reference.type,
        target: reference,
        options,
      }),
    read: (path, options) =>
      around((limits) => kube.read(path, withLimits(options, limits)), {
        verb: 'read',
        type: undefined,
        target: NO_TARGET,
        options,
      }),
    create: stored('create'),
    apply: stored('apply'),
    replace: stored('replace'),
    remove: (reference, options) =>
      around((limits) => kube.remove(reference, withLimits(options, limits)), {
        verb: 'remove',
        type: reference.type,
        target: reference,
        options,
      }),
  };
}

function withLimits<Options extends object>(
  options: Options | undefined,
  limits: RequestLimits | undefined,
): Options | RequestLimits | (Options & RequestLimits) | undefined {
  if (limits === undefined) {
    return options;
  }
  return options === undefined ? limits : { ...options, ...limits };
}
