import { FIELD_MANAGER } from '../../src/api/names.ts';
import { pause, type Clock } from '../../src/clock.ts';
import type { KubeClient, ListPage, WatchEvent, WatchRequest } from '../../src/kube/kube-client.ts';
import type { KubeError } from '../../src/kube/kube-error.ts';
import { fieldOf, itemsOf, parsedJson, textOf } from '../../src/kube/json-shape.ts';
import { isKubeObject, type KubeObject } from '../../src/kube/kube-object.ts';
import { namespacedPath, objectPath, scopePath, type Query } from '../../src/kube/request-path.ts';
import { RequestEnd } from '../../src/kube/request-end.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import { failure, success, type Result } from '../../src/kube/result.ts';
import { statusError } from '../../src/kube/status-error.ts';
import { watchLine } from '../../src/kube/watch-lines.ts';
import type { ApiResponse, FakeCluster } from '../fake/fake-cluster.ts';
import type { WatchStart } from '../fake/watch-stream.ts';
import type { Network } from './network.ts';

/** Who is told what the operator has been shown. */
export interface ShownSink {
  /** A whole list of a type, over all namespaces. */
  listed(type: ResourceType, objects: readonly KubeObject[]): void;
  /** One object, by an event of a watch or by the answer to a request. */
  shown(type: ResourceType, change: { readonly isGone: boolean; readonly object: KubeObject }): void;
}

/** What a simulated client works with. */
export interface SimulatedClientParts {
  readonly cluster: FakeCluster;
  readonly clock: Clock;
  readonly network: Network;
  readonly shown: ShownSink;
  /** Runs what the server does for this client, so that its commits are known to be the operator's. */
  readonly asOperator: <Value>(act: () => Value) => Value;
}

const REQUEST_TIMEOUT_MS = 10_000;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A {@link KubeClient} straight over a {@link FakeCluster}: no sockets, virtual time, and a network that misbehaves when told to. */
export class SimulatedClient implements KubeClient {
  readonly #parts: SimulatedClientParts;
  readonly #listing = new Map<string, KubeObject[]>();
  #isDead = false;

  constructor(parts: SimulatedClientParts) {
    this.#parts = parts;
  }

  /** The process is gone: nothing that is under way, or sent later, ever reaches the server. */
  die(): void {
    this.#isDead = true;
  }

  async list(request: Parameters<KubeClient['list']>[0]): Promise<Result<ListPage, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) return path;
    const { limit, continueToken, resourceVersion, fieldSelector, labelSelector, signal, type, namespace } = request;
    const answer = await this.#send({ method: 'GET', path: path.value, query: { limit, continue: continueToken, resourceVersion, fieldSelector, labelSelector }, signal });
    if (!answer.ok) return answer;
    const items = itemsOf(fieldOf(answer.value, 'items')).filter(isKubeObject);
    const metadata = fieldOf(answer.value, 'metadata');
    const next = textOf(fieldOf(metadata, 'continue'));
    // A list of one object only asks for the version.
    if (namespace === undefined && limit !== 1) this.#noteList(type, items, { isFirst: continueToken === undefined, isLast: next === '' });
    return success({ items, resourceVersion: textOf(fieldOf(metadata, 'resourceVersion')), ...(next === '' ? {} : { continueToken: next }) });
  }

  async watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) return path;
    const { clock, network, asOperator, cluster } = this.#parts;
    await pause(clock, network.legMs(), request.signal);
    if (this.#isOver(request.signal)) return failure(ABORTED);
    const { resourceVersion, fieldSelector, labelSelector, timeoutSeconds, sendInitialEvents } = request;
    const initial: Query = sendInitialEvents === true ? { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' } : {};
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion, fieldSelector, labelSelector, timeoutSeconds, ...initial };
    const response = asOperator(() => cluster.handle(apiRequest({ method: 'GET', path: path.value, query })));
    if (response.kind === 'body') return this.#failed(response);
    return await this.#stream(response.watch, request, onEvent);
  }

  async get(...[reference, options]: Parameters<KubeClient['get']>): Promise<Result<KubeObject, KubeError>> {
    const path = objectPath(reference);
    return path.ok ? await this.#object(reference.type, { method: 'GET', path: path.value, signal: options?.signal }) : path;
  }

  async create(...[type, object, options]: Parameters<KubeClient['create']>): Promise<Result<KubeObject, KubeError>> {
    const path = namespacedPath(type, object.metadata.namespace);
    return path.ok ? await this.#object(type, { method: 'POST', path: path.value, body: object, query: WRITE_QUERY, signal: options?.signal }) : path;
  }

  async apply(...[type, object, options]: Parameters<KubeClient['apply']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace, subresource: options?.subresource });
    const contentType = 'application/apply-patch+yaml';
    return path.ok ? await this.#object(type, { method: 'PATCH', path: path.value, body: object, contentType, query: { ...WRITE_QUERY, force: true }, signal: options?.signal }) : path;
  }

  async replace(...[type, object, options]: Parameters<KubeClient['replace']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace });
    return path.ok ? await this.#object(type, { method: 'PUT', path: path.value, body: object, query: WRITE_QUERY, signal: options?.signal }) : path;
  }

  async remove(...[reference, options]: Parameters<KubeClient['remove']>): Promise<Result<void, KubeError>> {
    const path = objectPath(reference);
    if (!path.ok) return path;
    const preconditions = { uid: options?.uid, resourceVersion: options?.resourceVersion };
    const answer = await this.#send({ method: 'DELETE', path: path.value, body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions }, signal: options?.signal });
    return answer.ok ? success(undefined) : answer;
  }

  async read(...[path, options]: Parameters<KubeClient['read']>): Promise<Result<unknown, KubeError>> {
    return await this.#send({ method: 'GET', path, signal: options?.signal });
  }

  #isOver(signal: AbortSignal | undefined): boolean {
    return this.#isDead || signal?.aborted === true;
  }

  async #object(type: ResourceType, sent: Sent): Promise<Result<KubeObject, KubeError>> {
    const answer = await this.#send(sent);
    if (!answer.ok) return answer;
    if (!isKubeObject(answer.value)) return failure({ kind: 'malformed', message: 'not an object' });
    this.#parts.shown.shown(type, { isGone: false, object: answer.value });
    return success(answer.value);
  }

  async #send(sent: Sent): Promise<Result<unknown, KubeError>> {
    const { clock, network, cluster, asOperator } = this.#parts;
    const mishap = network.mishapFor(sent.method);
    await pause(clock, network.legMs(), sent.signal);
    if (this.#isOver(sent.signal)) return failure(ABORTED);
    if (mishap === 'refused500') return failure({ kind: 'serverError', status: 500, message: 'etcdserver: leader changed' });
    if (mishap === 'throttled429') return failure({ kind: 'throttled', message: 'too many requests', retryAfterMs: 1000 });
    if (mishap === 'lostBefore') return failure(LOST);
    const response = asOperator(() => cluster.handle(apiRequest(sent)));
    if (mishap === 'lostAfter') return failure(LOST);
    if (mishap === 'silentAfter') {
      await pause(clock, REQUEST_TIMEOUT_MS, sent.signal);
      return failure({ kind: 'timeout', message: 'no answer', limitMs: REQUEST_TIMEOUT_MS });
    }
    await pause(clock, network.legMs(), sent.signal);
    if (this.#isOver(sent.signal)) return failure(ABORTED);
    return response.kind === 'body' ? this.#bodyOf(response) : failure({ kind: 'malformed', message: 'a watch' });
  }

  #bodyOf(response: Extract<ApiResponse, { kind: 'body' }>): Result<unknown, KubeError> {
    return response.status < 300 ? success(parsedJson(response.body)) : this.#failed(response);
  }

  #failed({ status, body }: Extract<ApiResponse, { kind: 'body' }>): Result<never, KubeError> {
    return failure(statusError({ status, body: parsedJson(body), wallTime: this.#parts.clock.wallTime() }));
  }

  #noteList(type: ResourceType, items: readonly KubeObject[], { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean }): void {
    const key = `${type.group}/${type.plural}`;
    const sofar = [...(isFirst ? [] : (this.#listing.get(key) ?? [])), ...items];
    this.#listing.set(key, sofar);
    if (isLast) this.#parts.shown.listed(type, sofar);
  }

  /** Lines come in order, each as late as the network says, and all that is under way is lost when the connection breaks. */
  #stream(watch: WatchStart, request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>> {
    const { clock, network, shown } = this.#parts;
    return new Promise((resolve) => {
      const end = new RequestEnd(clock, request.signal);
      const state = { isOver: false };
      let lastDueMs = 0;
      let close = (): void => undefined;
      const finish = (result: Result<void, KubeError>): void => {
        if (state.isOver) return;
        state.isOver = true;
        end.dispose();
        close();
        resolve(result);
      };
      const later = (act: () => void): void => {
        lastDueMs = Math.max(lastDueMs, clock.nowMs() + network.lagMs(request.type.plural));
        clock.after(lastDueMs - clock.nowMs(), () => {
          if (!state.isOver && !this.#isDead) act();
        });
      };
      const take = (line: string): void => {
        end.touch();
        const said = watchLine(line, clock.wallTime());
        if ('error' in said) {
          finish(failure(said.error));
          return;
        }
        const { type, object } = said.event;
        if (type !== 'BOOKMARK' && request.namespace === undefined) shown.shown(request.type, { isGone: type === 'DELETED', object });
        onEvent(said.event);
      };
      end.signal.addEventListener('abort', () => { finish(failure(end.reason ?? ABORTED)); }, { once: true });
      end.allow(request.silenceLimitMs);
      const stop = watch.open({
        write: (text) => {
          for (const line of text.split('\n')) if (line !== '') later(() => { take(line); });
        },
        end: () => { later(() => { finish(success(undefined)); }); },
        reset: () => { finish(failure(LOST)); },
      });
      close = stop;
      // A watch that is refused ends while it is being opened.
      if (state.isOver) stop();
    });
  }
}

const ABORTED: KubeError = { kind: 'aborted', message: 'the request was aborted' };
const LOST: KubeError = { kind: 'network', message: 'the connection broke' };
const WRITE_QUERY: Query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' };

function apiRequest({ method, path, query = {}, body, contentType = 'application/json' }: Sent): Parameters<FakeCluster['handle']>[0] {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return { method, path, query: parameters, contentType: body === undefined ? '' : contentType, body: body === undefined ? '' : JSON.stringify(body), token: undefined, userAgent: 'nsbaseline/simulated' };
}
