import { createSecureContext } from 'node:tls';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { present } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import { readableText } from '../../base/text.ts';
import type { KubeError } from '../client/kube-error.ts';
import type { Cluster, ClusterTls, CredentialHeaders } from '../credentials/cluster.ts';
import { RequestDeadline } from './request-deadline.ts';

/** One HTTP request to the API server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, percent-encoded, without the server's own base path. */
  readonly path: string;
  readonly headers: CredentialHeaders;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For {@link HttpTransport.send} the whole exchange; for {@link HttpTransport.stream} the time until the headers are here. */
  readonly timeoutMs: number;
  /** The most that a body to be kept may have. */
  readonly limitBytes: number;
}

/** A body that is read as it comes instead of being kept. */
export interface StreamReading {
  /** The error `timeout` when no byte came for so long. */
  readonly silenceLimitMs?: number | undefined;
  /** Takes the next bytes; an error that it gives ends the stream. */
  onChunk(chunk: Buffer): KubeError | undefined;
}

/** An answer. The body is empty where it was streamed. */
export interface HttpResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/**
 * HTTP/1.1 over kept connections, one request at a time on each: with HTTP/2 a single dead connection would take every
 * watch and write with it. Nothing is retried or followed here, and no method rejects.
 *
 * Answers are asked for uncompressed: what a compressed body grows to is not known until it has grown.
 */
export interface HttpTransport {
  send(request: HttpRequest): Promise<Result<HttpResponse, KubeError>>;
  /** Streams the body of a 200; any other answer comes back whole, as from `send`. `ok` means that the body ended in order. */
  stream(request: HttpRequest, reading: StreamReading): Promise<Result<HttpResponse, KubeError>>;
  /** Ends everything that is under way. */
  close(): Promise<void>;
}

/** More than the 64 writes that may be in flight at once, so that a read never queues behind them. */
const REQUEST_CONNECTIONS = 96;
/** Watches hold their connections, so they have their own. */
const WATCH_CONNECTIONS = 64;
/** Below the 60 s at which common load balancers forget an idle connection without a word. */
const IDLE_MS = 45_000;
const CONNECT_TIMEOUT_MS = 10_000;
const TCP_PROBE_MS = 15_000;

/** A transport to this cluster. It takes new connections as soon as `cluster.tls()` gives another object. */
export function createHttpTransport({
  cluster,
  clock,
}: {
  readonly cluster: Cluster;
  readonly clock: Clock;
}): HttpTransport {
  const requests = new Connections(cluster, REQUEST_CONNECTIONS);
  const watches = new Connections(cluster, WATCH_CONNECTIONS);
  return {
    send: (request) => exchange({ request, clock, connections: requests }),
    stream: (request, reading) => exchange({ request, clock, connections: watches, reading }),
    close: async () => {
      await Promise.all([requests.close(), watches.close()]);
    },
  };
}

interface Exchange {
  readonly request: HttpRequest;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly reading?: StreamReading;
}

async function exchange({ request, clock, connections, reading }: Exchange): Promise<Result<HttpResponse, KubeError>> {
  const end = new RequestDeadline(clock, request.signal);
  end.allow(request.timeoutMs);
  try {
    const response = await connections.request(request, end.signal);
    const answer = { status: response.statusCode, retryAfter: single(response.headers['retry-after']) };
    if (reading !== undefined && response.statusCode === 200) {
      end.allow(reading.silenceLimitMs);
      await pour(response.body, reading, end);
      return end.reason === undefined ? success({ ...answer, body: Buffer.alloc(0) }) : failure(end.reason);
    }
    const body = await wholeBody(response.body, request.limitBytes, end);
    return end.reason === undefined ? success({ ...answer, body }) : failure(end.reason);
  } catch (thrown) {
    return failure(end.reason ?? connectionError(thrown));
  } finally {
    end.dispose();
  }
}

async function pour(body: AsyncIterable<Buffer>, reading: StreamReading, end: RequestDeadline): Promise<void> {
  for await (const chunk of body) {
    end.touch();
    const error = end.reason ?? reading.onChunk(chunk);
    if (error !== undefined) {
      end.end(error);
      return;
    }
  }
}

async function wholeBody(body: AsyncIterable<Buffer>, limitBytes: number, end: RequestDeadline): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) {
      end.end({ kind: 'tooLarge', message: `the answer is larger than ${limitBytes} bytes`, limitBytes });
      return Buffer.alloc(0);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** What an exception of the HTTP client means. */
function connectionError(thrown: unknown): KubeError {
  const code = codeOf(thrown) ?? codeOf(thrown instanceof Error ? thrown.cause : undefined);
  const text =
    thrown instanceof Error && thrown.message !== '' ? readableText(thrown.message) : (code ?? 'the connection failed');
  return { kind: 'network', message: text, ...(code === undefined ? {} : { code }) };
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A pool that is replaced when the certificates are. */
class Connections {
  readonly #cluster: Cluster;
  readonly #connections: number;
  readonly #url: URL;
  #tls: ClusterTls | undefined;
  #dispatcher: Dispatcher | undefined;
  #isClosed = false;

  constructor(cluster: Cluster, connections: number) {
    this.#cluster = cluster;
    this.#connections = connections;
    this.#url = new URL(cluster.server);
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return await this.#current().request({
      origin: this.#url.origin,
      path: this.#url.pathname.replace(/\/+$/, '') + request.path,
      method: request.method,
      headers: { ...request.headers, 'accept-encoding': 'identity' },
      body: request.body ?? null,
      signal,
      // Our own limits apply; undici's would come out as other errors and at other times.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dispatcher?.destroy();
  }

  #current(): Dispatcher {
    if (this.#isClosed) {
      throw new Error('the client was closed');
    }
    const tls = this.#cluster.tls();
    if (this.#dispatcher === undefined || tls !== this.#tls) {
      const outdated = this.#dispatcher;
      this.#dispatcher = this.#open(tls);
      this.#tls = tls;
      // What runs on the old connections may finish; it fails by itself if the server no longer accepts them.
      outdated?.close().catch(() => undefined);
    }
    return this.#dispatcher;
  }

  #open(tls: ClusterTls): Dispatcher {
    const { ca, cert, key, servername, isUnverified } = tls;
    const requestTls = {
      ...present({ servername }),
      // Shared, since each is read from PEM and weighs as much as all else of a connection, outside the heap and so out of its collector's sight.
      secureContext: createSecureContext(present({ ca, cert, key })),
      rejectUnauthorized: isUnverified !== true,
      timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: TCP_PROBE_MS,
    };
    const options = {
      connections: this.#connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
    };
    const proxy = this.#cluster.proxyUrl;
    if (proxy !== undefined) {
      return new ProxyAgent({ ...options, uri: proxy, requestTls });
    }
    return new Pool(this.#url.origin, { ...options, connect: requestTls });
  }
}
