import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { failure, type Result, success } from '../../../src/base/result.ts';
import { Access } from './access.ts';
import {
  type ApiFailure,
  badRequest,
  methodNotAllowed,
  notFound,
  pathNotFound,
  unauthorized,
  unsupportedMediaType,
  versionTooLarge,
} from './api-status.ts';
import { serveCustomResources } from './custom-resources.ts';
import { decodedApply, decodedObject, fieldManagerRequired, parsedBody } from './decoding.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { ListPages, versionIn } from './list-pages.ts';
import { mergePatched } from './merge-patch.ts';
import { FIRST_NAMESPACES, NamespaceController } from './namespace-lifecycle.ts';
import { ObjectStore, type StoreSnapshot } from './object-store.ts';
import { ReadCache } from './read-cache.ts';
import { Removal } from './removal.ts';
import { type Target, targetFor } from './request-path.ts';
import { ACCESS_REVIEWS, CRDS, NAMESPACES, type Resource, ResourceRegistry } from './resource-registry.ts';
import { fullText, parsedObject } from './stored-object.ts';
import { WatchHub, type WatchStart } from './watch-stream.ts';
import { type Admission, type ExtraCauses, type WriteContext, WritePath, type Written } from './write-path.ts';

/** A request as the server sees it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: string;
  readonly token: string | undefined;
  readonly userAgent: string;
}

/** An answer: a whole body, or a watch to open. */
export type ApiResponse =
  | { readonly kind: 'body'; readonly status: number; readonly body: string }
  | { readonly kind: 'watch'; readonly watch: WatchStart };

/** What can be said of a fake cluster before it starts; times in milliseconds. */
export interface FakeClusterOptions {
  readonly clock?: Clock;
  /** 60 s when absent, as the real server. */
  readonly bookmarkIntervalMs?: number;
  /** How many events of each type a watch can be started from; 10,000 when absent. */
  readonly historyLength?: number;
  /** Whether `sendInitialEvents` is served; true when absent. */
  readonly isWatchListServed?: boolean;
  /** Makes uids, for runs that must repeat. */
  readonly newUid?: () => string;
  /** CRDs to begin with. */
  readonly crds?: readonly object[];
}

/**
 * An API server without its network: every request is answered at once, in the order of the calls. Held to the truth by
 * test/contract, it keeps to what the real server does for the kinds of resource-registry.ts and knows no others.
 */
export class FakeCluster {
  /** Who may do what; may be changed at any time. */
  readonly access = new Access();
  /** Called before every write; a failure it gives refuses the write. */
  admission: Admission = () => undefined;
  /** Rules that the schemas do not say, such as those that a CRD has in CEL. */
  extraCauses: ExtraCauses = () => [];
  /** Answers to GETs of other paths, as JSON. */
  readonly documents = new Map<string, unknown>([['/version', { major: '1', minor: '36', gitVersion: 'v1.36.3' }]]);
  readonly store: ObjectStore;
  readonly registry = new ResourceRegistry();
  readonly watches: WatchHub;
  readonly namespaces: NamespaceController;
  readonly #cache: ReadCache;
  readonly #lists: ListPages;
  readonly #writes: WritePath;
  readonly #removal: Removal;

  constructor(options: FakeClusterOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.store = new ObjectStore(options.historyLength ?? 10_000);
    this.#cache = new ReadCache(this.store);
    this.watches = new WatchHub(this.store, this.#cache, {
      clock,
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
      isWatchListServed: options.isWatchListServed ?? true,
    });
    this.#lists = new ListPages(this.store, this.#cache);
    const shared = { store: this.store, clock, admission: ((review) => this.admission(review)) satisfies Admission };
    this.#writes = new WritePath({
      ...shared,
      extraCauses: (resource, object) => this.extraCauses(resource, object),
      ...(options.newUid === undefined ? {} : { newUid: options.newUid }),
    });
    this.#removal = new Removal(shared);
    this.namespaces = new NamespaceController({
      store: this.store,
      registry: this.registry,
      clock,
      remove: (resource, stored) => {
        this.#removal.removeNow(resource, stored);
      },
    });
    serveCustomResources({
      store: this.store,
      registry: this.registry,
      watches: this.watches,
      remove: (resource, { namespace, name }) => {
        this.#removeStored(resource, namespace, name);
      },
    });
    for (const name of FIRST_NAMESPACES) {
      this.#seed(NAMESPACES, { metadata: { name } });
    }
    for (const crd of options.crds ?? []) {
      this.#seed(CRDS, JSON.parse(JSON.stringify(crd)) as JsonObject);
    }
  }

  /** Answers a request; it never throws. */
  handle(request: ApiRequest): ApiResponse {
    const answer = this.#answer(request);
    if (answer.ok) {
      return answer.value;
    }
    const { status, body } = answer.error;
    return bodyResponse(status, isJsonObject(body) ? JSON.stringify(body) : body);
  }

  /** Forgets all events and unfinished lists: watches and pages from before get 410. */
  compactHistory(): void {
    this.store.compact();
    this.#lists.forget();
  }

  /** What is stored now, to be given back to {@link restoreSnapshot}. */
  snapshot(): StoreSnapshot {
    return this.store.snapshot();
  }

  /** An etcd restored from a backup: objects and the resourceVersion go back, and every watch breaks. */
  restoreSnapshot(snapshot: StoreSnapshot): void {
    this.watches.end('reset');
    this.store.restore(snapshot);
    this.#lists.forget();
  }

  /** From now on watches and lists of any age see nothing new, though writes are accepted: a server that lags. */
  freezeReads(): void {
    this.#cache.freeze(this.registry.all().map(({ type }) => type));
  }

  /** Ends {@link freezeReads}: what was held back is sent. */
  thawReads(): void {
    this.#cache.thaw();
    this.watches.catchUp();
  }

  /** Breaks all watches, or ends them in order. */
  dropWatches(how: 'end' | 'reset' = 'reset'): void {
    this.watches.end(how);
  }

  #answer(request: ApiRequest): Result<ApiResponse, ApiFailure> {
    const user = this.access.userOf(request.token);
    if (user === undefined) {
      return failure(unauthorized);
    }
    const document = this.documents.get(request.path);
    if (document !== undefined && request.method === 'GET') {
      return success(bodyResponse(200, JSON.stringify(document)));
    }
    const target = targetFor(this.registry, request.path);
    if (target === undefined) {
      return failure(pathNotFound);
    }
    const { type } = target.resource;
    const attributes = {
      verb: verbFor(request, target),
      group: type.group,
      resource: target.subresource === undefined ? type.plural : `${type.plural}/${target.subresource}`,
      namespace: target.namespace ?? '',
      name: target.name ?? '',
    };
    if (target.resource === ACCESS_REVIEWS) {
      return this.#review(request, user);
    }
    const refusal = this.access.refusal(target.resource, attributes, user);
    return refusal === undefined ? this.#dispatch(request, target, attributes.verb) : failure(refusal);
  }

  #dispatch(request: ApiRequest, target: Target, verb: string): Result<ApiResponse, ApiFailure> {
    const { resource, namespace } = target;
    const { query } = request;
    switch (verb) {
      case 'list': {
        const page = this.#lists.list({ resource, namespace, query });
        return page.ok ? success(bodyResponse(200, page.value)) : page;
      }
      case 'watch': {
        const watch = this.watches.prepare({ resource, namespace, query: named(query, target.name) });
        return watch.ok ? success({ kind: 'watch', watch: watch.value }) : watch;
      }
      case 'get':
        return this.#get(target, query);
      case 'create':
        return this.#create(request, target);
      case 'update':
        return this.#update(request, target);
      case 'patch':
        return this.#patch(request, target);
      case 'delete':
        return this.#delete(request, target);
      default:
        return failure(methodNotAllowed);
    }
  }

  #get({ resource, namespace = '', name = '' }: Target, query: URLSearchParams): Result<ApiResponse, ApiFailure> {
    const wanted = versionIn(query.get('resourceVersion'));
    if (!wanted.ok) {
      return wanted;
    }
    if ((wanted.value ?? 0) > this.#cache.version) {
      return failure(versionTooLarge(wanted.value ?? 0, this.#cache.version));
    }
    const stored = this.store.read(resource.type, namespace, name);
    return stored === undefined
      ? failure(notFound(resource.type, name))
      : success(bodyResponse(200, fullText(resource.type, stored)));
  }

  #create(request: ApiRequest, target: Target): Result<ApiResponse, ApiFailure> {
    if (target.resource.type.isNamespaced && target.namespace === undefined) {
      return failure(methodNotAllowed);
    }
    const object = this.#decoded(request, target);
    return object.ok ? written(this.#writes.create(object.value, contextFor(request, target))) : object;
  }

  #update(request: ApiRequest, target: Target): Result<ApiResponse, ApiFailure> {
    const object = this.#decoded(request, target);
    return object.ok ? written(this.#writes.update(object.value, contextFor(request, target))) : object;
  }

  #decoded(request: ApiRequest, target: Target): Result<JsonObject, ApiFailure> {
    const body = parsedBody(request.body, target.resource);
    return body.ok ? decodedObject(body.value, target, request.query.get('fieldValidation') === 'Strict') : body;
  }

  #patch(request: ApiRequest, target: Target): Result<ApiResponse, ApiFailure> {
    const body = parsedBody(request.body, target.resource);
    if (!body.ok) {
      return body;
    }
    switch (request.contentType) {
      case 'application/apply-patch+yaml': {
        const applied = request.query.has('fieldManager')
          ? decodedApply(body.value, target)
          : failure(fieldManagerRequired);
        return applied.ok
          ? written(
              this.#writes.apply(applied.value, contextFor(request, target), request.query.get('force') === 'true'),
            )
          : applied;
      }
      case 'application/merge-patch+json': {
        const { resource, namespace = '', name = '' } = target;
        const stored = this.store.read(resource.type, namespace, name);
        if (stored === undefined) {
          return failure(notFound(resource.type, name));
        }
        const object = decodedObject(mergePatched(parsedObject(resource.type, stored), body.value), target, false);
        return object.ok ? written(this.#writes.update(object.value, contextFor(request, target))) : object;
      }
      default:
        return failure(unsupportedMediaType);
    }
  }

  #delete(request: ApiRequest, target: Target): Result<ApiResponse, ApiFailure> {
    const options = parsedBody(request.body, target.resource);
    if (!options.ok) {
      return options;
    }
    const isDryRun = isDry(request) || JSON.stringify(options.value.dryRun) === '["All"]';
    const removed = this.#removal.remove(target, options.value, isDryRun);
    return removed.ok ? success(bodyResponse(200, JSON.stringify(removed.value))) : removed;
  }

  #review(request: ApiRequest, user: string): Result<ApiResponse, ApiFailure> {
    if (request.method !== 'POST') {
      return failure(methodNotAllowed);
    }
    const body = parsedBody(request.body, ACCESS_REVIEWS);
    if (!body.ok) {
      return body;
    }
    const isNamed = isJsonObject(body.value.metadata) && body.value.metadata.name !== undefined;
    return isNamed
      ? failure(badRequest('metadata: must be empty'))
      : success(bodyResponse(201, JSON.stringify(this.access.review(body.value, user))));
  }

  #seed(resource: Resource, object: JsonObject): void {
    const target: Target = { resource, namespace: '', name: undefined, subresource: undefined };
    const decoded = decodedObject(object, target, false);
    const seeded = decoded.ok
      ? this.#writes.create(decoded.value, { target, fieldManager: 'kube-apiserver', isDryRun: false })
      : decoded;
    if (!seeded.ok) {
      throw new Error(`the fake cluster cannot begin: ${JSON.stringify(seeded.error.body)}`);
    }
  }

  #removeStored(resource: Resource, namespace: string, name: string): void {
    const stored = this.store.read(resource.type, namespace, name);
    if (stored !== undefined) {
      this.store.remove(resource.type, stored, parsedObject(resource.type, stored));
    }
  }
}

function bodyResponse(status: number, body: string): ApiResponse {
  return { kind: 'body', status, body };
}

function written(result: Result<Written, ApiFailure>): Result<ApiResponse, ApiFailure> {
  return result.ok
    ? success(bodyResponse(result.value.isNew ? 201 : 200, JSON.stringify(result.value.object)))
    : result;
}

function contextFor(request: ApiRequest, target: Target): WriteContext {
  const agent = request.userAgent.split('/')[0] ?? '';
  return {
    target,
    fieldManager: request.query.get('fieldManager') ?? (agent === '' ? 'unknown' : agent),
    isDryRun: isDry(request),
  };
}

function isDry({ query }: ApiRequest): boolean {
  return query.get('dryRun') === 'All';
}

/** The RBAC verb of a request (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb). */
export function verbFor(
  { method, query }: Pick<ApiRequest, 'method' | 'query'>,
  { name }: Pick<Target, 'name'>,
): string {
  const isWatch = query.get('watch') === 'true' || query.get('watch') === '1';
  switch (method) {
    case 'GET':
      if (isWatch) {
        return 'watch';
      }
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return name === undefined ? 'create' : 'none';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    default:
      return 'none';
  }
}

/** A watch of one object is a watch with a selector for its name. */
function named(query: URLSearchParams, name: string | undefined): URLSearchParams {
  if (name === undefined) {
    return query;
  }
  const narrowed = new URLSearchParams(query);
  narrowed.set('fieldSelector', `metadata.name=${name}`);
  return narrowed;
}
