import { FIELD_MANAGER } from '../../src/api/names.ts';
import { fieldOf, itemsOf, parsedJson, textOf } from '../../src/base/json.ts';
import { failure, type Result, success } from '../../src/base/result.ts';
import type {
  KubeClient,
  ListPage,
  WatchEvent,
  WatchRequest,
  WriteOptions,
} from '../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../src/kube/client/kube-error.ts';
import { isKubeObject, type KubeObject, terminatingObjectIn } from '../../src/kube/client/kube-object.ts';
import { namespacedPath, objectPath, type Query, scopePath } from '../../src/kube/client/request-path.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { statusError } from '../../src/kube/client/status-error.ts';
import { BASELINE_POLICIES, ENDPOINT_SLICES, SERVICES } from '../../src/operator/watch/resources.ts';
import type { ApiResponse, FakeCluster } from '../support/fake-api/fake-cluster.ts';
import { asReadBy, type Version } from '../support/oracle/dialect.ts';
import type { HostClock } from './host-clock.ts';
import type { Mishap, Network } from './network.ts';
import { DNS_NAMESPACE } from './resolver.ts';
import { SimulatedWatch } from './simulated-watch.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Who is told what the operator has been shown. */
export interface ShownSink {
  /** A whole list of a type, over all namespaces or of one. */
  listed(type: ResourceType, objects: readonly KubeObject[], namespace?: string): void;
  /** One object, by an event of a watch or by the answer to a request. */
  shown(type: ResourceType, change: { readonly isGone: boolean; readonly object: KubeObject }): void;
}

/** What a simulated client works with. */
export interface SimulatedClientParts {
  readonly cluster: FakeCluster;
  /** The time of the process that the client belongs to. */
  readonly host: HostClock;
  /** The time of everything between that process and the server. */
  readonly world: VirtualClock;
  readonly network: Network;
  readonly shown: ShownSink;
  /** Of the program that the client belongs to, in whose way it reads BaselinePolicies. */
  readonly version: Version;
  /** Runs what the server does for this client, so that its commits are known to be this operator's. */
  readonly asOperator: <Value>(act: () => Value) => Value;
  /** Told of every request: before it is on its way, and when the server has served it. */
  readonly onRequest: (moment: 'before' | 'after', method: string) => void;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** So small that lists take several requests, between which anything may happen. */
const PAGE_SIZE = 4;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** The client's own limit, and the server's. */
  readonly timeoutMs?: number | undefined;
}

/**
 * A {@link KubeClient} straight over a {@link FakeCluster}: no sockets, virtual time, and a network that misbehaves when
 * told to. What has left the process reaches the server even if the process stops or ends meanwhile.
 */
export class SimulatedClient implements KubeClient {
  readonly #parts: SimulatedClientParts;
  readonly #listing = new Map<string, KubeObject[]>();
  readonly #watches = new Set<SimulatedWatch>();

  constructor(parts: SimulatedClientParts) {
    this.#parts = parts;
  }

  /** The process has ended, and with it its connections. */
  close(): void {
    for (const watch of this.#watches) {
      watch.abandon();
    }
  }

  /** The connections of the watches on this plural that are open now are dead, and nobody is told (F1). */
  mute(plural: string): void {
    for (const watch of this.#watches) {
      if (watch.plural === plural) {
        watch.mute();
      }
    }
  }

  /** The open watches on this plural show their newest events once more (F7). */
  replay(plural: string, count: number): void {
    for (const watch of this.#watches) {
      if (watch.plural === plural) {
        watch.replay(count);
      }
    }
  }

  async list(request: Parameters<KubeClient['list']>[0]): Promise<Result<ListPage, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) {
      return path;
    }
    const { limit = PAGE_SIZE, continueToken, resourceVersion, fieldSelector, labelSelector, signal, type } = request;
    if (continueToken !== undefined && this.#parts.network.isPageExpired()) {
      return failure(EXPIRED);
    }
    const query = {
      limit: Math.min(limit, PAGE_SIZE),
      continue: continueToken,
      resourceVersion,
      fieldSelector,
      labelSelector,
    };
    const answer = await this.#send({ method: 'GET', path: path.value, query, signal });
    if (!answer.ok) {
      return answer;
    }
    const items = itemsOf(fieldOf(answer.value, 'items'))
      .filter(isKubeObject)
      .map((object) => this.#read(type, object));
    const metadata = fieldOf(answer.value, 'metadata');
    const next = textOf(fieldOf(metadata, 'continue'));
    // A list of one object only asks for the version.
    if (isJudged(request) && limit !== 1) {
      this.#noteList(request, items, { isFirst: continueToken === undefined, isLast: next === '' });
    }
    return success({
      items,
      resourceVersion: textOf(fieldOf(metadata, 'resourceVersion')),
      ...(next === '' ? {} : { continueToken: next }),
    });
  }

  async watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) {
      return path;
    }
    const { resourceVersion, fieldSelector, labelSelector, timeoutSeconds, sendInitialEvents } = request;
    const initial: Query =
      sendInitialEvents === true ? { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' } : {};
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      fieldSelector,
      labelSelector,
      timeoutSeconds,
      ...initial,
    };
    const response = await this.#exchange({ method: 'GET', path: path.value, query, signal: request.signal });
    if (!response.ok) {
      return response;
    }
    if (response.value.kind === 'body') {
      return this.#failed(response.value);
    }
    const { host, world, network, shown } = this.#parts;
    const read = (object: KubeObject): KubeObject => this.#read(request.type, object);
    const watch = new SimulatedWatch({
      host,
      world,
      network,
      request,
      onEvent,
      read,
      ...(isJudged(request) ? { shown } : {}),
    });
    this.#watches.add(watch);
    const over = await watch.run(response.value.watch);
    this.#watches.delete(watch);
    return over;
  }

  async get(...[reference, options]: Parameters<KubeClient['get']>): Promise<Result<KubeObject, KubeError>> {
    const path = objectPath(reference);
    return path.ok
      ? await this.#object(reference.type, { method: 'GET', path: path.value, signal: options?.signal })
      : path;
  }

  async create(...[type, object, options]: Parameters<KubeClient['create']>): Promise<Result<KubeObject, KubeError>> {
    const path = namespacedPath(type, object.metadata.namespace);
    return path.ok
      ? await this.#object(type, {
          method: 'POST',
          path: path.value,
          body: object,
          query: WRITE_QUERY,
          ...limitsOf(options),
        })
      : path;
  }

  async apply(...[type, object, options]: Parameters<KubeClient['apply']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace, subresource: options?.subresource });
    const contentType = 'application/apply-patch+yaml';
    return path.ok
      ? await this.#object(type, {
          method: 'PATCH',
          path: path.value,
          body: object,
          contentType,
          query: { ...WRITE_QUERY, force: true },
          ...limitsOf(options),
        })
      : path;
  }

  async replace(...[type, object, options]: Parameters<KubeClient['replace']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace });
    return path.ok
      ? await this.#object(type, {
          method: 'PUT',
          path: path.value,
          body: object,
          query: WRITE_QUERY,
          ...limitsOf(options),
        })
      : path;
  }

  async remove(...[reference, options]: Parameters<KubeClient['remove']>): ReturnType<KubeClient['remove']> {
    const path = objectPath(reference);
    if (!path.ok) {
      return path;
    }
    const preconditions = { uid: options?.uid, resourceVersion: options?.resourceVersion };
    const answer = await this.#send({
      method: 'DELETE',
      path: path.value,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
      ...limitsOf(options),
    });
    return answer.ok ? success(terminatingObjectIn(answer.value)) : answer;
  }

  async read(...[path, options]: Parameters<KubeClient['read']>): Promise<Result<unknown, KubeError>> {
    return await this.#send({ method: 'GET', path, signal: options?.signal });
  }

  async #object(type: ResourceType, sent: Sent): Promise<Result<KubeObject, KubeError>> {
    const answer = await this.#send(sent);
    if (!answer.ok) {
      return answer;
    }
    if (!isKubeObject(answer.value)) {
      return failure({ kind: 'malformed', message: 'not an object' });
    }
    const object = this.#read(type, answer.value);
    this.#parts.shown.shown(type, { isGone: false, object });
    return success(object);
  }

  async #send(sent: Sent): Promise<Result<unknown, KubeError>> {
    const response = await this.#exchange(sent);
    if (!response.ok) {
      return response;
    }
    return response.value.kind === 'body'
      ? this.#bodyOf(response.value)
      : failure({ kind: 'malformed', message: 'a watch' });
  }

  /** One request on its way, served and answered, or what became of it. It ends at the latest with its time limit. */
  #exchange(sent: Sent): Promise<Result<ApiResponse, KubeError>> {
    const { host, onRequest } = this.#parts;
    if (sent.signal?.aborted === true) {
      return Promise.resolve(failure(ABORTED));
    }
    onRequest('before', sent.method);
    // A process that was ended just now: nothing leaves it any more, and nobody waits for the answer.
    if (!host.isAlive) {
      return new Promise(() => undefined);
    }
    return new Promise((resolve) => {
      const call = { isOver: false };
      const finish = (result: Result<ApiResponse, KubeError>): void => {
        if (call.isOver) {
          return;
        }
        call.isOver = true;
        limit.cancel();
        sent.signal?.removeEventListener('abort', onAbort);
        resolve(result);
      };
      const onAbort = (): void => {
        finish(failure(ABORTED));
      };
      const limitMs = sent.timeoutMs ?? REQUEST_TIMEOUT_MS;
      const limit = host.after(limitMs, () => {
        finish(failure({ kind: 'timeout', message: 'no answer', limitMs }));
      });
      sent.signal?.addEventListener('abort', onAbort, { once: true });
      this.#travel(sent, { finish, isAwaited: () => host.isAlive && !call.isOver });
    });
  }

  #travel(
    sent: Sent,
    {
      finish,
      isAwaited,
    }: { readonly finish: (result: Result<ApiResponse, KubeError>) => void; readonly isAwaited: () => boolean },
  ): void {
    const { host, world, network, cluster, asOperator, onRequest } = this.#parts;
    const mishap = network.mishapFor(sent.method);
    const refusal = mishap === undefined ? undefined : REFUSALS[mishap];
    world.after(network.legMs(), () => {
      if (refusal !== undefined) {
        host.arrive(network.legMs(), () => {
          finish(failure(refusal));
        });
        return;
      }
      const serve = (): void => {
        const response = asOperator(() => cluster.handle(apiRequest(sent)));
        onRequest('after', sent.method);
        if (mishap === 'silentAfter') {
          return;
        }
        host.arrive(network.legMs(), () => {
          finish(mishap === 'lostAfter' ? failure(LOST) : success(response));
        });
      };
      if (mishap !== 'queued') {
        serve();
        return;
      }
      // Who has hung up is not served any more when his turn comes, nor what is over its time limit.
      const waitMs = network.queueMs();
      world.after(waitMs, () => {
        if (isAwaited() && waitMs < (sent.timeoutMs ?? REQUEST_TIMEOUT_MS)) {
          serve();
        }
      });
    });
  }

  /** As the program of this client reads an object. */
  #read(type: ResourceType, object: KubeObject): KubeObject {
    return type.plural === BASELINE_POLICIES.plural ? asReadBy(this.#parts.version, object) : object;
  }

  #bodyOf(response: Extract<ApiResponse, { kind: 'body' }>): Result<unknown, KubeError> {
    return response.status < 300 ? success(parsedJson(response.body)) : this.#failed(response);
  }

  #failed({ status, body }: Extract<ApiResponse, { kind: 'body' }>): Result<never, KubeError> {
    return failure(statusError({ status, body: parsedJson(body), wallTime: this.#parts.host.wallTime() }));
  }

  #noteList(
    { type, namespace }: ListScope,
    items: readonly KubeObject[],
    { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
  ): void {
    const key = `${type.group}/${type.plural} ${namespace ?? ''}`;
    const sofar = [...(isFirst ? [] : (this.#listing.get(key) ?? [])), ...items];
    this.#listing.set(key, sofar);
    // What a page names counts at once; what a list does not name, when it is complete.
    for (const object of items) {
      this.#parts.shown.shown(type, { isGone: false, object });
    }
    if (isLast) {
      this.#parts.shown.listed(type, sofar, namespace);
    }
  }
}

/** What a list or a watch is of. */
interface ListScope {
  readonly type: ResourceType;
  readonly namespace?: string | undefined;
}

/** Whether what is read decides about writes that are judged: whole types, and the Services and slices of DNS. */
function isJudged({ type, namespace }: ListScope): boolean {
  return namespace === undefined || (namespace === DNS_NAMESPACE && DNS_PLURALS.includes(type.plural));
}

const DNS_PLURALS = [SERVICES, ENDPOINT_SLICES].map(({ plural }) => plural);

const ABORTED: KubeError = { kind: 'aborted', message: 'the request was aborted' };
const LOST: KubeError = { kind: 'network', message: 'the connection broke' };
const EXPIRED: KubeError = { kind: 'expired', message: 'the continue parameter is too old' };
const WRITE_QUERY: Query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' };

/** What is said instead of serving the request; nothing, when it is served. */
const REFUSALS: Readonly<Record<Mishap, KubeError | undefined>> = {
  refused409: { kind: 'conflict', message: 'the object has been modified' },
  refused500: { kind: 'serverError', status: 500, message: 'etcdserver: leader changed' },
  refused503: { kind: 'serverError', status: 503, message: 'the server is shutting down', retryAfterMs: 1000 },
  throttled429: { kind: 'throttled', message: 'too many requests', retryAfterMs: 1000 },
  lostBefore: LOST,
  lostAfter: undefined,
  silentAfter: undefined,
  queued: undefined,
};

function limitsOf(options: WriteOptions | undefined): Pick<Sent, 'signal' | 'timeoutMs'> {
  return { signal: options?.signal, timeoutMs: options?.timeoutMs };
}

function apiRequest({
  method,
  path,
  query = {},
  body,
  contentType = 'application/json',
}: Sent): Parameters<FakeCluster['handle']>[0] {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      parameters.set(name, String(value));
    }
  }
  return {
    method,
    path,
    query: parameters,
    contentType: body === undefined ? '' : contentType,
    body: body === undefined ? '' : JSON.stringify(body),
    token: undefined,
    userAgent: 'nsbaseline/simulated',
  };
}
