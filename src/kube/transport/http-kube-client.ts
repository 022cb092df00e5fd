import { type Clock, systemClock } from '../../base/clock.ts';
import { fieldOf, parsedJson, stringFieldOf } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import type { KubeClient, ListPage, WatchEvent, WatchRequest, WriteOptions } from '../client/kube-client.ts';
import type { KubeError } from '../client/kube-error.ts';
import { isKubeObject, type KubeObject, terminatingObjectIn } from '../client/kube-object.ts';
import { invalid, namespacedPath, objectPath, type Query, scopePath, withQuery } from '../client/request-path.ts';
import { statusError } from '../client/status-error.ts';
import type { Cluster, CredentialHeaders } from '../credentials/cluster.ts';
import { DISTRUST_CODES } from './distrust-codes.ts';
import {
  createHttpTransport,
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  type StreamReading,
} from './http-transport.ts';
import { LineSplitter, watchLine } from './watch-lines.ts';

/** The size limits of responses in bytes. */
export interface BodyLimits {
  /** A single object, and a Status. */
  readonly objectBytes: number;
  /** One page of a list, and an OpenAPI document. */
  readonly listBytes: number;
  /** One line of a watch. */
  readonly watchLineBytes: number;
}

/**
 * etcd accepts objects of 1.5 MiB, which can be several times larger as JSON. A watch line has a higher limit than a
 * single object, because exceeding it costs a whole relist.
 */
const DEFAULT_BODY_LIMITS: BodyLimits = {
  objectBytes: 4 * 1024 ** 2,
  listBytes: 32 * 1024 ** 2,
  watchLineBytes: 16 * 1024 ** 2,
};

/** The options of a client; times in milliseconds. */
export interface KubeClientOptions {
  readonly cluster: Cluster;
  /** The manager of our fields (https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers). */
  readonly fieldManager: string;
  /** Such as `nsbaseline/1.2.0 (operator)`. */
  readonly userAgent: string;
  /** The time limit of a request; 10 s when absent. The options of a write may override it. */
  readonly requestTimeoutMs?: number;
  /** The time limit of one list page, which may take an API server long; 30 s when absent. */
  readonly listTimeoutMs?: number;
  readonly limits?: Partial<BodyLimits>;
  readonly clock?: Clock;
}

/** A client with open connections. */
export interface HttpKubeClient extends KubeClient {
  /** Ends every request and watch with `network`, and closes all connections. */
  close(): Promise<void>;
}

/** An HTTP client for this cluster. It connects with the first request. */
export function createKubeClient(options: KubeClientOptions): HttpKubeClient {
  const clock = options.clock ?? systemClock;
  const transport = createHttpTransport({ cluster: options.cluster, clock });
  return new TransportKubeClient(options, transport, clock);
}

/** A request without credentials and defaults. */
interface Call {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly limitBytes: number;
}

class TransportKubeClient implements HttpKubeClient {
  readonly #cluster: Cluster;
  readonly #transport: HttpTransport;
  readonly #clock: Clock;
  readonly #limits: BodyLimits;
  readonly #fieldManager: string;
  readonly #userAgent: string;
  readonly #requestTimeoutMs: number;
  readonly #listTimeoutMs: number;
  readonly #isCleartext: boolean;

  constructor(options: KubeClientOptions, transport: HttpTransport, clock: Clock) {
    this.#cluster = options.cluster;
    this.#transport = transport;
    this.#clock = clock;
    this.#limits = { ...DEFAULT_BODY_LIMITS, ...options.limits };
    this.#fieldManager = options.fieldManager;
    this.#userAgent = options.userAgent;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    this.#listTimeoutMs = options.listTimeoutMs ?? 30_000;
    this.#isCleartext = isCleartext(options.cluster.server);
  }

  async list(request: Parameters<KubeClient['list']>[0]): Promise<Result<ListPage, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) {
      return path;
    }
    const answer = await this.#call({
      method: 'GET',
      path: path.value,
      query: {
        ...selectors(request),
        limit: request.limit,
        continue: request.continueToken,
        resourceVersion: request.resourceVersion,
      },
      signal: request.signal,
      timeoutMs: this.#listTimeoutMs,
      limitBytes: this.#limits.listBytes,
    });
    return answer.ok ? listPage(parsedJson(answer.value.body.toString('utf8'))) : answer;
  }

  async watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>> {
    const path = scopePath(request);
    if (!path.ok) {
      return path;
    }
    const lines = new LineSplitter(this.#limits.watchLineBytes);
    const handleLine = (line: string): KubeError | undefined => {
      const parsed = watchLine(line, this.#clock.wallTime());
      if ('error' in parsed) {
        return parsed.error;
      }
      onEvent(parsed.event);
      return undefined;
    };
    const call: Call = {
      method: 'GET',
      path: path.value,
      query: watchQuery(request),
      signal: request.signal,
      timeoutMs: Math.min(this.#requestTimeoutMs, request.silenceLimitMs ?? Number.POSITIVE_INFINITY),
      limitBytes: this.#limits.objectBytes,
    };
    const over = await this.#call(call, {
      silenceLimitMs: request.silenceLimitMs,
      onChunk: (chunk) => lines.push(chunk, handleLine),
    });
    if (!over.ok) {
      return over;
    }
    return lines.hasRemainder
      ? failure({ kind: 'network', message: 'the watch ended in the middle of a line' })
      : success(undefined);
  }

  async get(...[reference, options]: Parameters<KubeClient['get']>): Promise<Result<KubeObject, KubeError>> {
    const path = objectPath(reference);
    return path.ok ? await this.#objectCall({ method: 'GET', path: path.value, ...this.#times(options) }) : path;
  }

  async create(...[type, object, options]: Parameters<KubeClient['create']>): Promise<Result<KubeObject, KubeError>> {
    const path = namespacedPath(type, object.metadata.namespace);
    return path.ok ? await this.#write({ method: 'POST', path: path.value, body: object }, options) : path;
  }

  async apply(...[type, object, options]: Parameters<KubeClient['apply']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace, subresource: options?.subresource });
    if (!path.ok) {
      return path;
    }
    // JSON is YAML, so the body needs no other encoding.
    return await this.#write(
      {
        method: 'PATCH',
        path: path.value,
        body: object,
        contentType: 'application/apply-patch+yaml',
        query: { force: true },
      },
      options,
    );
  }

  async replace(...[type, object, options]: Parameters<KubeClient['replace']>): Promise<Result<KubeObject, KubeError>> {
    const { name, namespace } = object.metadata;
    const path = objectPath({ type, name, namespace });
    return path.ok ? await this.#write({ method: 'PUT', path: path.value, body: object }, options) : path;
  }

  async remove(...[reference, options]: Parameters<KubeClient['remove']>): ReturnType<KubeClient['remove']> {
    const path = objectPath(reference);
    if (!path.ok) {
      return path;
    }
    const preconditions = { uid: options?.uid, resourceVersion: options?.resourceVersion };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions,
      propagationPolicy: 'Background',
      ...(options?.isDryRun === true ? { dryRun: ['All'] } : {}),
    };
    const times = this.#times(options);
    const answer = await this.#call({
      method: 'DELETE',
      path: path.value,
      body,
      query: { timeout: `${times.timeoutMs}ms` },
      ...times,
    });
    return answer.ok ? success(terminatingObjectIn(parsedJson(answer.value.body.toString('utf8')))) : answer;
  }

  async read(...[path, options]: Parameters<KubeClient['read']>): Promise<Result<unknown, KubeError>> {
    if (!path.startsWith('/')) {
      return failure(invalid('a path begins with /'));
    }
    const answer = await this.#call({
      method: 'GET',
      path,
      ...this.#times(options),
      limitBytes: this.#limits.listBytes,
    });
    if (!answer.ok) {
      return answer;
    }
    const value = parsedJson(answer.value.body.toString('utf8'));
    return value === undefined ? failure(malformed('the answer is not JSON')) : success(value);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #write(
    call: Pick<Call, 'method' | 'path' | 'body' | 'contentType' | 'query'>,
    options: WriteOptions | undefined,
  ): Promise<Result<KubeObject, KubeError>> {
    const times = this.#times(options);
    const query: Query = {
      ...call.query,
      fieldManager: this.#fieldManager,
      // The server refuses an unknown field instead of dropping it: an older CRD must not lose it silently.
      fieldValidation: 'Strict',
      dryRun: options?.isDryRun === true ? 'All' : undefined,
      // The server stops when we do, so that it does not carry out a write long after we gave it up.
      timeout: `${times.timeoutMs}ms`,
    };
    return await this.#objectCall({ ...call, query, ...times });
  }

  #times(options: WriteOptions | undefined): Pick<Call, 'signal' | 'timeoutMs' | 'limitBytes'> {
    return {
      signal: options?.signal,
      timeoutMs: options?.timeoutMs ?? this.#requestTimeoutMs,
      limitBytes: this.#limits.objectBytes,
    };
  }

  async #objectCall(call: Call): Promise<Result<KubeObject, KubeError>> {
    const answer = await this.#call(call);
    if (!answer.ok) {
      return answer;
    }
    const object = parsedJson(answer.value.body.toString('utf8'));
    return isKubeObject(object) ? success(object) : failure(malformed('the answer is not an API object'));
  }

  /** Sends the call, and once again with new credentials if the server did not accept them. */
  async #call(call: Call, reading?: StreamReading): Promise<Result<HttpResponse, KubeError>> {
    const credentials = await this.#cluster.authorization();
    if (!credentials.ok) {
      return credentials;
    }
    const first = await this.#attempt(call, credentials.value, reading);
    if (first.ok) {
      return first;
    }
    // The server may have a new certificate authority. The caller's next attempt will use the file that is read now.
    if (first.error.kind === 'network' && isDistrust(first.error.code)) {
      await this.#cluster.refresh();
    }
    if (first.error.kind !== 'unauthorized') {
      return first;
    }
    const renewed = await this.#renewed(credentials.value);
    return renewed.ok ? await this.#attempt(call, renewed.value, reading) : renewed;
  }

  /** Other credentials than the refused ones: those that another request has fetched since, or new ones. */
  async #renewed(refused: CredentialHeaders): Promise<Result<CredentialHeaders, KubeError>> {
    const current = await this.#cluster.authorization();
    if (!current.ok || current.value !== refused) {
      return current;
    }
    const refreshed = await this.#cluster.refresh();
    return refreshed.ok ? await this.#cluster.authorization() : refreshed;
  }

  async #attempt(
    call: Call,
    credentials: CredentialHeaders,
    reading?: StreamReading,
  ): Promise<Result<HttpResponse, KubeError>> {
    if (this.#isCleartext && Object.keys(credentials).length > 0) {
      return failure({
        kind: 'credentials',
        message: 'credentials are never sent over plain http to another machine: use https',
      });
    }
    const request: HttpRequest = {
      ...call,
      path: withQuery(call.path, call.query ?? {}),
      headers: {
        ...credentials,
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
    };
    const answer =
      reading === undefined ? await this.#transport.send(request) : await this.#transport.stream(request, reading);
    if (!answer.ok || isSuccess(answer.value.status)) {
      return answer;
    }
    const { status, retryAfter, body } = answer.value;
    return failure(
      statusError({ status, retryAfter, body: parsedJson(body.toString('utf8')), wallTime: this.#clock.wallTime() }),
    );
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isDistrust(code: string | undefined): boolean {
  return code !== undefined && DISTRUST_CODES.has(code);
}

function isCleartext(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function selectors({
  labelSelector,
  fieldSelector,
}: {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}): Query {
  return { labelSelector, fieldSelector };
}

function watchQuery(request: WatchRequest): Query {
  return {
    ...selectors(request),
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: request.resourceVersion,
    timeoutSeconds: request.timeoutSeconds,
    ...(request.sendInitialEvents === true ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {}),
  };
}

function listPage(body: unknown): Result<ListPage, KubeError> {
  const metadata = fieldOf(body, 'metadata');
  const resourceVersion = stringFieldOf(metadata, 'resourceVersion');
  const continueToken = stringFieldOf(metadata, 'continue');
  const items = itemsOf(body);
  if (resourceVersion === undefined || resourceVersion === '' || items === undefined) {
    return failure(malformed('the answer is not a list of API objects'));
  }
  return success({
    items,
    resourceVersion,
    ...(continueToken === undefined || continueToken === '' ? {} : { continueToken }),
  });
}

/** Only an explicit `items` counts as an empty list; Go writes it as `[]` or `null`. */
function itemsOf(body: unknown): readonly KubeObject[] | undefined {
  const items = fieldOf(body, 'items');
  if (items === null) {
    return [];
  }
  return Array.isArray(items) && items.every(isKubeObject) ? items : undefined;
}

function malformed(message: string): KubeError {
  return { kind: 'malformed', message };
}
