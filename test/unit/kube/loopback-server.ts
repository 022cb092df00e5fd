import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ResourceType } from '../../../src/kube/client/resource-type.ts';
import {
  createKubeClient,
  type HttpKubeClient,
  type KubeClientOptions,
} from '../../../src/kube/transport/http-kube-client.ts';
import { staticCluster } from '../../support/static-cluster.ts';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request, well or badly; `index` counts requests from 0. */
export type Handler = (response: ServerResponse, request: SeenRequest, index: number) => void;

/** A server on the loopback that answers as a test wants; it goes away with the test. */
export async function loopbackServer(
  handler: Handler,
): Promise<{ readonly url: string; readonly seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const met = {
        method: request.method ?? '',
        path: (request.url ?? '').split('?')[0] ?? '',
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      };
      seen.push(met);
      handler(response, met, seen.length - 1);
    });
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

function listening(server: Server): Promise<void> {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}

/** A client to that address; it goes away with the test. */
export function clientTo(server: string, options: Partial<KubeClientOptions> = {}): HttpKubeClient {
  const client = createKubeClient({
    cluster: staticCluster({ server, token: 'secret' }),
    fieldManager: 'nsbaseline',
    userAgent: 'nsbaseline/0 (test)',
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A Status as an API server would send it. */
export function statusBody(code: number, reason: string, details?: object): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: `refused: ${reason}`,
    reason,
    code,
    ...(details === undefined ? {} : { details }),
  };
}

/** One line of a watch. */
export function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

export const NAMESPACES: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false,
};
export const POLICIES: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  isNamespaced: true,
};
