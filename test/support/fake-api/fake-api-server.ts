import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pauseMs } from 'node:timers/promises';
import type { Cluster } from '../../../src/kube/credentials/cluster.ts';
import { staticCluster } from '../static-cluster.ts';
import { type ApiRequest, type ApiResponse, FakeCluster, type FakeClusterOptions, verbFor } from './fake-cluster.ts';
import { targetFor } from './request-path.ts';

/** What a test makes of a request instead of, or around, the answer that the cluster would give. */
export type Intervention =
  /** This answer; the cluster never sees the request. */
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The cluster answers, that much later. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The connection breaks before the cluster sees the request, or after it has carried it out. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** Nothing is ever answered; the cluster has, or has not, carried the request out. */
  | { readonly kind: 'silence'; readonly when: 'before' | 'after' };

/** Looks at every request; undefined lets it through. */
export type Interceptor = (request: InterceptedRequest) => Intervention | undefined;

/** Gives what is sent in place of one line of a watch: nothing, that line, or others. A line has its line feed. */
export type WatchRewriter = (line: string, request: InterceptedRequest) => readonly string[];

/** A request with what it is about, as RBAC would name it; `verb` is `none` for paths that are no resource. */
export interface InterceptedRequest extends ApiRequest {
  readonly verb: string;
  readonly resource: string;
}

/** Requests so far, by verb and plural. */
export class RequestCounts {
  readonly #counts = new Map<string, number>();

  add(verb: string, resource: string): void {
    const key = `${verb} ${resource}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** How many requests of this verb there were, of one resource or of all. */
  of(verb: string, resource?: string): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      sum += key === `${verb} ${resource ?? ''}` || (resource === undefined && key.startsWith(`${verb} `)) ? count : 0;
    }
    return sum;
  }

  /** Every count under `verb resource`. */
  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  clear(): void {
    this.#counts.clear();
  }
}

const MOST_BODY_BYTES = 3 * 1024 * 1024;

/** A {@link FakeCluster} behind plain HTTP on 127.0.0.1. */
export class FakeApiServer {
  readonly cluster: FakeCluster;
  readonly requests = new RequestCounts();
  /** May be set and taken away at any time. */
  intercept: Interceptor | undefined;
  /** May be set and taken away at any time. */
  rewriteWatch: WatchRewriter | undefined;
  readonly #server: Server;

  private constructor(cluster: FakeCluster) {
    this.cluster = cluster;
    this.#server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, (incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        response.destroy();
        // A client that went away in the middle of its request is no fault of ours; anything else must fail the test run.
        if (incoming.complete) {
          throw error;
        }
      });
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(options: FakeClusterOptions = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(new FakeCluster(options));
    await server.listen(0);
    return server;
  }

  /** The base URL. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** How a client is let in, with a bearer token if one is given. */
  asCluster(token?: string): Cluster {
    return staticCluster({ server: this.url, ...(token === undefined ? {} : { token }) });
  }

  /** Listens, again after {@link close} if need be; 0 takes a free port. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Breaks every connection; new ones are taken. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  /** Breaks every connection and stops listening; what is stored stays. */
  async close(): Promise<void> {
    this.cluster.watches.stop();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(incoming);
    if (request === undefined) {
      response.writeHead(413).end('request body too large');
      return;
    }
    const target = targetFor(this.cluster.registry, request.path);
    const verb = target === undefined ? 'none' : verbFor(request, target);
    const resource = target === undefined ? request.path : target.resource.type.plural;
    this.requests.add(verb, resource);
    const seen = { ...request, verb, resource };
    const intervention = this.intercept?.(seen);
    if (intervention === undefined) {
      this.#answer(seen, response);
    } else {
      await this.#intervene(seen, response, intervention);
    }
  }

  #answer(request: InterceptedRequest, response: ServerResponse): void {
    answer(response, this.cluster.handle(request), (line) => this.rewriteWatch?.(line, request) ?? [line]);
  }

  async #intervene(request: InterceptedRequest, response: ServerResponse, intervention: Intervention): Promise<void> {
    switch (intervention.kind) {
      case 'respond':
        response
          .writeHead(intervention.status, { 'content-type': 'application/json', ...intervention.headers })
          .end(intervention.body);
        return;
      case 'delay':
        await pauseMs(intervention.delayMs, undefined, { ref: false });
        this.#answer(request, response);
        return;
      case 'reset':
      case 'silence':
        if (intervention.when === 'after') {
          this.cluster.handle(request);
        }
        if (intervention.kind === 'reset') {
          response.destroy();
        }
    }
  }
}

async function requestOf(incoming: IncomingMessage): Promise<ApiRequest | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BODY_BYTES) {
      return undefined;
    }
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const { authorization = '', 'content-type': contentType = '', 'user-agent': userAgent = '' } = incoming.headers;
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    contentType: contentType.split(';')[0] ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
    token: authorization.startsWith('Bearer ') ? authorization.slice(7) : undefined,
    userAgent,
  };
}

function answer(response: ServerResponse, answered: ApiResponse, rewrite: (line: string) => readonly string[]): void {
  if (answered.kind === 'body') {
    const isPlain = !answered.body.startsWith('{');
    response
      .writeHead(answered.status, { 'content-type': isPlain ? 'text/plain; charset=utf-8' : 'application/json' })
      .end(answered.body);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const close = answered.watch.open({
    write: (text) => {
      for (const line of rewrite(text)) {
        response.write(line);
      }
    },
    end: () => {
      response.end();
    },
    reset: () => {
      response.destroy();
    },
  });
  response.on('close', close);
}
