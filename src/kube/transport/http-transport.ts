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
  /**
   * The time limit of the whole exchange in {@link HttpTransport.send}, and until the headers in {@link
   * HttpTransport.stream}.
   */
  readonly timeoutMs: number;
  /** The size limit of a body that is kept in memory. */
  readonly limitBytes: number;
}

/** How to read a body in chunks instead of as a whole. */
export interface StreamReading {
  /** The error is `timeout` if no byte arrives for this time. */
  readonly silenceLimitMs?: number | undefined;
  /** Receives the next bytes; a returned error ends the stream. */
  onChunk(chunk: Buffer): KubeError | undefined;
}

/** A response. The body is empty if it was streamed. */
export interface HttpResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/**
 * HTTP/1.1 over pooled connections, one request at a time on each: with HTTP/2 a single dead connection would break
 * every watch and write. It retries nothing, follows no redirect, and no method rejects.
 *
 * It asks for uncompressed responses, because the size of a compressed body is unknown until it is decompressed.
 */
export interface HttpTransport {
  send(request: HttpRequest): Promise<Result<HttpResponse, KubeError>>;
  /**
   * Streams the body of a 200; any other response is returned whole, as from `send`. `ok` means that the body ended
   * normally.
   */
  stream(request: HttpRequest, reading: StreamReading): Promise<Result<HttpResponse, KubeError>>;
  /** Ends all requests and streams. */
  close(): Promise<void>;
}

/** More than the 64 writes that may be in flight, so that a read never waits for them. */
const REQUEST_CONNECTIONS = 96;
/** Watches keep their connections busy, so they have a pool of their own. */
const WATCH_CONNECTIONS = 64;
/** Less than the 60 s after which common load balancers silently drop an idle connection. */
const IDLE_MS = 45_000;
const CONNECT_TIMEOUT_MS = 10_000;
const TCP_PROBE_MS = 15_000;

/** A transport to this cluster. It opens new connections when `cluster.tls()` returns another object. */
export function createHttpTransport({
  cluster,
  clock,
}: {
  readonly cluster: Cluster;
  readonly clock: Clock;
}): HttpTransport {
  const requests = new ReloadingPool(cluster, REQUEST_CONNECTIONS);
  const watches = new ReloadingPool(cluster, WATCH_CONNECTIONS);
  return {
    send: (request) => exchange({ request, clock, pool: requests }),
    stream: (request, reading) => exchange({ request, clock, pool: watches, reading }),
    close: async () => {
      await Promise.all([requests.close(), watches.close()]);
    },
  };
}

interface Exchange {
  readonly request: HttpRequest;
  readonly clock: Clock;
  readonly pool: ReloadingPool;
  readonly reading?: StreamReading;
}

async function exchange({ request, clock, pool, reading }: Exchange): Promise<Result<HttpResponse, KubeError>> {
  const deadline = new RequestDeadline(clock, request.signal);
  deadline.allow(request.timeoutMs);
  try {
    const response = await pool.request(request, deadline.signal);
    const answer = { status: response.statusCode, retryAfter: single(response.headers['retry-after']) };
    if (reading !== undefined && response.statusCode === 200) {
      deadline.allow(reading.silenceLimitMs);
      await readStream(response.body, reading, deadline);
      return deadline.reason === undefined ? success({ ...answer, body: Buffer.alloc(0) }) : failure(deadline.reason);
    }
    const body = await wholeBody(response.body, request.limitBytes, deadline);
    return deadline.reason === undefined ? success({ ...answer, body }) : failure(deadline.reason);
  } catch (thrown) {
    return failure(deadline.reason ?? connectionError(thrown));
  } finally {
    deadline.dispose();
  }
}

async function readStream(
  body: AsyncIterable<Buffer>,
  reading: StreamReading,
  deadline: RequestDeadline,
): Promise<void> {
  for await (const chunk of body) {
    deadline.touch();
    const error = deadline.reason ?? reading.onChunk(chunk);
    if (error !== undefined) {
      deadline.end(error);
      return;
    }
  }
}

async function wholeBody(body: AsyncIterable<Buffer>, limitBytes: number, deadline: RequestDeadline): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) {
      deadline.end({ kind: 'tooLarge', message: `the answer is larger than ${limitBytes} bytes`, limitBytes });
      return Buffer.alloc(0);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The error for an exception of the HTTP client. */
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
class ReloadingPool {
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
      // Our own limits apply instead of undici's, which have other errors.
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
      // Requests on the old connections may finish; they fail if the server no longer accepts these connections.
      outdated?.close().catch(() => undefined);
    }
    return this.#dispatcher;
  }

  #open(tls: ClusterTls): Dispatcher {
    const { ca, cert, key, servername, isUnverified } = tls;
    const requestTls = {
      ...present({ servername }),
      // One context for all connections: each takes as much memory as the rest of a connection, outside the heap.
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
