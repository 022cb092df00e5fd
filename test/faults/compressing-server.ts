import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, createGzip } from 'node:zlib';

/** Somebody between client and API server who compresses answers. */
export interface CompressingServer {
  readonly port: number;
  close(): void;
}

/**
 * Listens on 127.0.0.1 in front of an API server on that port, and compresses as `gzip`. The `polite` one does so only for
 * those who accept it (https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding), the `rude` one for everybody.
 */
export async function compressingServer(apiServerPort: number, manner: 'polite' | 'rude'): Promise<CompressingServer> {
  const server = createServer((incoming, response) => {
    const isCompressed =
      manner === 'rude' || /\bgzip\b/.test(incoming.headers['accept-encoding']?.toString() ?? 'gzip');
    const onward = request(
      {
        host: '127.0.0.1',
        port: apiServerPort,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (answer) => {
        const headers = {
          ...answer.headers,
          'content-length': undefined,
          ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
        };
        response.writeHead(
          answer.statusCode ?? 502,
          Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
        );
        response.flushHeaders();
        const body = isCompressed ? answer.pipe(createGzip({ flush: constants.Z_SYNC_FLUSH })) : answer;
        body.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
