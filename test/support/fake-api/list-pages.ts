import { failure, type Result, success } from '../../../src/base/result.ts';
import { apiVersionOf } from '../../../src/kube/client/resource-type.ts';
import { type ApiFailure, badRequest, expiredPage, versionTooLarge } from './api-status.ts';
import { isJsonObject, type Json, textAt, valueAt } from './json.ts';
import { type ObjectStore, tableKeyFor } from './object-store.ts';
import type { ReadCache } from './read-cache.ts';
import type { Resource } from './resource-registry.ts';
import { type Selector, selectorFor } from './selector.ts';
import { fullText, type StoredObject } from './stored-object.ts';

/** A list request as it came. */
export interface ListQuery {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
}

/** The objects that a list shows, and the version at which it is true. */
interface View {
  readonly objects: readonly StoredObject[];
  readonly version: number;
}

const KEPT_VIEWS = 64;

const everything: Selector = () => true;

/**
 * Lists, whole or in pages (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 * All pages of one list show the state at its first page; of the oldest unfinished lists that state is forgotten, and
 * their next page is refused as expired.
 */
export class ListPages {
  readonly #store: ObjectStore;
  readonly #cache: ReadCache;
  readonly #views = new Map<string, View>();

  constructor(store: ObjectStore, cache: ReadCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** Forgets all unfinished lists: their continue tokens are expired from now on. */
  forget(): void {
    this.#views.clear();
  }

  /** The body of a list response. */
  list(request: ListQuery): Result<string, ApiFailure> {
    const { query } = request;
    const selector = selectorFor(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
    if (!selector.ok) {
      return selector;
    }
    const token = query.get('continue') ?? '';
    const selected = selector.value ?? everything;
    return token === '' ? this.#first(request, selected) : this.#next(request, selected, token);
  }

  #first(request: ListQuery, selector: Selector): Result<string, ApiFailure> {
    const wanted = versionIn(request.query.get('resourceVersion'));
    if (!wanted.ok) {
      return wanted;
    }
    if (wanted.value !== undefined && wanted.value > this.#cache.version) {
      return failure(versionTooLarge(wanted.value, this.#cache.version));
    }
    // A list of any age comes from the watch cache, which has no pages.
    const isFromCache = wanted.value === 0;
    return success(
      this.#page({
        request,
        selector,
        view: isFromCache ? this.#cached(request) : this.#present(request),
        start: '',
        limit: isFromCache ? Infinity : limitOf(request),
      }),
    );
  }

  #next(request: ListQuery, selector: Selector, token: string): Result<string, ApiFailure> {
    const from = parsedToken(token);
    if (from === undefined) {
      return failure(badRequest('invalid continue token: continue key is not valid'));
    }
    const { type } = request.resource;
    const view =
      from.version < 0
        ? this.#present(request)
        : this.#views.get(viewKey(tableKeyFor(type), request.namespace, from.version));
    if (view === undefined) {
      return failure(expiredPage(tokenFor(-1, from.start)));
    }
    return success(this.#page({ request, selector, view, start: from.start, limit: limitOf(request) }));
  }

  #present({ resource, namespace }: ListQuery): View {
    return { objects: this.#store.all(resource.type, namespace), version: this.#store.version };
  }

  #cached({ resource, namespace }: ListQuery): View {
    return { objects: this.#cache.all(resource.type, namespace), version: this.#cache.version };
  }

  #page({ request, selector, view, start, limit }: Page): string {
    const { resource, namespace } = request;
    const items: string[] = [];
    let index = start === '' ? 0 : firstAfter(view.objects, start);
    let last: StoredObject | undefined;
    for (; index < view.objects.length && items.length < limit; index += 1) {
      const object = view.objects[index];
      if (object !== undefined && selector(object)) {
        last = object;
        items.push(resource.isCustom ? fullText(resource.type, object) : `{${object.tail}`);
      }
    }
    const metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number } = {
      resourceVersion: String(view.version),
    };
    if (last !== undefined && hasMatchFrom(view.objects, index, selector)) {
      metadata.continue = tokenFor(view.version, keyOf(last));
      if (selector === everything) {
        metadata.remainingItemCount = view.objects.length - index;
      }
      this.#keep(viewKey(tableKeyFor(resource.type), namespace, view.version), view);
    }
    return `{"kind":"${resource.type.kind}List","apiVersion":"${apiVersionOf(resource.type)}","metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
  }

  #keep(key: string, view: View): void {
    this.#views.delete(key);
    this.#views.set(key, view);
    const oldest = this.#views.keys().next().value;
    if (this.#views.size > KEPT_VIEWS && oldest !== undefined) {
      this.#views.delete(oldest);
    }
  }
}

interface Page {
  readonly request: ListQuery;
  readonly selector: Selector;
  readonly view: View;
  /** The key after which the page begins. */
  readonly start: string;
  readonly limit: number;
}

function hasMatchFrom(objects: readonly StoredObject[], from: number, selector: Selector): boolean {
  for (let index = from; index < objects.length; index += 1) {
    const object = objects[index];
    if (object !== undefined && selector(object)) {
      return true;
    }
  }
  return false;
}

function limitOf({ query }: ListQuery): number {
  const limit = Number(query.get('limit') ?? '0');
  return Number.isInteger(limit) && limit > 0 ? limit : Infinity;
}

function keyOf(object: StoredObject): string {
  return `${object.namespace}/${object.name}`;
}

function viewKey(table: string, namespace: string | undefined, version: number): string {
  return `${table} ${namespace ?? '*'} ${version}`;
}

/** The index of the first object whose key is above `key`. */
function firstAfter(objects: readonly StoredObject[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const object = objects[middle];
    if (object !== undefined && keyOf(object) > key) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function tokenFor(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${start}\u0000` })).toString(
    'base64url',
  );
}

function parsedToken(token: string): { readonly version: number; readonly start: string } | undefined {
  const parsed = parsedJson(Buffer.from(token, 'base64url').toString('utf8'));
  const start = isJsonObject(parsed) ? textAt(parsed, 'start') : undefined;
  const version = isJsonObject(parsed) ? valueAt(parsed, 'rv') : undefined;
  return start === undefined || typeof version !== 'number' ? undefined : { version, start: start.slice(0, -1) };
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A resourceVersion parameter: undefined when it is absent. */
export function versionIn(text: string | null): Result<number | undefined, ApiFailure> {
  if (text === null || text === '') {
    return success(undefined);
  }
  return /^\d+$/.test(text)
    ? success(Number(text))
    : failure(
        badRequest(
          `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
        ),
      );
}
