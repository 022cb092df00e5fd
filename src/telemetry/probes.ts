import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure, type Result, success } from '../base/result.ts';
import type { Check } from './checks.ts';
import { limitConnections } from './connection-limit.ts';
import type { Log } from './log.ts';

/** The address to listen on. Without a host: every address of the machine. Port 0: any free port. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** A running server. */
export interface ProbeServer {
  /** The actual port, also if 0 was requested. */
  readonly port: number;
  /** Stops listening and closes every connection, even in the middle of a request. */
  close(): Promise<void>;
}

/** A request is a line and a few headers; a larger one is refused with 431. */
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_URL_LENGTH = 512;
/** Beyond this an older connection is closed for a new one. */
const MAX_CONNECTIONS = 128;
const REQUEST_LIMIT_MS = 5_000;
/** Longer than the minute between two scrapes of Prometheus, so that its connection is reused. */
const IDLE_LIMIT_MS = 75_000;
const TEXT = 'text/plain; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Serves only `/metrics`, `/livez` and `/readyz`, over plain HTTP. It requires no credentials, so the pages contain no
 * names of namespaces or objects. `/livez` and `/readyz` answer 200 `ok`, or 503 with one line per check; `?verbose`
 * shows the lines in both cases, as in Kubernetes (https://kubernetes.io/docs/reference/using-api/health-checks/).
 * Returns the error if it cannot listen on the address.
 */
export function startProbeServer(options: {
  readonly listen: ListenAddress;
  readonly livez: readonly Check[];
  readonly readyz: readonly Check[];
  readonly metrics: { page(): Promise<string>; readonly contentType: string };
  readonly log: Log;
  /** The time in milliseconds in which a client must send its request; 5000 when absent. */
  readonly requestLimitMs?: number;
}): Promise<Result<ProbeServer, Error>> {
  const pages = new Map<string, (query: URLSearchParams) => Promise<Answer>>([
    ['/livez', (query) => Promise.resolve(checksAnswer('livez', options.livez, query))],
    ['/readyz', (query) => Promise.resolve(checksAnswer('readyz', options.readyz, query))],
    [
      '/metrics',
      async () => ({ status: 200, contentType: options.metrics.contentType, body: await options.metrics.page() }),
    ],
  ]);
  const { requestLimitMs = REQUEST_LIMIT_MS } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: requestLimitMs,
      requestTimeout: requestLimitMs,
      keepAliveTimeout: IDLE_LIMIT_MS,
      connectionsCheckingInterval: requestLimitMs / 5,
    },
    (request, response) => {
      void respond(request, response, { pages, log: options.log });
    },
  );
  limitConnections(server, MAX_CONNECTIONS);
  return listening(server, options.listen);
}

function listening(server: Server, { host, port }: ListenAddress): Promise<Result<ProbeServer, Error>> {
  return new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(failure(error));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      resolve(success({ port: (server.address() as AddressInfo).port, close: () => closed(server) }));
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  context: { readonly pages: ReadonlyMap<string, (query: URLSearchParams) => Promise<Answer>>; readonly log: Log },
): Promise<void> {
  const answer = await answerFor(request, context.pages).catch((error: unknown) => {
    context.log.error({ error, path: request.url }, 'a page could not be made');
    return plain(500, 'internal error');
  });
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // The body is not read, so the connection cannot be reused.
    ...(answer.status >= 400 && answer.status !== 503 ? { Connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function answerFor(
  request: IncomingMessage,
  pages: ReadonlyMap<string, (query: URLSearchParams) => Promise<Answer>>,
): Promise<Answer> {
  const { method, url = '/' } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    return plain(405, 'only GET and HEAD are answered');
  }
  if (url.length > MAX_URL_LENGTH) {
    return plain(414, `a URL of more than ${MAX_URL_LENGTH} characters is not read`);
  }
  const [path = '/', query] = url.split('?', 2);
  const page = pages.get(path);
  return page === undefined ? plain(404, `there is ${[...pages.keys()].join(', ')}`) : page(new URLSearchParams(query));
}

function checksAnswer(name: string, checks: readonly Check[], query: URLSearchParams): Answer {
  const results = checks.map((check) => ({ name: check.name, ...check.check() }));
  const isOk = results.every((result) => result.ok);
  if (isOk && !query.has('verbose')) {
    return plain(200, 'ok');
  }
  const lines = results.map(
    (result) => `[${result.ok ? '+' : '-'}]${result.name} ${result.ok ? 'ok' : 'failed'}: ${result.message}`,
  );
  return plain(isOk ? 200 : 503, [...lines, `${name} check ${isOk ? 'passed' : 'failed'}`].join('\n'));
}

function plain(status: number, text: string): Answer {
  return { status, contentType: TEXT, body: `${text}\n` };
}
